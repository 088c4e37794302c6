//! Lint: each code is found where it should be, and nowhere else.

use super::*;
use sesame_fc::ram::{AccessLevel, ActionRow, ActionTable, CODES, find_code, lint};
use std::collections::BTreeSet;

fn table() -> ActionTable {
    let row = |action: &str, access, tails: &[&str]| ActionRow {
        action: action.to_owned(),
        resources: tails
            .iter()
            .map(|tail| format!("acs:fc:{{region}}:{{account}}:{tail}"))
            .collect(),
        access,
    };
    ActionTable {
        rows: vec![
            row(
                INVOKE,
                AccessLevel::Invoke,
                &[
                    "services/{service}/functions/{function}",
                    "services/{service}.{qualifier}/functions/{function}",
                ],
            ),
            row(
                INVOKE,
                AccessLevel::Invoke,
                &["functions/{function}", "functions/{function}/{qualifier}"],
            ),
            row(
                "fc:GetFunction",
                AccessLevel::Read,
                &["functions/{function}"],
            ),
            row("fc:ListFunctions", AccessLevel::List, &["functions/*"]),
            row(
                "fc:CreateTrigger",
                AccessLevel::Write,
                &["functions/{function}/triggers/{trigger}"],
            ),
        ],
        keys: vec!["fc:EnableHTTPTriggerInternet".to_owned()],
    }
}

/// Names and the text pointed at, of what only lint finds.
fn found(source: &str) -> Vec<(&'static str, String)> {
    let read: Vec<_> = parse(source.as_bytes()).findings;
    let findings = lint(source.as_bytes(), &table());
    assert!(findings.is_sorted_by_key(|finding| finding.span));
    for finding in &findings {
        super::documents::well_told(finding, source);
        assert!(find_code(finding.code).is_some_and(|code| code.name == finding.name));
    }
    findings
        .iter()
        .filter(|finding| !read.contains(finding))
        .map(|finding| (finding.name, finding.span.of(source).to_owned()))
        .collect()
}

