//! The committed schemas: every JSON object that a test sees is held against them, and they
//! refuse what breaks the contract.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::harness::line;

static INVOKE: LazyLock<Validator> = LazyLock::new(|| {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/docs/reference/schemas/invoke.json"
    );
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
});

/// Holds an object against `sesame.invoke/1`.
pub(crate) fn check(object: &Value) {
    let faults: Vec<String> = INVOKE
        .iter_errors(object)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}\n{object:#}");
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
