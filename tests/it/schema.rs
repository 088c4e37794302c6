//! The committed schemas: every JSON object that a test sees is held against them, and they
//! refuse what breaks the contract.

use std::sync::LazyLock;

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use sesame_fc::output::access_log;
use sesame_fc::ram::{Decision, Effect, Layer, Span};
use sesame_fc::sandbox::{Call, Decider};

use super::harness::line;

/// A file of `docs/reference/schemas/`.
fn committed(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/schemas/");
    let text = std::fs::read_to_string(format!("{folder}{name}")).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The schemas stand beside each other, wherever that is.
const FOLDER: &str = "https://schemas.invalid/";

/// A schema of a file, or of a place in it. Nothing is fetched.
fn validator(name: &str, place: &str) -> Validator {
    let schema = committed(name);
    jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|error| panic!("{error}"));
    let mut registry = Registry::new();
    for file in [name, "common.json"] {
        let uri = format!("{FOLDER}{file}");
        registry = registry.add(uri, committed(file)).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let start = json!({"$ref": format!("{FOLDER}{name}{place}")});
    let options = jsonschema::draft202012::options().with_registry(&registry);
    options
        .build(&start)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

static INVOKE: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::draft202012::new(&committed("invoke.json")).unwrap());

/// The object's `schema`, and what holds it.
static OBJECTS: LazyLock<Vec<(&str, Validator)>> = LazyLock::new(|| {
    [
        ("sesame.policy.check/1", "policy-check.json"),
        ("sesame.policy.lint/1", "policy-lint.json"),
        ("sesame.policy.test/1", "policy-test.json"),
        ("sesame.policy.generate/1", "policy-generate.json"),
        ("sesame.policy.templates/1", "policy-templates.json"),
        ("sesame.explain/1", "explain.json"),
        ("sesame.event/1", "event.json"),
        ("sesame.whoami/1", "whoami.json"),
        ("sesame.sandbox/1", "sandbox.json"),
        ("sesame.sandbox.call/1", "sandbox-call.json"),
    ]
    .map(|(schema, file)| (schema, validator(file, "")))
    .into()
});

static QUESTION: LazyLock<Validator> =
    LazyLock::new(|| validator("policy-check-batch.json", "#/$defs/question"));
static ANSWER: LazyLock<Validator> =
    LazyLock::new(|| validator("policy-check-batch.json", "#/$defs/answer"));

fn hold(validator: &Validator, object: &Value) {
    let faults: Vec<String> = validator
        .iter_errors(object)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}\n{object:#}");
}

/// Holds an object against the schema that it names.
pub(crate) fn check(object: &Value) {
    let name = object["schema"].as_str().unwrap_or_default();
    let known = OBJECTS.iter().find(|(schema, _)| *schema == name);
    hold(known.map_or(&*INVOKE, |(_, validator)| validator), object);
}

/// Holds a line of a batch's answers against its schema.
pub(crate) fn check_answer(line: &Value) {
    hold(&ANSWER, line);
}

/// Whether a line is a question that the schema knows.
pub(crate) fn is_question(line: &Value) -> bool {
    QUESTION.is_valid(line)
}

/// Sets fields of an object one by one; the schema must refuse each result.
pub(crate) fn refuses(good: &Value, breaks: &[(&str, Value)]) {
    let name = good["schema"].as_str().unwrap();
    let (_, validator) = OBJECTS.iter().find(|(schema, _)| *schema == name).unwrap();
    hold(validator, good);
    for (place, value) in breaks {
        let mut bad = good.clone();
        *bad.pointer_mut(place).expect(place) = value.clone();
        assert!(!validator.is_valid(&bad), "{name}: {place} as {value}");
    }
    let mut more = good.clone();
    more["new"] = json!(1);
    assert!(validator.is_valid(&more), "{name}: an additive change");
}

#[test]
fn the_schema_refuses_what_breaks_the_contract() {
    let denied = line("invoke --sandbox -a intern --function-name hello --check-perms -o json");
    let good = denied.run().json();
    let breaks: [(&str, Value); 12] = [
        ("/schema", json!("sesame.invoke/2")),
        ("/ok", json!(true)),
        ("/error/cause", json!("not_a_cause")),
        ("/error/code", json!("E1")),
        ("/error/hints/0/text", json!("")),
        ("/error/suggested_policy/Version", json!("2012-10-17")),
        ("/preflight/verdict", json!("maybe")),
        ("/preflight/checks", json!([])),
        ("/preflight/denial", json!("soft")),
        ("/target/resources/0", json!("acs:fc:*:*")),
        ("/request/attempts", json!(-1)),
        ("/warnings", json!(null)),
    ];
    for (place, value) in breaks {
        let mut bad = good.clone();
        *bad.pointer_mut(place).expect(place) = value;
        assert!(!INVOKE.is_valid(&bad), "{place}");
    }
    for name in ["ok", "target", "preflight", "request", "response", "error"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(name);
        assert!(!INVOKE.is_valid(&bad), "without {name}");
    }
    let mut more = good;
    more["new"] = json!(1);
    assert!(INVOKE.is_valid(&more), "an additive change");
}

#[test]
fn the_schema_of_check_refuses_what_breaks_the_contract() {
    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:*","Resource":"acs:fc:*:*:functions/a"}]}"#;
    let run = line("policy check --policy-file p.json --action fc:GetFunction -o json")
        .args(["--resource", "acs:fc:cn-hangzhou:1:functions/b"])
        .file("p.json", policy)
        .run();
    let good = run.json();
    refuses(
        &good,
        &[
            ("/ok", json!(true)),
            ("/decision", json!("denied")),
            ("/decision", json!("allowed")),
            ("/decision", json!("undetermined")),
            ("/decided_by", json!({})),
            ("/trace/0/resource", json!("maybe")),
            ("/trace/0/layer", json!("group")),
            ("/nearest/0/fails", json!("effect")),
            ("/missing_context", json!(["a", "a"])),
            ("/layers_not_seen", json!(["folder"])),
            ("/error", json!(null)),
            ("/error/code", json!("L0001")),
        ],
    );
    let (_, check) = &OBJECTS[0];
    for field in ["trace", "nearest", "reasons", "missing_context"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(field);
        assert!(!check.is_valid(&bad), "without {field}");
    }
}

#[test]
fn the_schemas_of_lint_and_test_refuse_what_breaks_the_contract() {
    let lint = line("policy lint p.json -o json")
        .file("p.json", "{}")
        .run();
    refuses(
        &lint.json(),
        &[
            ("/ok", json!(true)),
            ("/files", json!([])),
            ("/files/0/path", json!(null)),
            ("/files/0/findings/0/code", json!("MISSING_VERSION")),
            ("/files/0/findings/0/severity", json!("fatal")),
            ("/files/0/findings/0/line", json!(0)),
            ("/files/0/findings/0/length", json!(-1)),
            ("/files/0/findings/0/message", json!("")),
        ],
    );
    let cases = "policies: [p.json]\ncases:\n- {name: n, action: 'fc:Get', resource: '*', expect: allowed}\n";
    let test = line("policy test c.yaml -o json")
        .file("c.yaml", cases)
        .file("p.json", r#"{"Version":"1","Statement":[]}"#)
        .run();
    refuses(
        &test.json(),
        &[
            ("/ok", json!(true)),
            ("/failed", json!(-1)),
            ("/cases/0/expected", json!("explicit")),
            ("/cases/0/actual", json!("denied")),
            ("/cases/0/decided_by", json!({"policy": "p.json"})),
        ],
    );
}

#[test]
fn the_schemas_of_generate_templates_and_explain_refuse_what_breaks_the_contract() {
    let target = "--region cn-hangzhou --account-id 1234567890123456 --function-name hello";
    let generated = line(&format!("policy generate {target} -o json")).run();
    refuses(
        &generated.json(),
        &[
            ("/ok", json!(false)),
            ("/documents", json!([])),
            ("/documents/0/Version", json!("2012-10-17")),
            ("/documents/0/Statement", json!([])),
            ("/documents/0/Statement/0/Effect", json!("Deny")),
        ],
    );
    let templates = line("policy templates invoke -o json").run();
    refuses(
        &templates.json(),
        &[
            ("/templates", json!([])),
            ("/templates/0/generation", json!("fc1")),
            ("/templates/0/confidence", json!("certain")),
            ("/templates/0/statements/0/confidence", json!(1)),
            ("/templates/0/document", json!({})),
        ],
    );
    let explained = line("explain L0001 -o json").run();
    refuses(
        &explained.json(),
        &[
            ("/code", json!("E0001")),
            ("/cause", json!("not_a_cause")),
            ("/severity", json!("bad")),
            ("/code", json!("P0001")),
        ],
    );
    let text = r#"{"Code":"AccessDenied","Message":"the caller is not authorized to perform 'fc:GetFunction' on resource 'acs:fc:cn-hangzhou:1:functions/f'"}"#;
    let explained = line("explain -o json -").stdin(text).run();
    refuses(
        &explained.json(),
        &[
            ("/cause", json!("not_a_cause")),
            ("/product", json!("FC")),
            ("/http_status", json!(1)),
            ("/denial", json!("explicit")),
            ("/suggested_policy/Statement", json!([])),
            ("/conditions", json!([{}])),
            ("/principal", json!({})),
            ("/hints/0/text", json!("")),
            ("/refusals", json!(-1)),
        ],
    );
}

#[test]
fn the_schema_of_event_refuses_what_breaks_the_contract() {
    let event = line("event cdn -o json").run().json();
    refuses(
        &event,
        &[
            ("/ok", json!(false)),
            ("/kind", json!("CDN")),
            ("/type", json!("")),
            ("/confidence", json!("certain")),
            ("/source", json!("")),
            ("/file", json!("../cdn.json")),
            ("/path", json!(1)),
            ("/event", json!(null)),
        ],
    );
    let (_, validator) = OBJECTS
        .iter()
        .find(|(schema, _)| *schema == "sesame.event/1")
        .unwrap();
    for field in ["kind", "type", "path", "event"] {
        let mut bad = event.clone();
        bad.as_object_mut().unwrap().remove(field);
        assert!(!validator.is_valid(&bad), "without {field}");
    }
    let list = line("event -o json").run().json();
    refuses(
        &list,
        &[
            ("/templates", json!([])),
            ("/templates/0/kind", json!(null)),
            ("/templates/0/confidence", json!("certain")),
        ],
    );
}

#[test]
fn the_schema_of_a_batch_knows_questions_from_answers() {
    let question = json!({"id": 1, "action": "fc:Get", "resource": "*", "context": {"a:b": ["c"]}});
    assert!(QUESTION.is_valid(&question) && !ANSWER.is_valid(&question["context"]));
    for (field, value) in [
        ("action", json!(1)),
        ("context", json!({"a:b": 1})),
        ("context", json!({"a:b": []})),
        ("context_complete", json!("yes")),
        ("polices", json!([])),
    ] {
        let mut bad = question.clone();
        bad[field] = value;
        assert!(!QUESTION.is_valid(&bad), "{bad}");
    }
    let answer = json!({"id": 1, "decision": "allowed", "matched": [[0, 1]]});
    assert!(ANSWER.is_valid(&answer) && ANSWER.is_valid(&json!({"id": null, "error": "why"})));
    for bad in [
        json!({"decision": "allowed", "matched": []}),
        json!({"id": 1, "decision": "allowed"}),
        json!({"id": 1, "decision": "allowed", "matched": [[0]]}),
        json!({"id": 1, "decision": "denied", "matched": []}),
        json!({"id": 1, "decision": "allowed", "matched": [], "error": "why"}),
        json!({"id": 1, "error": ""}),
        json!({"id": 1}),
    ] {
        assert!(!ANSWER.is_valid(&bad), "{bad}");
    }
}

#[test]
fn the_schema_of_a_sandbox_call_refuses_what_breaks_the_contract() {
    let policy: std::sync::Arc<str> = "{}".into();
    let call = Call {
        number: 1,
        time: "2026-11-22T12:03:11Z".parse().unwrap(),
        method: "POST".into(),
        path: "/2023-03-30/functions/billing/invocations".into(),
        identity: Some("contractor".into()),
        product: "fc",
        operation: Some("InvokeFunction".into()),
        action: Some("fc:InvokeFunction".into()),
        resource: Some("acs:fc:cn-hangzhou:1234567890123456:functions/billing".into()),
        verdict: Some(Decision::ExplicitDeny),
        decided_by: Some(Decider {
            policy: "contractor.json".into(),
            layer: Layer::Account,
            statement: 1,
            effect: Effect::Deny,
            line: 5,
            column: 5,
            span: Span::new(0, policy.len()),
            text: policy,
        }),
        reasons: vec!["let through".into()],
        let_through: true,
        status: 200,
        error_code: None,
        duration_ms: 1.25,
        request_id: "1-0-0-0".into(),
    };
    let object = |call: &Call| serde_json::from_str(&access_log::json_line(call)).unwrap();
    let breaks: [(&str, Value); 13] = [
        ("/time", json!("2026-11-22 12:03:11")),
        ("/method", json!("")),
        ("/identity", json!(1)),
        ("/product", json!("ecs")),
        ("/verdict", json!("explicit_deny")),
        ("/verdict", json!("allowed")),
        ("/denial", json!(null)),
        ("/decided_by", json!({})),
        ("/decided_by/line", json!(0)),
        ("/reasons", json!(null)),
        ("/status", json!(0)),
        ("/duration_ms", json!(-1)),
        ("/request_id", json!(null)),
    ];
    refuses(&object(&call), &breaks);
    // Nothing was asked of RAM.
    check(&object(&Call {
        identity: None,
        operation: None,
        action: None,
        resource: None,
        verdict: None,
        decided_by: None,
        let_through: false,
        error_code: Some("SignatureNotMatch".into()),
        ..call
    }));
}

#[test]
fn what_commands_have_in_common_is_the_same_in_each_schema() {
    let (common, invoke) = (committed("common.json"), committed("invoke.json"));
    for name in ["cause", "layer", "denial", "principal", "error"] {
        assert_eq!(common["$defs"][name], invoke["$defs"][name], "{name}");
    }
}
