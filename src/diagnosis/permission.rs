//! Denials: preflight's own, and the service's. What is suggested is the smallest policy for
//! what the call needs, and only where an Allow would help.

use super::failure::{Failure, Hint, shell_quoted};
use super::pasted::Shape;
use super::{Cause, Reading, codes, grant, places};
use crate::acs::Principal;
use crate::catalogue::{Catalogue, Requirement};
use crate::fc::Target;
use crate::preflight::{self, Caller, Denial, Preflight, Required, Verdict};
use crate::ram::{Decision, Explanation, Layer, Policies, Reason, Request};

/// What is known of the call that was refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'a> {
    /// What was called.
    pub target: Option<&'a Target>,
    /// Who called, as far as it is known here.
    pub principal: Option<&'a Principal>,
    /// What preflight said before.
    pub preflight: Option<&'a Preflight>,
    /// The templates in use; the embedded ones when there are no others.
    pub catalogue: Option<&'a Catalogue>,
    /// An attempt before this answer broke off after it had gone out.
    pub in_doubt: bool,
}

/// Preflight's denial, or its doubt; `None` when it allows.
pub fn of_preflight(preflight: &Preflight, target: &Target, caller: &Caller) -> Option<Failure> {
    let check = preflight.deciding()?;
    if preflight.verdict == Verdict::Allowed {
        return None;
    }
    let mut failure = refusal(
        preflight.denial,
        preflight.verdict,
        &check.action,
        &check.resource,
    );
    failure.who = preflight.principal.as_ref().map(Principal::describe);
    failure.principal = preflight.principal.clone();
    failure.denial = preflight.denial;
    failure.why = why(preflight, caller);
    failure.excerpts = places::deciding(
        &check.explanation,
        &check.action,
        &check.resource,
        &caller.policies,
    );
    failure.hints.extend(to_settle(preflight, caller));
    if let Some(layer) = ended_by(preflight) {
        failure.hints.push(Hint::text(kept_by(layer)));
    }
    match preflight.denial {
        Some(Denial::Explicit) => failure.hints.push(Hint::text(NO_ALLOW_HELPS)),
        _ => suggest(&mut failure, preflight.suggested_policy.clone(), target),
    }
    Some(failure)
}

/// The decision on one question, unless it is an allowance.
pub fn of_decision(
    explanation: &Explanation,
    request: &Request<'_>,
    policies: &Policies,
) -> Option<Failure> {
    let (denial, verdict) = match explanation.decision {
        Decision::Allowed => return None,
        Decision::ExplicitDeny => (Some(Denial::Explicit), Verdict::Denied),
        Decision::ImplicitDeny => (Some(Denial::Implicit), Verdict::Denied),
        Decision::Undetermined => (None, Verdict::Undetermined),
    };
    let mut failure = refusal(denial, verdict, request.action, request.resource);
    failure.excerpts = places::deciding(explanation, request.action, request.resource, policies);
    for reason in &explanation.reasons {
        failure.why.push(reason.detail.clone());
        failure.hints.push(settle(reason));
    }
    match (denial, explanation.ended_by) {
        (Some(Denial::Implicit), Some(layer)) => {
            failure.why.push(withheld_by(layer));
            failure.hints.push(Hint::text(kept_by(layer)));
        }
        (Some(Denial::Implicit), None) => failure.hints.push(Hint::text(
            "`sesame policy generate --pairs` writes the smallest policy that allows it",
        )),
        (Some(Denial::Explicit), above) => {
            failure.hints.extend(above.map(kept_by).map(Hint::text));
            failure.hints.push(Hint::text(NO_ALLOW_HELPS));
        }
        (None, _) => {}
    }
    Some(failure)
}

const NO_ALLOW_HELPS: &str =
    "an Allow does not lift a Deny: ask whoever owns that policy for an exception";

/// Code and title of a decision that is not an allowance.
fn refusal(denial: Option<Denial>, verdict: Verdict, action: &str, resource: &str) -> Failure {
    let (code, title) = match (verdict, denial) {
        (Verdict::Denied, Some(Denial::Explicit)) => (
            codes::EXPLICIT_DENY,
            format!("a Deny applies to `{action}` on `{resource}`"),
        ),
        (Verdict::Denied, _) => (
            codes::IMPLICIT_DENY,
            format!("nothing allows `{action}` on `{resource}`"),
        ),
        _ => (
            codes::UNDETERMINED,
            format!("cannot tell whether `{action}` on `{resource}` is allowed"),
        ),
    };
    let mut failure = Failure::new(code, title);
    failure.action = Some(action.to_owned());
    failure.resource = Some(resource.to_owned());
    failure.denial = denial;
    failure
}

