//! Scalars of the JSON reader: strings with their escapes, numbers and words, and what is
//! taken for one of them.

use super::{Kind, Reader, shorten};
use crate::ram::codes;
use crate::ram::finding::Finding;
use crate::ram::span::Span;
use std::borrow::Cow;

impl<'a> Reader<'a> {
    pub(super) fn number(&mut self) -> Kind<'a> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E' | b'a'..=b'z' | b'A'..=b'Z' | b'_')
        ) {
            self.at += 1;
        }
        let raw = self.text.get(start..self.at).unwrap_or("");
        if is_number(raw) {
            return Kind::Number(raw);
        }
        let message = format!("`{}` is not a JSON number", shorten(raw));
        self.fault(
            Span::new(start, self.at),
            message,
            "write values of a policy as strings in double quotes",
        );
        Kind::Invalid
    }

    pub(super) fn word(&mut self) -> Kind<'a> {
        let start = self.at;
        if self.peek() == Some(b'\'') {
            return Kind::String(Cow::Borrowed(self.single_quoted()));
        }
        let end = self.word_end();
        let end = if end == start {
            start + self.char_len()
        } else {
            end
        };
        self.at = end;
        match self.text.get(start..end).unwrap_or("") {
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            word => {
                let message = match word.chars().next() {
                    Some(first) if first.is_control() => format!(
                        "the character U+{:04X} does not belong here",
                        u32::from(first)
                    ),
                    _ => format!("`{}` is no JSON value", shorten(word)),
                };
                self.fault(
                    Span::new(start, end),
                    message,
                    "strings stand in double quotes",
                );
                Kind::Invalid
            }
        }
    }

    /// End of a run of characters that mean nothing to JSON.
    pub(super) fn word_end(&self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or("");
        let stop = |c: char| {
            c.is_whitespace()
                || c.is_control()
                || matches!(c, ',' | ':' | '{' | '}' | '[' | ']' | '"' | '=')
        };
        self.at + rest.find(stop).unwrap_or(rest.len())
    }

    pub(super) fn char_len(&self) -> usize {
        self.text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8)
    }

    pub(super) fn single_quoted(&mut self) -> &'a str {
        let start = self.at;
        let rest = self.text.get(start + 1..).unwrap_or("");
        let length = rest.find(['\'', '\n']).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or("");
        self.at = (start + 1 + length + usize::from(rest[length..].starts_with('\'')))
            .min(self.bytes.len());
        let end = self.at;
        self.fault(
            Span::new(start, end),
            "strings stand in double quotes, not in single ones",
            "write `\"` instead of `'`",
        );
        text
    }

    pub(super) fn string(&mut self) -> Cow<'a, str> {
        let open = self.at;
        self.at += 1;
        let mut start = self.at;
        let mut owned: Option<String> = None;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            let plain = |byte: &u8| !matches!(*byte, b'"' | b'\\' | 0..0x20);
            self.at += rest.iter().take_while(|byte| plain(byte)).count();
            match self.peek() {
                Some(b'"') => {
                    let piece = self.text.get(start..self.at).unwrap_or("");
                    self.at += 1;
                    return match owned {
                        None => Cow::Borrowed(piece),
                        Some(text) => Cow::Owned(text + piece),
                    };
                }
                Some(b'\\') => {
                    let mut text = owned.unwrap_or_default();
                    text.push_str(self.text.get(start..self.at).unwrap_or(""));
                    self.escape(&mut text);
                    owned = Some(text);
                    start = self.at;
                }
                None | Some(b'\n' | b'\r') => {
                    let piece = self.text.get(start..self.at).unwrap_or("");
                    if !self.given_up() {
                        self.fault(
                            Span::new(open, self.at),
                            "this string is not closed on its line",
                            "add the missing `\"`, or write a line break as `\\n`",
                        );
                    }
                    return Cow::Owned(owned.unwrap_or_default() + piece);
                }
                Some(byte) => {
                    let span = Span::new(self.at, self.at + 1);
                    self.at += 1;
                    let message =
                        format!("the control character U+{byte:04X} stands bare in a string");
                    self.fault(
                        span,
                        message,
                        &format!("write it as `\\u{byte:04x}`, or remove it"),
                    );
                }
            }
        }
    }

    fn escape(&mut self, text: &mut String) {
        let start = self.at;
        self.at += 1;
        let Some(byte) = self.peek() else { return };
        let plain = match byte {
            b'"' | b'\\' | b'/' => Some(char::from(byte)),
            b'b' => Some('\u{8}'),
            b'f' => Some('\u{c}'),
            b'n' => Some('\n'),
            b'r' => Some('\r'),
            b't' => Some('\t'),
            b'u' => None,
            _ => {
                // A line break ends the string: leave it to the caller.
                let length = if byte == b'\n' || byte == b'\r' {
                    0
                } else {
                    self.char_len()
                };
                self.at += length;
                let message = "`\\` begins an escape that JSON does not have";
                self.fault(
                    Span::new(start, self.at.max(start)),
                    message,
                    "write a backslash as `\\\\`",
                );
                return;
            }
        };
        self.at += 1;
        if let Some(plain) = plain {
            text.push(plain);
            return;
        }
        let Some(first) = self.hex4() else {
            self.fault(
                Span::new(start, self.at),
                "`\\u` needs four hexadecimal digits",
                "write for example `\\u002a`",
            );
            return;
        };
        if let Some(single) = char::from_u32(first) {
            text.push(single);
            return;
        }
        if first < 0xDC00 && self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            let here = self.at;
            self.at += 2;
            if let Some(second @ 0xDC00..=0xDFFF) = self.hex4()
                && let Some(pair) =
                    char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            {
                text.push(pair);
                return;
            }
            self.at = here;
        }
        let message = format!("`\\u{first:04x}` is half of a surrogate pair");
        let finding = Finding::new(&codes::LONE_SURROGATE, Span::new(start, self.at), message);
        self.report(
            finding
                .fatal()
                .with_help("write the character itself, or both halves"),
        );
        text.push('\u{fffd}');
    }

    fn hex4(&mut self) -> Option<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek()?).to_digit(16)?;
            value = value * 16 + digit;
            self.at += 1;
        }
        Some(value)
    }
}

fn is_number(raw: &str) -> bool {
    let unsigned = raw.strip_prefix('-').unwrap_or(raw);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent
            .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
