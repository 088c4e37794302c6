//! How a target fills a template's placeholders.

use std::collections::BTreeMap;

use super::Generation;
use super::actions;
use super::document::Grant;
use super::placeholders::{self, Piece};

/// What stands for the placeholders.
#[derive(Debug, Clone, Default)]
pub struct Values<'a> {
    /// `<region>`
    pub region: &'a str,
    /// `<account-id>`
    pub account: &'a str,
    /// `<serviceName>`
    pub service: Option<&'a str>,
    /// `<functionName>`
    pub function: Option<&'a str>,
    /// `<qualifier>`, once for each form under which RAM may be asked; `None` is the form
    /// without one, `Some("*")` any of them. An action that the table knows with a qualifier
    /// only has no form without one.
    pub qualifiers: Vec<Option<&'a str>>,
    /// The other placeholders by name, without brackets.
    pub extra: BTreeMap<&'a str, &'a str>,
}

/// An action and the resources that RAM may be asked about for it: one of them, but which one
/// is not always documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// `fc:InvokeFunction`, …
    pub action: String,
    /// The candidates, the most likely one first.
    pub resources: Vec<String>,
}

/// Why a template cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// Nothing is given for a placeholder.
    #[error(
        "template `{template}` needs a value for `<{placeholder}>`{}",
        meaning(placeholder)
    )]
    Missing {
        /// The template's name.
        template: String,
        /// The placeholder, without brackets.
        placeholder: String,
    },
    /// What is given would grant something else.
    #[error("`{value}` cannot stand for `<{placeholder}>`: {why}")]
    Value {
        /// The placeholder, without brackets.
        placeholder: String,
        /// What was given.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The document itself is none.
    #[error("template `{template}` cannot be used: {message}")]
    Document {
        /// The template's name.
        template: String,
        /// What is wrong.
        message: String,
    },
}

fn meaning(placeholder: &str) -> String {
    placeholders::find(placeholder)
        .map(|known| format!(", {}", known.meaning))
        .unwrap_or_default()
}

/// The longest name that any product has.
const VALUE_LIMIT: usize = 256;

/// A value goes into a resource as it is, so it must not hold what a resource gives a meaning.
fn check<'v>(placeholder: &str, value: &'v str) -> Result<&'v str, FillError> {
    let bad = |character: char| {
        character.is_control()
            || character.is_whitespace()
            || matches!(
                character,
                '*' | '?' | ':' | '/' | '%' | '<' | '>' | '"' | '\\'
            )
    };
    let why = if value.is_empty() {
        "it is empty"
    } else if value.contains(bad) {
        "it holds a character that no name has"
    } else if value.chars().count() > VALUE_LIMIT {
        "it is longer than any name"
    } else {
        return Ok(value);
    };
    Err(FillError::Value {
        placeholder: placeholder.to_owned(),
        value: value.to_owned(),
        why,
    })
}

/// A template that is being filled in.
pub(super) struct Filling<'a> {
    /// The template's name, for errors.
    pub(super) template: &'a str,
    /// Its generation.
    pub(super) generation: Generation,
    /// What stands for the placeholders.
    pub(super) values: &'a Values<'a>,
}

