//! What `preflight` of the object says: which statement decides and where it stands, what came
//! nearest, why it is undetermined, and which layers were not seen.

use serde_json::{Value, json};

use super::fake::ACCOUNT;
use super::harness::{Sesame, line};

/// A check of `demo/hello` or `hello` that makes no call.
fn check(words: &str) -> Sesame {
    line("invoke --region cn-hangzhou --check-perms=only -o json --account-id")
        .arg(ACCOUNT)
        .args(words.split_whitespace())
}

/// The check of function `hello` by these documents, in the order of their names.
fn hello(documents: &[(&str, &str)]) -> Sesame {
    documents
        .iter()
        .fold(check("--function-name hello"), |command, (name, text)| {
            command.file(name, text).args(["--policy-file", name])
        })
}

fn preflight(command: Sesame) -> Value {
    command.run().json()["preflight"].clone()
}

/// One statement as a document.
fn document(effect: &str, action: &str, resource: &str) -> String {
    json!({"Version": "1", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}).to_string()
}

const TWO: &str = "{\n  \"Version\": \"1\",\n  \"Statement\": [\n    { \"Effect\": \"Allow\", \"Action\": \"oss:*\", \"Resource\": \"*\" },\n      { \"Effect\": \"Allow\", \"Action\": \"fc:Invoke*\", \"Resource\": \"*\" }\n  ]\n}\n";

#[test]
fn the_first_allow_that_applies_decides() {
    let other = document("Allow", "fc:*", "*");
    let object = preflight(hello(&[("two.json", TWO), ("other.json", &other)]));
    assert_eq!(object["verdict"], "allowed");
    assert_eq!(object["denial"], Value::Null);
    assert_eq!(
        object["checks"],
        json!([{
            "action": "fc:InvokeFunction",
            "resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hello",
            "verdict": "allowed", "denial": null,
            "decided_by": {
                "policy": "two.json", "layer": "account", "statement": 1, "effect": "Allow", "line": 5, "column": 7,
            },
            "missing_context": [], "nearest": [],
        }])
    );
    assert_eq!(
        object["policies"],
        json!([
            {"name": "two.json", "layer": "account", "source": "file"},
            {"name": "other.json", "layer": "account", "source": "file"},
        ])
    );
    assert_eq!(
        object["layers_not_seen"],
        json!(["control", "session", "resource-group"])
    );
    assert_eq!(object["reasons"], json!([]));
    assert_eq!(object["suggested_policy"], Value::Null);
}

#[test]
fn a_deny_decides_wherever_it_stands() {
    let (allow, deny) = (
        document("Allow", "*", "*"),
        document("Deny", "fc:InvokeFunction", "*"),
    );
    for documents in [
        [("a.json", &*allow), ("d.json", &*deny)],
        [("d.json", &*deny), ("a.json", &*allow)],
    ] {
        let object = preflight(hello(&documents));
        assert_eq!(
            (&object["verdict"], &object["denial"]),
            (&json!("denied"), &json!("explicit"))
        );
        let by = &object["checks"][0]["decided_by"];
        assert_eq!(
            (&by["policy"], &by["effect"]),
            (&json!("d.json"), &json!("Deny"))
        );
        assert_eq!(
            object["suggested_policy"],
            Value::Null,
            "an Allow does not lift a Deny"
        );
    }
}

#[test]
fn columns_count_characters_of_a_line_that_ends_with_crlf() {
    let text = "{\r\n\"Version\": \"1\",\r\n\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"oss:中文🙂\", \"Resource\": \"*\"}, {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}]\r\n}";
    let object = preflight(hello(&[("p.json", text)]));
    let by = &object["checks"][0]["decided_by"];
    let line = text.split("\r\n").nth(2).unwrap();
    let column = line.chars().take_while({
        let mut braces = 0;
        move |character| {
            braces += u32::from(*character == '{');
            braces < 2
        }
    });
    assert_eq!(
        (by["line"].as_u64(), by["column"].as_u64()),
        (Some(3), Some(column.count() as u64 + 1))
    );
}

#[test]
fn the_nearest_allow_says_what_fails() {
    let region = document(
        "Allow",
        "fc:InvokeFunction",
        "acs:fc:cn-shanghai:*:functions/*",
    );
    let action = document("Allow", "fc:GetFunction", "*");
    let both = document("Allow", "fc:GetFunction", "acs:fc:cn-shanghai:*:*");
    let object = preflight(hello(&[
        ("region.json", &region),
        ("action.json", &action),
        ("both.json", &both),
    ]));
    assert_eq!(
        (&object["verdict"], &object["denial"]),
        (&json!("denied"), &json!("implicit"))
    );
    let nearest = object["checks"][0]["nearest"].as_array().unwrap();
    let found = |policy: &str| nearest.iter().find(|near| near["policy"] == policy);
    assert_eq!(
        found("region.json"),
        Some(&json!({
            "policy": "region.json", "statement": 0, "fails": "resource",
            "would_match": "acs:fc:cn-hangzhou:1234567890123456:functions/hello",
        }))
    );
    assert_eq!(
        found("action.json"),
        Some(
            &json!({"policy": "action.json", "statement": 0, "fails": "action", "would_match": "fc:InvokeFunction"})
        )
    );
    assert_eq!(found("both.json"), None, "two elements are not near");
    assert_eq!(
        object["suggested_policy"]["Statement"][0]["Effect"],
        "Allow"
    );
    let system = object["sufficient_system_policies"].as_array().unwrap();
    assert_eq!(system[0], "AliyunFCInvocationAccess");
}

