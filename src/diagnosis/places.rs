//! The statements that decide, or that come nearest, where they stand in their policies.

use super::failure::{Excerpt, Weight};
use crate::ram::{
    Decision, Effect, Element, Explanation, NearMiss, Policies, Span, StatementRef, Truth,
};

/// How many near misses, or statements that may or may not apply, are shown.
const SHOWN: usize = 3;

/// What explains the decision on the action and the resource, most telling first.
pub fn deciding(
    explanation: &Explanation,
    action: &str,
    resource: &str,
    policies: &Policies,
) -> Vec<Excerpt> {
    let show = Show {
        explanation,
        action,
        resource,
        policies,
    };
    let mut places: Vec<Excerpt> = explanation
        .decided_by
        .iter()
        .map(|by| show.decided_by(by))
        .collect();
    match explanation.decision {
        Decision::Undetermined => places.extend(show.unknown().take(SHOWN)),
        Decision::ImplicitDeny => {
            places.extend(
                explanation
                    .nearest
                    .iter()
                    .take(SHOWN)
                    .map(|near| show.near(near)),
            );
        }
        Decision::Allowed | Decision::ExplicitDeny => {}
    }
    places
}

struct Show<'a> {
    explanation: &'a Explanation,
    action: &'a str,
    resource: &'a str,
    policies: &'a Policies,
}

impl Show<'_> {
    fn place(
        &self,
        policy: usize,
        weight: Weight,
        title: impl Into<String>,
        labels: Vec<(Span, String)>,
    ) -> Excerpt {
        let policy = &self.policies.list()[policy];
        Excerpt {
            weight,
            code: None,
            title: title.into(),
            path: policy.name.clone(),
            source: policy.document.source().to_owned(),
            labels: labels
                .into_iter()
                .map(|(span, text)| (span.start..span.end, text))
                .collect(),
            help: None,
        }
    }

    fn decided_by(&self, by: &StatementRef) -> Excerpt {
        let (weight, title) = match by.effect {
            Effect::Deny => (Weight::Error, "this statement denies it"),
            Effect::Allow => (Weight::Note, "this statement allows it"),
        };
        let mut trace = self.explanation.trace.iter();
        let row = trace.find(|row| (row.policy, row.statement) == (by.policy, by.statement));
        let spans = [
            (row.and_then(|row| row.resource_span), self.resource),
            (row.and_then(|row| row.action_span), self.action),
        ];
        let mut labels: Vec<(Span, String)> = spans
            .into_iter()
            .filter_map(|(span, text)| Some((span?, format!("matches `{text}`"))))
            .collect();
        if labels.is_empty() {
            labels.push((by.span, String::new()));
        }
        self.place(by.policy, weight, title, labels)
    }

    /// The statements of which it is not known whether they apply.
    fn unknown(&self) -> impl Iterator<Item = Excerpt> {
        let rows = self
            .explanation
            .trace
            .iter()
            .filter(|row| row.applies == Truth::Unknown);
        rows.filter_map(|row| {
            let title = match row.effect {
                Effect::Allow => "this Allow may or may not apply",
                Effect::Deny => "this Deny may or may not apply",
            };
            let elements = [
                (row.condition, row.condition_span, "not known"),
                (
                    row.resource,
                    row.resource_span,
                    "not documented whether it matches",
                ),
                (row.action, row.action_span, "not known"),
            ];
            let unknown = elements
                .into_iter()
                .filter(|(truth, ..)| *truth == Truth::Unknown);
            let labels: Vec<_> = unknown
                .filter_map(|(_, span, text)| Some((span?, text.to_owned())))
                .collect();
            (!labels.is_empty()).then(|| self.place(row.policy, Weight::Warning, title, labels))
        })
    }

    fn near(&self, near: &NearMiss) -> Excerpt {
        let title = format!(
            "this Allow comes nearest: only its {} does not match",
            near.fails.as_str()
        );
        let text = match near.fails {
            Element::Condition => format!("not met: `{}`", near.would_match),
            _ => format!("would have to match `{}`", near.would_match),
        };
        self.place(near.policy, Weight::Note, title, vec![(near.span, text)])
    }
}
