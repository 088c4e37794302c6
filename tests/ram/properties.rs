//! What holds for every policy and every request.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sesame_fc::ram::{OPERATORS, Pair, synthesise};
use std::collections::BTreeSet;

const ACTIONS: &[&str] = &[
    "*",
    "fc:*",
    "fc:Get*",
    "fc:GetFunction",
    INVOKE,
    "FC:invokefunction",
    "oss:*",
    "*:Get*",
    "fc*",
];
const RESOURCES: &[&str] = &[
    "*",
    "acs:fc:*:*:*",
    "acs:fc:*:*:functions/a",
    "acs:fc:*:*:functions/A",
    "acs:fc:cn:1:functions/*",
    "acs:fc:cn:1:functions/?",
    "acs:fc:*",
    "acs:oss:*:*:b",
];
const ASKED: &[&str] = &[
    "acs:fc:cn:1:functions/a",
    "acs:fc:cn:1:functions/b",
    "acs:fc:eu:2:functions/a",
    "acs:oss:cn:1:b",
];
const KEYS: &[&str] = &["k", "l", "K", "m"];
const VALUES: &[&str] = &[
    "a",
    "A",
    "a*",
    "5",
    "5.0",
    "7",
    "true",
    "True",
    "false",
    "10.0.0.0/8",
    "10.0.0.1",
    "::ffff:10.0.0.1",
    "2026-01-01T00:00:00Z",
    "2027-01-01T00:00:00Z",
    "2026-01-01",
    "",
];
const LAYERS: &[(Layer, usize)] = &[
    (Layer::Control, 0),
    (Layer::Control, 1),
    (Layer::Session, 0),
    (Layer::Account, 0),
    (Layer::ResourceGroup, 0),
];

fn quoted(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    if texts.len() == 1 {
        texts[0].clone()
    } else {
        format!("[{}]", texts.join(","))
    }
}

fn condition() -> impl Strategy<Value = String> {
    let operators: Vec<&str> = OPERATORS
        .iter()
        .map(|operator| operator.name)
        .chain(["Null", "StringEqualsIfExists"])
        .collect();
    let values = vec(select(VALUES), 0..3);
    let keys = proptest::collection::btree_map(select(KEYS), values, 1..3);
    let operators = proptest::collection::btree_map(select(operators), keys, 0..3);
    operators.prop_map(|operators| {
        let operators: Vec<String> = operators
            .iter()
            .map(|(operator, keys)| {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|(key, values)| format!("{key:?}:{}", quoted(values)))
                    .collect();
                format!("{operator:?}:{{{}}}", keys.join(","))
            })
            .collect();
        format!("{{{}}}", operators.join(","))
    })
}

fn statement(effects: &'static [&'static str]) -> impl Strategy<Value = String> {
    let action = (
        prop_oneof![4 => Just("Action"), 1 => Just("NotAction")],
        vec(select(ACTIONS), 1..3),
    );
    let resource = (
        prop_oneof![9 => Just("Resource"), 1 => Just("NotResource")],
        vec(select(RESOURCES), 1..3),
    );
    let condition = prop_oneof![1 => Just(None), 1 => condition().prop_map(Some)];
    (select(effects), action, resource, condition).prop_map(
        |(effect, action, resource, condition)| {
            let condition = condition
                .map(|condition| format!(",\"Condition\":{condition}"))
                .unwrap_or_default();
            format!(
                "{{\"Effect\":\"{effect}\",\"{}\":{},\"{}\":{}{condition}}}",
                action.0,
                quoted(&action.1),
                resource.0,
                quoted(&resource.1)
            )
        },
    )
}

/// Layers with their statements.
type Set = Vec<((Layer, usize), Vec<String>)>;

fn set() -> impl Strategy<Value = Set> {
    vec(
        (
            select(LAYERS),
            vec(statement(&["Allow", "Allow", "Deny"]), 0..5),
        ),
        1..4,
    )
}

fn prepare(set: &Set) -> Policies {
    Policies::new(
        set.iter()
            .map(|((layer, level), texts)| policy(*layer, *level, &statements(&texts.join(","))))
            .collect(),
    )
}

/// What is said of each key: given values, or absent, or nothing.
fn telling() -> impl Strategy<Value = Vec<Option<Vec<&'static str>>>> {
    vec(proptest::option::of(vec(select(VALUES), 0..3)), KEYS.len())
}

fn told(telling: &[Option<Vec<&str>>], keys: usize) -> Context {
    let mut context = Context::default();
    for (key, values) in KEYS.iter().zip(telling).take(keys) {
        match values {
            Some(values) if values.is_empty() => context.absent(key),
            Some(values) => values.iter().for_each(|value| context.give(key, value)),
            None => {}
        }
    }
    context
}