const FROM_OFFICE: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":["203.0.113.0/24"]},"StringEquals":{"acs:SourceVpc":["vpc-1"]}}}]}"#;

#[test]
fn missing_keys_are_named_and_settled() {
    let object = preflight(hello(&[("office.json", FROM_OFFICE)]));
    assert_eq!(object["verdict"], "undetermined");
    let missing = object["checks"][0]["missing_context"].as_array().unwrap();
    for key in ["acs:SourceIp", "acs:SourceVpc"] {
        assert!(missing.iter().any(|one| one == key), "{key}: {missing:?}");
        let reason = object["reasons"].as_array().unwrap().iter().find(|reason| {
            reason["kind"] == "missing_context" && reason["detail"].as_str().unwrap().contains(key)
        });
        let settle = reason.expect(key)["settle_with"].as_str().unwrap();
        assert!(settle.contains(&format!("--context {key}=")), "{settle}");
    }
    let settled = hello(&[("office.json", FROM_OFFICE)]).args([
        "--context",
        "acs:SourceIp=203.0.113.7",
        "--context",
        "acs:SourceVpc=vpc-1",
    ]);
    let object = preflight(settled);
    assert_eq!(
        (&object["verdict"], &object["reasons"]),
        (&json!("allowed"), &json!([]))
    );
}

#[test]
fn the_client_s_own_keys_are_known() {
    let with = |operator: &str, key: &str, value: &str| {
        let text = json!({"Version": "1", "Statement": [{
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: [value]}},
        }]});
        hello(&[("p.json", &text.to_string())])
    };
    let verdict = |command: Sesame| preflight(command)["verdict"].clone();
    assert_eq!(
        verdict(with("Bool", "acs:SecureTransport", "true")),
        "allowed",
        "https by default"
    );
    assert_eq!(
        verdict(with("StringLike", "acs:UserAgent", "sesame/*")),
        "allowed"
    );
    assert_eq!(
        verdict(with(
            "DateGreaterThan",
            "acs:CurrentTime",
            "2024-01-01T00:00:00Z"
        )),
        "allowed"
    );
    assert_eq!(
        verdict(with(
            "DateLessThan",
            "acs:CurrentTime",
            "2024-01-01T00:00:00Z"
        )),
        "denied"
    );
    let plain =
        with("Bool", "acs:SecureTransport", "true").args(["--endpoint", "http://127.0.0.1:1"]);
    assert_eq!(verdict(plain), "denied");
    let given = with("Bool", "acs:SecureTransport", "true")
        .args(["--context", "acs:SecureTransport=false"]);
    assert_eq!(
        verdict(given),
        "denied",
        "the user's value beats the client's"
    );
    assert_eq!(
        verdict(with("Bool", "acs:MFAPresent", "true").key()),
        "denied",
        "an access key has none"
    );
    assert_eq!(
        verdict(with("Bool", "acs:MFAPresent", "true").temporary_key()),
        "undetermined"
    );
}

#[test]
fn the_form_of_latest_is_a_reason() {
    let only_one = document(
        "Allow",
        "fc:InvokeFunction",
        "acs:fc:*:*:services/demo/functions/*",
    );
    for words in [
        "--service-name demo --function-name hello",
        "--service-name demo --function-name hello --qualifier LATEST",
    ] {
        let run = check(words)
            .file("p.json", &only_one)
            .args(["--policy-file", "p.json"])
            .run();
        let object = run.json()["preflight"].clone();
        assert_eq!(
            (run.exit, &object["verdict"]),
            (6, &json!("undetermined")),
            "{words}"
        );
        let checks = object["checks"].as_array().unwrap();
        assert_eq!(checks.len(), 2);
        let verdicts: Vec<&Value> = checks.iter().map(|check| &check["verdict"]).collect();
        assert_eq!(verdicts, ["allowed", "denied"]);
        assert_eq!(object["reasons"][0]["kind"], "latest_form");
        let suggested = &object["suggested_policy"]["Statement"][0]["Resource"];
        assert_eq!(suggested.as_array().unwrap().len(), 2, "names both");
    }
    let both = document(
        "Allow",
        "fc:InvokeFunction",
        "acs:fc:*:*:services/demo*/functions/*",
    );
    let run = check("--service-name demo --function-name hello")
        .file("p.json", both)
        .args(["--policy-file", "p.json"])
        .run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
}

