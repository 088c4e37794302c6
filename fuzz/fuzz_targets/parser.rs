//! Any bytes: reading never panics, a place is always a place in the text, what is fatal
//! leaves no document, and what is printed reads as the same document again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame_fc::ram::{ActionTable, Position, lint, parse};

fuzz_target!(|source: &[u8]| {
    let parsed = parse(source);
    assert_eq!(parsed.document.is_none(), parsed.findings.iter().any(|finding| finding.fatal));
    if let Ok(text) = std::str::from_utf8(source) {
        for finding in lint(source, &ActionTable::default()) {
            assert!(text.get(finding.span.start..finding.span.end).is_some(), "{finding:?}");
            let _position = Position::of(text, finding.span.start);
        }
    }
    let Some(document) = parsed.document else { return };
    let printed = document.to_json();
    let again = parse(printed.to_string().as_bytes()).document.expect("what is printed is a document");
    assert_eq!(again.to_json(), printed);
    let plain = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    assert!(serde_json::from_slice::<serde::de::IgnoredAny>(plain).is_ok(), "taken, but not JSON");
});
