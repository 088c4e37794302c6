//! What is wrong with a project file, at its line and column, and the flag that makes the
//! file's value unnecessary.

use super::failure::{Excerpt, Failure, Weight};
use super::{Code, codes};
use crate::project::{FileFault, ProjectError, ValueFault};

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        let mut failure = Self::new(code(&error), &error);
        if let Some(place) = error.place() {
            let span = place.span();
            failure.excerpts.push(Excerpt {
                weight: Weight::Error,
                code: None,
                title: pointed_at(&error),
                path: place.path().display().to_string(),
                source: place.text().to_owned(),
                labels: vec![(span.start..span.end.max(span.start + 1), String::new())],
                help: None,
            });
        }
        let hint = match &error {
            ProjectError::File {
                fault: FileFault::TooLong,
                ..
            } => "a project file is rarely longer than 10 KB: name the right one with `--template`"
                .to_owned(),
            _ => error.hint(),
        };
        failure.hint(hint)
    }
}

fn code(error: &ProjectError) -> &'static Code {
    match error {
        ProjectError::File { .. } | ProjectError::Document { .. } => codes::PROJECT_FILE,
        ProjectError::Value {
            fault: ValueFault::NotAllowed { .. },
            ..
        } => codes::PROJECT_ENDPOINT,
        ProjectError::Value { .. } => codes::PROJECT_VALUE,
        ProjectError::NoResource { .. }
        | ProjectError::NotAFunction { .. }
        | ProjectError::NoFunctions { .. }
        | ProjectError::Ambiguous { .. }
        | ProjectError::NoFunction { .. }
        | ProjectError::Circle { .. } => codes::PROJECT_RESOURCE,
    }
}

/// What is to be seen at the place, without what the title says already.
fn pointed_at(error: &ProjectError) -> String {
    match error {
        ProjectError::Value { fault, .. } => fault.to_string(),
        ProjectError::Document { fault, .. } => fault.to_string(),
        ProjectError::NotAFunction { reason, .. } => reason.clone(),
        ProjectError::Ambiguous { .. } => "this is the first of them".to_owned(),
        ProjectError::Circle { .. } => "this refers to another of them".to_owned(),
        other => other.to_string(),
    }
}
