//! What sends nothing: `--dry-run`, `--emit-policy` and `--check-perms=only`.

use serde_json::{Value, json};

use super::fake::{Fake, result};
use super::harness::line;

const ALLOW: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"*"}]}"#;
const DENY: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"fc:*","Resource":"*"}]}"#;

#[test]
fn a_dry_run_prints_the_request_and_sends_nothing() {
    let fake = Fake::start([result("")]);
    let run = fake
        .call("--dry-run --policy-file allow.json -q")
        .args(["-e", "{}"])
        .file("allow.json", ALLOW)
        .temporary_key()
        .run();
    assert_eq!(fake.hits().len(), 0);
    insta::assert_snapshot!(run.shown(), @r"
    exit: 0
    --- stdout
    POST http://127.0.0.1:[port]/2023-03-30/functions/hello/invocations
    accept: */*
    x-fc-invocation-type: Sync
    x-fc-log-type: Tail
    content-type: application/octet-stream
    host: 127.0.0.1:[port]
    x-acs-action: InvokeFunction
    x-acs-version: 2023-03-30
    x-acs-date: [date]
    x-acs-signature-nonce: [nonce]
    x-acs-content-sha256: [hash]
    x-acs-accesskey-id: LTAI-test-key
    x-acs-security-token: [hidden]
    authorization: [hidden]

    (2 bytes of event; nothing was sent)

    --- stderr
    ");
}

#[test]
fn a_dry_run_of_fc_2() {
    let run = line(
        "invoke --sandbox --dry-run -q --service-name demo --function-name hello --qualifier prod",
    )
    .run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 0
    --- stdout
    POST http://127.0.0.1:[port]/2016-08-15/services/demo.prod/functions/hello/invocations
    accept: */*
    x-fc-account-id: 1234567890123456
    x-fc-invocation-type: Sync
    x-fc-log-type: Tail
    host: 127.0.0.1:[port]
    date: [date]
    authorization: [hidden]

    (0 bytes of event; nothing was sent)

    --- stderr
    ");
}

#[test]
fn a_dry_run_in_json_has_the_header_fields() {
    let fake = Fake::start([result("")]);
    let run = fake
        .call("--dry-run --policy-file allow.json -o json")
        .file("allow.json", ALLOW)
        .temporary_key()
        .run();
    let object = run.json();
    assert_eq!((run.exit, fake.hits().len()), (0, 0));
    assert_eq!(object["request"]["sent"], false);
    assert_eq!(object["request"]["attempts"], 0);
    assert_eq!(object["request"]["headers"]["authorization"], "[hidden]");
    assert_eq!(
        object["request"]["headers"]["x-acs-security-token"],
        "[hidden]"
    );
    assert_eq!(
        object["request"]["headers"]["host"],
        json!(fake.authority())
    );
    assert_eq!(object["preflight"]["verdict"], "allowed");
    assert!(object["response"].is_null());
}

#[test]
fn a_denial_stops_a_dry_run() {
    let fake = Fake::start([result("")]);
    for mode in [&[][..], &["--check-perms=warn"], &["--check-perms=enforce"]] {
        let run = fake
            .call("--dry-run --policy-file deny.json -o json")
            .args(mode)
            .file("deny.json", DENY)
            .run();
        let object = run.json();
        assert_eq!((run.exit, fake.hits().len()), (5, 0), "{mode:?}");
        assert_eq!(object["error"]["cause"], "permission_explicit_deny");
    }
}

#[test]
fn a_dry_run_needs_a_key_and_asks_nobody() {
    let fake = Fake::start([result("")]);
    let run = fake
        .call("--dry-run")
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "")
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
        .run();
    assert_eq!((run.exit, fake.hits().len()), (4, 0));
    // Without an account it does not ask STS, either.
    let run = line("invoke --region cn-hangzhou --function-name hello --dry-run --endpoint")
        .arg(fake.url())
        .key()
        .run();
    assert_eq!(fake.hits().len(), 0);
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0004]: the main account's id is not known
      why:      a dry run sends nothing, so STS was not asked

    hint: pass `--account-id`
    ");
}

#[test]
fn a_policy_needs_no_key_where_the_account_is_given() {
    let run = line("invoke --region cn-hangzhou --account-id 1234567890123456 --function-name hello --emit-policy").run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 0
    --- stdout
    {
      "Version": "1",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "fc:InvokeFunction",
          "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hello"
        }
      ]
    }

    --- stderr
    "#);
}

#[test]
fn a_policy_is_the_bare_document_whatever_the_form_of_stdout() {
    let emitted = |form: &str| {
        let run =
            line("invoke --sandbox --service-name demo --function-name hello --emit-policy -o")
                .arg(form)
                .run();
        assert_eq!((run.exit, &*run.stderr), (0, ""));
        run.stdout
    };
    let document: Value = serde_json::from_slice(&emitted("text")).unwrap();
    assert_eq!(
        document,
        json!({
            "Version": "1",
            "Statement": [{
                "Effect": "Allow",
                "Action": "fc:InvokeFunction",
                "Resource": [
                    "acs:fc:cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello",
                    "acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello",
                ],
            }],
        })
    );
    assert_eq!(emitted("json"), emitted("text"));
    assert_eq!(emitted("raw"), emitted("text"));
}

