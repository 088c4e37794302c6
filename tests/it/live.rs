//! The caller's own policies from an account that answers as a test says: pages, refusals,
//! documents that are none, silence.

use serde_json::{Value, json};
use sesame_fc::acs::ram::{self, Ram};
use sesame_fc::acs::resource_manager::{self, ResourceManager};
use sesame_fc::acs::rpc::Client;
use sesame_fc::acs::sts::CallerIdentity;
use sesame_fc::acs::{
    Ambient, Credentials, Endpoint, Secret, SessionPolicy, Transport, TransportOptions,
};
use sesame_fc::preflight::live::{self, Services};

use super::fake::{ACCOUNT, Fake, Hit, NOBODY, Reply, answer, call, refusal, result};
use super::harness::{Run, Sesame, line};

const ALLOW: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"*"}]}"#;
const DENY: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"fc:*","Resource":"*"}]}"#;

fn action(hit: &Hit) -> &str {
    hit.header("x-acs-action").unwrap_or_default()
}

/// A parameter of a question; the values here need no decoding.
fn parameter<'a>(hit: &'a Hit, name: &str) -> Option<&'a str> {
    let pairs = hit.query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .next()
}

fn good(body: &Value) -> Reply {
    answer(200, &[], body.to_string())
}

fn policies(names: &[(&str, &str)]) -> Value {
    let rows = names.iter().map(
        |(kind, name)| json!({"PolicyName": name, "PolicyType": kind, "DefaultVersion": "v1"}),
    );
    json!({"Policies": {"Policy": rows.collect::<Vec<Value>>()}})
}

fn attachments(rows: &[(&str, &str, &str)]) -> Value {
    let rows: Vec<Value> = rows
        .iter()
        .map(|(who, name, scope)| {
            json!({
                "PolicyName": name, "PolicyType": "Custom",
                "PrincipalName": who, "ResourceGroupId": scope,
            })
        })
        .collect();
    json!({"TotalCount": rows.len(), "PolicyAttachments": {"PolicyAttachment": rows}})
}

fn document(text: &str) -> Value {
    json!({"Policy": {}, "DefaultPolicyVersion": {"VersionId": "v1", "PolicyDocument": text}})
}

fn no_permission() -> Reply {
    refusal(
        403,
        "NoPermission",
        "You are not authorized to do this action.",
    )
}

/// What an account answers where a test says nothing else: user `alice` with one policy.
fn usual(hit: &Hit) -> Reply {
    match action(hit) {
        "GetCallerIdentity" => good(&json!({
            "AccountId": ACCOUNT, "IdentityType": "RAMUser", "PrincipalId": "2001", "UserId": "2001",
            "Arn": format!("acs:ram::{ACCOUNT}:user/alice"),
        })),
        "ListPoliciesForUser" => good(&policies(&[("Custom", "own")])),
        "ListGroupsForUser" => good(&json!({"Groups": {"Group": []}})),
        "ListPolicyAttachments" => good(&attachments(&[("alice@corp.example", "own", ACCOUNT)])),
        "GetPolicy" => good(&document(ALLOW)),
        "InvokeFunction" => result("done"),
        other => panic!("asked for {other}"),
    }
}

/// An account that answers some questions in another way.
fn account(reply: impl Fn(&Hit) -> Option<Reply> + Send + Sync + 'static) -> Fake {
    Fake::by(move |hit, _| reply(hit).unwrap_or_else(|| usual(hit)))
}

fn whoami(fake: &Fake) -> Sesame {
    line("whoami -o json --endpoint").arg(fake.url()).key()
}

fn asked(fake: &Fake, wanted: &str) -> usize {
    fake.hits()
        .iter()
        .filter(|hit| action(hit) == wanted)
        .count()
}

/// `what: why` of all that was not read.
fn unread(run: &Run) -> Vec<String> {
    let object = run.json();
    let rows = object["unread"].as_array().unwrap().iter();
    rows.map(|row| {
        format!(
            "{}: {}",
            row["what"].as_str().unwrap(),
            row["why"].as_str().unwrap()
        )
    })
    .collect()
}

