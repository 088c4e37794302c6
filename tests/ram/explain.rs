//! What an explanation says: near misses, missing keys, reasons, places.

use super::*;
use sesame_fc::ram::{Effect, Element, NearMiss, ReasonKind};

fn explain(policies: &Policies, given: &[&str]) -> Explanation {
    ask(policies, INVOKE, HELLO, &context(given))
}

/// The text that a near miss points at.
fn pointed<'a>(policies: &'a Policies, miss: &NearMiss) -> &'a str {
    miss.span.of(policies.list()[miss.policy].document.source())
}

#[test]
fn a_near_miss_fails_in_exactly_one_element() {
    let policies = account(
        r#"{"Effect": "Allow", "Action": ["fc:Get*", "fc:List*"], "Resource": "*"},
           {"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": ["acs:oss:*:*:b", "acs:fc:*:*:functions/other"]},
           {"Effect": "Allow", "Action": "fc:*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "true"}, "IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}}},
           {"Effect": "Allow", "Action": "fc:Get*", "Resource": "acs:fc:*:*:functions/other"},
           {"Effect": "Deny", "Action": "fc:Get*", "Resource": "*"}"#,
    );
    let explained = explain(
        &policies,
        &["acs:SecureTransport=true", "acs:SourceIp=8.8.8.8"],
    );
    assert_eq!(explained.decision, IMPLICIT);
    let told: Vec<(usize, Element, &str, &str)> = explained
        .nearest
        .iter()
        .map(|miss| {
            (
                miss.statement,
                miss.fails,
                pointed(&policies, miss),
                miss.would_match.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (0, Element::Action, r#"["fc:Get*", "fc:List*"]"#, INVOKE),
            (
                1,
                Element::Resource,
                r#""acs:fc:*:*:functions/other""#,
                HELLO
            ),
            (
                2,
                Element::Condition,
                r#""acs:SourceIp": ["10.0.0.0/8"]"#,
                "IpAddress acs:SourceIp 10.0.0.0/8"
            ),
        ]
    );
    assert_eq!(explained.missing_context, [""; 0]);
    assert_eq!(explained.reasons, []);
}

#[test]
fn only_keys_that_matter_are_missing() {
    let missing = |text: &str, given: &[&str]| explain(&account(text), given).missing_context;
    let conditional = |effect: &str, action: &str, key: &str| {
        format!(
            r#"{{"Effect": "{effect}", "Action": "{action}", "Resource": "*", "Condition": {{"StringEquals": {{"{key}": "a"}}}}}}"#
        )
    };
    let allow_a = conditional("Allow", "fc:*", "a");
    let deny_b = conditional("Deny", "fc:*", "b");
    let elsewhere = conditional("Deny", "oss:*", "c");
    assert_eq!(missing(&allow_a, &[]), ["a"]);
    assert_eq!(
        missing(&format!("{allow_a}, {deny_b}, {elsewhere}"), &[]),
        ["a", "b"]
    );
    // An Allow stands already: whether another one applies does not matter.
    assert_eq!(
        missing(&format!("{ALLOW}, {allow_a}, {deny_b}"), &[]),
        ["b"]
    );
    assert_eq!(missing(&format!("{allow_a}, {deny_b}"), &["b=x"]), ["a"]);
    assert_eq!(missing(&format!("{allow_a}, {deny_b}"), &["b=a"]), [""; 0]);
    assert_eq!(missing(&format!("{allow_a}, {deny_b}"), &["a=x"]), [""; 0]);
    assert_eq!(missing(&format!("{ALLOW}, {allow_a}"), &[]), [""; 0]);
    // A condition that fails already makes its other keys irrelevant.
    let two = r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a": "1", "b": "1"}}}"#;
    assert_eq!(missing(two, &["a=1"]), ["b"]);
    assert_eq!(missing(two, &["a=2"]), [""; 0]);
    assert_eq!(missing(two, &[]), ["a", "b"]);
    // Resource-group scope allows anyway.
    let policies = layered(&[
        (Layer::Account, 0, &[&allow_a, &deny_b]),
        (Layer::ResourceGroup, 0, &[ALLOW]),
    ]);
    assert_eq!(explain(&policies, &[]).missing_context, ["b"]);
    // Past a denial nothing matters.
    let policies = layered(&[
        (Layer::Session, 0, &[ELSE]),
        (Layer::Account, 0, &[&allow_a]),
    ]);
    assert_eq!(explain(&policies, &[]).missing_context, [""; 0]);
}

#[test]
fn each_doubt_has_a_reason_and_a_way_out() {
    let rows: &[(&str, &[&str], ReasonKind, &str)] = &[
        (
            PERHAPS_ALLOW,
            &[],
            ReasonKind::MissingContext,
            "the value of `k` is not known",
        ),
        (
            r#"{"Effect": "Allow", "Action": "fc*", "Resource": "*"}"#,
            &[],
            ReasonKind::Undocumented,
            "whether `fc*` matches",
        ),
        (
            r#"{"Effect": "Allow", "Action": [], "Resource": "*"}"#,
            &[],
            ReasonKind::Undocumented,
            "empty list of actions",
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "acs:fc:*"}"#,
            &[],
            ReasonKind::Undocumented,
            "whether `acs:fc:*` matches",
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": []}"#,
            &[],
            ReasonKind::Undocumented,
            "empty list of resources",
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "NotResource": "x"}"#,
            &[],
            ReasonKind::Undocumented,
            "`NotResource`",
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Principal": {"RAM": "x"}}"#,
            &[],
            ReasonKind::Undocumented,
            "`Principal`",
        ),
    ];
    for (text, given, kind, detail) in rows {
        let explained = explain(&account(text), given);
        assert_eq!(explained.decision, OPEN, "{text}");
        assert_eq!(
            explained.reasons.len(),
            1,
            "{text}: {:?}",
            explained.reasons
        );
        let reason = &explained.reasons[0];
        assert_eq!(reason.kind, *kind, "{text}");
        assert!(reason.detail.contains(detail), "{text}: {}", reason.detail);
        assert!(!reason.settle_with.is_empty());
    }
    let conditions: &[(&str, &[&str], &str)] = &[
        (
            r#""Null": {"k": "true"}"#,
            &["k=a"],
            "`Null` is not an operator",
        ),
        (r#""IpAddress": {"k": "x"}"#, &["k=10.0.0.1"], "malformed"),
        (r#""Bool": {"k": true}"#, &["k=true"], "without quotes"),
        (r#""Bool": {"k": []}"#, &["k=true"], "no values"),
        (r#""StringEquals": {}"#, &[], "`StringEquals` tests no key"),
        (
            r#""Bool": {"K": "true"}"#,
            &["k=true"],
            "letter case of the condition key `K`",
        ),
        (r#""Bool": {"k": "true"}"#, &["k=7"], "`k` was given as `7`"),
        (r#""Bool": {"k": "true"}"#, &["k=True"], "letter case"),
        (
            r#""StringEquals": {"k": "a"}"#,
            &["k=a", "k=b"],
            "several values",
        ),
        (
            r#""NumericEquals": {"k": "9007199254740993"}"#,
            &["k=9007199254740992"],
            "double",
        ),
        (
            r#""IpAddress": {"k": ["10.0.0.0/8"]}"#,
            &["k=::ffff:10.0.0.1"],
            "IPv6",
        ),
    ];
    for (condition, given, detail) in conditions {
        let text = format!(
            r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {{{condition}}}}}"#
        );
        let explained = explain(&account(&format!("{ALLOW}, {text}")), given);
        assert_eq!(explained.decision, OPEN, "{condition}");
        assert_eq!(
            explained.reasons.len(),
            1,
            "{condition}: {:?}",
            explained.reasons
        );
        assert!(
            explained.reasons[0].detail.contains(detail),
            "{condition}: {}",
            explained.reasons[0].detail
        );
        assert_eq!(explained.missing_context, [""; 0]);
    }
}

#[test]
fn a_denial_of_open_kind_names_the_deny() {
    for (policies, kind) in [
        (
            layered(&[(Layer::Account, 0, &[ELSE, PERHAPS_DENY])]),
            ReasonKind::MissingContext,
        ),
        (
            layered(&[(Layer::Session, 0, &[ELSE]), (Layer::Account, 0, &[DENY])]),
            ReasonKind::Undocumented,
        ),
    ] {
        let explained = explain(&policies, &[]);
        assert_eq!(explained.decision, IMPLICIT);
        assert_eq!(explained.decided_by, None);
        assert_eq!(explained.reasons.len(), 1);
        assert_eq!(explained.reasons[0].kind, kind);
        assert!(
            explained.reasons[0].detail.contains("is a Deny that"),
            "{}",
            explained.reasons[0].detail
        );
        assert_eq!(explained.missing_context, [""; 0]);
    }
}

#[test]
fn a_deny_at_resource_group_scope_against_an_allow_is_named() {
    let explained = explain(
        &layered(&[
            (Layer::Account, 0, &[ALLOW]),
            (Layer::ResourceGroup, 0, &[ELSE, DENY]),
        ]),
        &[],
    );
    assert_eq!(explained.decision, OPEN);
    assert_eq!(explained.reasons.len(), 1);
    assert_eq!(explained.reasons[0].kind, ReasonKind::Undocumented);
    assert!(
        explained.reasons[0]
            .detail
            .starts_with("statement 1 of `resource-group-0` denies at resource-group scope")
    );
}

#[test]
fn the_trace_has_every_statement_with_its_places() {
    let policies = layered(&[
        (Layer::Account, 0, &[ALLOW, PERHAPS_DENY]),
        (Layer::Control, 1, &[ELSE]),
        (
            Layer::Control,
            0,
            &[r#"{"Effect": "Allow", "Action": ["oss:*", "fc:*"], "Resource": ["a", "*"]}"#],
        ),
    ]);
    let explained = explain(&policies, &[]);
    let rows: Vec<_> = explained
        .trace
        .iter()
        .map(|row| {
            (
                row.layer,
                row.policy,
                row.statement,
                row.effect,
                row.applies,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (Layer::Control, 2, 0, Effect::Allow, Truth::Yes),
            (Layer::Control, 1, 0, Effect::Allow, Truth::No),
            (Layer::Account, 0, 0, Effect::Allow, Truth::Yes),
            (Layer::Account, 0, 1, Effect::Deny, Truth::Unknown),
        ]
    );
    let source = policies.list()[2].document.source();
    assert_eq!(
        explained.trace[0].action_span.map(|span| span.of(source)),
        Some(r#""fc:*""#)
    );
    assert_eq!(
        explained.trace[0].resource_span.map(|span| span.of(source)),
        Some(r#""*""#)
    );
    assert_eq!(explained.trace[0].condition_span, None);
    let source = policies.list()[0].document.source();
    assert_eq!(
        explained.trace[3]
            .condition_span
            .map(|span| span.of(source)),
        Some(r#""l": "a""#)
    );
    assert_eq!(
        explained.layers_not_seen,
        [Layer::Session, Layer::ResourceGroup]
    );
}

#[test]
fn the_deciding_statement_has_its_line_and_column() {
    let source = "\u{feff}{\r\n  \"Version\": \"1\",\r\n  \"Statement\": [\r\n    {\"Effect\": \"Allow\", \"Action\": \"oss:阿里\", \"Resource\": \"*\"}, {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}\r\n  ]\r\n}";
    let policies = Policies::new(vec![policy(Layer::Account, 0, source)]);
    let decided = explain(&policies, &[]).decided_by.expect("a statement");
    assert_eq!((decided.position.line, decided.position.column), (4, 63));
    assert!(
        decided
            .span
            .of(source)
            .starts_with(r#"{"Effect": "Allow", "Action": "*""#)
    );
}
