//! What goes over the wire: path, query, header fields and body of each API, signatures that
//! the library's own verifiers take, and no call but the one that was asked for.

use std::collections::BTreeSet;

use serde_json::json;
use sesame_fc::acs::acs3;
use sesame_fc::acs::encoding::sha256_hex;
use sesame_fc::fc::signature;

use super::fake::{ACCOUNT, Fake, Hit, answer, result};
use super::harness::{KEY_ID, SECRET, Sesame, TOKEN, line};

/// Sends one call with the words, and gives what arrived.
fn sent(words: &str, with: impl FnOnce(Sesame) -> Sesame) -> (Hit, Fake) {
    let fake = Fake::start([result("")]);
    let command = line("invoke --region cn-hangzhou --account-id")
        .args([ACCOUNT, "--endpoint", &fake.url()])
        .args(words.split_whitespace())
        .key();
    let run = with(command).run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    (fake.only_hit(), fake)
}

fn names(hit: &Hit) -> BTreeSet<String> {
    hit.headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect()
}

/// Verifies by the rules of FC v1.
fn fc_v1_verifies(hit: &Hit) -> bool {
    let (id, signed) =
        signature::parse_authorization(hit.header("authorization").unwrap()).unwrap();
    assert_eq!(id, KEY_ID);
    let signable = signature::Signable {
        method: &hit.method,
        path: &hit.path,
        query: &hit.query,
        headers: &hit.headers,
    };
    signable.verify(SECRET, signed)
}

/// Verifies by the rules of ACS3, and gives the names that are signed.
fn acs3_signed(hit: &Hit) -> (bool, Vec<String>) {
    let authorization = acs3::Authorization::parse(hit.header("authorization").unwrap()).unwrap();
    assert_eq!(authorization.access_key_id, KEY_ID);
    let payload_hash = sha256_hex(&hit.body);
    assert_eq!(hit.header("x-acs-content-sha256"), Some(&*payload_hash));
    let signable = acs3::Signable {
        method: &hit.method,
        path: &hit.path,
        query: &hit.query,
        headers: &hit.headers,
        signed: &authorization.signed,
        payload_hash: &payload_hash,
    };
    (
        signable.verify(SECRET, &authorization.signature),
        authorization.signed,
    )
}

#[test]
fn fc_3_sends_this() {
    let (hit, fake) = sent("--function-name hello -e {}", |command| command);
    assert_eq!(
        (&*hit.method, &*hit.path, &*hit.query),
        ("POST", "/2023-03-30/functions/hello/invocations", "")
    );
    assert_eq!(hit.body, b"{}");
    let (verified, signed) = acs3_signed(&hit);
    assert!(verified);
    assert_eq!(
        signed,
        [
            "content-type",
            "host",
            "x-acs-action",
            "x-acs-content-sha256",
            "x-acs-date",
            "x-acs-signature-nonce",
            "x-acs-version",
            "x-fc-invocation-type",
            "x-fc-log-type",
        ]
    );
    assert_eq!(hit.header("host"), Some(&*fake.authority()));
    assert_eq!(hit.header("x-acs-action"), Some("InvokeFunction"));
    assert_eq!(hit.header("x-acs-version"), Some("2023-03-30"));
    assert_eq!(hit.header("x-fc-invocation-type"), Some("Sync"));
    assert_eq!(hit.header("x-fc-log-type"), Some("Tail"));
    assert_eq!(hit.header("content-type"), Some("application/octet-stream"));
    let agent = concat!("sesame/", env!("CARGO_PKG_VERSION"));
    assert_eq!(hit.header("user-agent"), Some(agent));
    assert_eq!(
        names(&hit).into_iter().collect::<Vec<_>>(),
        [
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "x-acs-action",
            "x-acs-content-sha256",
            "x-acs-date",
            "x-acs-signature-nonce",
            "x-acs-version",
            "x-fc-invocation-type",
            "x-fc-log-type",
        ]
    );
}

