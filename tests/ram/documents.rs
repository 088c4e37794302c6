//! Documents, good and bad: what is read, what is found, and exactly where.

use super::*;
use sesame_fc::ram::{Finding, Position, Severity};

/// Findings as (name, text pointed at, fatal).
type Found<'a> = &'a [(&'a str, &'a str, bool)];

/// Asserts the findings as (name, text pointed at, fatal), in order.
#[track_caller]
pub(crate) fn finds(source: &str, expected: Found<'_>) {
    let parsed = parse(source.as_bytes());
    let found: Vec<(&str, &str, bool)> = parsed
        .findings
        .iter()
        .map(|finding| (finding.name, finding.span.of(source), finding.fatal))
        .collect();
    assert_eq!(found, expected, "{source}");
    assert_eq!(
        parsed.document.is_none(),
        expected.iter().any(|(_, _, fatal)| *fatal),
        "{source}"
    );
    parsed
        .findings
        .iter()
        .for_each(|finding| well_told(finding, source));
}

pub(crate) fn well_told(finding: &Finding, source: &str) {
    assert!(
        finding.span.start <= finding.span.end && finding.span.end <= source.len(),
        "{finding:?}"
    );
    assert!(
        source.is_char_boundary(finding.span.start) && source.is_char_boundary(finding.span.end),
        "{finding:?}"
    );
    assert!(
        !finding.message.is_empty() && !finding.message.ends_with('.'),
        "{finding:?}"
    );
    assert!(
        finding
            .help
            .as_deref()
            .is_some_and(|help| !help.is_empty() && !help.ends_with('.')),
        "{finding:?}"
    );
    assert!(
        !finding.fatal || finding.severity == Severity::Error,
        "{finding:?}"
    );
}

fn with(statement: &str) -> String {
    statements(statement)
}

#[test]
fn a_document_is_read_with_every_place() {
    let source = "{\"Version\": \"1\",\r\n \"Statement\": [{\"Effect\": \"Deny\", \"Action\": [\"fc:云\", \"b\"],\r\n \"Resource\": \"*\", \"Condition\": {\"Bool\": {\"k\": \"true\"}}}]}";
    finds(source, &[]);
    let document = parse(source.as_bytes()).document.expect("a document");
    let statement = &document.statements()[0];
    assert_eq!(statement.effect_span.of(source), "\"Deny\"");
    assert_eq!(
        statement.action.patterns.items[0].span.of(source),
        "\"fc:云\""
    );
    assert_eq!(
        statement.action.patterns.span.of(source),
        "[\"fc:云\", \"b\"]"
    );
    assert_eq!(statement.conditions[0].operator.span.of(source), "\"Bool\"");
    assert_eq!(statement.conditions[0].key.span.of(source), "\"k\"");
    assert_eq!(
        statement.conditions[0].values[0].text.span.of(source),
        "\"true\""
    );
    assert_eq!(statement.conditions[0].span.of(source), "\"k\": \"true\"");
    let resource = statement.resource.as_ref().expect("a resource");
    assert_eq!(
        Position::of(source, resource.patterns.span.start),
        Position {
            line: 3,
            column: 14
        }
    );
    assert_eq!(
        Position::of(source, statement.action.patterns.items[1].span.start),
        Position {
            line: 2,
            column: 54
        }
    );
}

