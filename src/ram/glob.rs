//! `*` and `?`: the only two wildcards of the policy language.
//!
//! `*` stands for any run of characters, `?` for exactly one; nothing escapes them. The
//! matcher works on UTF-8 bytes, keeps no stack and allocates nothing. Between two `*` it
//! searches for the first place where the piece fits, which is enough for a whole match
//! and bounds the work by pattern length times text length. Letter case is the caller's
//! business: fold both sides first.

/// Whether `pattern` covers the whole of `text`.
#[inline]
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    if pattern.contains(&b'?') {
        in_pieces::<Questions>(pattern, text)
    } else {
        in_pieces::<Literal>(pattern, text)
    }
}

/// How a piece between two `*` is compared.
trait Piece {
    /// The end of the piece at the start of the text.
    fn at_start(piece: &[u8], text: &[u8]) -> Option<usize>;
    /// The end of the first place where the piece, which is not empty, fits.
    fn find(piece: &[u8], text: &[u8]) -> Option<usize>;
    /// Whether the piece fits the end of the text.
    fn at_end(piece: &[u8], text: &[u8]) -> bool;
}

fn in_pieces<P: Piece>(pattern: &[u8], text: &[u8]) -> bool {
    let Some(first_star) = pattern.iter().position(|byte| *byte == b'*') else {
        return P::at_start(pattern, text) == Some(text.len());
    };
    let Some(mut at) = P::at_start(&pattern[..first_star], text) else {
        return false;
    };
    let mut rest = &pattern[first_star + 1..];
    while let Some(star) = rest.iter().position(|byte| *byte == b'*') {
        let piece = &rest[..star];
        rest = &rest[star + 1..];
        if piece.is_empty() {
            continue;
        }
        match P::find(piece, &text[at..]) {
            Some(end) => at += end,
            None => return false,
        }
    }
    P::at_end(rest, &text[at..])
}

/// No `?` in the pattern.
struct Literal;

impl Piece for Literal {
    fn at_start(piece: &[u8], text: &[u8]) -> Option<usize> {
        text.starts_with(piece).then_some(piece.len())
    }

    fn find(piece: &[u8], text: &[u8]) -> Option<usize> {
        let last = text.len().checked_sub(piece.len())?;
        let mut start = 0;
        loop {
            start += text[start..=last]
                .iter()
                .position(|byte| *byte == piece[0])?;
            if text[start..].starts_with(piece) {
                return Some(start + piece.len());
            }
            start += 1;
            if start > last {
                return None;
            }
        }
    }

    fn at_end(piece: &[u8], text: &[u8]) -> bool {
        text.ends_with(piece)
    }
}

/// Some `?` in the pattern.
struct Questions;

/// Whether every text that `inner` matches is matched by `outer` too. Never wrongly yes; a
/// no may be too careful when both hold wildcards.
pub(crate) fn covers(outer: &[u8], inner: &[u8]) -> bool {
    // Read as plain text, an inner `*` can only be swallowed by an outer `*`, or met by an
    // outer `?`, which would be wrong: it stands for one character, the `*` for any number.
    matches(outer, inner) && !(inner.contains(&b'*') && outer.contains(&b'?'))
}

impl Piece for Questions {
    fn at_start(piece: &[u8], text: &[u8]) -> Option<usize> {
        let mut at = 0;
        let mut rest = piece;
        loop {
            let run = rest
                .iter()
                .position(|byte| *byte == b'?')
                .unwrap_or(rest.len());
            if text.len() - at < run || text[at..at + run] != rest[..run] {
                return None;
            }
            at += run;
            if run == rest.len() {
                return Some(at);
            }
            at += character(text, at)?;
            rest = &rest[run + 1..];
        }
    }

    fn find(piece: &[u8], text: &[u8]) -> Option<usize> {
        let mut start = 0;
        if piece[0] == b'?' {
            while start <= text.len() {
                if let Some(end) = Self::at_start(piece, &text[start..]) {
                    return Some(start + end);
                }
                start += character(text, start)?;
            }
            return None;
        }
        loop {
            start += text[start..].iter().position(|byte| *byte == piece[0])?;
            if let Some(end) = Self::at_start(piece, &text[start..]) {
                return Some(start + end);
            }
            start += 1;
        }
    }