#[test]
fn fc_2_sends_this() {
    let (hit, fake) = sent(
        "--service-name demo --function-name hello -e {}",
        |command| command,
    );
    assert_eq!(
        (&*hit.method, &*hit.path, &*hit.query),
        (
            "POST",
            "/2016-08-15/services/demo/functions/hello/invocations",
            ""
        )
    );
    assert_eq!(hit.body, b"{}");
    assert!(fc_v1_verifies(&hit));
    assert_eq!(hit.header("host"), Some(&*fake.authority()));
    assert_eq!(hit.header("x-fc-account-id"), Some(ACCOUNT));
    assert_eq!(hit.header("content-type"), Some("application/octet-stream"));
    assert_eq!(
        names(&hit).into_iter().collect::<Vec<_>>(),
        [
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "date",
            "host",
            "user-agent",
            "x-fc-account-id",
            "x-fc-invocation-type",
            "x-fc-log-type",
        ]
    );
}

#[test]
fn fc_2_over_acs3_sends_this() {
    let words =
        "--service-name demo --function-name hello --qualifier prod --sdk-version 2021-04-06";
    let (hit, _) = sent(words, |command| command);
    assert_eq!(
        hit.path,
        "/2021-04-06/services/demo/functions/hello/invocations"
    );
    assert_eq!(hit.query, "qualifier=prod");
    assert!(acs3_signed(&hit).0);
    assert_eq!(hit.header("x-acs-version"), Some("2021-04-06"));
}

#[test]
fn a_qualifier_goes_out_only_when_it_is_given() {
    let target = |words: &str| {
        let (hit, _) = sent(words, |command| command);
        let verified = if hit.path.starts_with("/2016") {
            fc_v1_verifies(&hit)
        } else {
            acs3_signed(&hit).0
        };
        assert!(verified, "{words}");
        assert_eq!(hit.header("x-fc-qualifier"), None);
        (hit.path, hit.query)
    };
    let fc_2 = |service: &str| {
        (
            format!("/2016-08-15/services/{service}/functions/f/invocations"),
            String::new(),
        )
    };
    assert_eq!(target("--service-name s --function-name f"), fc_2("s"));
    assert_eq!(
        target("--service-name s --function-name f --qualifier prod"),
        fc_2("s.prod")
    );
    assert_eq!(
        target("--service-name s --function-name f --qualifier LATEST"),
        fc_2("s.LATEST")
    );
    let fc_3 = |query: &str| {
        (
            "/2023-03-30/functions/f/invocations".to_owned(),
            query.to_owned(),
        )
    };
    assert_eq!(target("--function-name f"), fc_3(""));
    assert_eq!(
        target("--function-name f --qualifier 3"),
        fc_3("qualifier=3")
    );
    assert_eq!(
        target("--function-name f --qualifier LATEST"),
        fc_3("qualifier=LATEST")
    );
}

#[test]
fn a_name_with_a_dollar_is_encoded_and_signed() {
    let (hit, _) = sent("--function-name demo$hello", |command| command);
    assert_eq!(hit.path, "/2023-03-30/functions/demo%24hello/invocations");
    assert!(acs3_signed(&hit).0);
}

#[test]
fn a_token_is_sent_and_signed() {
    let (hit, _) = sent("--function-name f", Sesame::temporary_key);
    assert_eq!(hit.header("x-acs-security-token"), Some(TOKEN));
    assert_eq!(hit.header("x-acs-accesskey-id"), Some(KEY_ID));
    let (verified, signed) = acs3_signed(&hit);
    assert!(verified);
    for name in ["x-acs-security-token", "x-acs-accesskey-id"] {
        assert!(signed.iter().any(|one| one == name), "{name}");
    }

    let (mut hit, _) = sent("--service-name s --function-name f", Sesame::temporary_key);
    assert_eq!(hit.header("x-fc-security-token"), Some(TOKEN));
    assert!(fc_v1_verifies(&hit));
    hit.headers.set("x-fc-security-token", "another");
    assert!(!fc_v1_verifies(&hit), "it is signed");
}

#[test]
fn no_event_has_no_type() {
    for words in ["--function-name f", "--service-name s --function-name f"] {
        let (hit, _) = sent(words, |command| command);
        assert_eq!(hit.header("content-type"), None, "{words}");
        assert_eq!(hit.body, b"");
    }
}