fn settle(reason: &Reason) -> Hint {
    Hint::text(format!("to settle it: {}", reason.settle_with))
}

/// What to do about each thing that a verdict hangs on.
pub fn to_settle(preflight: &Preflight, caller: &Caller) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    for reason in &preflight.reasons {
        let hint = settle(reason);
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    if preflight.verdict == Verdict::Undetermined {
        let principal = caller.principal.clone().unwrap_or_default();
        hints.extend(grant::to_read(caller.to_read.as_ref(), &principal));
    }
    hints
}

/// The layer above the caller's own policies that denies.
fn ended_by(preflight: &Preflight) -> Option<Layer> {
    preflight
        .checks
        .iter()
        .find_map(|check| check.explanation.ended_by)
}

/// Where the policies of a layer above the caller's own are kept.
fn kept_by(layer: Layer) -> &'static str {
    match layer {
        Layer::Control => {
            "control policies are kept in the resource directory's management account: ask its administrators"
        }
        _ => {
            "the session policy was given when the role was assumed: assume it again with one that allows this"
        }
    }
}

fn why(preflight: &Preflight, caller: &Caller) -> Vec<String> {
    let mut why: Vec<String> = preflight
        .reasons
        .iter()
        .map(|reason| reason.detail.clone())
        .collect();
    if let (Some(Denial::Implicit), Some(layer)) = (preflight.denial, ended_by(preflight)) {
        why.push(withheld_by(layer));
    } else if preflight.denial == Some(Denial::Implicit) {
        let count = caller.policies.list().len();
        why.push(match count {
            0 => "the caller has no policy at all".to_owned(),
            1 => "the caller's one policy does not allow it".to_owned(),
            _ => format!("none of the caller's {count} policies allows it"),
        });
    }
    why
}

/// What a layer above the caller's own policies withholds, in words.
fn withheld_by(layer: Layer) -> String {
    let name = layer.as_str();
    format!("no {name} policy allows it, whatever the caller's own policies say")
}

/// Where a refusal was met.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// In a call that sesame made.
    Call(&'a Call<'a>),
    /// In somebody's text.
    Text(Shape),
}

impl<'a> Origin<'a> {
    /// What was called, where that is known.
    pub(super) fn target(self) -> Option<&'a Target> {
        match self {
            Self::Call(call) => call.target,
            Self::Text(_) => None,
        }
    }
}

/// Who was refused: what is known here, completed by what the answer says.
fn refused_principal(known: Option<&Principal>, said: Option<&Principal>) -> Option<Principal> {
    match (known, said) {
        (Some(known), Some(said)) => Some(Principal {
            kind: said.kind.clone().or_else(|| known.kind.clone()),
            id: said.id.clone().or_else(|| known.id.clone()),
            name: known.name.clone(),
            account_id: said.account_id.clone().or_else(|| known.account_id.clone()),
        }),
        (known, said) => known.or(said).cloned(),
    }
}

/// Fills in what a platform's denial says, and the way out.
pub(super) fn of_refusal(
    failure: &mut Failure,
    cause: Cause,
    reading: &Reading,
    origin: Origin<'_>,
) {
    let (known, preflight) = match origin {
        Origin::Call(call) => (call.principal, call.preflight),
        Origin::Text(_) => (None, None),
    };
    let principal = refused_principal(known, reading.principal.as_ref());
    failure.who = principal.as_ref().map(Principal::describe);
    failure.principal = principal;
    failure.denial = reading.denial;
    failure.policy_type.clone_from(&reading.policy_type);
    if let Some(policy_type) = &reading.policy_type {
        failure.why.push(format!(
            "decided by the caller's policies of kind {policy_type}"
        ));
    }
    for (key, value) in &reading.conditions {
        failure.why.push(format!(
            "a Deny with a condition that the request meets: {key} is {value}"
        ));
    }
    if let Some(preflight) = preflight {
        failure.why.push(match preflight.verdict {
            Verdict::Allowed => {
                "preflight said allowed: the policies that it was given are not the ones that the service goes by".to_owned()
            }
            Verdict::Denied => "preflight said denied, too".to_owned(),
            Verdict::Undetermined => "preflight could not tell".to_owned(),
        });
    }
    let assumed = match origin {
        Origin::Call(call) => Assumed::of(call, reading),
        Origin::Text(_) => None,
    };
    if let Some(assumed) = &assumed {
        failure.why.extend(assumed.difference(reading));
    }
    let elsewhere = match reading.policy_type.as_deref() {
        Some("ControlPolicy") => Some(kept_by(Layer::Control)),
        Some("SessionPolicy") => Some(kept_by(Layer::Session)),
        Some("AssumeRolePolicy") => Some(
            "it is the role's trust policy: whoever owns the role adds the caller to its `Principal`",
        ),
        _ => None,
    };
    match (cause, elsewhere, origin) {
        (_, Some(elsewhere), _) => failure.hints.push(Hint::text(elsewhere)),
        (Cause::PermissionExplicitDeny, None, _) => failure.hints.push(Hint::text(WHICH_DENY)),
        (_, None, Origin::Call(_)) => suggest_for_call(failure, reading, assumed.as_ref()),
        (_, None, Origin::Text(shape)) => grant::of_text(failure, reading, shape),
    }
    if let Some(message) = reading
        .encoded_diagnostic_message
        .as_deref()
        .filter(|message| is_encoded(message))
    {
        failure.hints.push(Hint::command(
            "an administrator can ask RAM which policy decided",
            decode_command(message),
        ));
    }
}

