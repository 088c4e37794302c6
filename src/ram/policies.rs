//! Policies of one caller, prepared once and asked many times.
//!
//! Preparing compiles patterns, reads values and sorts the statements into sets: one for each
//! folder of control policies, one for each other layer. [`Policies::decide`] allocates
//! nothing for requests of ordinary length; [`Policies::explain`] gives the same decision,
//! with the reasons. Both see every policy that was given and nothing else: whether some are
//! missing is the caller's business.

use super::condition::Prepared;
use super::context::Context;
use super::document::{Document, Effect, Statement};
use super::index::Index;
use super::name::{ActionPattern, Probe, ResourcePattern, Scratch};
use super::span::{Cursor, Position, Span};
use super::truth::Truth;
use super::verdict::{Tally, combine};
use std::ops::ControlFlow;

/// Where a policy is bound, in RAM's order of evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Control policy of a resource directory.
    Control,
    /// Session policy of an assumed role.
    Session,
    /// Identity policy at account scope.
    Account,
    /// Identity policy at resource-group scope.
    ResourceGroup,
}

impl Layer {
    /// All of them, in order.
    pub const ALL: [Layer; 4] = [
        Layer::Control,
        Layer::Session,
        Layer::Account,
        Layer::ResourceGroup,
    ];

    /// `control`, `session`, `account` or `resource-group`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Layer::Control => "control",
            Layer::Session => "session",
            Layer::Account => "account",
            Layer::ResourceGroup => "resource-group",
        }
    }
}

/// A document with its place in the caller's set.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name, for people.
    pub name: String,
    /// Where it is bound.
    pub layer: Layer,
    /// Control policies: which folder, the root being 0. Elsewhere without meaning.
    pub level: usize,
    /// What it says.
    pub document: Document,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// For example `fc:InvokeFunction`.
    pub action: &'a str,
    /// For example `acs:fc:cn-hangzhou:1234567890123456:functions/hello`.
    pub resource: &'a str,
    /// What is known of the condition keys.
    pub context: &'a Context,
}

/// The verdict on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Allowed, whatever the unknowns are.
    Allowed,
    /// Denied by a statement that says so.
    ExplicitDeny,
    /// Denied because nothing allows it.
    ImplicitDeny,
    /// It hangs on something that is not known or not documented.
    Undetermined,
}

impl Decision {
    /// `allowed`, `explicit_deny`, `implicit_deny` or `undetermined`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Allowed => "allowed",
            Decision::ExplicitDeny => "explicit_deny",
            Decision::ImplicitDeny => "implicit_deny",
            Decision::Undetermined => "undetermined",
        }
    }

    /// Whether this is a denial of either kind.
    #[must_use]
    pub fn is_denied(self) -> bool {
        matches!(self, Decision::ExplicitDeny | Decision::ImplicitDeny)
    }
}

/// Policies of one caller, prepared.
#[derive(Debug)]
pub struct Policies {
    list: Vec<Policy>,
    pub(super) sets: Vec<Set>,
}

/// The statements that are evaluated together.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) layer: Layer,
    level: usize,
    pub(super) statements: Vec<Compiled>,
    index: Option<Index>,
    /// Not all of its policies are known: one of them may allow, and one may deny.
    pub(super) unread: bool,
}

/// A statement, compiled.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) policy: usize,
    pub(super) statement: usize,
    pub(super) span: Span,
    pub(super) position: Position,
    pub(super) effect: Effect,
    pub(super) not_action: bool,
    pub(super) actions: Box<[ActionPattern]>,
    pub(super) resources: Resources,
    pub(super) conditions: Box<[Prepared]>,
    /// A `Condition`, or an operator in it, that tests nothing: never surely met.
    idle: bool,
    /// Whether its policy applies at all is not known.
    pub(super) doubtful: bool,
}

#[derive(Debug)]
pub(super) enum Resources {
    Patterns(Box<[ResourcePattern]>),
    /// `NotResource`, an empty list, or a trust policy's statement: not documented here.
    Undocumented,
}

