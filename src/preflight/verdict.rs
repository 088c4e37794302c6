//! From the decisions on single resources to the verdict on the call.

use serde_json::Value;

use super::{Caller, Required};
use crate::acs::Principal;
use crate::ram::{
    Context, Decision, Effect, Explanation, Layer, Reason, ReasonKind, Request, Truth,
};

/// Whether the call will be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Whatever the unknowns are.
    Allowed,
    /// Whatever the unknowns are.
    Denied,
    /// It hangs on something that is not known.
    Undetermined,
}

impl Verdict {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Undetermined => "undetermined",
        }
    }
}

/// Which way RAM denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// A Deny applies.
    Explicit,
    /// Nothing allows.
    Implicit,
}

impl Denial {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Implicit => "implicit",
        }
    }
}

/// The decision on one action and one resource.
#[derive(Debug)]
pub struct Check {
    /// `fc:InvokeFunction`, …
    pub action: String,
    /// The resource that RAM may be asked about.
    pub resource: String,
    /// The verdict on it alone.
    pub verdict: Verdict,
    /// Which way, when denied.
    pub denial: Option<Denial>,
    /// Why.
    pub explanation: Explanation,
}

/// What preflight found.
#[derive(Debug)]
pub struct Preflight {
    /// The verdict on the call.
    pub verdict: Verdict,
    /// Which way, when denied.
    pub denial: Option<Denial>,
    /// Who calls, as far as it is known.
    pub principal: Option<Principal>,
    /// One for each action and each resource that RAM may be asked about.
    pub checks: Vec<Check>,
    /// Layers that were not looked at.
    pub layers_not_seen: Vec<Layer>,
    /// Why it is undetermined, or why the kind of a denial is open.
    pub reasons: Vec<Reason>,
    /// The smallest policy that lifts it; `None` where an Allow would not help.
    pub suggested_policy: Option<Value>,
    /// System policies that cover the call, the smallest first.
    pub sufficient_system_policies: Vec<String>,
}

impl Preflight {
    /// The check that decides: the first with the call's own verdict.
    pub fn deciding(&self) -> Option<&Check> {
        let same = self
            .checks
            .iter()
            .find(|check| check.verdict == self.verdict);
        same.or(self.checks.first())
    }
}

pub(super) fn decide(required: &Required, caller: &Caller, context: &Context) -> Preflight {
    let mut checks = Vec::new();
    let mut reasons = Vec::new();
    let mut outcomes = Vec::new();
    for requirement in &required.requirements {
        let candidates: Vec<Check> = requirement
            .resources
            .iter()
            .map(|resource| check(&requirement.action, resource, caller, context))
            .collect();
        for candidate in &candidates {
            merge(&mut reasons, &candidate.explanation.reasons);
        }
        outcomes.push(among_candidates(&candidates, &mut reasons));
        checks.extend(candidates);
    }
    let (verdict, denial) = all_of(&outcomes);
    match verdict {
        Verdict::Allowed => reasons.clear(),
        Verdict::Undetermined => merge(&mut reasons, &caller.unread),
        Verdict::Denied => {}
    }
    // An Allow for the caller lifts neither a Deny nor what a layer above withholds.
    let ended = checks
        .iter()
        .any(|check| check.explanation.ended_by.is_some());
    let mut open = checks
        .iter()
        .filter(|check| check.verdict != Verdict::Allowed);
    let withheld = ended || open.all(|check| check.explanation.own == Decision::Allowed);
    let suggested_policy = (verdict != Verdict::Allowed && !withheld && !a_deny_may_apply(&checks))
        .then(|| required.least_policy());
    Preflight {
        verdict,
        denial,
        principal: caller.principal.clone(),
        checks,
        layers_not_seen: Layer::ALL
            .into_iter()
            .filter(|layer| !caller.layers_seen.contains(layer))
            .collect(),
        reasons,
        suggested_policy,
        sufficient_system_policies: required.system_policies.clone(),
    }
}

