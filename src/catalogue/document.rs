//! A template's document: a RAM policy that only allows, with placeholders in its resources.

use std::path::PathBuf;

use super::placeholders::{self, Piece};
use crate::ram::{Effect, Patterns, Position, Severity, Statement, parse};

/// Why templates cannot be read. It names the file, and the field where there is one.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file system says no.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that no template or index can be.
    #[error("`{}` has more than {limit} bytes, which no template has", path.display())]
    TooBig {
        /// The file.
        path: PathBuf,
        /// How many bytes are read.
        limit: u64,
    },
    /// A folder without templates is most likely the wrong one.
    #[error("`{}` holds no template: neither `index.json` nor a file in `fc2/` or `fc3/`", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// Not JSON, or no RAM policy.
    #[error("`{file}`, line {line}, column {column}: {message}")]
    Syntax {
        /// The file, as the folder has it.
        file: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A field of the index that is missing or wrong.
    #[error("`{file}`: `{field}` {message}")]
    Field {
        /// The file, as the folder has it.
        file: String,
        /// Where in it, `[3].title` for example.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// A policy that is no template.
    #[error("`{file}`: `{field}` {fault}")]
    Document {
        /// The file, as the folder has it.
        file: String,
        /// Where in it, `Statement[0].Effect` for example.
        field: String,
        /// What is wrong with it.
        fault: DocumentFault,
    },
}

/// What a policy may hold and a template may not. A template says what an operation needs, so
/// whatever takes something away again has no place in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    /// No statement at all.
    #[error("is empty: a template has to allow something")]
    Empty,
    /// A Deny.
    #[error("is `Deny`: a template only allows")]
    Deny,
    /// `NotAction`, `NotResource`, `Condition` or `Principal`.
    #[error("has no place in a template: only `Effect`, `Action` and `Resource` do")]
    Element,
    /// A placeholder in an action.
    #[error("holds a placeholder in `{0}`: only resources can")]
    Action(String),
    /// A bracket without a partner, or no name between them.
    #[error("holds a broken placeholder in `{0}`: one looks like `<functionName>`")]
    Placeholder(String),
}

/// Actions, each allowed on each resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// The actions.
    pub(super) actions: Vec<String>,
    /// The resources, with placeholders.
    pub(super) resources: Vec<String>,
}

/// What a template's document allows, statement by statement.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Grant>, LoadError> {
    let parsed = parse(text.as_bytes());
    let worst = parsed
        .findings
        .iter()
        .find(|finding| finding.fatal || finding.severity == Severity::Error);
    if let Some(finding) = worst {
        let position = Position::of(text, finding.span.start);
        return Err(LoadError::Syntax {
            file: file.to_owned(),
            line: position.line,
            column: position.column,
            message: finding.message.clone(),
        });
    }
    let statements = parsed
        .document
        .as_ref()
        .map(|document| document.statements())
        .unwrap_or_default();
    let fault = |field: String, fault| LoadError::Document {
        file: file.to_owned(),
        field,
        fault,
    };
    // Nothing asked for would be anything allowed.
    if statements.is_empty() {
        return Err(fault("Statement".to_owned(), DocumentFault::Empty));
    }
    let grants = statements.iter().enumerate().map(|(index, statement)| {
        grant(statement)
            .map_err(|(element, found)| fault(format!("Statement[{index}].{element}"), found))
    });
    grants.collect()
}