fn names(run: &Run) -> Vec<String> {
    let object = run.json();
    let rows = object["policies"].as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_user_of_an_account_with_its_own_domain_is_found_among_all() {
    let fake = account(|hit| match (action(hit), parameter(hit, "PrincipalName")) {
        ("ListPolicyAttachments", Some(_)) => Some(good(&attachments(&[]))),
        ("ListPolicyAttachments", None) => Some(good(&attachments(&[
            ("alice@corp.example", "own", ACCOUNT),
            ("alice@corp.example", "scoped", "rg-1"),
            ("alice2@corp.example", "foreign", "rg-1"),
        ]))),
        _ => None,
    });
    let run = whoami(&fake).run();
    let object = run.json();
    assert_eq!(names(&run), ["own", "scoped"]);
    assert_eq!(object["policies"][1]["layer"], "resource-group");
    assert_eq!(object["policies"][1]["resource_group"], "rg-1");
    assert_eq!(object["layers_not_seen"], json!(["control"]));
    assert_eq!(asked(&fake, "ListPolicyAttachments"), 2);
}

#[test]
fn lists_are_read_page_by_page_and_documents_once() {
    let fake = account(|hit| match (action(hit), parameter(hit, "Marker")) {
        ("ListGroupsForUser", None) => Some(good(&json!({
            "Groups": {"Group": [{"GroupName": "a"}]}, "IsTruncated": true, "Marker": "m1",
        }))),
        ("ListGroupsForUser", Some("m1")) => Some(good(&json!({
            "Groups": {"Group": [{"GroupName": "b"}]}, "IsTruncated": false,
        }))),
        ("ListPoliciesForGroup", _) => {
            Some(good(&policies(&[("Custom", "own"), ("Custom", "more")])))
        }
        ("ListPolicyAttachments", _) => {
            let who = match parameter(hit, "PrincipalType") {
                Some("IMSGroup") => ["a@group.x", "b@group.x"],
                _ => ["alice@x", "bob@x"],
            };
            // Two rows, a page each.
            let page = parameter(hit, "PageNumber").unwrap();
            let at = usize::from(page == "2");
            let mut one = attachments(&[(who[at], "own", ACCOUNT)]);
            one["TotalCount"] = 2.into();
            Some(good(&one))
        }
        _ => None,
    });
    let run = whoami(&fake).run();
    assert_eq!(unread(&run), [] as [&str; 0]);
    assert_eq!(names(&run), ["own", "own", "more", "own", "more"]);
    let object = run.json();
    assert_eq!(object["policies"][0]["through"], Value::Null);
    assert_eq!(object["policies"][1]["through"], "a");
    assert_eq!(object["policies"][3]["through"], "b");
    assert_eq!(asked(&fake, "GetPolicy"), 2);
    assert_eq!(asked(&fake, "ListPolicyAttachments"), 6);
}

#[test]
fn pages_that_repeat_or_never_end_are_not_read_for_ever() {
    let truncated = |marker: String| {
        good(&json!({"Groups": {"Group": []}, "IsTruncated": true, "Marker": marker}))
    };
    let row = |name: String| {
        let mut page = attachments(&[("alice@x", &name, "rg-1")]);
        page["TotalCount"] = 1_000_000.into();
        good(&page)
    };
    let groups = "the groups of user `alice`: the answer to ListGroupsForUser cannot be read";
    let scoped = "the policies of user `alice` at resource-group scope: the answer to ListPolicyAttachments cannot be read";

    let same = account(move |hit| match action(hit) {
        "ListGroupsForUser" => Some(truncated("again".into())),
        "ListPolicyAttachments" => Some(row("p".into())),
        _ => None,
    });
    let run = whoami(&same).run();
    assert_eq!(run.exit, 0);
    let mut missing = unread(&run);
    missing.sort();
    assert_eq!(
        missing,
        [
            format!("{groups}: a page comes again"),
            format!("{scoped}: a page comes again")
        ]
    );
    assert_eq!(asked(&same, "ListGroupsForUser"), 2);
    assert_eq!(asked(&same, "ListPolicyAttachments"), 2);

    let endless = account(move |hit| match action(hit) {
        "ListGroupsForUser" => {
            let before = parameter(hit, "Marker").map_or(0, |marker| marker.parse().unwrap());
            Some(truncated((before + 1).to_string()))
        }
        "ListPolicyAttachments" => Some(row(parameter(hit, "PageNumber").unwrap().to_owned())),
        _ => None,
    });
    let mut missing = unread(&whoami(&endless).run());
    missing.sort();
    assert_eq!(
        missing,
        [
            format!("{groups}: it has more than 10 pages"),
            format!("{scoped}: it has more than 50 pages")
        ]
    );
    assert_eq!(asked(&endless, "ListGroupsForUser"), 10);
    assert_eq!(asked(&endless, "ListPolicyAttachments"), 50);
    // The policies that were read do not make up for it.
    let run = endless.call("--check-perms=only").run();
    assert_eq!(run.exit, 6, "{}", run.stderr);
}

#[test]
fn lists_and_documents_that_are_none_are_unread_with_the_reason() {
    for (wanted, body, why) in [
        (
            "GetPolicy",
            document("no policy"),
            "policy `own`: its text is no policy: ",
        ),
        (
            "GetPolicy",
            document(r#"{"Version":"1"}"#),
            "policy `own`: its text is no policy: ",
        ),
        (
            "GetPolicy",
            json!({}),
            "policy `own`: the answer to GetPolicy cannot be read: it names no version in force",
        ),
        (
            "ListGroupsForUser",
            json!({}),
            "the groups of user `alice`: the answer to ListGroupsForUser cannot be read: it has no `Groups.Group`",
        ),
        (
            "ListGroupsForUser",
            json!({"Groups": {"Group": [{}]}}),
            "the groups of user `alice`: the answer to ListGroupsForUser cannot be read: a row has no `GroupName`",
        ),
        (
            "ListGroupsForUser",
            json!({"Groups": {"Group": []}, "IsTruncated": true}),
            "the groups of user `alice`: the answer to ListGroupsForUser cannot be read: a row has no `Marker`",
        ),
        (
            "ListPolicyAttachments",
            json!({"PolicyAttachments": {"PolicyAttachment": []}}),
            "the policies of user `alice` at resource-group scope: the answer to ListPolicyAttachments cannot be read: it has no `TotalCount`",
        ),
        (
            "ListPolicyAttachments",
            json!({"TotalCount": 7, "PolicyAttachments": {"PolicyAttachment": []}}),
            "the policies of user `alice` at resource-group scope: the answer to ListPolicyAttachments cannot be read: its pages end before",
        ),
        (
            "ListPoliciesForUser",
            json!({"Policies": {"Policy": [{"PolicyName": "p", "PolicyType": "Odd"}]}}),
            "",
        ),
    ] {
        let body = body.clone();
        let fake = account(move |hit| (action(hit) == wanted).then(|| good(&body)));
        let run = whoami(&fake).run();
        assert_eq!(run.exit, 0, "{why}");
        let missing = unread(&run);
        if why.is_empty() {
            // What is attached at every scope says the same as the list that cannot be read.
            assert_eq!((missing.len(), names(&run)), (0, vec!["own".to_owned()]));
            continue;
        }
        assert!(
            missing.len() == 1 && missing[0].starts_with(why),
            "{why}: {missing:?}"
        );
        assert_eq!(run.json()["to_read"], Value::Null);
        let run = fake.call("--check-perms=only").run();
        assert_eq!(run.exit, 6, "{}", run.stderr);
        assert!(
            run.stderr.contains("why:      not read: "),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_version_without_its_text_is_asked_for() {
    let fake = account(|hit| match action(hit) {
        "GetPolicy" => Some(good(&json!({"Policy": {"DefaultVersion": "v7"}}))),
        "GetPolicyVersion" => {
            assert_eq!(parameter(hit, "VersionId"), Some("v7"));
            Some(good(&json!({"PolicyVersion": {"PolicyDocument": DENY}})))
        }
        _ => None,
    });
    assert_eq!(fake.call("--check-perms=only").run().exit, 5);
}

#[test]
fn a_system_policy_that_may_not_be_read_is_the_copy_or_nothing() {
    let fake = account(|hit| match action(hit) {
        "GetPolicy" => Some(no_permission()),
        "ListPoliciesForUser" => Some(good(&policies(&[
            ("System", "AliyunFCInvocationAccess"),
            ("System", "AliyunFCDefaultRolePolicy"),
        ]))),
        _ => None,
    });
    let run = whoami(&fake).run();
    let object = run.json();
    assert_eq!(object["policies"][0]["source"], "embedded");
    assert_eq!(names(&run), ["AliyunFCInvocationAccess"]);
    assert_eq!(
        unread(&run),
        [
            "policy `AliyunFCDefaultRolePolicy`: the caller lacks `ram:GetPolicy` on `acs:ram:*:system:policy/AliyunFCDefaultRolePolicy`"
        ]
    );
    assert_eq!(object["unread"][0]["action"], "ram:GetPolicy");
    assert!(object["to_read"].is_object());
    assert_eq!(fake.call("--check-perms=only").run().exit, 6);
}

#[test]
fn throttling_is_waited_for_and_a_broken_service_is_unread() {
    let answers = std::sync::atomic::AtomicUsize::new(0);
    let fake = account(move |hit| {
        let first = || answers.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2;
        (action(hit) == "GetPolicy" && first()).then(|| {
            let body = r#"{"Code":"Throttling.User","Message":"Request was denied due to user flow control."}"#;
            answer(400, &[("x-acs-retry-after", "1")], body)
        })
    });
    let run = whoami(&fake).run();
    assert_eq!((unread(&run).len(), asked(&fake, "GetPolicy")), (0, 3));

    let broken = account(|hit| {
        let body = r#"{"Code":"InternalError","Message":"again later"}"#;
        matches!(action(hit), "ListGroupsForUser" | "GetPolicy").then(|| answer(500, &[], body))
    });
    let run = whoami(&broken).run();
    assert_eq!(
        unread(&run),
        [
            "the groups of user `alice`: ListGroupsForUser was refused with status 500: InternalError: again later",
            "policy `own`: GetPolicy was refused with status 500: InternalError: again later",
        ]
    );
    assert_eq!(asked(&broken, "ListGroupsForUser"), 1);
    // The call itself may go on.
    let run = broken.call("--check-perms").run();
    assert_eq!(
        (run.exit, &*run.stdout),
        (0, &b"done"[..]),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.starts_with("warning: cannot tell whether"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let fake = account(|hit| (action(hit) != "ListPoliciesForUser").then_some(Reply::Hang));
    let transport = Transport::new(TransportOptions::default());
    let credentials = Credentials {
        access_key_id: "LTAI".into(),
        access_key_secret: Secret::new("canary"),
        security_token: None,
        account_id: None,
        source: "a test".into(),
        expires_at: None,
        session_policy: SessionPolicy::Unknown,
    };
    let client = |version| Client {
        transport: &transport,
        endpoint: Endpoint::parse(&fake.url(), false).unwrap(),
        version,
        credentials: &credentials,
        ambient: Ambient::system(),
    };
    let services = Services {
        ram: Ram(client(ram::VERSION)),
        resource_manager: ResourceManager(client(resource_manager::VERSION)),
        deadline: tokio::time::Instant::now() + std::time::Duration::from_millis(300),
    };
    let caller = CallerIdentity {
        account_id: ACCOUNT.into(),
        identity_type: "RAMUser".into(),
        arn: format!("acs:ram::{ACCOUNT}:user/alice"),
        principal_id: "2001".into(),
    };
    let standing = live::read(&services, &caller, &SessionPolicy::Unknown).await;
    let missing: Vec<String> = standing
        .unread
        .iter()
        .map(|one| format!("{}: {}", one.what, one.why))
        .collect();
    assert_eq!(
        missing,
        [
            "the policies of user `alice` at resource-group scope: no answer came in time",
            "the groups of user `alice`: no answer came in time",
            "policy `own`: no answer came in time",
        ]
    );
}

#[test]
fn credentials_that_sts_refuses_end_it_and_another_fault_of_sts_does_not() {
    for (code, cause) in [
        ("SignatureDoesNotMatch", "signature_mismatch"),
        ("InvalidAccessKeyId.NotFound", "access_key_not_found"),
        ("InvalidSecurityToken.Expired", "security_token_expired"),
    ] {
        let fake = account(move |hit| {
            let status = if code.contains("Signature") { 400 } else { 404 };
            (action(hit) == "GetCallerIdentity").then(|| refusal(status, code, "No."))
        });
        let run = whoami(&fake).run();
        assert_eq!(
            (run.exit, &run.json()["error"]["cause"]),
            (4, &json!(cause))
        );
        let why = run.json()["error"]["why"].to_string();
        assert!(
            why.contains("the key `LTAI-test-key` is from environment"),
            "{why}"
        );
        let run = fake.call("--check-perms=warn").run();
        assert_eq!(run.exit, 4, "{}", run.stderr);
        assert_eq!(asked(&fake, "InvokeFunction"), 0);
    }
    let broken = account(|hit| {
        (action(hit) == "GetCallerIdentity")
            .then(|| answer(500, &[], r#"{"Code":"InternalError"}"#))
    });
    assert_eq!(whoami(&broken).run().exit, 1);
    let run = broken.call("--check-perms").run();
    assert_eq!(
        (run.exit, asked(&broken, "InvokeFunction")),
        (0, 1),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("STS did not say who calls"),
        "{}",
        run.stderr
    );
    let run = call(NOBODY, "--check-perms=only").run();
    assert_eq!(run.exit, 6, "{}", run.stderr);
    assert_eq!(line("whoami --endpoint").arg(NOBODY).key().run().exit, 1);
}

#[test]
fn the_main_account_is_not_subject_to_policies() {
    let fake = account(|hit| {
        (action(hit) == "GetCallerIdentity").then(|| {
            good(&json!({
                "AccountId": ACCOUNT, "IdentityType": "Account", "PrincipalId": ACCOUNT,
                "Arn": format!("acs:ram::{ACCOUNT}:root"),
            }))
        })
    });
    let run = line("whoami --endpoint").arg(fake.url()).key().run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 0
    --- stdout
    the main account 1234567890123456
      id:          1234567890123456
      credentials: environment

    the main account is not subject to policies

    --- stderr
    ");
    let run = fake.call("--check-perms=only -o json").run();
    let preflight = &run.json()["preflight"];
    assert_eq!((run.exit, &preflight["verdict"]), (0, &json!("allowed")));
    assert_eq!(preflight["policies"][0]["source"], "main_account");
    assert_eq!(preflight["layers_not_seen"], json!([]));
    assert_eq!(fake.hits().len(), 2, "nobody but STS is asked");
}

#[test]
fn a_caller_of_another_kind_is_shown_and_nothing_is_made_up() {
    for arn in ["", "acs:ram::1:user/", "acs:ram::1:saml-provider/x"] {
        let fake = account(move |hit| {
            (action(hit) == "GetCallerIdentity").then(|| {
                good(&json!({"AccountId": ACCOUNT, "IdentityType": "RAMUser", "Arn": arn}))
            })
        });
        let run = whoami(&fake).run();
        assert_eq!(
            (run.exit, run.json()["policies"].as_array().unwrap().len()),
            (0, 0)
        );
        assert_eq!(unread(&run).len(), 1);
        assert_eq!(fake.hits().len(), 1);
        assert_eq!(fake.call("--check-perms=only").run().exit, 6);
    }
}

#[test]
fn a_session_policy_of_the_profile_counts() {
    let narrow =
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:*","Resource":"*"}]}"#;
    let fake = || {
        account(|hit| match action(hit) {
            "AssumeRole" => {
                let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
                Some(good(&json!({"Credentials": {
                    "AccessKeyId": "STS.x", "AccessKeySecret": super::harness::SECRET,
                    "SecurityToken": super::harness::TOKEN, "Expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                }})))
            }
            "GetCallerIdentity" => Some(good(&json!({
                "AccountId": ACCOUNT, "IdentityType": "AssumedRoleUser", "PrincipalId": "3001:s",
                "Arn": format!("acs:ram::{ACCOUNT}:assumed-role/ci/s"),
            }))),
            "ListPoliciesForRole" => Some(good(&policies(&[("Custom", "own")]))),
            "ListPolicyAttachments" => Some(good(&attachments(&[("ci@role.x", "own", ACCOUNT)]))),
            _ => None,
        })
    };
    for (policy, verdict, exit) in [(Some(narrow), "denied", 5), (None, "allowed", 0)] {
        let fake = fake();
        let policy = policy
            .map(|text| format!("policy = {text}\n"))
            .unwrap_or_default();
        let file = format!(
            "[default]\ntype = ram_role_arn\naccess_key_id = LTAI-test-key\naccess_key_secret = {}\nrole_arn = acs:ram::{ACCOUNT}:role/ci\nrole_session_name = s\n{policy}",
            super::harness::SECRET
        );
        let run = |words: &str| {
            line(words)
                .args(["--endpoint", &fake.url()])
                .file("c.ini", &file)
                .env("ALIBABA_CLOUD_CREDENTIALS_FILE", "c.ini")
                .run()
        };
        let check =
            run("invoke --region cn-hangzhou --function-name hello --check-perms=only -o json");
        let preflight = &check.json()["preflight"];
        assert_eq!(
            (check.exit, &preflight["verdict"]),
            (exit, &json!(verdict)),
            "{}",
            check.stderr
        );
        assert_eq!(preflight["layers_not_seen"], json!(["control"]));
        assert_eq!(preflight["suggested_policy"], Value::Null);
        let who = run("whoami -o json").json();
        assert_eq!(who["principal"]["id"], "ci:s");
        assert!(who["credentials"]["expires_at"].is_string());
        let session: Vec<&Value> = who["policies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["layer"] == "session")
            .collect();
        assert_eq!(session.len(), usize::from(verdict == "denied"));
        assert!(session.iter().all(|row| row["source"] == "credentials"));
    }
}

#[test]
fn a_call_without_a_check_asks_nobody_and_a_named_policy_spares_the_questions() {
    let fake = account(|_| None);
    assert_eq!(fake.call("").run().exit, 0);
    let run = fake
        .call("--check-perms --policy-file p.json")
        .file("p.json", ALLOW)
        .run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let run = fake.call("--dry-run").run();
    assert!(
        run.stderr.contains("a dry run asks nobody"),
        "{}",
        run.stderr
    );
    let asked: Vec<String> = fake
        .hits()
        .iter()
        .map(|hit| action(hit).to_owned())
        .collect();
    assert_eq!(asked, ["InvokeFunction", "InvokeFunction"]);
    // With a check the account is asked once who calls, and for the account's id, too.
    let run = line("invoke --region cn-hangzhou --function-name hello --check-perms --endpoint")
        .arg(fake.url())
        .key()
        .run();
    assert_eq!((run.exit, asked_once(&fake)), (0, 1), "{}", run.stderr);
}

fn asked_once(fake: &Fake) -> usize {
    asked(fake, "GetCallerIdentity")
}

#[test]
fn a_function_of_another_account_is_not_decided_by_the_caller_s_policies() {
    let fake = account(|_| None);
    let run = line("invoke --region cn-hangzhou --function-name hello --check-perms=only -o json")
        .args([
            "--account-id",
            "9999999999999999",
            "--endpoint",
            &fake.url(),
        ])
        .key()
        .run();
    let reason = &run.json()["preflight"]["reasons"][0];
    assert_eq!(run.exit, 6);
    assert_eq!(
        reason["detail"],
        "the caller's own policies were not read: the caller is of account 1234567890123456, and the function of 9999999999999999"
    );
    assert!(
        reason["settle_with"]
            .to_string()
            .contains("--account-id 1234567890123456")
    );
    assert_eq!(fake.hits().len(), 1);
}

#[test]
fn names_from_the_account_are_escaped() {
    let fake = account(|hit| {
        (action(hit) == "ListPoliciesForUser")
            .then(|| good(&policies(&[("Custom", "a\u{1b}[31m\u{202e}b")])))
    });
    let run = line("whoami --endpoint").arg(fake.url()).key().run();
    assert!(
        !run.stdout_lossy().contains(['\u{1b}', '\u{202e}']),
        "{}",
        run.stdout_lossy()
    );
    let run = fake.call("--check-perms").run();
    assert!(
        !run.stderr.contains(['\u{1b}', '\u{202e}']),
        "{}",
        run.stderr
    );
}