fn check(action: &str, resource: &str, caller: &Caller, context: &Context) -> Check {
    let explanation = caller.policies.explain(&Request {
        action,
        resource,
        context,
    });
    let (verdict, denial) = match explanation.decision {
        Decision::Allowed => (Verdict::Allowed, None),
        Decision::ExplicitDeny => (Verdict::Denied, Some(Denial::Explicit)),
        Decision::ImplicitDeny => (Verdict::Denied, Some(Denial::Implicit)),
        Decision::Undetermined => (Verdict::Undetermined, None),
    };
    Check {
        action: action.to_owned(),
        resource: resource.to_owned(),
        verdict,
        denial,
        explanation,
    }
}

type Outcome = (Verdict, Option<Denial>);

/// RAM will ask about one of the candidates, and it is not known which: only what they all
/// say is sure.
fn among_candidates(candidates: &[Check], reasons: &mut Vec<Reason>) -> Outcome {
    let all = |verdict| candidates.iter().all(|check| check.verdict == verdict);
    if all(Verdict::Allowed) {
        return (Verdict::Allowed, None);
    }
    if all(Verdict::Denied) {
        return (Verdict::Denied, kind_of_denial(candidates, reasons));
    }
    let forms: Vec<String> = candidates
        .iter()
        .map(|check| format!("`{}` ({})", check.resource, check.verdict.as_str()))
        .collect();
    let any = |verdict| candidates.iter().any(|check| check.verdict == verdict);
    if any(Verdict::Allowed) && any(Verdict::Denied) {
        let reason = Reason {
            kind: ReasonKind::LatestForm,
            detail: format!(
                "RAM is asked about one of {}, and it is not documented about which",
                forms.join(" or ")
            ),
            settle_with: match candidates
                .iter()
                .any(|one| one.denial == Some(Denial::Explicit))
            {
                true => "a `--qualifier` other than LATEST; an Allow does not lift the Deny",
                false => {
                    "a policy that names both, as `--emit-policy` writes it, or a `--qualifier` \
                     other than LATEST"
                }
            }
            .to_owned(),
        };
        merge(reasons, std::slice::from_ref(&reason));
    }
    (Verdict::Undetermined, None)
}

/// When every reading is a denial and only its kind is open, it is implicit and the Deny is
/// named.
fn kind_of_denial(candidates: &[Check], reasons: &mut Vec<Reason>) -> Option<Denial> {
    let explicit: Vec<&Check> = candidates
        .iter()
        .filter(|check| check.denial == Some(Denial::Explicit))
        .collect();
    if explicit.len() == candidates.len() {
        return Some(Denial::Explicit);
    }
    if let Some(check) = explicit.first() {
        let reason = Reason {
            kind: ReasonKind::LatestForm,
            detail: format!(
                "a Deny applies to `{}`, which is only one of the forms that RAM may be asked about",
                check.resource
            ),
            settle_with: "a `--qualifier` other than LATEST".to_owned(),
        };
        merge(reasons, std::slice::from_ref(&reason));
    }
    Some(Denial::Implicit)
}

/// Every requirement must be allowed; one that is surely denied decides.
fn all_of(outcomes: &[Outcome]) -> Outcome {
    let denied = |kind| {
        outcomes
            .iter()
            .find(|outcome| **outcome == (Verdict::Denied, Some(kind)))
    };
    let undetermined = outcomes
        .iter()
        .find(|(verdict, _)| *verdict == Verdict::Undetermined);
    let first = denied(Denial::Explicit)
        .or(denied(Denial::Implicit))
        .or(undetermined);
    first.copied().unwrap_or((Verdict::Allowed, None))
}

fn a_deny_may_apply(checks: &[Check]) -> bool {
    checks
        .iter()
        .flat_map(|check| &check.explanation.trace)
        .any(|row| row.effect == Effect::Deny && row.applies != Truth::No)
}

fn merge(reasons: &mut Vec<Reason>, more: &[Reason]) {
    for reason in more {
        if !reasons.iter().any(|known| known.detail == reason.detail) {
            reasons.push(reason.clone());
        }
    }
}
