//! What adds nothing: names, statements and values that others cover.
//!
//! Every pair is compared, so very long lists are left alone.

use super::super::name::{action_covers, resource_covers};
use super::*;
use crate::ram::document::{Condition, Patterns, Text};
use crate::ram::glob;
use crate::ram::json::shorten;
use crate::ram::operator::Test;
use crate::ram::value::Block;

/// Lists longer than this are not compared pair by pair.
const MAX_COMPARED: usize = 300;

impl Linter<'_> {
    pub(super) fn redundant_elements(&mut self, statement: &Statement) {
        self.redundant(
            &statement.action.patterns.items,
            &codes::REDUNDANT_ACTION,
            action_covers,
        );
        if let Some(resource) = &statement.resource {
            self.redundant(
                &resource.patterns.items,
                &codes::REDUNDANT_RESOURCE,
                resource_covers,
            );
        }
        for condition in &statement.conditions {
            let texts: Vec<Text> = condition
                .values
                .iter()
                .map(|value| value.text.clone())
                .collect();
            self.redundant(
                &texts,
                &codes::REDUNDANT_CONDITION_VALUE,
                value_covers(condition),
            );
        }
    }

    fn redundant(
        &mut self,
        texts: &[Text],
        code: &codes::LintCode,
        covers: impl Fn(&str, &str) -> bool,
    ) {
        if texts.len() > MAX_COMPARED {
            return;
        }
        for (index, text) in texts.iter().enumerate() {
            let wider = texts.iter().enumerate().find(|(other, outer)| {
                *other != index
                    && covers(&outer.value, &text.value)
                    && (*other < index || !covers(&text.value, &outer.value))
            });
            if let Some((_, outer)) = wider {
                let message = format!(
                    "`{}` covers `{}`",
                    shorten(&outer.value),
                    shorten(&text.value)
                );
                self.report(code, text.span, message, "remove one of them");
            }
        }
    }

    pub(super) fn redundant_statements(&mut self) {
        let statements = self.document.statements();
        if statements.len() > MAX_COMPARED {
            return;
        }
        let mut found = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            let wider = statements.iter().enumerate().find(|(other, outer)| {
                *other != index
                    && statement_covers(outer, statement)
                    && (*other < index || !statement_covers(statement, outer))
            });
            if let Some((other, _)) = wider {
                found.push((
                    statement.span,
                    format!("statement {other} already covers this one"),
                ));
            }
        }
        for (span, message) in found {
            let brace = Span::new(span.start, span.start + 1);
            self.report(
                &codes::REDUNDANT_STATEMENT,
                brace,
                message,
                "remove it, or narrow the other",
            );
        }
    }
}

fn statement_covers(outer: &Statement, inner: &Statement) -> bool {
    let plain = |statement: &Statement| {
        statement.conditions.is_empty() && statement.idle_operators.is_empty()
    };
    outer.effect == inner.effect
        && plain(outer)
        && outer.principal.is_none()
        && inner.principal.is_none()
        && patterns_cover(Some(&outer.action), Some(&inner.action), action_covers)
        && patterns_cover(
            outer.resource.as_ref(),
            inner.resource.as_ref(),
            resource_covers,
        )
}

fn patterns_cover(
    outer: Option<&Patterns>,
    inner: Option<&Patterns>,
    covers: fn(&str, &str) -> bool,
) -> bool {
    let (Some(outer), Some(inner)) = (outer, inner) else {
        return false;
    };
    let items = &inner.patterns.items;
    let covered = |text: &Text| {
        outer
            .patterns
            .items
            .iter()
            .any(|wider| covers(&wider.value, &text.value))
    };
    !outer.not
        && !inner.not
        && !items.is_empty()
        && items.len() <= MAX_COMPARED
        && items.iter().all(covered)
}

/// Whether one value of a condition makes another superfluous.
fn value_covers(condition: &Condition) -> impl Fn(&str, &str) -> bool {
    let test = condition.known.map(|operator| operator.test);
    move |outer, inner| match test {
        Some(Test::Pattern) => glob::covers(outer.as_bytes(), inner.as_bytes()),
        Some(Test::Ip) => Block::read(outer)
            .zip(Block::read(inner))
            .is_some_and(|(outer, inner)| outer.covers(&inner)),
        Some(Test::TextIgnoringCase) => outer.eq_ignore_ascii_case(inner),
        _ => outer == inner,
    }
}
