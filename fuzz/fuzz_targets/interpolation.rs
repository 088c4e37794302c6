//! Texts with `---` lines between them: a property, two variables, a `.env`. Whatever stands
//! between braces ends as a value of bounded length or as an error with a place in the text,
//! and a text without `${` stays.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use sesame_fc::project::{Chosen, Given, Project, Wanted};

fuzz_target!(|input: &str| {
    let mut parts = input.splitn(4, "\n---\n");
    let mut part = || parts.next().unwrap_or_default();
    let (region, a, b, dotenv) = (part(), part(), part(), part());
    // JSON is YAML, so a text comes through as it is.
    let document = serde_json::json!({
        "edition": "3.0.0",
        "vars": {"a": a, "b": b},
        "resources": {"f": {"component": "fc3", "props": {"region": region, "functionName": a}}},
    });
    let path = "/nonexistent/folder/s.yaml";
    // A control character that YAML does not take is refused as a whole.
    let Ok(project) = Project::from_text(path, document.to_string(), dotenv) else { return };
    let environment = BTreeMap::from([("SET".to_owned(), "set ${vars.a}".to_owned())]);
    let given = Given { environment: &environment, account: Some("123") };
    let wanted = Wanted { resource: Some("f"), ..Wanted::default() };
    let Ok(Chosen::Functions { functions, .. }) = project.choose(wanted, given) else {
        panic!("the resource is a function");
    };
    for value in [functions[0].region(), functions[0].function()] {
        match value {
            Ok(value) => assert!(value.is_some_and(|value| value.text.len() <= 64 * 1024)),
            Err(error) => {
                let place = error.place().expect("a place");
                assert!(place.text().get(place.span().start..place.span().end).is_some(), "{error:?}");
            }
        }
    }
    if !region.contains("${") && region.len() <= 64 * 1024 {
        assert_eq!(functions[0].region().unwrap().unwrap().text, region);
    }
});