impl Compiled {
    pub(super) fn new(
        policy: usize,
        index: usize,
        statement: &Statement,
        position: Position,
    ) -> Compiled {
        let resources = match &statement.resource {
            Some(resource)
                if !resource.not
                    && !resource.patterns.items.is_empty()
                    && statement.principal.is_none() =>
            {
                Resources::Patterns(
                    resource
                        .patterns
                        .items
                        .iter()
                        .map(|text| ResourcePattern::new(&text.value))
                        .collect(),
                )
            }
            _ => Resources::Undocumented,
        };
        Compiled {
            policy,
            statement: index,
            span: statement.span,
            position,
            effect: statement.effect,
            not_action: statement.action.not,
            actions: statement
                .action
                .patterns
                .items
                .iter()
                .map(|text| ActionPattern::new(&text.value))
                .collect(),
            resources,
            conditions: statement.conditions.iter().map(Prepared::new).collect(),
            idle: !statement.idle_operators.is_empty()
                || (statement.condition_span.is_some() && statement.conditions.is_empty()),
            doubtful: false,
        }
    }

    /// Whether the action matches, and the pattern that says so.
    #[inline]
    pub(super) fn action(&self, probe: &Probe<'_>) -> (Truth, Option<usize>) {
        if self.actions.is_empty() {
            return (Truth::Unknown, None);
        }
        let (matched, by) = any(&self.actions, |pattern| pattern.matches(probe));
        match (self.not_action, matched) {
            (false, matched) => (matched, by),
            (true, Truth::No) if !self.actions.iter().all(ActionPattern::is_well_formed) => {
                (Truth::Unknown, by)
            }
            (true, matched) => (matched.not(), by),
        }
    }

    /// Whether the resource matches, and the pattern that says so.
    #[inline]
    pub(super) fn resource(&self, probe: &Probe<'_>) -> (Truth, Option<usize>) {
        match &self.resources {
            Resources::Patterns(patterns) => any(patterns, |pattern| pattern.matches(probe)),
            Resources::Undocumented => (Truth::Unknown, None),
        }
    }

    /// Whether the conditions hold, and the first that does not, or is not known to.
    #[inline]
    pub(super) fn condition(&self, context: &Context) -> (Truth, Option<usize>) {
        let mut met = (
            if self.idle || self.doubtful {
                Truth::Unknown
            } else {
                Truth::Yes
            },
            None,
        );
        for (index, condition) in self.conditions.iter().enumerate() {
            match condition.evaluate(context).0 {
                Truth::No => return (Truth::No, Some(index)),
                Truth::Unknown => met = (Truth::Unknown, met.1.or(Some(index))),
                Truth::Yes => {}
            }
        }
        met
    }

    /// Whether it applies; the first element that certainly fails ends it.
    #[inline]
    fn applies(&self, probe: &Probe<'_>, context: &Context) -> Truth {
        let action = self.action(probe).0;
        if action == Truth::No {
            return Truth::No;
        }
        let named = action.and(self.resource(probe).0);
        if named == Truth::No {
            return Truth::No;
        }
        named.and(self.condition(context).0)
    }
}

/// Whether one of the patterns matches: the first that surely does, or else that perhaps does.
#[inline]
fn any<T>(patterns: &[T], matches: impl Fn(&T) -> Truth) -> (Truth, Option<usize>) {
    let mut best = (Truth::No, None);
    for (index, pattern) in patterns.iter().enumerate() {
        match matches(pattern) {
            Truth::Yes => return (Truth::Yes, Some(index)),
            Truth::Unknown if best.1.is_none() => best = (Truth::Unknown, Some(index)),
            _ => {}
        }
    }
    best
}

impl Set {
    fn empty(layer: Layer, level: usize) -> Set {
        Set {
            layer,
            level,
            statements: Vec::new(),
            index: None,
            unread: false,
        }
    }

    /// What is to be said before any statement is looked at.
    pub(super) fn start(&self) -> Tally {
        let open = u32::from(self.unread);
        Tally {
            maybe_allow: open,
            maybe_deny: open,
            ..Tally::default()
        }
    }