#[test]
fn a_log_is_asked_for_unless_it_is_unwanted() {
    let field = |words: &str| {
        sent(words, |command| command)
            .0
            .header("x-fc-log-type")
            .map(str::to_owned)
    };
    assert_eq!(
        field("--function-name f --log none").as_deref(),
        Some("None")
    );
    assert_eq!(
        field("--function-name f --log tail").as_deref(),
        Some("Tail")
    );
    assert_eq!(field("--function-name f --invocation-type async"), None);
}

#[test]
fn an_asynchronous_call_says_so_and_carries_its_id() {
    let words = "--function-name f --invocation-type Async --stateful-async-invocation-id order-7";
    let (hit, _) = sent(words, |command| command);
    assert_eq!(hit.header("x-fc-invocation-type"), Some("Async"));
    assert_eq!(hit.header("x-fc-async-task-id"), Some("order-7"));
    assert_eq!(hit.header("x-fc-stateful-async-invocation-id"), None);
    assert!(acs3_signed(&hit).0);

    let words =
        "--service-name s --function-name f --invocation-type async --async-task-id order-7";
    let (hit, _) = sent(words, |command| command);
    assert_eq!(
        hit.header("x-fc-stateful-async-invocation-id"),
        Some("order-7")
    );
    assert_eq!(hit.header("x-fc-async-task-id"), None);
    assert!(fc_v1_verifies(&hit));
}

#[test]
fn an_event_may_hold_any_byte() {
    let event = b"\xff\0\r\n\r\nPOST / HTTP/1.1\r\n";
    for words in [
        "--function-name f -s",
        "--service-name s --function-name f -s",
    ] {
        let (hit, _) = sent(words, |command| command.stdin(*event));
        assert_eq!(hit.body, event);
    }
}

/// STS's answer to who calls.
fn identity() -> Fake {
    let body = json!({
        "IdentityType": "RAMUser", "AccountId": ACCOUNT, "PrincipalId": "200000000000000001",
        "UserId": "200000000000000001", "Arn": format!("acs:ram::{ACCOUNT}:user/ci"),
        "RequestId": "00000000-0000-0000-0000-000000000000",
    });
    Fake::start([answer(200, &[], body.to_string())])
}

const ALLOW: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:*:1234567890123456:*"}]}"#;

#[test]
fn sts_is_asked_once_for_an_account_that_is_needed() {
    let (fc, sts) = (Fake::start([result("")]), identity());
    let run =
        line("invoke --region cn-hangzhou --function-name f --policy-file allow.json -o json")
            .args(["--fc-endpoint", &fc.url(), "--sts-endpoint", &sts.url()])
            .file("allow.json", ALLOW)
            .temporary_key()
            .run();
    let object = run.json();
    assert_eq!(run.exit, 0, "{object:#}");
    assert_eq!(object["target"]["account_id"], ACCOUNT);
    assert_eq!(object["preflight"]["verdict"], "allowed");
    let asked = sts.only_hit();
    assert_eq!(
        (&*asked.method, &*asked.path, &*asked.query),
        ("POST", "/", "")
    );
    assert_eq!(asked.header("x-acs-action"), Some("GetCallerIdentity"));
    assert_eq!(asked.header("x-acs-version"), Some("2015-04-01"));
    assert_eq!(asked.header("x-acs-security-token"), Some(TOKEN));
    assert_eq!(asked.header("host"), Some(&*sts.authority()));
    assert!(acs3_signed(&asked).0);
    assert_eq!(fc.only_hit().path, "/2023-03-30/functions/f/invocations");
}

#[test]
fn sts_is_not_asked_for_an_account_that_is_given_or_not_needed() {
    let (fc, sts) = (Fake::start([result("")]), identity());
    let call = |words: &str| {
        let run = line("invoke --region cn-hangzhou --function-name f")
            .args(words.split_whitespace())
            .args([
                "--fc-endpoint",
                &fc.url(),
                "--sts-endpoint",
                &sts.url(),
                "--ram-endpoint",
                &sts.url(),
            ])
            .file("allow.json", ALLOW)
            .key()
            .run();
        assert_eq!(run.exit, 0, "{words}: {}", run.stderr);
    };
    call("--account-id 1234567890123456 --policy-file allow.json --check-perms");
    call("");
    call("--service-name s --qualifier prod");
    assert_eq!((fc.hits().len(), sts.hits().len()), (3, 0));
}

