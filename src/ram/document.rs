//! A policy document as it was written: every element with its place in the source.
//!
//! A [`Document`] exists only when the text keeps to the grammar. It says what was written,
//! not what it means: patterns and values are plain text here. Printing it and reading the
//! print gives an equal document, places aside.

use super::operator::Operator;
use super::span::Span;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Whether a statement grants or forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Forbids, whatever is granted elsewhere.
    Deny,
}

impl Effect {
    /// `Allow` or `Deny`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        }
    }
}

/// A parsed policy, with the span of every element.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) source: Arc<str>,
    pub(crate) statements: Vec<Statement>,
    /// `Statement` was a bare object.
    pub(crate) bare: bool,
    pub(crate) statement_span: Span,
}

/// A string of the document and where it stands, quotes included.
#[derive(Clone, Debug)]
pub struct Text {
    /// What it says, escapes resolved.
    pub value: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

/// A string or a list of strings.
#[derive(Clone, Debug)]
pub struct Texts {
    /// The strings, in order.
    pub items: Vec<Text>,
    /// Whether they were written as a list.
    pub list: bool,
    /// The whole value.
    pub span: Span,
}

/// `Action`, `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub struct Patterns {
    /// Whether the name began with `Not`.
    pub not: bool,
    /// The element's name.
    pub name_span: Span,
    /// The patterns.
    pub patterns: Texts,
}

/// The kind of a trust policy's principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// An account, a user or a role.
    Ram,
    /// A service of the cloud.
    Service,
    /// An identity provider.
    Federated,
}

impl PrincipalKind {
    /// `RAM`, `Service` or `Federated`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PrincipalKind::Ram => "RAM",
            PrincipalKind::Service => "Service",
            PrincipalKind::Federated => "Federated",
        }
    }
}

/// Who may assume a role.
#[derive(Clone, Debug)]
pub struct Principal {
    /// By kind, in the order written.
    pub entries: Vec<(PrincipalKind, Texts)>,
    /// The whole value.
    pub span: Span,
}

/// A value of a condition.
#[derive(Clone, Debug)]
pub struct ConditionValue {
    /// What it says; a bare number or truth value as it was written.
    pub text: Text,
    /// Whether it stood in quotes, as it must.
    pub quoted: bool,
}

/// One key under one operator.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The operator as written.
    pub operator: Text,
    /// The operator, when RAM has it.
    pub known: Option<Operator>,
    /// The condition key.
    pub key: Text,
    /// The values.
    pub values: Vec<ConditionValue>,
    /// Whether they were written as a list.
    pub list: bool,
    /// The key and its values.
    pub span: Span,
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The whole statement.
    pub span: Span,
    /// Grants or forbids.
    pub effect: Effect,
    /// The value of `Effect`.
    pub effect_span: Span,
    /// `Action` or `NotAction`.
    pub action: Patterns,
    /// `Resource` or `NotResource`; none in a trust policy.
    pub resource: Option<Patterns>,
    /// The conditions, all of which must hold.
    pub conditions: Vec<Condition>,
    /// Operators that test nothing.
    pub(crate) idle_operators: Vec<Text>,
    /// The value of `Condition`.
    pub condition_span: Option<Span>,
    /// Only in a trust policy.
    pub principal: Option<Principal>,
    /// Tolerated, without effect.
    pub sid: Option<Text>,
}

impl Document {
    /// The text that was read, byte order mark included.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The same, shared.
    #[must_use]
    pub fn shared_source(&self) -> Arc<str> {
        Arc::clone(&self.source)
    }

    /// The statements, in order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Whether this is a role's trust policy: each statement has a `Principal`.
    #[must_use]
    pub fn is_trust_policy(&self) -> bool {
        !self.statements.is_empty()
            && self
                .statements
                .iter()
                .all(|statement| statement.principal.is_some())
    }

    /// The document as JSON, elements in their usual order, lists and scalars as written.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut statements: Vec<Value> = self.statements.iter().map(Statement::to_json).collect();
        let statement = match (self.bare, statements.len()) {
            (true, 1) => statements.swap_remove(0),
            _ => Value::Array(statements),
        };
        json!({"Version": "1", "Statement": statement})
    }
}

impl Statement {
    fn to_json(&self) -> Value {
        let mut object = Map::new();
        if let Some(sid) = &self.sid {
            object.insert("Sid".into(), sid.value.as_ref().into());
        }
        object.insert("Effect".into(), self.effect.as_str().into());
        if let Some(principal) = &self.principal {
            let entries = principal
                .entries
                .iter()
                .map(|(kind, texts)| (kind.as_str().to_owned(), texts.to_json()));
            object.insert("Principal".into(), Value::Object(entries.collect()));
        }
        object.insert(
            if self.action.not {
                "NotAction"
            } else {
                "Action"
            }
            .into(),
            self.action.patterns.to_json(),
        );
        if let Some(resource) = &self.resource {
            let name = if resource.not {
                "NotResource"
            } else {
                "Resource"
            };
            object.insert(name.into(), resource.patterns.to_json());
        }
        if self.condition_span.is_some() {
            object.insert("Condition".into(), self.conditions_to_json());
        }
        Value::Object(object)
    }

    fn conditions_to_json(&self) -> Value {
        let mut operators = Map::new();
        for condition in &self.conditions {
            let keys = operators
                .entry(condition.operator.value.as_ref())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(keys) = keys {
                keys.insert(condition.key.value.to_string(), condition.values_to_json());
            }
        }
        for operator in &self.idle_operators {
            operators.insert(operator.value.to_string(), Value::Object(Map::new()));
        }
        Value::Object(operators)
    }
}

impl Condition {
    fn values_to_json(&self) -> Value {
        let mut values: Vec<Value> = self.values.iter().map(ConditionValue::to_json).collect();
        if !self.list && values.len() == 1 {
            return values.swap_remove(0);
        }
        Value::Array(values)
    }
}

impl ConditionValue {
    fn to_json(&self) -> Value {
        let text = self.text.value.as_ref();
        if self.quoted {
            return text.into();
        }
        // A number past what a double holds stays as its digits.
        serde_json::from_str(text).unwrap_or_else(|_| text.into())
    }
}

impl Texts {
    fn to_json(&self) -> Value {
        match (self.list, self.items.as_slice()) {
            (false, [only]) => only.value.as_ref().into(),
            (_, items) => items
                .iter()
                .map(|item| Value::from(item.value.as_ref()))
                .collect(),
        }
    }
}
