//! Where a YAML or JSON file is wrong.

use std::ops::Range;

use serde_saphyr::Location;

use super::failure::{Excerpt, Weight};

/// The place that the reader of YAML complains about.
pub fn place(error: &serde_saphyr::Error, path: &str, source: &str) -> Excerpt {
    let error = error.without_snippet();
    let text = error.to_string();
    // Some errors put the position behind the message, some before it.
    let message = text.split(" at line ").next().unwrap_or(&text);
    let message = message.trim_start_matches("error: ");
    let message = match message.split_once(": ") {
        Some((position, rest)) if position.starts_with("line ") => rest,
        _ => message,
    };
    at(error.location(), message, path, source)
}

/// A place of our own choosing.
pub fn at(
    location: Option<Location>,
    message: impl Into<String>,
    path: &str,
    source: &str,
) -> Excerpt {
    let range = location.map_or(0..1, |location| range(location, source));
    Excerpt {
        weight: Weight::Error,
        code: None,
        title: message.into(),
        path: path.to_owned(),
        source: source.to_owned(),
        labels: vec![(range, String::new())],
        help: None,
    }
}

/// The scalar that begins at the location, as far as its end can be told.
fn range(location: Location, source: &str) -> Range<usize> {
    let line = usize::try_from(location.line()).unwrap_or(1);
    let column = usize::try_from(location.column()).unwrap_or(1);
    let before = source.split_inclusive('\n').take(line.saturating_sub(1));
    let in_line = source
        .lines()
        .nth(line.saturating_sub(1))
        .unwrap_or_default();
    let within = in_line.char_indices().nth(column.saturating_sub(1));
    let within = within.map_or(in_line.len(), |(byte, _)| byte);
    let start = before.map(str::len).sum::<usize>() + within;
    let word = in_line.get(within..).unwrap_or_default();
    let end = word
        .find([',', '}', ']', ':', ' ', '\t'])
        .unwrap_or(word.len());
    start..start + end.max(1)
}