    fn at_end(piece: &[u8], text: &[u8]) -> bool {
        let mut end = text.len();
        let mut rest = piece;
        loop {
            let run = rest
                .iter()
                .rev()
                .position(|byte| *byte == b'?')
                .unwrap_or(rest.len());
            let literal = &rest[rest.len() - run..];
            if end < run || text[end - run..end] != *literal {
                return false;
            }
            end -= run;
            if run == rest.len() {
                return true;
            }
            if end == 0 {
                return false;
            }
            end -= 1;
            while end > 0 && is_continuation(text[end]) {
                end -= 1;
            }
            rest = &rest[..rest.len() - run - 1];
        }
    }
}

/// Length in bytes of the character at `at`; none at the end.
fn character(text: &[u8], at: usize) -> Option<usize> {
    if at >= text.len() {
        return None;
    }
    let mut length = 1;
    while at + length < text.len() && is_continuation(text[at + length]) {
        length += 1;
    }
    Some(length)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Instant;

    fn glob(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes())
    }

    /// Second opinion: the definition, by dynamic programming over characters.
    fn oracle(pattern: &str, text: &str) -> bool {
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

    #[test]
    fn star_is_any_run_and_question_mark_exactly_one() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b:c", true),
            ("**", "", true),
            ("a*", "a", true),
            ("*a", "ba", true),
            ("*a", "ab", false),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("?", "", false),
            ("?", "ab", false),
            ("?", "云", true),
            ("a?c", "a云c", true),
            ("??", "云", false),
            ("*?", "", false),
            ("*?*", "云", true),
            ("?*?", "ab", true),
            ("?*?", "a", false),
            ("*ab?", "abab云", true),
            ("*aab*", "aaab", true),
            ("a*a", "a", false),
            ("services/*/functions/f?", "services/a.b/functions/f1", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} ~ {text}");
            assert_eq!(
                oracle(pattern, text),
                expected,
                "oracle: {pattern} ~ {text}"
            );
        }
    }

    #[test]
    fn no_pattern_blows_up() {
        let text = "a".repeat(6_000);
        let hostile = [
            "*a".repeat(3_000) + "b",
            format!("*{}b", "a".repeat(3_000)),
            format!("*{}b*", "a".repeat(3_000)),
            format!("*{}b*", "a?".repeat(1_500)),
            format!("*{}b*", "?".repeat(3_000)),
            format!("*{}b", "a*?".repeat(1_999)),
        ];
        for pattern in &hostile {
            let start = Instant::now();
            assert!(!glob(pattern, &text));
            // The bound that is promised is 50 ms for an optimised build.
            assert!(start.elapsed().as_millis() < 2_000, "{}…", &pattern[..8]);
        }
    }

    #[test]
    fn covering_is_never_claimed_wrongly() {
        for (outer, inner, expected) in [
            ("*", "fc:*", true),
            ("fc:*", "fc:Get*", true),
            ("fc:Get*", "fc:*", false),
            ("a?", "a*", false),
            ("a?", "ab", true),
            ("a*", "a?", true),
            ("*b", "a*b", true),
            ("a*b", "a*", false),
        ] {
            assert_eq!(
                covers(outer.as_bytes(), inner.as_bytes()),
                expected,
                "{outer} over {inner}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn agrees_with_the_definition(pattern in "[ab云*?]{0,10}", text in "[ab云]{0,12}") {
            prop_assert_eq!(glob(&pattern, &text), oracle(&pattern, &text));
        }

        #[test]
        fn what_is_covered_is_matched(outer in "[ab*?]{0,6}", inner in "[ab*?]{0,6}", text in "[ab]{0,8}") {
            if covers(outer.as_bytes(), inner.as_bytes()) && glob(&inner, &text) {
                prop_assert!(glob(&outer, &text));
            }
        }
    }
}