type Faulty = (&'static str, DocumentFault);

fn grant(statement: &Statement) -> Result<Grant, Faulty> {
    if statement.effect == Effect::Deny {
        return Err(("Effect", DocumentFault::Deny));
    }
    if statement.condition_span.is_some() {
        return Err(("Condition", DocumentFault::Element));
    }
    if statement.principal.is_some() {
        return Err(("Principal", DocumentFault::Element));
    }
    let actions = list(&statement.action, "Action", "NotAction")?;
    if let Some(action) = actions.iter().find(|action| action.contains(['<', '>'])) {
        return Err(("Action", DocumentFault::Action(action.clone())));
    }
    let none = ("Resource", DocumentFault::Empty);
    let resources = list(
        statement.resource.as_ref().ok_or(none)?,
        "Resource",
        "NotResource",
    )?;
    for resource in &resources {
        if !is_well_formed(resource) {
            return Err(("Resource", DocumentFault::Placeholder(resource.clone())));
        }
    }
    Ok(Grant { actions, resources })
}

fn list(
    patterns: &Patterns,
    element: &'static str,
    not: &'static str,
) -> Result<Vec<String>, Faulty> {
    if patterns.not {
        return Err((not, DocumentFault::Element));
    }
    let items: Vec<String> = patterns
        .patterns
        .items
        .iter()
        .map(|item| item.value.to_string())
        .collect();
    if items.is_empty() {
        return Err((element, DocumentFault::Empty));
    }
    Ok(items)
}

/// Whether the placeholders can be read, and each qualifier can be left out with what
/// separates it.
fn is_well_formed(resource: &str) -> bool {
    let Ok(pieces) = placeholders::pieces(resource) else {
        return false;
    };
    let separated = |index: usize| {
        let before = index.checked_sub(1).and_then(|before| pieces.get(before));
        matches!(before, Some(Piece::Literal(text)) if text.ends_with(['.', '/']))
    };
    !pieces
        .iter()
        .enumerate()
        .any(|(index, piece)| *piece == Piece::Placeholder("qualifier") && !separated(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(inner: &str) -> String {
        format!(r#"{{"Version":"1","Statement":[{{{inner}}}]}}"#)
    }

    #[test]
    fn a_template_allows_actions_on_resources() {
        let text = statement(
            r#""Effect":"Allow","Action":["fc:GetFunction","fc:ListTriggers"],"Resource":"acs:fc:<region>:<account-id>:functions/<functionName>""#,
        );
        let grants = read("fc3/own.json", &text).unwrap();
        assert_eq!(grants[0].actions, ["fc:GetFunction", "fc:ListTriggers"]);
        assert_eq!(grants[0].resources.len(), 1);
    }

    #[test]
    fn what_is_no_template_is_refused_with_its_file_and_field() {
        let allow = r#""Effect":"Allow","Action":"fc:GetFunction""#;
        let cases = [
            (
                r#""Effect":"Deny","Action":"fc:*","Resource":"*""#.to_owned(),
                "`Statement[0].Effect` is `Deny`",
            ),
            (
                r#""Effect":"Allow","NotAction":"fc:*","Resource":"*""#.to_owned(),
                "`Statement[0].NotAction` has no place",
            ),
            (
                format!(r#"{allow},"NotResource":"*""#),
                "`Statement[0].NotResource` has no place",
            ),
            (
                format!(
                    r#"{allow},"Resource":"*","Condition":{{"Bool":{{"acs:SecureTransport":"true"}}}}"#
                ),
                "`Statement[0].Condition` has no place",
            ),
            (
                r#""Effect":"Allow","Action":"fc:<x>","Resource":"*""#.to_owned(),
                "`Statement[0].Action` holds a placeholder",
            ),
            (
                format!(r#"{allow},"Resource":"acs:fc:*:*:functions/<f""#),
                "`Statement[0].Resource` holds a broken placeholder",
            ),
            (
                format!(r#"{allow},"Resource":"acs:fc:*:*:functions/f<qualifier>""#),
                "`Statement[0].Resource` holds a broken placeholder",
            ),
            (allow.to_owned(), "line 1, column"),
        ];
        for (inner, expected) in cases {
            let message = read("fc3/own.json", &statement(&inner))
                .unwrap_err()
                .to_string();
            assert!(message.starts_with("`fc3/own.json`"), "{message}");
            assert!(message.contains(expected), "{message}");
        }
        for text in ["", "{", "[]", r#"{"Version":"1","Statement":[]}"#] {
            assert!(read("f", text).is_err(), "{text}");
        }
    }
}
