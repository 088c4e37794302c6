//! A pattern and a value, separated by a line break: the engine's `StringLike` against the
//! definition of `*` and `?`, by dynamic programming.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame_fc::ram::{Context, Decision, Layer, Policies, Policy, Request, parse};

fuzz_target!(|input: &str| {
    let Some((pattern, value)) = input.split_once('\n') else { return };
    if pattern.len() * value.len() > 1 << 20 {
        return;
    }
    let source = format!(
        r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {{"StringLike": {{"k": {}}}}}}}]}}"#,
        serde_json::Value::from(pattern)
    );
    let document = parse(source.as_bytes()).document.expect("a document");
    let policies = Policies::new(vec![Policy { name: String::new(), layer: Layer::Account, level: 0, document }]);
    let mut context = Context::default();
    context.give("k", value);
    let decision = policies.decide(&Request { action: "a:b", resource: "*", context: &context });
    assert_eq!(decision == Decision::Allowed, matches(pattern, value), "{pattern:?} ~ {value:?}");
});

fn matches(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for symbol in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match symbol {
                '*' => row[at] || (at > 0 && next[at - 1]),
                '?' => at > 0 && row[at - 1],
                literal => at > 0 && row[at - 1] && text[at - 1] == literal,
            };
        }
        row = next;
    }
    row[text.len()]
}
