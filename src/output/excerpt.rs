//! Places in files, with line, column and caret.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::escape;
use crate::diagnosis::Excerpt;
use crate::diagnosis::failure::Weight;

/// The excerpt as lines for a terminal, with colours that the printer may strip.
pub fn render(excerpt: &Excerpt) -> String {
    let level = match excerpt.weight {
        Weight::Error => Level::ERROR,
        Weight::Warning => Level::WARNING,
        Weight::Note => Level::NOTE,
    };
    let mut title = level.primary_title(escape::line(&excerpt.title).into_owned());
    if let Some(code) = excerpt.code {
        title = title.id(code);
    }
    let path = escape::line(&excerpt.path);
    let mut kinds =
        std::iter::once(AnnotationKind::Primary).chain(std::iter::repeat(AnnotationKind::Context));
    let labels: Vec<_> = excerpt
        .labels
        .iter()
        .map(|(span, text)| (span, escape::line(text)))
        .collect();
    let annotations = labels.iter().filter_map(|(span, text)| {
        let span = boundary(&excerpt.source, span.start)..boundary(&excerpt.source, span.end);
        let annotation = kinds.next()?.span(span);
        Some(if text.is_empty() {
            annotation
        } else {
            annotation.label(text.as_ref())
        })
    });
    let source = shown(&excerpt.source);
    let snippet = Snippet::source(source.as_str())
        .path(path.as_ref())
        .fold(true)
        .annotations(annotations);
    let mut group = title.element(snippet);
    if let Some(help) = &excerpt.help {
        group = group.element(Level::HELP.message(escape::line(help).into_owned()));
    }
    Renderer::styled()
        .decor_style(DecorStyle::Ascii)
        .render(&[group])
}

/// The source with a stand-in of the same length for each character that could deceive and
/// that the renderer would pass on.
fn shown(source: &str) -> String {
    let stand_in = |character: char| match character.len_utf8() {
        _ if !escape::is_unsafe(character) => character,
        1 => character,
        2 => '·',
        _ => char::REPLACEMENT_CHARACTER,
    };
    source.chars().map(stand_in).collect()
}

/// The nearest place at or before `at` where a character begins: a text that was not UTF-8 has
/// other offsets than the bytes that it came from.
fn boundary(source: &str, at: usize) -> usize {
    let at = at.min(source.len());
    (0..=at)
        .rev()
        .find(|place| source.is_char_boundary(*place))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::failure::Weight;

    #[test]
    fn no_span_is_too_odd_to_be_shown() {
        let source = "a中文b\u{fffd}\n";
        for start in 0..source.len() + 3 {
            for end in start..source.len() + 3 {
                let rendered = render(&Excerpt {
                    weight: Weight::Error,
                    code: None,
                    title: "t".into(),
                    path: "p".into(),
                    source: source.into(),
                    labels: vec![(start..end, "l".into()), (0..1, String::new())],
                    help: None,
                });
                assert!(
                    rendered.contains("p:1:") || rendered.contains("p:2:"),
                    "{rendered}"
                );
            }
        }
    }

    #[test]
    fn control_characters_of_a_file_do_not_reach_the_terminal() {
        let rendered = render(&Excerpt {
            weight: Weight::Error,
            code: None,
            title: "t\u{1b}[2J".into(),
            path: "p\u{1b}[2J".into(),
            source: "x \u{1b}[2J \u{202e} \u{9b} y".into(),
            labels: vec![(0..1, "l\u{1b}[2J".into())],
            help: Some("h\u{1b}[2J".into()),
        });
        assert!(!rendered.contains("\u{1b}[2J"), "{rendered:?}");
        assert!(!rendered.contains(['\u{202e}', '\u{9b}']), "{rendered:?}");
    }
}
