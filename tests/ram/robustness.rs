//! Foreign encodings, bottomless nesting, junk by the megabyte, and printing what was read.

use super::documents::finds;
use super::*;
use sesame_fc::ram::Finding;

#[test]
fn encodings() {
    let source = "\u{feff}{\"Version\": \"1\", \"Statement\": []}";
    finds(
        source,
        &[
            ("BYTE_ORDER_MARK", "\u{feff}", false),
            ("EMPTY_ARRAY_STATEMENT", "[]", false),
        ],
    );
    assert_eq!(
        parse(source.as_bytes())
            .document
            .expect("a document")
            .source(),
        source
    );

    for (bytes, start, message) in [
        (&b"{\"Version\": \"\xff\"}"[..], 13, "0xff"),
        (&b"\xff\xfe{\x00}\x00"[..], 0, "UTF-16"),
        (&b"{\"a\": \"\xe4\xba"[..], 7, "0xe4"),
        (&b"{\"a\": \"\xed\xa0\x80\"}"[..], 7, "0xed"),
    ] {
        let parsed = parse(bytes);
        assert!(parsed.document.is_none());
        assert_eq!(
            (parsed.findings[0].name, parsed.findings[0].span.start),
            ("INVALID_ENCODING", start)
        );
        assert!(
            parsed.findings[0].message.contains(message),
            "{}",
            parsed.findings[0].message
        );
    }
}

#[test]
fn nothing_makes_it_crash_or_give_up_its_bounds() {
    let deep = [
        "[".repeat(10_000),
        "{\"a\":".repeat(10_000),
        format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)),
    ];
    for nested in &deep {
        for source in [
            nested.clone(),
            format!(r#"{{"Version": "1", "Statement": {nested}}}"#),
        ] {
            let parsed = parse(source.as_bytes());
            assert!(parsed.document.is_none());
            let too_deep: Vec<&Finding> = parsed
                .findings
                .iter()
                .filter(|finding| finding.name == "JSON_TOO_DEEP")
                .collect();
            assert_eq!(too_deep.len(), 1);
            assert!(source[too_deep[0].span.start..].starts_with(['[', '{']));
        }
    }
    let mut parsed = parse(&vec![b'['; 3 << 20]);
    assert_eq!(parsed.findings.remove(0).name, "DOCUMENT_TOO_BIG");
    for junk in [
        ",",
        "{",
        "}",
        "x ",
        "\"",
        "\0",
        "'",
        "{}",
        "[]",
        "\\",
        "/*",
        ":",
        "{\"a\"",
        "\"\\u",
        "1",
        "-",
        "{\"Effect\":1},",
    ] {
        for frame in ["", "{\"Version\": \"1\", \"Statement\": [", "{"] {
            let source = format!("{frame}{}", junk.repeat(900_000 / junk.len()));
            let parsed = parse(source.as_bytes());
            assert!(parsed.document.is_none(), "{frame}{junk}");
            assert!(
                !parsed.findings.is_empty() && parsed.findings.len() <= 2_000,
                "{frame}{junk}: {}",
                parsed.findings.len()
            );
        }
    }
    let wide: Vec<String> = (0..40_000)
        .map(|index| format!("\"k{index}\": \"a\""))
        .collect();
    let source = statements(&format!(
        r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {{"StringEquals": {{{}}}}}}}"#,
        wide.join(",")
    ));
    assert!(parse(source.as_bytes()).document.is_some());
}

/// The bound on faults is met in the middle of a list that ends well.
#[test]
fn places_stay_in_the_text_when_reading_is_given_up() {
    for faults in 90..110 {
        for ending in [
            "[1,]",
            "[1}",
            "{\"a\" 1}",
            "\"\\x\"",
            "'a'",
            "\"\u{1}\"",
            "{a:1}",
            "// x",
        ] {
            let source = format!("[{}{ending}]]", "x,".repeat(faults));
            for finding in &parse(source.as_bytes()).findings {
                assert!(
                    source.get(finding.span.start..finding.span.end).is_some(),
                    "{source}: {finding:?}"
                );
            }
        }
    }
}

#[test]
fn printing_keeps_what_was_written() {
    for statement in [
        r#"{"Effect":"Allow","Action":["fc:*"],"Resource":"*"}"#,
        r#"{"Sid":"x","Effect":"Deny","NotAction":"fc:*","NotResource":["*"],"Condition":{"Bool":{"a":"true","b":["x"]},"Null":{"k":[true,5,-1500.5]},"StringLike":{}}}"#,
        r#"{"Effect":"Allow","Principal":{"RAM":["a"],"Service":"b"},"Action":"sts:AssumeRole"}"#,
        r#"{"Effect":"Allow","Action":[],"Resource":[],"Condition":{}}"#,
    ] {
        for source in [
            format!(r#"{{"Version":"1","Statement":[{statement}]}}"#),
            format!(r#"{{"Version":"1","Statement":{statement}}}"#),
        ] {
            let document = parse(source.as_bytes()).document.expect("a document");
            assert_eq!(document.to_json().to_string(), source);
        }
    }
}

proptest::proptest! {
    /// A span that cuts a character in two could not be shown.
    #[test]
    fn every_finding_stands_on_whole_characters(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"", "'", "\\", "\\u", "中", "\u{9c}", "é", "😀",
                " ", "\n", "\r\n", "\t", "\0", "x", "1", "-", "1e", "//", "/*", "true",
                "\"Version\": \"1\"", "\"Statement\": [", "\"Effect\": \"Allow\"",
                "\"Action\": \"中:*\"", "\"Condition\": {", "\"Null\": {",
            ]),
            0..40,
        )
    ) {
        let source = pieces.concat();
        for finding in parse(source.as_bytes()).findings {
            let span = finding.span;
            proptest::prop_assert!(source.get(span.start..span.end).is_some(), "{finding:?}");
        }
    }
}
