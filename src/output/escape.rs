//! Makes text from outside safe to show: a terminal acts on control characters, and marks of
//! writing direction can make a line read as another.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a terminal or a reader could be deceived by the character.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

fn escaped(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text
        .chars()
        .any(|character| is_unsafe(character) && !keep(character))
    {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) && !keep(character) {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// For a place inside a line: line breaks are escaped, too.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// For several lines: line breaks and tabs stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| matches!(character, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_spelt_out() {
        assert_eq!(line("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(line("a\nb"), "a\\u{a}b");
        assert_eq!(lines("a\r\n\tb\u{9b}"), "a\\u{d}\n\tb\\u{9b}");
        assert_eq!(line("\u{202e}txt"), "\\u{202e}txt");
        assert!(matches!(line("plain 中文"), Cow::Borrowed(_)));
    }
}
