//! A role's trust policy: whether it lets a principal assume the role.
//!
//! Actions and conditions mean what they mean in any policy, and a Deny beats an Allow. What
//! stands under `RAM` is documented in three forms: an account's `root`, which is everyone of
//! that account, one user and one role. Whatever else could mean the caller leaves the answer
//! open.

use super::context::Context;
use super::document::{Document, Principal, PrincipalKind, Statement};
use super::glob;
use super::name::{Probe, Scratch};
use super::policies::{Compiled, Decision};
use super::span::Position;
use super::truth::Truth;
use super::value::fold;
use super::verdict::Tally;

/// Who asks to assume a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumer<'a> {
    /// The account that it belongs to.
    pub account: &'a str,
    /// Who it is in that account.
    pub identity: Identity<'a>,
}

/// A user, or a role that somebody has assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity<'a> {
    /// A RAM user.
    User {
        /// Its name.
        name: &'a str,
    },
    /// A session of a role.
    RoleSession {
        /// The role's name.
        role: &'a str,
        /// The session's name.
        session: &'a str,
    },
}

impl Assumer<'_> {
    /// Everyone of the account.
    fn root(&self) -> String {
        format!("acs:ram::{}:root", self.account)
    }

    fn name(&self) -> String {
        let account = self.account;
        match self.identity {
            Identity::User { name } => format!("acs:ram::{account}:user/{name}"),
            Identity::RoleSession { role, .. } => format!("acs:ram::{account}:role/{role}"),
        }
    }

    /// Names that mean the caller elsewhere; that they do so here is not documented.
    fn other_names(&self) -> Vec<String> {
        let account = self.account;
        let mut names = vec![account.to_owned()];
        if let Identity::RoleSession { role, session } = self.identity {
            names.push(format!("acs:ram::{account}:assumed-role/{role}/{session}"));
            names.push(format!("acs:ram::{account}:role/{role}/{session}"));
        }
        names
    }

    /// Whether a text under `RAM` means the caller.
    fn is_meant_by(&self, text: &str) -> Truth {
        let certain = [self.root(), self.name()];
        if certain.iter().any(|name| name == text) {
            return Truth::Yes;
        }
        // Wildcards, letter case and other names: each could mean the caller.
        let pattern = folded(text);
        let mut names = certain.into_iter().chain(self.other_names());
        let perhaps = names.any(|name| glob::matches(pattern.as_bytes(), folded(&name).as_bytes()));
        if perhaps { Truth::Unknown } else { Truth::No }
    }

    fn is_among(&self, principal: Option<&Principal>) -> Truth {
        let Some(principal) = principal else {
            return Truth::Unknown;
        };
        principal
            .entries
            .iter()
            .filter(|(kind, _)| *kind == PrincipalKind::Ram)
            .flat_map(|(_, texts)| &texts.items)
            .map(|text| self.is_meant_by(&text.value))
            .fold(Truth::No, Truth::or)
    }
}

fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// Whether a trust policy lets the caller perform the action, which is `sts:AssumeRole`.
///
/// ```
/// use sesame_fc::ram::{Assumer, Context, Decision, Identity, parse, trusts};
///
/// let source = br#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
///     "Principal": {"RAM": "acs:ram::1234567890123456:user/alice"}}]}"#;
/// let trust = parse(source).document.ok_or("not a policy")?;
/// let ask = |name| {
///     let identity = Identity::User { name };
///     let caller = Assumer { account: "1234567890123456", identity };
///     trusts(&trust, &caller, "sts:AssumeRole", &Context::default())
/// };
/// assert_eq!(ask("alice"), Decision::Allowed);
/// assert_eq!(ask("bob"), Decision::ImplicitDeny);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn trusts(trust: &Document, caller: &Assumer<'_>, action: &str, context: &Context) -> Decision {
    let mut scratch = Scratch::new();
    let probe = Probe::new(action, "", &mut scratch);
    let mut tally = Tally::default();
    for (index, statement) in trust.statements().iter().enumerate() {
        let applies = applies(index, statement, caller, &probe, context);
        tally.count(statement.effect, applies);
    }
    tally.outcomes().decision()
}

fn applies(
    index: usize,
    statement: &Statement,
    caller: &Assumer<'_>,
    probe: &Probe<'_>,
    context: &Context,
) -> Truth {
    let meant = caller.is_among(statement.principal.as_ref());
    let start = Position { line: 1, column: 1 };
    let compiled = Compiled::new(0, index, statement, start);
    let action = match compiled.action(probe).0 {
        // What `NotAction` grants in a trust policy is not documented.
        Truth::Yes if statement.action.not => Truth::Unknown,
        matched => matched,
    };
    meant.and(action).and(compiled.condition(context).0)
}