    /// How many statements apply; reading ends at a Deny that surely does.
    #[inline]
    fn tally(&self, probe: &Probe<'_>, context: &Context) -> Tally {
        let mut tally = self.start();
        let _ended = self.visit(probe, &mut |statement| {
            tally.count(statement.effect, statement.applies(probe, context));
            if tally.deny > 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        tally
    }

    /// The same, to the end, with those that surely apply.
    fn matched(
        &self,
        probe: &Probe<'_>,
        context: &Context,
        matched: &mut Vec<(usize, usize)>,
    ) -> Tally {
        let mut tally = self.start();
        let _ended = self.visit(probe, &mut |statement| {
            let applies = statement.applies(probe, context);
            tally.count(statement.effect, applies);
            if applies == Truth::Yes {
                matched.push((statement.policy, statement.statement));
            }
            ControlFlow::Continue(())
        });
        tally
    }

    /// Shows every statement that could apply, perhaps more than once.
    #[inline]
    fn visit(
        &self,
        probe: &Probe<'_>,
        visit: &mut impl FnMut(&Compiled) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match &self.index {
            Some(index) if !probe.shiftable => index.visit(probe, &mut |number| {
                self.statements
                    .get(number)
                    .map_or(ControlFlow::Continue(()), &mut *visit)
            }),
            _ => self.statements.iter().try_for_each(visit),
        }
    }
}

impl Policies {
    /// Prepares the policies: patterns are compiled, values read, statements sorted into sets.
    #[must_use]
    pub fn new(policies: Vec<Policy>) -> Policies {
        Policies::with_unread(policies, &[])
    }

    /// The same, where policies of the named layers are missing: one of them may allow, and
    /// one may deny.
    #[must_use]
    pub fn with_unread(policies: Vec<Policy>, unread: &[Layer]) -> Policies {
        Policies::with_doubts(policies, unread, &[])
    }

    /// The same, where it is not known of some policies, by their index, whether they apply to
    /// the resource that is asked about: it may be in another resource group.
    #[must_use]
    pub fn with_doubts(policies: Vec<Policy>, unread: &[Layer], doubtful: &[usize]) -> Policies {
        let mut sets: Vec<Set> = Vec::new();
        for (index, policy) in policies.iter().enumerate() {
            let level = if policy.layer == Layer::Control {
                policy.level
            } else {
                0
            };
            let place = sets
                .iter()
                .position(|set| (set.layer, set.level) == (policy.layer, level));
            let place = place.unwrap_or_else(|| {
                sets.push(Set::empty(policy.layer, level));
                sets.len() - 1
            });
            let Some(set) = sets.get_mut(place) else {
                continue;
            };
            let mut cursor = Cursor::new(policy.document.source());
            set.statements
                .extend(policy.document.statements().iter().enumerate().map(
                    |(number, statement)| Compiled {
                        doubtful: doubtful.contains(&index),
                        ..Compiled::new(
                            index,
                            number,
                            statement,
                            cursor.advance(statement.span.start),
                        )
                    },
                ));
        }
        for layer in unread {
            match sets.iter_mut().find(|set| set.layer == *layer) {
                Some(set) => set.unread = true,
                None => sets.push(Set {
                    unread: true,
                    ..Set::empty(*layer, 0)
                }),
            }
        }
        sets.sort_by_key(|set| (set.layer, set.level));
        for set in &mut sets {
            set.index = Index::new(&set.statements);
        }
        Policies {
            list: policies,
            sets,
        }
    }

    /// The policies, in the order they were given.
    #[must_use]
    pub fn list(&self) -> &[Policy] {
        &self.list
    }

    /// The verdict. Nothing is allocated for ASCII names of ordinary length.
    ///
    /// ```
    /// use sesame_fc::ram::{Context, Decision, Layer, Policies, Policy, Request, parse};
    ///
    /// let source = br#"{"Version": "1", "Statement": [
    ///     {"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:functions/hello"}]}"#;
    /// let document = parse(source).document.ok_or("not a policy")?;
    /// let policies = Policies::new(vec![Policy { name: "dev".into(), layer: Layer::Account, level: 0, document }]);
    /// let context = Context::default();
    /// let ask = |function: &str| {
    ///     let resource = format!("acs:fc:cn-hangzhou:1234567890123456:functions/{function}");
    ///     policies.decide(&Request { action: "fc:InvokeFunction", resource: &resource, context: &context })
    /// };
    /// assert_eq!(ask("hello"), Decision::Allowed);
    /// assert_eq!(ask("other"), Decision::ImplicitDeny);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let mut scratch = Scratch::new();
        let probe = Probe::new(request.action, request.resource, &mut scratch);
        combine(
            self.sets
                .iter()
                .map(|set| (set.layer, set.tally(&probe, request.context))),
        )
        .decision()
    }

    /// The verdict, and every statement that surely applies as (policy, statement), in that
    /// order. `matched` is cleared first.
    pub fn decide_matched(
        &self,
        request: &Request<'_>,
        matched: &mut Vec<(usize, usize)>,
    ) -> Decision {
        matched.clear();
        let mut scratch = Scratch::new();
        let probe = Probe::new(request.action, request.resource, &mut scratch);
        let mut tallies = self
            .sets
            .iter()
            .map(|set| (set.layer, set.matched(&probe, request.context, matched)));
        let decision = combine(tallies.by_ref()).decision();
        // The evaluation may end before the last layer; what applies is asked of all.
        tallies.for_each(drop);
        matched.sort_unstable();
        matched.dedup();
        decision
    }
}
