//! Templates of the smallest policy for an operation, and how a target fills them in.

use serde::Deserialize;
use serde_json::Value;

/// The generation of Function Compute that a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// FC 2.0, where functions belong to services.
    Fc2,
    /// FC 3.0.
    Fc3,
}

/// One operation's template.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The operation, as `--for` names it.
    pub name: String,
    /// The generation.
    pub generation: Generation,
    /// The document's path below `policies/`.
    pub file: String,
    /// What it lets the caller do.
    pub title: String,
    /// `documented`, `community`, `inferred` or `guessed`.
    pub confidence: String,
    /// Where the action and the resource come from.
    pub source: String,
    /// System policies that cover it, the smallest first.
    pub system_policies: Vec<String>,
}

/// What stands for the placeholders.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    /// `<region>`
    pub region: &'a str,
    /// `<account-id>`
    pub account: &'a str,
    /// `<serviceName>`
    pub service: Option<&'a str>,
    /// `<functionName>`
    pub function: &'a str,
    /// `<qualifier>`, once for each form under which RAM may be asked; `None` is the form
    /// without one.
    pub qualifiers: Vec<Option<&'a str>>,
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

const INDEX: &str = include_str!("../../policies/index.json");

/// The embedded documents by the path that the index gives.
const DOCUMENTS: [(&str, &str); 2] = [
    (
        "fc2/invoke.json",
        include_str!("../../policies/fc2/invoke.json"),
    ),
    (
        "fc3/invoke.json",
        include_str!("../../policies/fc3/invoke.json"),
    ),
];

/// All embedded templates.
#[expect(
    clippy::expect_used,
    reason = "the index is part of the program, and a test reads it"
)]
pub fn all() -> Vec<Template> {
    serde_json::from_str(INDEX).expect("policies/index.json")
}

/// The template of an operation.
pub fn find(name: &str, generation: Generation) -> Option<Template> {
    all()
        .into_iter()
        .find(|template| template.name == name && template.generation == generation)
}

impl Template {
    /// The document with its placeholders.
    pub fn document(&self) -> &'static str {
        let found = DOCUMENTS.iter().find(|(file, _)| *file == self.file);
        found.map(|(_, document)| *document).unwrap_or_default()
    }

    /// The actions and resources that the operation asks for on a target.
    pub fn requirements(&self, values: &Values<'_>) -> Vec<Requirement> {
        let document: Value = serde_json::from_str(self.document()).unwrap_or_default();
        let statements = document["Statement"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut requirements = Vec::new();
        for statement in &statements {
            for action in texts(&statement["Action"]) {
                for resource in texts(&statement["Resource"]) {
                    requirements.push(Requirement {
                        action: action.to_owned(),
                        resources: values.fill(resource),
                    });
                }
            }
        }
        requirements
    }
}

impl Values<'_> {
    /// A resource with its placeholders filled in, once for each form of the qualifier.
    fn fill(&self, resource: &str) -> Vec<String> {
        let filled = resource
            .replace("<region>", self.region)
            .replace("<account-id>", self.account)
            .replace("<serviceName>", self.service.unwrap_or_default())
            .replace("<functionName>", self.function);
        if !filled.contains("<qualifier>") {
            return vec![filled];
        }
        let forms = self.qualifiers.iter().map(|qualifier| match qualifier {
            Some(qualifier) => filled.replace("<qualifier>", qualifier),
            None => filled
                .replace(".<qualifier>", "")
                .replace("/<qualifier>", ""),
        });
        forms.collect()
    }
}

/// A string, or each string of a list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::system;

    #[test]
    fn every_template_has_its_document_and_known_system_policies() {
        for template in all() {
            let document: Value = serde_json::from_str(template.document()).unwrap();
            assert_eq!(document["Version"], "1", "{}", template.file);
            assert!(
                ["documented", "community", "inferred", "guessed"]
                    .contains(&template.confidence.as_str())
            );
            for policy in &template.system_policies {
                assert!(system::document(policy).is_some(), "{policy}");
            }
        }
        assert_eq!(DOCUMENTS.len(), all().len());
    }

    #[test]
    fn a_qualifier_form_without_a_qualifier_drops_the_separator() {
        let values = Values {
            region: "cn-hangzhou",
            account: "123",
            service: Some("s"),
            function: "f",
            qualifiers: vec![None, Some("LATEST")],
        };
        let requirements = find("invoke", Generation::Fc2)
            .unwrap()
            .requirements(&values);
        assert_eq!(
            requirements,
            [Requirement {
                action: "fc:InvokeFunction".into(),
                resources: vec![
                    "acs:fc:cn-hangzhou:123:services/s/functions/f".into(),
                    "acs:fc:cn-hangzhou:123:services/s.LATEST/functions/f".into(),
                ],
            }]
        );
    }
}