#[test]
fn a_policy_names_the_resource_of_each_form() {
    let resource = |words: &str| {
        let run = line("invoke --region cn-hangzhou --account-id 123 --emit-policy")
            .args(words.split(' '))
            .run();
        let document: Value = serde_json::from_slice(&run.stdout).unwrap();
        document["Statement"][0]["Resource"].clone()
    };
    assert_eq!(
        resource("--function-name f"),
        "acs:fc:cn-hangzhou:123:functions/f"
    );
    assert_eq!(
        resource("--function-name f --qualifier 1"),
        "acs:fc:cn-hangzhou:123:functions/f/1"
    );
    assert_eq!(
        resource("--service-name s --function-name f --qualifier prod"),
        "acs:fc:cn-hangzhou:123:services/s.prod/functions/f"
    );
    let latest = resource("--function-name f --qualifier LATEST");
    assert_eq!(latest.as_array().unwrap().len(), 2, "{latest}");
}

#[test]
fn a_policy_goes_to_a_file() {
    let run = line("invoke --sandbox --function-name hello --emit-policy=policy.json").run();
    assert_eq!((run.exit, &*run.stdout, &*run.stderr), (0, &b""[..], ""));
    let document: Value = serde_json::from_str(&run.read("policy.json").unwrap()).unwrap();
    assert_eq!(document["Version"], "1");
    let json =
        line("invoke --sandbox --function-name hello --emit-policy=policy.json -o json").run();
    assert_eq!(json.json()["request"]["sent"], false);
    assert!(json.read("policy.json").is_some());
}

#[test]
fn a_policy_that_cannot_be_written() {
    let run = line("invoke --sandbox --function-name hello --emit-policy=nosuch/policy.json").run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0011]: `nosuch/policy.json` cannot be written: no such file or folder

    hint: check the folder and its permissions
    ");
}

#[test]
fn nothing_is_sent_for_a_policy_or_a_check() {
    let fake = Fake::start([result("")]);
    for (flag, exit) in [
        ("--emit-policy", 0),
        ("--emit-policy=out.json", 0),
        ("--check-perms=only", 0),
    ] {
        let run = fake
            .call(flag)
            .file("allow.json", ALLOW)
            .args(["--policy-file", "allow.json"])
            .run();
        assert_eq!(
            (run.exit, fake.hits().len()),
            (exit, 0),
            "{flag}: {}",
            run.stderr
        );
    }
    let denied = fake
        .call("--check-perms=only --policy-file deny.json")
        .file("deny.json", DENY)
        .run();
    assert_eq!((denied.exit, fake.hits().len()), (5, 0));
}

#[test]
fn a_check_needs_no_key_where_the_account_is_given() {
    let run = line("invoke --region cn-hangzhou --account-id 123 --function-name hello --check-perms=only -o json")
        .file("allow.json", ALLOW)
        .args(["--policy-file", "allow.json"])
        .run();
    let object = run.json();
    assert_eq!(
        (run.exit, &object["preflight"]["verdict"]),
        (0, &"allowed".into())
    );
}

#[test]
fn neither_reads_the_event() {
    for flag in ["--emit-policy", "--check-perms=only"] {
        let run = line("invoke --sandbox --function-name hello -f missing")
            .arg(flag)
            .run();
        assert_eq!(run.exit, 0, "{flag}: {}", run.stderr);
    }
}

#[test]
fn without_an_account_and_a_key_the_account_is_what_is_missing() {
    let run = line("invoke --region cn-hangzhou --function-name hello --emit-policy").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0004]: the main account's id is not known

    hint: pass `--account-id`
    ");
}

#[test]
fn a_policy_and_a_dry_run_leave_the_bare_document_on_stdout() {
    let run = line("invoke --sandbox --function-name hello --emit-policy --dry-run").run();
    assert!(
        serde_json::from_slice::<Value>(&run.stdout).is_ok(),
        "{}",
        run.stdout_lossy()
    );
}

#[test]
#[cfg(unix)]
fn a_policy_goes_through_a_link_and_keeps_the_file_s_mode() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let sesame = line("invoke --sandbox --function-name hello --emit-policy=link.json")
        .file("kept.json", "old");
    let (kept, link) = (sesame.path("kept.json"), sesame.path("link.json"));
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&kept, &link).unwrap();
    let run = sesame.run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert!(run.read("kept.json").unwrap().contains("fc:InvokeFunction"));
}

#[test]
fn an_object_stands_for_a_document_that_was_not_written() {
    let run = line("invoke --sandbox --function-name a/b --emit-policy -o json").run();
    assert_eq!(
        (run.exit, &run.json()["error"]["code"]),
        (2, &Value::from("I0002"))
    );
}

#[test]
fn a_policy_can_be_written_to_a_device() {
    let run = line("invoke --sandbox --function-name hello --emit-policy=/dev/null").run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
#[cfg(unix)]
fn a_redirected_stream_is_written_to_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept");
    std::fs::write(&path, "header\n").unwrap();
    let kept = std::fs::File::options().append(true).open(&path).unwrap();
    let run = line("invoke --sandbox --function-name hello --emit-policy=/dev/stdout")
        .stdout(kept)
        .start()
        .end_unread();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("header\n{") && text.contains("fc:InvokeFunction"),
        "{text}"
    );
}
