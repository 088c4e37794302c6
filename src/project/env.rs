//! `.env`: names and values, one a line, as dotenv reads them. They fill in `${env(…)}` and
//! nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use crate::acs::Secret;
use crate::ram::Span;
use crate::yaml::{Place, Source};

/// What is wrong with a `.env`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvFault {
    /// Neither a comment nor `NAME=value`.
    #[error("a line of `.env` is `NAME=value` or a comment")]
    Line,
    /// A quote without its end.
    #[error("a quoted value is never closed")]
    Quote,
    /// Something behind the closing quote.
    #[error("something follows the closing quote")]
    Behind,
}

/// The values of a `.env`.
#[derive(Debug, Clone, Default)]
pub(super) struct DotEnv {
    variables: HashMap<String, Variable>,
}

#[derive(Debug, Clone)]
pub(super) struct Variable {
    /// It may be a password, so it is not to be printed.
    pub(super) value: Secret,
    pub(super) place: Place,
    /// In single quotes, where `$` is only a character.
    pub(super) literal: bool,
}

impl DotEnv {
    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }
}

/// Reads the lines; of two values of one name the later one counts.
pub(super) fn read(source: &Arc<Source>) -> Result<DotEnv, (Place, EnvFault)> {
    let text = source.text();
    let mut dotenv = DotEnv::default();
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        let line = text[at..end].trim();
        if line.is_empty() || line.starts_with('#') {
            at = end + 1;
            continue;
        }
        let start = at + (text[at..end].len() - text[at..end].trim_start().len());
        let fault = |start, fault| (Place::new(source, Span::new(start, end)), fault);
        let (name, value) = split(text, start, end).ok_or_else(|| fault(start, EnvFault::Line))?;
        let (value, literal, next) = self::value(text, value, end).map_err(|(at, found)| {
            let at = at.min(text.len());
            (Place::new(source, Span::new(at, at)), found)
        })?;
        let variable = Variable {
            value: Secret::new(value),
            place: Place::new(source, Span::new(start, end)),
            literal,
        };
        dotenv.variables.insert(name.to_owned(), variable);
        at = next;
    }
    Ok(dotenv)
}

/// The name, and where its value begins.
fn split(text: &str, start: usize, end: usize) -> Option<(&str, usize)> {
    let line = &text[start..end];
    let bare = line.strip_prefix("export ").map_or(line, str::trim_start);
    let equals = bare.find('=')?;
    let name = bare[..equals].trim_end();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let fits = !name.is_empty() && name.bytes().all(is_name);
    fits.then_some((name, end - bare.len() + equals + 1))
}

type Value = (String, bool, usize);

/// The value that begins at `start`, whether it is literal, and where the next line begins.
fn value(text: &str, start: usize, end: usize) -> Result<Value, (usize, EnvFault)> {
    let start = start + (text[start..end].len() - text[start..end].trim_start().len());
    let Some(quote) = text[start..end]
        .chars()
        .next()
        .filter(|one| "'\"`".contains(*one))
    else {
        let value = text[start..end].split('#').next().unwrap_or_default();
        return Ok((value.trim_end().to_owned(), false, end + 1));
    };
    let inside = start + 1;
    let mut escaped = false;
    let closing = text[inside..].char_indices().find(|(_, one)| {
        let closes = *one == quote && !escaped;
        escaped = *one == '\\' && !escaped;
        closes
    });
    let (length, _) = closing.ok_or((start, EnvFault::Quote))?;
    let close = inside + length;
    let line_end = text[close..]
        .find('\n')
        .map_or(text.len(), |end| close + end);
    let behind = text[close + 1..line_end].trim();
    if !behind.is_empty() && !behind.starts_with('#') {
        return Err((close + 1, EnvFault::Behind));
    }
    let raw = &text[inside..close];
    let value = match quote {
        '"' => raw
            .replace("\\n", "\n")
            .replace("\\r", "\r")
            .replace("\\\"", "\""),
        _ => raw.to_owned(),
    };
    Ok((value, quote == '\'', line_end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dotenv(text: &str) -> Result<DotEnv, (usize, usize, EnvFault)> {
        read(&Source::new(".env", text)).map_err(|(place, fault)| {
            let position = place.position();
            (position.line, position.column, fault)
        })
    }

    #[test]
    fn values_are_read_as_dotenv_reads_them() {
        let text = concat!(
            "\u{feff}# comment\r\nA=1\r\n export B = two words # why\nC='si$ngle # x'\n",
            "D=\"a\\nb\" # y\nE=\nF=\"two\nlines\"\nG=a=b\nA=again\nH=`tick`"
        );
        let dotenv = dotenv(text).unwrap();
        let value = |name: &str| dotenv.get(name).unwrap().value.expose().to_owned();
        let expected = [
            ("A", "again"),
            ("B", "two words"),
            ("C", "si$ngle # x"),
            ("D", "a\nb"),
            ("E", ""),
            ("F", "two\nlines"),
            ("G", "a=b"),
            ("H", "tick"),
        ];
        for (name, expected) in expected {
            assert_eq!(value(name), expected, "{name}");
        }
        assert_eq!(dotenv.get("G").unwrap().place.position().line, 9);
        assert!(dotenv.get("C").unwrap().literal);
        assert!(!format!("{dotenv:?}").contains("two words"));
    }

    #[test]
    fn a_line_that_is_none_has_its_place() {
        assert_eq!(
            dotenv("A=1\n  nonsense\n").unwrap_err(),
            (2, 3, EnvFault::Line)
        );
        assert_eq!(
            dotenv("A=1\nB=\"x\nC=2\n").unwrap_err(),
            (2, 3, EnvFault::Quote)
        );
        assert_eq!(dotenv("A='x'y\n").unwrap_err(), (1, 6, EnvFault::Behind));
        assert_eq!(dotenv("=x").unwrap_err(), (1, 1, EnvFault::Line));
    }
}