impl Filling<'_> {
    /// What one statement asks for, each action on each resource.
    pub(super) fn requirements(&self, grant: &Grant) -> Result<Vec<Requirement>, FillError> {
        let mut requirements = Vec::new();
        for action in &grant.actions {
            for resource in &grant.resources {
                requirements.push(Requirement {
                    action: action.clone(),
                    resources: self.resources(action, resource)?,
                });
            }
        }
        Ok(requirements)
    }

    /// A resource as RAM may be asked about it for an action.
    fn resources(&self, action: &str, resource: &str) -> Result<Vec<String>, FillError> {
        if !resource.contains("<qualifier>") {
            return Ok(vec![self.resource(resource, None)?]);
        }
        let only =
            actions::find(action, self.generation).is_some_and(actions::Action::is_qualified_only);
        let forms = self.values.qualifiers.iter().copied();
        let filled: Vec<String> = forms
            .filter(|form| form.is_some() || !only)
            .map(|form| self.resource(resource, form))
            .collect::<Result<_, _>>()?;
        if filled.is_empty() {
            return Err(self.missing("qualifier"));
        }
        Ok(filled)
    }

    /// A resource in one form of the qualifier.
    fn resource(&self, resource: &str, qualifier: Option<&str>) -> Result<String, FillError> {
        let pieces = placeholders::pieces(resource).map_err(|_| FillError::Document {
            template: self.template.to_owned(),
            message: format!("`{resource}` holds a broken placeholder"),
        })?;
        let mut filled = String::with_capacity(resource.len());
        for piece in pieces {
            match (piece, qualifier) {
                (Piece::Literal(text), _) => filled.push_str(text),
                (Piece::Placeholder("qualifier"), Some("*")) => filled.push('*'),
                (Piece::Placeholder("qualifier"), Some(qualifier)) => {
                    filled.push_str(check("qualifier", qualifier)?);
                }
                // What separates the qualifier goes with it.
                (Piece::Placeholder("qualifier"), None) => {
                    filled.pop();
                }
                (Piece::Placeholder(name), _) => filled.push_str(self.value(name)?),
            }
        }
        Ok(filled)
    }

    fn value(&self, name: &str) -> Result<&str, FillError> {
        let values = self.values;
        let given = match name {
            "region" => Some(values.region),
            "account-id" => Some(values.account),
            "serviceName" => values.service,
            "functionName" => values.function,
            _ => values.extra.get(name).copied(),
        };
        match given {
            Some(given) => check(name, given),
            None => placeholders::find(name)
                .and_then(|placeholder| placeholder.default)
                .ok_or_else(|| self.missing(name)),
        }
    }

    fn missing(&self, placeholder: &str) -> FillError {
        FillError::Missing {
            template: self.template.to_owned(),
            placeholder: placeholder.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: Values<'static> = Values {
        region: "cn-hangzhou",
        account: "123",
        service: Some("s"),
        function: Some("f"),
        qualifiers: Vec::new(),
        extra: BTreeMap::new(),
    };

    fn fill(values: &Values<'_>, action: &str, resource: &str) -> Result<Vec<String>, FillError> {
        let filling = Filling {
            template: "t",
            generation: Generation::Fc2,
            values,
        };
        filling.resources(action, resource)
    }

    const QUALIFIED: &str = "services/<serviceName>.<qualifier>/functions/<functionName>";

    #[test]
    fn a_form_without_a_qualifier_drops_the_separator() {
        let values = Values {
            qualifiers: vec![None, Some("LATEST"), Some("*")],
            ..VALUES
        };
        assert_eq!(
            fill(&values, "fc:InvokeFunction", QUALIFIED).unwrap(),
            [
                "services/s/functions/f",
                "services/s.LATEST/functions/f",
                "services/s.*/functions/f"
            ]
        );
        assert_eq!(
            fill(
                &values,
                "fc:InvokeFunction",
                "functions/<functionName>/<qualifier>"
            )
            .unwrap(),
            ["functions/f", "functions/f/LATEST", "functions/f/*"]
        );
    }

    #[test]
    fn an_action_known_with_a_qualifier_only_has_no_form_without_one() {
        let action = "fc:PutProvisionConfig";
        let values = Values {
            qualifiers: vec![None, Some("LATEST")],
            ..VALUES
        };
        assert_eq!(
            fill(&values, action, QUALIFIED).unwrap(),
            ["services/s.LATEST/functions/f"]
        );
        let values = Values {
            qualifiers: vec![None],
            ..VALUES
        };
        let error = fill(&values, action, QUALIFIED).unwrap_err();
        assert!(
            matches!(error, FillError::Missing { placeholder, .. } if placeholder == "qualifier")
        );
    }

    #[test]
    fn a_placeholder_without_a_value_is_named_and_one_that_is_made_up_at_the_call_is_any() {
        let resource = "x/<triggerName>";
        let error = fill(&VALUES, "a:B", resource).unwrap_err();
        assert_eq!(
            error.to_string(),
            "template `t` needs a value for `<triggerName>`, the trigger"
        );
        let values = Values {
            extra: BTreeMap::from([("triggerName", "web"), ("taskId", "42")]),
            ..VALUES
        };
        assert_eq!(fill(&values, "a:B", resource).unwrap(), ["x/web"]);
        assert_eq!(fill(&values, "a:B", "x/<taskId>").unwrap(), ["x/42"]);
        assert_eq!(fill(&VALUES, "a:B", "x/<taskId>").unwrap(), ["x/*"]);
        let no_function = Values {
            function: None,
            ..VALUES
        };
        assert!(fill(&no_function, "a:B", "<functionName>").is_err());
    }

    #[test]
    fn a_value_cannot_widen_or_move_a_resource() {
        for bad in [
            "", "*", "a*", "a?", "a/b", "a:b", "a b", "a%2f", "<region>", "a\"b", "a\nb",
        ] {
            let values = Values {
                extra: BTreeMap::from([("triggerName", bad)]),
                ..VALUES
            };
            let error = fill(&values, "a:B", "x/<triggerName>").unwrap_err();
            assert!(matches!(error, FillError::Value { .. }), "{bad:?}");
        }
        for bad in ["", "a*", "**", "a/b"] {
            let values = Values {
                qualifiers: vec![Some(bad)],
                ..VALUES
            };
            assert!(fill(&values, "a:B", "f/<qualifier>").is_err(), "{bad:?}");
        }
    }
}
