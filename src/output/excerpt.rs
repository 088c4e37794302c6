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
    let length = excerpt.source.len();
    let mut kinds =
        std::iter::once(AnnotationKind::Primary).chain(std::iter::repeat(AnnotationKind::Context));
    let labels: Vec<_> = excerpt
        .labels
        .iter()
        .map(|(span, text)| (span, escape::line(text)))
        .collect();
    let annotations = labels.iter().filter_map(|(span, text)| {
        let span = span.start.min(length)..span.end.min(length);
        let annotation = kinds.next()?.span(span);
        Some(if text.is_empty() {
            annotation
        } else {
            annotation.label(text.as_ref())
        })
    });
    let snippet = Snippet::source(excerpt.source.as_str())
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
