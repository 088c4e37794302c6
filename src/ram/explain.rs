//! The decision once more, with why: which statement decides, which ones nearly would have,
//! and what an undetermined verdict hangs on.
//!
//! Invariant: [`Explanation::decision`] is what [`Policies::decide`] says.

use super::condition::Doubt;
use super::document::{Condition, Effect, Patterns, Statement};
use super::name::{Probe, Scratch};
use super::policies::{Compiled, Decision, Layer, Policies, Request, Resources};
use super::span::{Position, Span};
use super::truth::Truth;
use super::verdict::{Outcomes, Tally, combine};

mod reasons;

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementRef {
    /// Index into [`Policies::list`].
    pub policy: usize,
    /// Index into the policy's statements.
    pub statement: usize,
    /// The policy's layer.
    pub layer: Layer,
    /// What the statement does.
    pub effect: Effect,
    /// Where it stands in its source.
    pub span: Span,
    /// The same, as an editor shows it.
    pub position: Position,
}

/// What became of one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// Index into [`Policies::list`].
    pub policy: usize,
    /// Index into the policy's statements.
    pub statement: usize,
    /// The policy's layer.
    pub layer: Layer,
    /// What the statement does.
    pub effect: Effect,
    /// Whether the action matches.
    pub action: Truth,
    /// Whether the resource matches.
    pub resource: Truth,
    /// Whether the conditions hold.
    pub condition: Truth,
    /// All three together.
    pub applies: Truth,
    /// The pattern that matched, or the element that failed.
    pub action_span: Option<Span>,
    /// The pattern that matched, or the element that failed.
    pub resource_span: Option<Span>,
    /// The condition that failed or is unknown, or all of them.
    pub condition_span: Option<Span>,
}

/// An element of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// `Action` or `NotAction`.
    Action,
    /// `Resource` or `NotResource`.
    Resource,
    /// `Condition`.
    Condition,
}

impl Element {
    /// `action`, `resource` or `condition`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Element::Action => "action",
            Element::Resource => "resource",
            Element::Condition => "condition",
        }
    }
}

/// An Allow that fails in exactly one element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// Index into [`Policies::list`].
    pub policy: usize,
    /// Index into the policy's statements.
    pub statement: usize,
    /// The element that fails.
    pub fails: Element,
    /// Where it fails: the pattern that comes closest, or the condition.
    pub span: Span,
    /// What the element would have to match, or the condition that would have to hold.
    pub would_match: String,
}

/// Why a verdict is undetermined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReasonKind {
    /// The value of a condition key is not known.
    MissingContext,
    /// A policy could not be read.
    UnreadPolicy,
    /// A whole layer could not be read.
    UnreadLayer,
    /// RAM does not document what happens.
    Undocumented,
    /// It hangs on the form of the resource for LATEST.
    LatestForm,
}

impl ReasonKind {
    /// `missing_context`, `unread_policy`, `unread_layer`, `undocumented` or `latest_form`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ReasonKind::MissingContext => "missing_context",
            ReasonKind::UnreadPolicy => "unread_policy",
            ReasonKind::UnreadLayer => "unread_layer",
            ReasonKind::Undocumented => "undocumented",
            ReasonKind::LatestForm => "latest_form",
        }
    }
}

/// Something that a verdict hangs on, and what would settle it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its kind.
    pub kind: ReasonKind,
    /// What it is.
    pub detail: String,
    /// What to pass or to change.
    pub settle_with: String,
}

/// A decision, with why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The verdict.
    pub decision: Decision,
    /// The statement that decides: the first Deny that surely applies for an explicit denial,
    /// the first such Allow for an allowance, none otherwise.
    pub decided_by: Option<StatementRef>,
    /// Every statement, by layer, policy and statement.
    pub trace: Vec<TraceRow>,
    /// For an implicit denial, the Allows that fail in exactly one element.
    pub nearest: Vec<NearMiss>,
    /// The condition keys whose values would matter and are not known.
    pub missing_context: Vec<String>,
    /// What the verdict hangs on; for an implicit denial, a Deny that may apply as well.
    pub reasons: Vec<Reason>,
    /// Layers of which no policy was given.
    pub layers_not_seen: Vec<Layer>,
    /// For a denial, the control or session layer that ends it whatever the caller's own
    /// policies say.
    pub ended_by: Option<Layer>,
    /// What the caller's own policies decide, without the layers above them.
    pub own: Decision,
}

impl Policies {
    /// The same decision as [`Policies::decide`], with why.
    #[must_use]
    pub fn explain(&self, request: &Request<'_>) -> Explanation {
        let mut scratch = Scratch::new();
        let probe = Probe::new(request.action, request.resource, &mut scratch);
        let count = self.sets.iter().map(|set| set.statements.len()).sum();
        let mut trace = Vec::with_capacity(count);
        let mut tallies = Vec::with_capacity(self.sets.len());
        for set in &self.sets {
            let mut tally = set.start();
            for compiled in &set.statements {
                let row = self.row(set.layer, compiled, &probe, request);
                tally.count(row.effect, row.applies);
                trace.push(row);
            }
            tallies.push((set.layer, tally));
        }
        let outcomes = combine(tallies.iter().copied());
        let mut explanation = Explanation {
            decision: outcomes.decision(),
            decided_by: None,
            trace,
            nearest: Vec::new(),
            missing_context: Vec::new(),
            reasons: Vec::new(),
            layers_not_seen: Layer::ALL
                .into_iter()
                .filter(|layer| self.list().iter().all(|policy| policy.layer != *layer))
                .collect(),
            ended_by: None,
            own: combine(
                tallies
                    .iter()
                    .copied()
                    .filter(|(layer, _)| !is_above(*layer)),
            )
            .decision(),
        };
        if explanation.decision.is_denied() {
            explanation.ended_by = ending_layer(&tallies);
        }
        match explanation.decision {
            Decision::Allowed => {
                explanation.decided_by = self.first(&explanation.trace, Effect::Allow)
            }
            Decision::ExplicitDeny => {
                explanation.decided_by = self.first(&explanation.trace, Effect::Deny)
            }
            Decision::ImplicitDeny => {
                explanation.nearest = self.nearest(&explanation.trace, &probe, request);
                self.name_denies(&mut explanation, request);
            }
            Decision::Undetermined => {
                self.name_doubts(&mut explanation, &tallies, outcomes, request)
            }
        }
        explanation
    }