#[test]
#[rustfmt::skip]
fn each_code_is_found_in_its_place() {
    let rows: &[(&str, &[(&str, &str)])] = &[
        // Nothing to say.
        (r#"{"Effect": "Allow", "Action": "fc:GetFunction", "Resource": "acs:fc:*:*:functions/a"}"#, &[]),
        (r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#, &[]),
        (r#"{"Effect": "Allow", "Action": ["fc:InvokeFunction"], "Resource": ["acs:fc:cn-hangzhou:123:functions/a", "acs:fc:cn-hangzhou:123:functions/a/*"]}"#, &[]),
        (r#"{"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": ["acs:fc:*:*:services/a/functions/f", "acs:fc:*:*:services/a.*/functions/f"]}"#, &[]),
        (r#"{"Effect": "Allow", "Action": ["fc:Get*", "fc:List*"], "Resource": "acs:fc:*:*:functions/*"}"#, &[]),
        (r#"{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/*"}"#, &[]),
        (r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "acs:ram:*:123:role/r"}"#, &[]),
        (r#"{"Effect": "Allow", "Action": "ram:GetPolicy", "Resource": "acs:ram:*:system:policy/x"}"#, &[]),
        (r#"{"Effect": "Allow", "Action": "*:Describe*", "Resource": "*"}"#, &[]),
        (r#"{"Effect": "Allow", "Principal": {"Service": "fc.aliyuncs.com"}, "Action": "sts:AssumeRole"}"#, &[]),
        // Actions.
        (r#"{"Effect": "Allow", "Action": "InvokeFunction", "Resource": "*"}"#, &[("INVALID_ACTION", "\"InvokeFunction\"")]),
        (r#"{"Effect": "Allow", "Action": ["oss:", "oss:a b"], "Resource": "*"}"#, &[("INVALID_ACTION", "\"oss:\""), ("INVALID_ACTION", "\"oss:a b\"")]),
        (r#"{"Effect": "Allow", "Action": ":Get", "Resource": "*"}"#, &[("INVALID_SERVICE_IN_ACTION", "\":Get\"")]),
        (r#"{"Effect": "Allow", "Action": "fc:InvokeFuncton", "Resource": "*"}"#, &[("UNKNOWN_ACTION", "\"fc:InvokeFuncton\"")]),
        (r#"{"Effect": "Allow", "Action": "fc:Frobnicate*", "Resource": "*"}"#, &[("UNKNOWN_ACTION", "\"fc:Frobnicate*\"")]),
        (r#"{"Effect": "Allow", "Action": "fc:getfunction", "Resource": "*"}"#, &[("ACTION_CASE", "\"fc:getfunction\"")]),
        // Resources.
        (r#"{"Effect": "Allow", "Action": "oss:*", "Resource": "arn:aws:s3:::b"}"#, &[("INVALID_ARN_PREFIX", "\"arn:aws:s3:::b\"")]),
        (r#"{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*"}"#, &[("INVALID_ARN_FIELDS", "\"acs:oss:*\"")]),
        (r#"{"Effect": "Allow", "Action": "oss:*", "Resource": "ACS:oss:CN-Hangzhou:*:b"}"#, &[("RESOURCE_CASE", "\"ACS:oss:CN-Hangzhou:*:b\""), ("RESOURCE_CASE", "\"ACS:oss:CN-Hangzhou:*:b\"")]),
        (r#"{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:cn_hangzhou:*:b"}"#, &[("INVALID_ARN_REGION", "\"acs:oss:cn_hangzhou:*:b\"")]),
        (r#"{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:me@x:b"}"#, &[("INVALID_ARN_ACCOUNT", "\"acs:oss:*:me@x:b\"")]),
        (r#"{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:*:b/${acs:UserName}"}"#, &[("VARIABLE_NOT_SUPPORTED", "\"acs:oss:*:*:b/${acs:UserName}\"")]),
        // Actions on resources.
        (r#"{"Effect": "Allow", "Action": "fc:GetFunction", "Resource": "acs:oss:*:*:b"}"#, &[("INVALID_ARN_SERVICE", "\"acs:oss:*:*:b\"")]),
        (r#"{"Effect": "Allow", "Action": "fc:GetFunction", "Resource": "acs:fc:*:*:custom-domains/*"}"#, &[("RESOURCE_NOT_FOR_ACTION", "\"acs:fc:*:*:custom-domains/*\"")]),
        (r#"{"Effect": "Allow", "Action": "fc:CreateTrigger", "Resource": "acs:fc:*:*:functions/f"}"#, &[("RESOURCE_NOT_FOR_ACTION", "\"acs:fc:*:*:functions/f\"")]),
        (r#"{"Effect": "Allow", "Action": "fc:GetFunction", "Resource": ["acs:fc:*:*:functions/f", "acs:fc:*:*:layers/l"]}"#, &[("RESOURCE_NOT_FOR_ACTION", "\"acs:fc:*:*:layers/l\"")]),
        (r#"{"Effect": "Allow", "Action": "fc:ListFunctions", "Resource": "acs:fc:*:*:functions/f"}"#, &[("LIST_ACTION_NEEDS_STAR", "\"acs:fc:*:*:functions/f\"")]),
        (r#"{"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:functions/f"}"#, &[("QUALIFIER_FORM_UNCOVERED", "\"fc:InvokeFunction\"")]),
        (r#"{"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:services/s.prod/functions/f"}"#, &[("QUALIFIER_FORM_UNCOVERED", "\"fc:InvokeFunction\"")]),
        (r#"{"Effect": "Deny", "Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:functions/f"}"#, &[]),
        (r#"{"Effect": "Allow", "Action": ["ram:PassRole", "fc:GetFunction"], "Resource": "*"}"#, &[("PASS_ROLE_WITH_STAR_IN_RESOURCE", "\"*\"")]),
        (r#"{"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*", "Condition": {"StringEquals": {"acs:Service": "fc.aliyuncs.com"}}}"#, &[]),
        // What adds nothing.
        (r#"{"Effect": "Allow", "Action": ["oss:Get*", "oss:GetObject", "OSS:get*"], "Resource": "*"}"#, &[("REDUNDANT_ACTION", "\"oss:GetObject\""), ("REDUNDANT_ACTION", "\"OSS:get*\"")]),
        (r#"{"Effect": "Allow", "Action": "oss:*", "Resource": ["acs:oss:*:*:b/x", "acs:oss:*:*:b/*"]}"#, &[("REDUNDANT_RESOURCE", "\"acs:oss:*:*:b/x\"")]),
        (r#"{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}, {"Effect": "Allow", "Action": "oss:Get*", "Resource": "*"}"#, &[("REDUNDANT_STATEMENT", "{")]),
        (r#"{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}, {"Effect": "Deny", "Action": "oss:Get*", "Resource": "*"}"#, &[]),
    ];
    for (statement, expected) in rows {
        let expected: Vec<(&str, String)> = expected.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        assert_eq!(found(&statements(statement)), expected, "{statement}");
    }
}

#[test]
#[rustfmt::skip]
fn conditions() {
    let rows: &[(&str, &[(&str, &str)])] = &[
        (r#"{"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}, "StringEquals": {"acs:ResourceTag/team": "a", "fc:EnableHTTPTriggerInternet": "true", "oss:Prefix": "x"}}"#, &[]),
        (r#"{"StringEquals": {"SourceIp": "a", "acs:": "b"}}"#, &[("INVALID_CONDITION_KEY_FORMAT", "\"SourceIp\""), ("INVALID_CONDITION_KEY_FORMAT", "\"acs:\"")]),
        (r#"{"StringEquals": {"acs:Sourceip": "a", "fc:EnableAll": "b"}}"#, &[("UNKNOWN_CONDITION_KEY", "\"acs:Sourceip\""), ("UNKNOWN_CONDITION_KEY", "\"fc:EnableAll\"")]),
        (r#"{"StringEquals": {"acs:SourceIp": "10.0.0.1"}}"#, &[("TYPE_MISMATCH_KEY", "\"StringEquals\"")]),
        (r#"{"StringNotEquals": {"acs:UserAgent": ["curl/*", "${x}"]}}"#, &[("WILDCARD_WITHOUT_LIKE_OPERATOR", "\"curl/*\""), ("VARIABLE_NOT_SUPPORTED", "\"${x}\"")]),
        (r#"{"Bool": {"acs:MFAPresent": "false"}}"#, &[("MFA_KEY_ABSENT_FOR_ACCESS_KEY", "\"false\"")]),
        (r#"{"Bool": {"acs:MFAPresent": "true"}}"#, &[]),
        (r#"{"IpAddress": {"acs:SourceIp": ["10.0.0.0/8", "10.1.0.0/16", "11.0.0.1"]}, "StringLike": {"acs:UserAgent": ["a*", "ab"]}}"#, &[("REDUNDANT_CONDITION_VALUE", "\"10.1.0.0/16\""), ("REDUNDANT_CONDITION_VALUE", "\"ab\"")]),
    ];
    for (condition, expected) in rows {
        let source = statements(&format!(r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {condition}}}"#));
        let expected: Vec<(&str, String)> = expected.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        assert_eq!(found(&source), expected, "{condition}");
    }
}

#[test]
fn documents_as_a_whole() {
    let long: Vec<String> = (0..200)
        .map(|index| format!("\"acs:oss:*:*:bucket-{index:020}\""))
        .collect();
    let source = statements(&format!(
        r#"{{"Effect": "Allow", "Action": "oss:*", "Resource": [{}]}}"#,
        long.join(",")
    ));
    assert_eq!(found(&source)[0].0, "POLICY_TOO_LONG");
    let mixed = r#"{"Effect": "Allow", "Principal": {"RAM": "x"}, "Action": "sts:AssumeRole"}, {"Effect": "Allow", "Action": "oss:*", "Resource": "*"}"#;
    assert_eq!(found(&statements(mixed))[0].0, "UNSUPPORTED_PRINCIPAL");
    // What cannot be read is not looked into any further.
    let broken =
        br#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "x", "Resource": "y"}"#;
    assert_eq!(lint(broken, &table()), parse(broken).findings);
}

#[test]
fn the_register_is_complete_and_its_examples_show_what_they_name() {
    let codes: BTreeSet<&str> = CODES.iter().map(|code| code.code).collect();
    let names: BTreeSet<&str> = CODES.iter().map(|code| code.name).collect();
    assert_eq!((codes.len(), names.len()), (CODES.len(), CODES.len()));
    assert!(CODES.is_sorted_by_key(|code| code.code));
    for code in CODES {
        assert!(
            !code.title.ends_with('.') && code.explanation.ends_with('.'),
            "{}",
            code.name
        );
        let example = code.example;
        let condition = |text: &str| {
            format!(r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {text}}}"#)
        };
        // An example is a document, a list of statements, a statement, a part of one, or prose.
        let sources = [
            example.to_owned(),
            statements(example.trim_start_matches('[').trim_end_matches(']')),
            statements(&condition(example)),
            statements(&format!(
                r#"{{"Effect": "Allow", "Action": "*", {}"#,
                example.trim_start_matches('{')
            )),
            statements(&format!(
                r#"{{"Effect": "Allow", "Resource": "*", {}"#,
                example.trim_start_matches('{')
            )),
            statements(&format!(
                r#"{{"Effect": "Allow", {}"#,
                example.trim_start_matches('{')
            )),
            statements(&format!(
                r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", {}"#,
                example.trim_start_matches('{')
            )),
            example.replace('…', &"[".repeat(100)),
        ];
        let shown = sources.iter().any(|source| {
            lint(source.as_bytes(), &table())
                .iter()
                .any(|finding| finding.name == code.name)
        });
        assert!(
            shown || !example.contains(['{', '[']),
            "{}: {example}",
            code.name
        );
    }
    assert_eq!(find_code("l0001"), find_code("JSON_SYNTAX_ERROR"));
    assert_eq!(find_code("L9999"), None);
}