#[test]
fn escapes_are_resolved_and_places_stay() {
    let source =
        with(r#"{"Effect": "Allow", "Action": "fc:\u0041\ud83d\ude00\n", "Resource": "\u002a"}"#);
    finds(&source, &[]);
    let document = parse(source.as_bytes()).document.expect("a document");
    assert_eq!(
        &*document.statements()[0].action.patterns.items[0].value,
        "fc:A😀\n"
    );
    let policies = Policies::new(vec![policy(Layer::Account, 0, &source)]);
    assert_eq!(
        ask(&policies, "fc:A😀\n", HELLO, &Context::default()).decision,
        OPEN
    );
}

#[test]
#[rustfmt::skip]
fn syntax() {
    finds("", &[("JSON_SYNTAX_ERROR", "", true)]);
    finds("  \n", &[("JSON_SYNTAX_ERROR", "", true)]);
    finds("nonsense", &[("JSON_SYNTAX_ERROR", "nonsense", true)]);
    finds(
        "{",
        &[
            ("JSON_SYNTAX_ERROR", "{", true),
            ("MISSING_VERSION", "{", true),
            ("MISSING_STATEMENT", "{", true),
        ],
    );
    finds(
        r#"{"Version": "1", "Statement": [],}"#,
        &[
            ("EMPTY_ARRAY_STATEMENT", "[]", false),
            ("JSON_SYNTAX_ERROR", ",", true),
        ],
    );
    finds(
        r#"{"Version": "1" "Statement": []}"#,
        &[
            ("JSON_SYNTAX_ERROR", "\"", true),
            ("EMPTY_ARRAY_STATEMENT", "[]", false),
        ],
    );
    finds(
        r#"{"Version": "1", // why
        "Statement": [] /* so */}"#,
        &[
            ("JSON_SYNTAX_ERROR", "// why", true),
            ("EMPTY_ARRAY_STATEMENT", "[]", false),
            ("JSON_SYNTAX_ERROR", "/* so */", true),
        ],
    );
    finds(
        "{'Version': '1', Statement: []}",
        &[
            ("JSON_SYNTAX_ERROR", "'Version'", true),
            ("JSON_SYNTAX_ERROR", "'1'", true),
            ("JSON_SYNTAX_ERROR", "Statement", true),
            ("EMPTY_ARRAY_STATEMENT", "[]", false),
        ],
    );
    finds(
        r#"{"Version": "1", "Statement": [}"#,
        &[
            ("EMPTY_ARRAY_STATEMENT", "[", false),
            ("JSON_SYNTAX_ERROR", "}", true),
        ],
    );
    finds(
        r#"{"Version": "1", "Statement": []} {}"#,
        &[
            ("EMPTY_ARRAY_STATEMENT", "[]", false),
            ("JSON_SYNTAX_ERROR", "{", true),
        ],
    );
    finds(r#"{"Version": "1}"#, &[
        ("JSON_SYNTAX_ERROR", "{", true),
        ("MISSING_STATEMENT", "{", true),
        ("JSON_SYNTAX_ERROR", "\"1}", true),
        ("INVALID_VERSION", "\"1}", true),
    ]);
}

#[test]
#[rustfmt::skip]
fn every_fault_is_found_in_one_pass() {
    let source = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "allow", "Action": 5, "Resource": "*",},
        {"Effect": "Deny", "Actions": "fc:*", "Resource": ["*" "x"]},
        {"Action": "fc:*", "NotAction": "fc:*", "Condition": {"IpAddress": {"acs:SourceIp": "10.0.0.0/99"}, "Null": {"k": "true"}}}
    ], "Id": 1}"#;
    finds(
        source,
        &[
            ("INVALID_VERSION", "\"2012-10-17\"", true),
            ("INVALID_EFFECT", "\"allow\"", true),
            ("DATA_TYPE_MISMATCH", "5", true),
            ("JSON_SYNTAX_ERROR", ",", true),
            ("INVALID_POLICY_ELEMENT", "\"Actions\"", true),
            ("JSON_SYNTAX_ERROR", "\"", true),
            ("MISSING_EFFECT", "{", true),
            ("MISSING_RESOURCE", "{", true),
            ("UNSUPPORTED_ELEMENT_COMBINATION", "\"NotAction\"", true),
            ("TYPE_MISMATCH_IP_RANGE", "\"10.0.0.0/99\"", false),
            ("INVALID_CONDITION_OPERATOR", "\"Null\"", false),
            ("INVALID_POLICY_ELEMENT", "\"Id\"", true),
        ],
    );
}

