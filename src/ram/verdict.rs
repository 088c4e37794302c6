//! From statements to a verdict: RAM's order of layers over sets of possible outcomes.
//!
//! A statement that may or may not apply leaves a layer with several possible outcomes, and
//! so the whole evaluation. The verdict is what all of them have in common. Nothing here
//! knows patterns or conditions.

use super::document::Effect;
use super::policies::{Decision, Layer};
use super::truth::Truth;

/// How many statements of one set apply, surely or perhaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) deny: u32,
    pub(crate) maybe_deny: u32,
    pub(crate) allow: u32,
    pub(crate) maybe_allow: u32,
}

/// Which outcomes are possible: a set of explicit denial, allowance and implicit denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcomes(u8);

impl Outcomes {
    pub(crate) const NONE: Outcomes = Outcomes(0);
    pub(crate) const EXPLICIT: Outcomes = Outcomes(1);
    pub(crate) const ALLOW: Outcomes = Outcomes(2);
    pub(crate) const IMPLICIT: Outcomes = Outcomes(4);
    const DENIALS: Outcomes = Outcomes(5);

    pub(crate) fn with(self, other: Outcomes) -> Outcomes {
        Outcomes(self.0 | other.0)
    }

    pub(crate) fn only(self, other: Outcomes) -> Outcomes {
        Outcomes(self.0 & other.0)
    }

    pub(crate) fn has(self, other: Outcomes) -> bool {
        self.0 & other.0 != 0
    }

    /// What all readings have in common. When each is a denial and only its kind is open, it
    /// is implicit.
    pub(crate) fn decision(self) -> Decision {
        match self {
            Outcomes::ALLOW => Decision::Allowed,
            Outcomes::EXPLICIT => Decision::ExplicitDeny,
            other if other.has(Outcomes::ALLOW) => Decision::Undetermined,
            _ => Decision::ImplicitDeny,
        }
    }
}

impl Tally {
    #[inline]
    pub(crate) fn count(&mut self, effect: Effect, applies: Truth) {
        let counter = match (effect, applies) {
            (_, Truth::No) => return,
            (Effect::Deny, Truth::Yes) => &mut self.deny,
            (Effect::Deny, Truth::Unknown) => &mut self.maybe_deny,
            (Effect::Allow, Truth::Yes) => &mut self.allow,
            (Effect::Allow, Truth::Unknown) => &mut self.maybe_allow,
        };
        *counter += 1;
    }

    /// As if all open statements of one effect were settled.
    pub(crate) fn settled(mut self, effect: Effect, applies: Truth) -> Tally {
        let open = match effect {
            Effect::Deny => std::mem::take(&mut self.maybe_deny),
            Effect::Allow => std::mem::take(&mut self.maybe_allow),
        };
        if open > 0 {
            self.count(effect, applies);
        }
        self
    }

    /// One policy set: a Deny beats an Allow, and nothing at all is an implicit denial.
    #[inline]
    pub(crate) fn outcomes(self) -> Outcomes {
        if self.deny > 0 {
            return Outcomes::EXPLICIT;
        }
        let denied = if self.maybe_deny > 0 {
            Outcomes::EXPLICIT
        } else {
            Outcomes::NONE
        };
        let rest = match (self.allow > 0, self.maybe_allow > 0) {
            (true, _) => Outcomes::ALLOW,
            (false, true) => Outcomes::ALLOW.with(Outcomes::IMPLICIT),
            (false, false) => Outcomes::IMPLICIT,
        };
        denied.with(rest)
    }
}

/// All layers, in RAM's order. Control policies (one set a folder) and the session policy
/// each need an Allow of their own, and a denial there ends the evaluation. An Allow at
/// account scope ends it too: only an implicit denial goes on to resource-group scope. That
/// a Deny there should not count against such an Allow contradicts another page, so both
/// stay possible.
#[inline]
pub(crate) fn combine(sets: impl Iterator<Item = (Layer, Tally)>) -> Outcomes {
    let mut reached = Outcomes::NONE;
    let mut account = None;
    let mut group = None;
    for (layer, tally) in sets {
        let outcomes = tally.outcomes();
        match layer {
            Layer::Control | Layer::Session => {
                reached = reached.with(outcomes.only(Outcomes::DENIALS));
                if !outcomes.has(Outcomes::ALLOW) {
                    return reached;
                }
            }
            Layer::Account if outcomes == Outcomes::EXPLICIT => return reached.with(outcomes),
            Layer::Account => account = Some(outcomes),
            Layer::ResourceGroup => group = Some(outcomes),
        }
    }
    reached.with(match (account, group) {
        (None, None) => Outcomes::IMPLICIT,
        (Some(only), None) | (None, Some(only)) => only,
        (Some(account), Some(group)) => both_scopes(account, group),
    })
}

fn both_scopes(account: Outcomes, group: Outcomes) -> Outcomes {
    let mut outcomes = account.only(Outcomes::EXPLICIT.with(Outcomes::ALLOW));
    if account.has(Outcomes::ALLOW) {
        outcomes = outcomes.with(group.only(Outcomes::EXPLICIT));
    }
    if account.has(Outcomes::IMPLICIT) {
        outcomes = outcomes.with(group);
    }
    outcomes
}
