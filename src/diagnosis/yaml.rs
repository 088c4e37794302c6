//! Places in a YAML or JSON file as something to be shown.

use std::ops::Range;

use super::failure::{Excerpt, Weight};
use crate::yaml::Place;

/// The most that is shown of one file.
const MOST: usize = 20;

/// The places of one file, with what is wrong at each. The source is the file's text, or one
/// of the same length that may be shown in its place.
pub fn excerpts(faults: Vec<(Place, String)>, source: &str) -> Vec<Excerpt> {
    let more = faults.len().saturating_sub(MOST);
    let shown = faults.into_iter().take(MOST);
    let mut excerpts: Vec<_> = shown
        .map(|(place, message)| Excerpt {
            weight: Weight::Error,
            code: None,
            title: message,
            path: place.path().display().to_string(),
            source: source.to_owned(),
            labels: vec![(range(&place), String::new())],
            help: None,
        })
        .collect();
    if let Some(last) = excerpts.last_mut().filter(|_| more > 0) {
        last.help = Some(format!("{more} more faults are not shown"));
    }
    excerpts
}

/// What stands there as far as its first line; where that is nothing, the word that begins
/// there.
fn range(place: &Place) -> Range<usize> {
    let start = place.span().start.min(place.text().len());
    let rest = place.text().get(start..).unwrap_or_default();
    let within = match place.span().len() {
        0 => rest
            .find(|one: char| ",}]:".contains(one) || one.is_whitespace())
            .unwrap_or(rest.len()),
        length => rest.find(['\r', '\n']).unwrap_or(length).min(length),
    };
    start..start + within
}