#[test]
fn nobody_asks_ram_where_policies_are_named() {
    let (fc, ram) = (Fake::start([result("")]), identity());
    let run = line("invoke --region cn-hangzhou --function-name f --policy-file allow.json --check-perms=strict")
        .args(["--account-id", ACCOUNT, "--fc-endpoint", &fc.url(), "--ram-endpoint", &ram.url()])
        .file("allow.json", ALLOW)
        .key()
        .run();
    assert_eq!(
        (run.exit, fc.hits().len(), ram.hits().len()),
        (0, 1, 0),
        "{}",
        run.stderr
    );
}

#[test]
fn a_refusal_of_sts_is_explained_and_the_function_is_not_called() {
    let text = "Specified access key is not found.";
    let body = json!({"Code": "InvalidAccessKeyId.NotFound", "Message": text, "RequestId": "x", "HostId": "sts.aliyuncs.com"});
    let (fc, sts) = (
        Fake::start([result("")]),
        Fake::start([answer(404, &[], body.to_string())]),
    );
    let run = line("invoke --region cn-hangzhou --function-name f --check-perms")
        .args(["--fc-endpoint", &fc.url(), "--sts-endpoint", &sts.url()])
        .key()
        .run();
    assert_eq!((fc.hits().len(), sts.hits().len()), (0, 1));
    insta::assert_snapshot!(run.shown(), @r"
    exit: 4
    --- stdout

    --- stderr
    error[C0004]: the access key does not exist
      why:      sesame asked STS for the account id (`GetCallerIdentity`)
      why:      the key `LTAI-test-key` is from environment
      said:     InvalidAccessKeyId.NotFound: Specified access key is not found.
      request:  x

    hint: check the access key id; temporary keys vanish when they run out
    hint: `--account-id` spares the question
    ");
}

#[test]
fn an_answer_of_sts_without_an_account_is_no_answer() {
    for body in [
        "{}",
        "<html></html>",
        r#"{"AccountId":"*"}"#,
        r#"{"AccountId":7}"#,
    ] {
        let (fc, sts) = (
            Fake::start([result("")]),
            Fake::start([answer(200, &[], body)]),
        );
        let run = line("invoke --region cn-hangzhou --function-name f --emit-policy")
            .args(["--fc-endpoint", &fc.url(), "--sts-endpoint", &sts.url()])
            .key()
            .run();
        assert_ne!(run.exit, 0, "{body}");
        assert_eq!((fc.hits().len(), &*run.stdout), (0, &b""[..]), "{body}");
    }
}

#[test]
fn a_particular_endpoint_beats_the_general_one_and_a_flag_beats_a_variable() {
    let (general, particular) = (Fake::start([result("")]), Fake::start([result("")]));
    let base = || line("invoke --region cn-hangzhou --function-name f").key();
    let runs = [
        base().args([
            "--endpoint",
            &general.url(),
            "--fc-endpoint",
            &particular.url(),
        ]),
        base()
            .env("SESAME_ENDPOINT", general.url())
            .args(["--fc-endpoint", &particular.url()]),
        base()
            .env("SESAME_ENDPOINT", general.url())
            .env("SESAME_FC_ENDPOINT", particular.url()),
        base()
            .env("SESAME_FC_ENDPOINT", general.url())
            .args(["--endpoint", &particular.url()]),
        base().env("SESAME_ENDPOINT", particular.url()),
    ];
    for (count, run) in runs.into_iter().enumerate() {
        assert_eq!(run.run().exit, 0);
        assert_eq!(
            (general.hits().len(), particular.hits().len()),
            (0, count + 1)
        );
    }
}

#[test]
fn a_proxy_is_not_asked_for_loopback() {
    let (fake, proxy) = (Fake::start([result("")]), Fake::start([result("")]));
    let run = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ]
    .into_iter()
    .fold(fake.call(""), |command, name| {
        command.env(name, proxy.url())
    })
    .run();
    assert_eq!(
        (run.exit, fake.hits().len(), proxy.hits().len()),
        (0, 1, 0),
        "{}",
        run.stderr
    );
}