fn verdict(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::ExplicitDeny | Decision::ImplicitDeny => "denied",
        Decision::Undetermined => "undetermined",
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn order_never_matters(set in set(), telling in telling(), action in select(ACTIONS), resource in select(ASKED), turn in 0usize..5) {
        let context = told(&telling, KEYS.len());
        let before = ask(&prepare(&set), action, resource, &context).decision;
        let mut turned = set;
        turned.reverse();
        for (_, texts) in &mut turned {
            let by = turn % texts.len().max(1);
            texts.rotate_left(by);
        }
        prop_assert_eq!(ask(&prepare(&turned), action, resource, &context).decision, before);
    }

    #[test]
    fn a_deny_more_never_allows_and_an_allow_more_never_denies(
        set in set(), telling in telling(), action in select(ACTIONS), resource in select(ASKED),
        deny in statement(&["Deny"]), allow in statement(&["Allow"]), place in 0usize..4,
    ) {
        let context = told(&telling, KEYS.len());
        let before = ask(&prepare(&set), action, resource, &context).decision;
        let place = place % set.len();
        let mut denying = set.clone();
        denying[place].1.push(deny);
        let after = ask(&prepare(&denying), action, resource, &context).decision;
        prop_assert!(before == Decision::Allowed || after != Decision::Allowed, "{before:?} -> {after:?}");
        let mut allowing = set;
        allowing[place].1.push(allow);
        let after = ask(&prepare(&allowing), action, resource, &context).decision;
        prop_assert!(before.is_denied() || !after.is_denied(), "{before:?} -> {after:?}");
    }

    #[test]
    fn telling_more_never_turns_a_verdict(set in set(), telling in telling(), action in select(ACTIONS), resource in select(ASKED), complete: bool) {
        let policies = prepare(&set);
        let mut known = None;
        for keys in 0..=KEYS.len() + usize::from(complete) {
            let mut context = told(&telling, keys);
            if keys > KEYS.len() {
                context.complete();
            }
            let explained = ask(&policies, action, resource, &context);
            let now = verdict(explained.decision);
            if let Some(before) = known {
                prop_assert_eq!(now, before);
            }
            if now != "undetermined" {
                known = Some(now);
                prop_assert!(explained.missing_context.is_empty());
            } else {
                prop_assert!(!explained.reasons.is_empty(), "undetermined without a reason");
            }
        }
    }

    #[test]
    fn printing_and_reading_again_changes_nothing(set in set()) {
        for (_, texts) in &set {
            let source = statements(&texts.join(","));
            let document = parse(source.as_bytes()).document.expect("a document");
            let printed = document.to_json();
            let again = parse(printed.to_string().as_bytes()).document.expect("a document");
            prop_assert_eq!(again.to_json(), printed.clone());
            let plain: serde_json::Value = serde_json::from_str(&source).expect("JSON");
            prop_assert_eq!(plain, printed);
        }
    }

    #[test]
    fn what_is_synthesised_allows_exactly_what_was_asked(asked in proptest::collection::btree_set((0usize..5, 0usize..6), 0..20)) {
        let pair = |(action, resource): (usize, usize)| Pair {
            action: format!("fc:Act{action}"),
            resource: format!("acs:fc:cn:1:functions/f{resource}"),
        };
        let pairs: Vec<Pair> = asked.iter().copied().map(pair).collect();
        let documents = synthesise(&pairs);
        let mut turned = pairs;
        turned.reverse();
        prop_assert_eq!(&synthesise(&turned), &documents);
        let policies = Policies::new(documents.iter().map(|document| policy(Layer::Account, 0, &document.to_string())).collect());
        for action in 0..5 {
            for resource in 0..6 {
                let one = pair((action, resource));
                let decision = ask(&policies, &one.action, &one.resource, &Context::default()).decision;
                let expected = if asked.contains(&(action, resource)) { ALLOWED } else { IMPLICIT };
                prop_assert_eq!(decision, expected, "{:?}", one);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        let parsed = parse(&bytes);
        prop_assert_eq!(parsed.document.is_none(), parsed.findings.iter().any(|finding| finding.fatal));
    }

    /// A document with a few bytes changed is JSON to this reader exactly when it is JSON.
    #[test]
    fn the_reader_takes_what_is_json_and_nothing_else(set in set(), changes in vec((any::<prop::sample::Index>(), select(&b"{}[]\":,\\ \n\t\0au09-.e/'"[..])), 0..4)) {
        let mut bytes = statements(&set[0].1.join(",")).into_bytes();
        for (index, byte) in &changes {
            let at = index.index(bytes.len());
            bytes[at] = *byte;
        }
        let parsed = parse(&bytes);
        let syntax: BTreeSet<&str> = ["JSON_SYNTAX_ERROR", "LONE_SURROGATE", "JSON_TOO_DEEP"].into();
        let refused = parsed.findings.iter().any(|finding| syntax.contains(finding.name));
        let peer = serde_json::from_slice::<serde_json::Value>(&bytes);
        prop_assert_eq!(refused, peer.is_err(), "{}: {:?}", String::from_utf8_lossy(&bytes), parsed.findings);
        let text = String::from_utf8(bytes).expect("ASCII");
        for finding in &parsed.findings {
            prop_assert!(text.get(finding.span.start..finding.span.end).is_some());
        }
    }
}

#[test]
fn a_synthesised_document_keeps_to_the_limit() {
    let pairs: Vec<Pair> = (0..400)
        .map(|index| Pair {
            action: format!("fc:Act{}", index % 3),
            resource: format!("acs:fc:cn-hangzhou:1234567890123456:functions/f{index}"),
        })
        .collect();
    let documents = synthesise(&pairs);
    assert!(documents.len() >= 4);
    assert!(
        documents
            .iter()
            .all(|document| document.to_string().len() <= sesame_fc::ram::MAX_POLICY_LENGTH)
    );
    let total: usize = documents
        .iter()
        .map(|document| document.to_string().len())
        .sum();
    // All but the last are nearly full.
    let full = (documents.len() - 1) * sesame_fc::ram::MAX_POLICY_LENGTH;
    assert!(total > full - full / 20, "{total} of {full}");
    assert_eq!(synthesise(&[]), [serde_json::Value::Null; 0]);
}

#[test]
fn a_synthesised_document_is_small() {
    let pair = |action: &str, resource: &str| Pair {
        action: action.into(),
        resource: resource.into(),
    };
    // By action three statements, by resource two.
    let documents = synthesise(&[
        pair("a:1", "r:1"),
        pair("a:1", "r:2"),
        pair("a:2", "r:1"),
        pair("a:3", "r:2"),
    ]);
    assert_eq!(documents[0]["Statement"].as_array().map(Vec::len), Some(2));
    // What a wildcard covers is not written again.
    let documents = synthesise(&[
        pair("fc:*", "*"),
        pair("fc:Get*", "acs:fc:*:*:*"),
        pair("FC:GetFunction", "*"),
    ]);
    let expected = serde_json::json!([{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "fc:*", "Resource": "*"}]}]);
    assert_eq!(serde_json::Value::from(documents), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Large sets are looked up in an index; `explain` reads them through, and `ask` compares.
    #[test]
    fn large_sets_are_looked_up_right(
        texts in vec(statement(&["Allow", "Allow", "Deny"]), 17..60), telling in telling(),
        action in select(ACTIONS), resource in select(&["acs:fc:cn:1:functions/a", "ACS:fc:cn:1:functions/A", "acs:oss:cn:1:b", "acs:fc:cn:1:x:functions/a", "acs:fc", "*"][..]),
    ) {
        let set = vec![((Layer::Account, 0), texts)];
        ask(&prepare(&set), action, resource, &told(&telling, KEYS.len()));
    }
}

#[test]
fn a_decision_allocates_nothing() {
    let allow = r#"{"Effect": "Allow", "Action": ["fc:Get*", "fc:InvokeFunction"], "Resource": "acs:fc:*:*:functions/h*", "Condition": {"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}, "DateLessThan": {"acs:CurrentTime": "2027-01-01T00:00:00Z"}, "NumericLessThan": {"n": "10"}, "StringLike": {"s": "a*b"}}}"#;
    let few = layered(&[
        (Layer::Control, 0, &[ALLOW]),
        (Layer::Session, 0, &[ALLOW]),
        (Layer::Account, 0, &[allow, PERHAPS_DENY, DENY]),
        (Layer::ResourceGroup, 0, &[ELSE]),
    ]);
    let many = layered(&[(Layer::Account, 0, &vec![allow; 200])]);
    let context = context(&[
        "acs:SourceIp=10.1.2.3",
        "acs:CurrentTime=2026-01-01T00:00:00Z",
        "n=3",
        "s=aXb",
    ]);
    for policies in [few, many] {
        for action in [INVOKE, "ram:CreateUser"] {
            let request = Request {
                action,
                resource: HELLO,
                context: &context,
            };
            let mut decision = None;
            let counted =
                allocation_counter::measure(|| decision = Some(policies.decide(&request)));
            assert_eq!(counted.count_total, 0, "{decision:?}");
        }
    }
}
