//! Policies of one caller, prepared once and asked many times.
//!
//! Preparing compiles patterns, reads values and sorts the statements into sets: one for each
//! folder of control policies, one for each other layer. [`Policies::decide`] allocates
//! nothing for requests of ordinary length; [`Policies::explain`] gives the same decision,
//! with the reasons. Both see every policy that was given and nothing else: whether some are
//! missing is the caller's business.

use super::condition::Prepared;
use super::context::Context;
use super::document::{Document, Effect};
use super::name::{ActionPattern, Probe, ResourcePattern, Scratch};
use super::span::{Position, Span};
use super::truth::Truth;
use super::verdict::{Tally, combine};

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
}

/// A statement, compiled.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) policy: usize,
    pub(super) statement: usize,
    pub(super) span: Span,
    pub(super) position: Position,
    pub(super) effect: Effect,
    not_action: bool,
    pub(super) actions: Box<[ActionPattern]>,
    pub(super) resources: Resources,
    pub(super) conditions: Box<[Prepared]>,
    /// An operator that tests nothing: never surely met.
    idle_operator: bool,
}

#[derive(Debug)]
pub(super) enum Resources {
    Patterns(Box<[ResourcePattern]>),
    /// `NotResource`, an empty list, or a trust policy's statement: not documented here.
    Undocumented,
}

impl Compiled {
    fn new(policy: usize, index: usize, document: &Document) -> Option<Compiled> {
        let statement = document.statements().get(index)?;
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
        Some(Compiled {
            policy,
            statement: index,
            span: statement.span,
            position: Position::of(document.source(), statement.span.start),
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
            idle_operator: !statement.idle_operators.is_empty(),
        })
    }

    pub(super) fn action(&self, probe: &Probe<'_>) -> Truth {
        if self.actions.is_empty() {
            return Truth::Unknown;
        }
        let mut matched = Truth::No;
        for pattern in &self.actions {
            matched = matched.or(pattern.matches(probe));
            if matched == Truth::Yes {
                break;
            }
        }
        if self.not_action {
            matched.not()
        } else {
            matched
        }
    }

    pub(super) fn resource(&self, probe: &Probe<'_>) -> Truth {
        let Resources::Patterns(patterns) = &self.resources else {
            return Truth::Unknown;
        };
        let mut matched = Truth::No;
        for pattern in patterns {
            matched = matched.or(pattern.matches(probe));
            if matched == Truth::Yes {
                break;
            }
        }
        matched
    }

    pub(super) fn condition(&self, context: &Context) -> Truth {
        let mut met = if self.idle_operator {
            Truth::Unknown
        } else {
            Truth::Yes
        };
        for condition in &self.conditions {
            met = met.and(condition.evaluate(context).0);
            if met == Truth::No {
                break;
            }
        }
        met
    }

    /// Whether it applies; the first element that certainly fails ends it.
    fn applies(&self, probe: &Probe<'_>, context: &Context) -> Truth {
        let mut applies = self.action(probe);
        if applies != Truth::No {
            applies = applies.and(self.resource(probe));
        }
        if applies != Truth::No && (self.idle_operator || !self.conditions.is_empty()) {
            applies = applies.and(self.condition(context));
        }
        applies
    }
}

impl Set {
    fn tally(&self, probe: &Probe<'_>, context: &Context) -> Tally {
        let mut tally = Tally::default();
        for statement in &self.statements {
            tally.count(statement.effect, statement.applies(probe, context));
        }
        tally
    }
}

impl Policies {
    /// Prepares the policies: patterns are compiled, values read, statements sorted into sets.
    #[must_use]
    pub fn new(policies: Vec<Policy>) -> Policies {
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
                sets.push(Set {
                    layer: policy.layer,
                    level,
                    statements: Vec::new(),
                });
                sets.len() - 1
            });
            let statements = 0..policy.document.statements().len();
            if let Some(set) = sets.get_mut(place) {
                set.statements.extend(
                    statements
                        .filter_map(|statement| Compiled::new(index, statement, &policy.document)),
                );
            }
        }
        sets.sort_by_key(|set| (set.layer, set.level));
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
        let scratch = Scratch::new(request.action, request.resource);
        let probe = Probe::new(request.action, request.resource, &scratch);
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
        let scratch = Scratch::new(request.action, request.resource);
        let probe = Probe::new(request.action, request.resource, &scratch);
        // The evaluation may end before the last layer; what applies is asked of all.
        let mut tallies = Vec::with_capacity(self.sets.len());
        for set in &self.sets {
            let mut tally = Tally::default();
            for statement in &set.statements {
                let applies = statement.applies(&probe, request.context);
                tally.count(statement.effect, applies);
                if applies == Truth::Yes {
                    matched.push((statement.policy, statement.statement));
                }
            }
            tallies.push((set.layer, tally));
        }
        matched.sort_unstable();
        combine(tallies.into_iter()).decision()
    }
}
