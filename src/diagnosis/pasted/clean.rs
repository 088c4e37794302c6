//! Takes out of a text what others put around it: colours, prefixes of logs, escapes.

use std::borrow::Cow;
use std::sync::LazyLock;

use anstream::adapter::strip_str;
use regex_lite::Regex;

/// What a log, a mail or a runner puts before a line.
const PREFIX: &str = concat!(
    r"^(?:[ \t]*(?:>|\||│))*",
    r"(?:[ \t]*[A-Za-z0-9_./-]{1,64}[ \t]*\|[ \t])?",
    r"(?:[ \t]*\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}",
    r"(?:[.,][0-9]+)?(?:Z|[ ]?[+-][0-9]{2}:?[0-9]{2})?\]?:?[ \t]*)?",
    r"(?:(?:stdout|stderr)[ \t]+[FP][ \t]+)?",
    r"(?:[ \t]*\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)[ ]?\]?:?[ \t]+)?",
    r"(?:\[[A-Za-z0-9_ .:#-]{1,64}\]:?[ \t]+(?:-[ \t]+)?)?",
);

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles them"
)]
static PATTERNS: LazyLock<(Regex, Regex)> = LazyLock::new(|| {
    let compiled = |pattern: &str| Regex::new(pattern).expect("a constant pattern");
    (compiled(PREFIX), compiled(r"\\+u([0-9a-fA-F]{4})"))
});

/// The text without colours, without what stands before each line, and with the escapes of
/// single characters undone.
pub(super) fn clean(text: &str) -> String {
    let (prefix, escape) = &*PATTERNS;
    let bare = strip_str(text).to_string();
    let mut lines = String::with_capacity(bare.len());
    for line in bare.lines() {
        let start = prefix.find(line).map_or(0, |found| found.end());
        lines.push_str(&line[start..]);
        lines.push('\n');
    }
    let read = escape.replace_all(&lines, |found: &regex_lite::Captures<'_>| {
        let read = u32::from_str_radix(&found[1], 16)
            .ok()
            .and_then(char::from_u32);
        let printable = read.filter(|one| !one.is_control() && *one != '\\');
        printable.map_or_else(|| found[0].to_owned(), String::from)
    });
    // PHP escapes a slash.
    entities(read).replace("\\/", "/")
}

/// Undoes what a page makes of quotation marks.
fn entities(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('&') {
        return text;
    }
    let pairs = [
        ("&#39;", "'"),
        ("&#039;", "'"),
        ("&apos;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
    ];
    let start = text.into_owned();
    Cow::Owned(
        pairs
            .iter()
            .fold(start, |text, (from, to)| text.replace(from, to)),
    )
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn what_stands_around_is_taken_away() {
        for (text, kept) in [
            ("\u{1b}[31mErrorCode: X\u{1b}[0m\r\n", "ErrorCode: X"),
            ("2026-01-15T08:30:00.123Z stdout F Code: X", "Code: X"),
            ("[2026-01-15 08:30:00] [ERROR] [main] - Code: X", "Code: X"),
            ("app-1  | Code: X", "Code: X"),
            ("> > Code: X", " Code: X"),
            (r"a \u0027b\u0027 \\u0026", "a 'b' &"),
            (r"\u001b[31m", r"\u001b[31m"),
            ("&#39;a&quot;", "'a\""),
        ] {
            assert_eq!(clean(text), format!("{kept}\n"), "{text}");
        }
    }
}