#[test]
#[rustfmt::skip]
fn grammar() {
    let rows: &[(&str, Found<'_>)] = &[
        (
            r#"{"Effect": "Allow", "Action": "a:b", "Resource": "*"}"#,
            &[],
        ),
        (
            r#"{"Sid": "x", "Effect": "Allow", "Action": "a:b", "Resource": "*"}"#,
            &[("SID_NOT_IN_GRAMMAR", "\"Sid\"", false)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "a:b"}"#,
            &[("MISSING_RESOURCE", "{", true)],
        ),
        (
            r#"{"Effect": "Allow", "Resource": "*"}"#,
            &[("MISSING_ACTION", "{", true)],
        ),
        (
            r#"{"Action": "a:b", "Resource": "*"}"#,
            &[("MISSING_EFFECT", "{", true)],
        ),
        (
            r#"{"effect": "Allow", "Action": "a:b", "Resource": "*"}"#,
            &[("INVALID_POLICY_ELEMENT", "\"effect\"", true)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Conditions": {}}"#,
            &[("INVALID_POLICY_ELEMENT", "\"Conditions\"", true)],
        ),
        (
            r#"{"Effect": null, "Action": {}, "Resource": false}"#,
            &[
                ("DATA_TYPE_MISMATCH", "null", true),
                ("DATA_TYPE_MISMATCH", "{}", true),
                ("DATA_TYPE_MISMATCH", "false", true),
            ],
        ),
        (
            r#"{"Effect": "Allow", "Action": ["a:b", 1, null], "Resource": "*"}"#,
            &[
                ("DATA_TYPE_MISMATCH", "1", true),
                ("DATA_TYPE_MISMATCH", "null", true),
            ],
        ),
        (
            r#"{"Effect": "Allow", "Action": [], "Resource": []}"#,
            &[
                ("EMPTY_ARRAY_ACTION", "[]", false),
                ("EMPTY_ARRAY_RESOURCE", "[]", false),
            ],
        ),
        (
            r#"{"Effect": "Allow", "Action": "a:b", "NotResource": "*"}"#,
            &[("NOT_RESOURCE_UNDOCUMENTED", "\"NotResource\"", false)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "a:b", "Resource": "*", "NotResource": "*"}"#,
            &[("UNSUPPORTED_ELEMENT_COMBINATION", "\"NotResource\"", true)],
        ),
        (
            r#"{"Effect": "Allow", "Effect": "Deny", "Action": "a:b", "Resource": "*"}"#,
            &[("DUPLICATE_KEYS", "\"Effect\"", true)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": []}"#,
            &[("DATA_TYPE_MISMATCH", "[]", true)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {}}"#,
            &[("EMPTY_OBJECT_CONDITION", "{}", false)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1:root"], "Service": "fc.aliyuncs.com", "Federated": "x"}}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "x"}}"#,
            &[("UNSUPPORTED_PRINCIPAL", "\"AWS\"", true)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}"#,
            &[("DATA_TYPE_MISMATCH", "\"*\"", true)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "fc:*", "Resource": "*", "Principal": {"RAM": "x"}}"#,
            &[("UNSUPPORTED_PRINCIPAL", "\"Principal\"", true)],
        ),
        ("\"x\"", &[("DATA_TYPE_MISMATCH", "\"x\"", true)]),
        (
            "{\"Effect\": \"Allow\", \"Action\": \"a\u{0}b\", \"Resource\": \"*\"}",
            &[("JSON_SYNTAX_ERROR", "\u{0}", true)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "a\ud800b", "Resource": "*"}"#,
            &[("LONE_SURROGATE", "\\ud800", true)],
        ),
        (
            r#"{"Effect": "Allow", "Action": "\udc00\ud800\u0041", "Resource": "*"}"#,
            &[
                ("LONE_SURROGATE", "\\udc00", true),
                ("LONE_SURROGATE", "\\ud800", true),
            ],
        ),
        (
            r#"{"Effect": "Allow", "Action": "\x", "Resource": 01}"#,
            &[
                ("JSON_SYNTAX_ERROR", "\\x", true),
                ("JSON_SYNTAX_ERROR", "01", true),
            ],
        ),
    ];
    for (statement, expected) in rows {
        finds(&with(statement), expected);
    }
    finds(
        r#"{"Version": 1, "Statement": "x"}"#,
        &[
            ("DATA_TYPE_MISMATCH", "1", true),
            ("DATA_TYPE_MISMATCH", "\"x\"", true),
        ],
    );
    finds(
        r#"{"Version": "1", "Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*"}}"#,
        &[("STATEMENT_NOT_A_LIST", "{", false)],
    );
    finds("[]", &[("DATA_TYPE_MISMATCH", "[]", true)]);
}

#[test]
#[rustfmt::skip]
fn condition_values() {
    let rows: &[(&str, &[(&str, &str)])] = &[
        (
            r#"{"StringEqual": {"k": "a"}}"#,
            &[("INVALID_CONDITION_OPERATOR", "\"StringEqual\"")],
        ),
        (
            r#"{"ForAnyValue:StringLike": {"k": "a"}}"#,
            &[("INVALID_CONDITION_OPERATOR", "\"ForAnyValue:StringLike\"")],
        ),
        (
            r#"{"NumericLessThan": {"k": ["1", "x", "1.", ".5", "+1", " 1", "1e3", ""]}}"#,
            &[
                ("TYPE_MISMATCH_NUMBER", "\"x\""),
                ("TYPE_MISMATCH_NUMBER", "\"1.\""),
                ("TYPE_MISMATCH_NUMBER", "\".5\""),
                ("TYPE_MISMATCH_NUMBER", "\"+1\""),
                ("TYPE_MISMATCH_NUMBER", "\" 1\""),
                ("TYPE_MISMATCH_NUMBER", "\"1e3\""),
                ("TYPE_MISMATCH_NUMBER", "\"\""),
            ],
        ),
        (
            r#"{"DateEquals": {"k": ["2026-11-22T08:30:00Z", "2026-11-22T08:30:00.5Z", "2026-11-22T08:30:00+08:00", "2026-13-01T00:00:00Z", "never", "1700000000", "2026-11-22"]}}"#,
            &[
                ("DATE_FORM_UNDOCUMENTED", "\"2026-11-22T08:30:00+08:00\""),
                ("TYPE_MISMATCH_DATE", "\"2026-13-01T00:00:00Z\""),
                ("TYPE_MISMATCH_DATE", "\"never\""),
                ("DATE_FORM_UNDOCUMENTED", "\"1700000000\""),
                ("DATE_FORM_UNDOCUMENTED", "\"2026-11-22\""),
            ],
        ),
        (
            r#"{"Bool": {"k": ["true", "TRUE", "1"]}}"#,
            &[
                ("BOOLEAN_CASE", "\"TRUE\""),
                ("TYPE_MISMATCH_BOOLEAN", "\"1\""),
            ],
        ),
        (
            r#"{"IpAddress": {"k": ["10.0.0.0/8", "::1", "10.0.0.0/33", "10.0.0", "10.0.0.0/+8", "10.0.0.0/", "::/129", "010.0.0.1"]}}"#,
            &[
                ("TYPE_MISMATCH_IP_RANGE", "\"10.0.0.0/33\""),
                ("TYPE_MISMATCH_IP_RANGE", "\"10.0.0\""),
                ("TYPE_MISMATCH_IP_RANGE", "\"10.0.0.0/+8\""),
                ("TYPE_MISMATCH_IP_RANGE", "\"10.0.0.0/\""),
                ("TYPE_MISMATCH_IP_RANGE", "\"::/129\""),
                ("TYPE_MISMATCH_IP_RANGE", "\"010.0.0.1\""),
            ],
        ),
        (
            r#"{"NotIpAddress": {"k": "10.0.0.0/8"}}"#,
            &[("SINGLE_CIDR", "\"10.0.0.0/8\"")],
        ),
        (
            r#"{"Bool": {"k": true}, "NumericEquals": {"k": [5, "6"]}}"#,
            &[
                ("UNQUOTED_CONDITION_VALUE", "true"),
                ("UNQUOTED_CONDITION_VALUE", "5"),
            ],
        ),
        (
            r#"{"StringEquals": {"k": [], "l": "x"}, "StringLike": {}}"#,
            &[
                ("EMPTY_ARRAY_CONDITION", "[]"),
                ("EMPTY_OBJECT_OPERATOR", "{}"),
            ],
        ),
        (
            r#"{"StringEquals": {"acs:Service": "a", "acs:service": "b"}}"#,
            &[("DUPLICATE_KEYS_WITH_DIFFERENT_CASE", "\"acs:service\"")],
        ),
    ];
    for (condition, expected) in rows {
        let source = with(&format!(
            r#"{{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {condition}}}"#
        ));
        let expected: Vec<(&str, &str, bool)> = expected
            .iter()
            .map(|(name, text)| (*name, *text, false))
            .collect();
        finds(&source, &expected);
    }
    for wrong in ["null", "{}", "[[\"a\"]]", "[null]"] {
        let source = with(&format!(
            r#"{{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {{"Bool": {{"k": {wrong}}}}}}}"#
        ));
        let parsed = parse(source.as_bytes());
        assert!(
            parsed.document.is_none() && parsed.findings[0].name == "DATA_TYPE_MISMATCH",
            "{wrong}"
        );
    }
}

#[test]
fn help_says_what_was_meant() {
    let help = |statement: &str| {
        parse(with(statement).as_bytes())
            .findings
            .remove(0)
            .help
            .unwrap_or_default()
    };
    assert_eq!(
        help(r#"{"effect": "Allow", "Action": "a:b", "Resource": "*"}"#),
        "did you mean `Effect`?"
    );
    assert_eq!(
        help(r#"{"Effect": "allow", "Action": "a:b", "Resource": "*"}"#),
        "did you mean `Allow`?"
    );
    assert_eq!(
        help(
            r#"{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"StringEqual": {"k": "a"}}}"#
        ),
        "did you mean `StringEquals`?"
    );
    assert!(help(r#"{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"BoolIfExists": {"k": "a"}}}"#).contains("use `Bool`"));
}