    fn compiled(&self) -> impl Iterator<Item = &Compiled> {
        self.sets.iter().flat_map(|set| &set.statements)
    }

    fn written(&self, policy: usize, statement: usize) -> Option<&Statement> {
        self.list()
            .get(policy)?
            .document
            .statements()
            .get(statement)
    }

    fn row(
        &self,
        layer: Layer,
        compiled: &Compiled,
        probe: &Probe<'_>,
        request: &Request<'_>,
    ) -> TraceRow {
        let (action, acting) = compiled.action(probe);
        let (resource, named) = compiled.resource(probe);
        let (condition, open) = compiled.condition(request.context);
        let written = self.written(compiled.policy, compiled.statement);
        let patterns = |patterns: &Patterns, matched: Option<usize>| {
            let pattern = matched.and_then(|index| patterns.patterns.items.get(index));
            pattern.map_or(patterns.patterns.span, |text| text.span)
        };
        TraceRow {
            policy: compiled.policy,
            statement: compiled.statement,
            layer,
            effect: compiled.effect,
            action,
            resource,
            condition,
            applies: action.and(resource).and(condition),
            action_span: written.map(|written| patterns(&written.action, acting)),
            resource_span: written
                .and_then(|written| written.resource.as_ref())
                .map(|resource| patterns(resource, named)),
            condition_span: written.and_then(|written| {
                let open = open.and_then(|index| written.conditions.get(index));
                open.map(|condition| condition.span)
                    .or(written.condition_span)
            }),
        }
    }

    fn first(&self, trace: &[TraceRow], effect: Effect) -> Option<StatementRef> {
        let mut applying = trace
            .iter()
            .zip(self.compiled())
            .filter(|(row, _)| row.effect == effect && row.applies == Truth::Yes);
        let (row, compiled) = applying
            .by_ref()
            .min_by_key(|(row, _)| (row.layer, row.policy, row.statement))?;
        Some(StatementRef {
            policy: row.policy,
            statement: row.statement,
            layer: row.layer,
            effect,
            span: compiled.span,
            position: compiled.position,
        })
    }

    fn nearest(
        &self,
        trace: &[TraceRow],
        probe: &Probe<'_>,
        request: &Request<'_>,
    ) -> Vec<NearMiss> {
        let rows = trace.iter().zip(self.compiled());
        rows.filter_map(|(row, compiled)| self.near_miss(row, compiled, probe, request))
            .collect()
    }

    fn near_miss(
        &self,
        row: &TraceRow,
        compiled: &Compiled,
        probe: &Probe<'_>,
        request: &Request<'_>,
    ) -> Option<NearMiss> {
        let elements = [
            (row.action, Element::Action),
            (row.resource, Element::Resource),
            (row.condition, Element::Condition),
        ];
        let mut failing = elements.iter().filter(|(truth, _)| *truth == Truth::No);
        let ((_, fails), None) = (failing.next()?, failing.next()) else {
            return None;
        };
        if row.effect == Effect::Deny {
            return None;
        }
        let written = self.written(row.policy, row.statement)?;
        let (span, would_match) = match fails {
            Element::Action => (row.action_span?, request.action.to_owned()),
            Element::Resource => {
                let resource = written.resource.as_ref()?;
                let Resources::Patterns(patterns) = &compiled.resources else {
                    return None;
                };
                let closest = (0..patterns.len())
                    .rev()
                    .max_by_key(|index| patterns[*index].closeness(probe));
                let span = closest
                    .and_then(|index| resource.patterns.items.get(index))
                    .map_or(resource.patterns.span, |text| text.span);
                (span, request.resource.to_owned())
            }
            Element::Condition => {
                let failed = compiled.condition(request.context).1?;
                let condition = written.conditions.get(failed)?;
                (condition.span, reasons::in_words(condition))
            }
        };
        Some(NearMiss {
            policy: row.policy,
            statement: row.statement,
            fails: *fails,
            span,
            would_match,
        })
    }
}

/// Whether the layer limits what the caller's own policies can give.
fn is_above(layer: Layer) -> bool {
    matches!(layer, Layer::Control | Layer::Session)
}

/// The first layer above the caller's own policies that has no Allow to give.
fn ending_layer(tallies: &[(Layer, Tally)]) -> Option<Layer> {
    let ending = tallies
        .iter()
        .find(|(layer, tally)| is_above(*layer) && !tally.outcomes().has(Outcomes::ALLOW));
    ending.map(|(layer, _)| *layer)
}