/// What to do about a Deny of a policy that nobody names.
pub(super) const WHICH_DENY: &str =
    "an Allow does not lift a Deny: ask whoever owns the caller's policies which one it is";

/// Whether it has the form of an `EncodedDiagnosticMessage`; anything else is not handed on.
pub(super) fn is_encoded(message: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    !message.is_empty() && message.len() <= 16 * 1024 && message.bytes().all(plain)
}

/// The command that asks RAM which policy decided.
pub(super) fn decode_command(message: &str) -> String {
    format!(
        "aliyun ram DecodeDiagnosticMessage --EncodedDiagnosticMessage {}",
        shell_quoted(message)
    )
}

/// What sesame takes the call to need.
struct Assumed {
    target: Target,
    required: Required,
}

impl Assumed {
    fn of(call: &Call<'_>, reading: &Reading) -> Option<Self> {
        let target = call.target?;
        // The platform's word on the account settles it where nobody gave one.
        let account = target.account().map(str::to_owned).or_else(|| {
            let account = reading.resource.as_deref()?.split(':').nth(3)?;
            let checked = crate::fc::target::check_account(account);
            checked.ok().map(|()| account.to_owned())
        })?;
        let target = target.clone().in_account(&account).ok()?;
        let catalogue = call.catalogue.unwrap_or_else(|| Catalogue::embedded());
        let required = preflight::for_invoke(&target, catalogue).ok()?;
        Some(Self { target, required })
    }

    /// The requirement that the answer speaks of.
    fn matched(&self, reading: &Reading) -> Option<&Requirement> {
        let action = reading.action.as_deref();
        let mut requirements = self.required.requirements.iter();
        let found = requirements.find(|one| action.is_none_or(|said| said == one.action))?;
        let resource = reading.resource.as_ref();
        resource
            .is_none_or(|said| found.resources.contains(said))
            .then_some(found)
    }

    /// Where the service went by something else than what was assumed, or settled what was
    /// open.
    fn difference(&self, reading: &Reading) -> Option<String> {
        match (self.matched(reading), &reading.resource) {
            (Some(matched), Some(said)) if matched.resources.len() > 1 => Some(format!(
                "of the forms that sesame weighed, `{}`, the service went by `{said}`",
                matched.resources.join("` and `")
            )),
            (Some(_), _) => None,
            (None, _) => {
                let requirements = self.required.requirements.iter();
                let ours: Vec<String> = requirements
                    .map(|one| format!("`{}` on `{}`", one.action, one.resources.join("` or `")))
                    .collect();
                Some(format!(
                    "sesame assumed {}, which is not what the answer names",
                    ours.join(", ")
                ))
            }
        }
    }
}

/// A policy is suggested only for what the call needs, so a text that names something else
/// cannot plant advice.
fn suggest_for_call(failure: &mut Failure, reading: &Reading, assumed: Option<&Assumed>) {
    let Some(assumed) = assumed else { return };
    if assumed.matched(reading).is_some() {
        suggest(
            failure,
            Some(assumed.required.least_policy()),
            &assumed.target,
        );
        return;
    }
    failure.hints.push(Hint::text(
        "sesame suggests no policy for something else than the call: compare the two before you grant it",
    ));
}

/// Adds the policy for a target, whom to attach it to, and the commands that do it.
fn suggest(failure: &mut Failure, policy: Option<serde_json::Value>, target: &Target) {
    if let Some(policy) = policy {
        grant::suggest(failure, policy, &format!("sesame-invoke-{}", target.name()));
    }
}