#[test]
fn fc_3_has_two_forms_only_for_an_explicit_latest() {
    let only_one = document("Allow", "fc:InvokeFunction", "acs:fc:*:*:functions/hello");
    let exit = |words: &str| {
        check("--function-name hello")
            .args(words.split_whitespace())
            .file("p.json", &only_one)
            .args(["--policy-file", "p.json"])
            .run()
            .exit
    };
    assert_eq!(exit(""), 0);
    assert_eq!(exit("--qualifier LATEST"), 6);
    assert_eq!(exit("--qualifier 1"), 5);
}

#[test]
fn what_ram_does_not_document_is_a_reason() {
    let object = preflight(hello(&[("p.json", &document("Allow", "*", "acs:fc:*"))]));
    assert_eq!(object["verdict"], "undetermined");
    assert_eq!(object["reasons"][0]["kind"], "undocumented");
}

#[test]
fn no_policies_are_a_reason() {
    let object = preflight(check("--function-name hello"));
    assert_eq!(
        (&object["verdict"], &object["reasons"][0]["kind"]),
        (&json!("undetermined"), &json!("unread_policy"))
    );
    assert_eq!(object["policies"], json!([]));
    assert_eq!(
        object["layers_not_seen"],
        json!(["control", "session", "account", "resource-group"])
    );
}

#[test]
fn layers_that_are_named_are_seen() {
    let all = document("Allow", "*", "*");
    let command = check(
        "--function-name hello --policy-file a.json --session-policy s.json --control-policy c1.json --control-policy c2.json --resource-group-policy r.json",
    );
    let command = ["a", "s", "c1", "c2", "r"]
        .iter()
        .fold(command, |command, name| {
            command.file(&format!("{name}.json"), &all)
        });
    let object = preflight(command);
    assert_eq!(object["verdict"], "allowed");
    assert_eq!(object["layers_not_seen"], json!([]));
    let layers: Vec<&Value> = object["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| &policy["layer"])
        .collect();
    assert_eq!(
        layers,
        ["control", "control", "session", "account", "resource-group"]
    );
    assert_eq!(object["checks"][0]["decided_by"]["layer"], "control");
}

#[test]
fn each_control_level_and_the_session_must_allow() {
    let (all, other) = (document("Allow", "*", "*"), document("Allow", "oss:*", "*"));
    let exit = |flags: &str, second: &str| {
        check("--function-name hello --policy-file all.json")
            .args(flags.split(' '))
            .file("all.json", &all)
            .file("second.json", second)
            .run()
            .exit
    };
    assert_eq!(
        exit(
            "--control-policy all.json --control-policy second.json",
            &all
        ),
        0
    );
    assert_eq!(
        exit(
            "--control-policy all.json --control-policy second.json",
            &other
        ),
        5
    );
    assert_eq!(exit("--session-policy second.json", &all), 0);
    assert_eq!(exit("--session-policy second.json", &other), 5);
    assert_eq!(exit("--resource-group-policy second.json", &other), 0);
}

#[test]
fn the_sandbox_s_identities_and_named_policies() {
    let deny = document("Deny", "fc:*", "*");
    let run = line("invoke --sandbox -a admin --function-name hello --check-perms -o json --control-policy root.json")
        .file("root.json", deny)
        .run();
    let object = run.json();
    assert_eq!(
        (run.exit, &object["preflight"]["denial"]),
        (5, &json!("explicit"))
    );
    assert_eq!(object["preflight"]["principal"]["name"], "admin");
    assert_eq!(
        object["preflight"]["checks"][0]["decided_by"]["layer"],
        "control"
    );
    assert_eq!(object["request"]["sent"], false);
}

#[test]
fn what_was_not_read_at_account_scope_stays_open() {
    let deny = r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    let oss = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}"#;
    for (flag, document, verdict, denial) in [
        // An Allow that was not read would end the evaluation before it.
        ("--resource-group-policy", deny, "undetermined", None),
        ("--control-policy", deny, "denied", Some("explicit")),
        ("--session-policy", oss, "denied", Some("implicit")),
    ] {
        let run = line("invoke --region cn-hangzhou --account-id 1234567890123456 --function-name f -o json --check-perms=only")
            .args([flag, "p.json"])
            .file("p.json", document)
            .run();
        let preflight = run.json()["preflight"].clone();
        assert_eq!(
            (preflight["verdict"].as_str(), preflight["denial"].as_str()),
            (Some(verdict), denial),
            "{flag}"
        );
        assert!(verdict != "denied" || preflight["suggested_policy"].is_null());
    }
}

#[test]
fn no_policy_is_suggested_where_only_a_layer_above_is_open() {
    let all = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let office = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":["10.0.0.0/8"]}}}]}"#;
    let run = line("invoke --sandbox --function-name hello -o json --check-perms=only --policy-file all.json --control-policy office.json")
        .file("all.json", all)
        .file("office.json", office)
        .run();
    let preflight = run.json()["preflight"].clone();
    assert_eq!(preflight["verdict"], "undetermined");
    assert!(preflight["suggested_policy"].is_null());
}
