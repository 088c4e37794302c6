//! Templates of the smallest policy for an operation.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::document::{self, Grant};
use super::fill::{FillError, Filling, Requirement, Values};
use super::placeholders::{self, Piece};
use super::{Confidence, Generation, embedded, index};

/// One operation's template.
#[derive(Debug, Clone)]
pub struct Template {
    /// The operation, as `--for` names it.
    pub name: String,
    /// The generation.
    pub generation: Generation,
    /// The document's path below `policies/`, or below the folder that gave it.
    pub file: String,
    /// What it lets the caller do.
    pub title: String,
    /// How sure it is: no more than its least sure statement.
    pub confidence: Confidence,
    /// Where the set of actions comes from.
    pub source: String,
    /// What to know before using it.
    pub notes: Option<String>,
    /// System policies that cover it, each alone, the smallest first.
    pub system_policies: Vec<String>,
    /// System policies that cover it only all together.
    pub system_policies_together: Vec<String>,
    /// Where each statement comes from, in order; empty when it is not known.
    pub statements: Vec<Provenance>,
    pub(super) text: Cow<'static, str>,
}

/// Where a statement of a template comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// How sure its actions and resources are.
    pub confidence: Confidence,
    /// Where they come from.
    pub source: String,
}

impl Template {
    /// The document with its placeholders.
    pub fn document(&self) -> &str {
        &self.text
    }

    /// Whether it is for the same operation and generation as the other.
    pub(super) fn is_for(&self, other: &Self) -> bool {
        self.name == other.name && self.generation == other.generation
    }

    fn grants(&self) -> Result<Vec<Grant>, FillError> {
        document::read(&self.file, &self.text).map_err(|error| FillError::Document {
            template: self.name.clone(),
            message: error.to_string(),
        })
    }

    /// The placeholders of the document without their brackets, each once, in order. Those
    /// that [`placeholders::find`] gives a default need no value.
    ///
    /// # Errors
    /// The document is none.
    pub fn placeholders(&self) -> Result<Vec<String>, FillError> {
        let mut names: Vec<String> = Vec::new();
        for grant in self.grants()? {
            for resource in &grant.resources {
                for piece in placeholders::pieces(resource).unwrap_or_default() {
                    if let Piece::Placeholder(name) = piece {
                        add(&mut names, name.to_owned());
                    }
                }
            }
        }
        Ok(names)
    }

    /// The actions and resources that the operation asks for on a target, each once.
    ///
    /// # Errors
    /// A placeholder without a value, or a value that a name cannot be.
    pub fn requirements(&self, values: &Values<'_>) -> Result<Vec<Requirement>, FillError> {
        let mut requirements = Vec::new();
        for filled in self.filled_grants(values)? {
            for requirement in filled {
                if !requirements.contains(&requirement) {
                    requirements.push(requirement);
                }
            }
        }
        Ok(requirements)
    }

    /// The document for a target, statement by statement as the template has it, with every
    /// form under which RAM may ask.
    ///
    /// # Errors
    /// As [`Template::requirements`].
    pub fn filled(&self, values: &Values<'_>) -> Result<Value, FillError> {
        let statements = self.filled_grants(values)?.into_iter().map(|filled| {
            let mut actions: Vec<String> = Vec::new();
            let mut resources: Vec<String> = Vec::new();
            for requirement in filled {
                add(&mut actions, requirement.action);
                for resource in requirement.resources {
                    add(&mut resources, resource);
                }
            }
            json!({"Action": scalar_or_list(actions), "Effect": "Allow", "Resource": scalar_or_list(resources)})
        });
        let statements: Vec<Value> = statements.collect();
        Ok(json!({"Version": "1", "Statement": statements}))
    }

    fn filled_grants(&self, values: &Values<'_>) -> Result<Vec<Vec<Requirement>>, FillError> {
        let filling = Filling {
            template: &self.name,
            generation: self.generation,
            values,
        };
        let grants = self.grants()?;
        grants
            .iter()
            .map(|grant| filling.requirements(grant))
            .collect()
    }
}

fn add(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn scalar_or_list(mut items: Vec<String>) -> Value {
    if items.len() == 1 {
        items.pop().into()
    } else {
        items.into()
    }
}

/// The templates that are used: the embedded ones, or a folder's over them.
#[derive(Debug, Clone)]
pub struct Catalogue {
    templates: Vec<Template>,
}

#[expect(
    clippy::expect_used,
    reason = "the index is part of the program, and a test reads it"
)]
static EMBEDDED: LazyLock<Catalogue> = LazyLock::new(|| {
    let text = |file: &str| embedded::text(embedded::TEMPLATES, file).map(Cow::Borrowed);
    let templates = index::read(embedded::INDEX, text).expect("policies/index.json");
    Catalogue { templates }
});

impl Catalogue {
    /// The templates of the program itself.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// All templates, FC 2.0 first.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// The template of an operation.
    pub fn find(&self, name: &str, generation: Generation) -> Option<&Template> {
        self.templates
            .iter()
            .find(|template| template.name == name && template.generation == generation)
    }

    /// The same catalogue with templates in the place of those that they are for, the others
    /// at the end.
    pub(super) fn replacing(&self, own: Vec<Template>) -> Self {
        let mut templates = self.templates.clone();
        for template in own {
            match templates.iter_mut().find(|old| old.is_for(&template)) {
                Some(old) => *old = template,
                None => templates.push(template),
            }
        }
        Self { templates }
    }
}

/// All embedded templates.
pub fn all() -> &'static [Template] {
    Catalogue::embedded().templates()
}

/// The embedded template of an operation.
pub fn find(name: &str, generation: Generation) -> Option<&'static Template> {
    Catalogue::embedded().find(name, generation)
}

#[cfg(test)]
mod tests;
