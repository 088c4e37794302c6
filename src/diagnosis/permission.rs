//! Denials: preflight's own, and the service's. What is suggested is the smallest policy for
//! what the call needs, and only where an Allow would help.

use super::failure::{Failure, Hint, policy_name, shell_quoted};
use super::{Cause, Reading, codes, places};
use crate::acs::Principal;
use crate::catalogue::Catalogue;
use crate::fc::Target;
use crate::preflight::{self, Caller, Denial, Preflight, Verdict};
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
        hints.extend(to_read(caller.to_read.as_ref(), &principal));
    }
    hints
}

/// How a caller who may not read its own policies is let read them, by this policy.
pub fn to_read(policy: Option<&serde_json::Value>, principal: &Principal) -> Vec<Hint> {
    const NAME: &str = "sesame-read-own-policies";
    let Some(policy) = policy else {
        return Vec::new();
    };
    let mut hints = vec![Hint::command(
        "to let the caller read its own policies, and change nothing, an administrator creates this policy",
        create_policy(NAME, &policy.to_string()),
    )];
    let (_, operation, argument) = attaching(principal);
    if let Some(name) = &principal.name {
        let name = shell_quoted(name);
        hints.push(Hint::command(
            "and attaches it",
            format!(
                "aliyun ram {operation} --PolicyType Custom --PolicyName {NAME} {argument} {name}"
            ),
        ));
    }
    hints
}

/// What the caller is called, the operation that attaches a policy to it, and its parameter.
fn attaching(principal: &Principal) -> (&'static str, &'static str, &'static str) {
    match principal.kind.as_deref() {
        Some("AssumedRoleUser") => ("RAM role", "AttachPolicyToRole", "--RoleName"),
        _ => ("RAM user", "AttachPolicyToUser", "--UserName"),
    }
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

/// The command that creates a policy from its text.
pub fn create_policy(name: &str, document: &str) -> String {
    format!(
        "aliyun ram CreatePolicy --PolicyName {} --PolicyDocument {}",
        shell_quoted(name),
        shell_quoted(document)
    )
}

/// What a layer above the caller's own policies withholds, in words.
fn withheld_by(layer: Layer) -> String {
    let name = layer.as_str();
    format!("no {name} policy allows it, whatever the caller's own policies say")
}

/// Adds the policy, whom to attach it to, and the commands that do it.
fn suggest(failure: &mut Failure, policy: Option<serde_json::Value>, target: &Target) {
    let Some(policy) = policy else { return };
    let principal = failure.principal.clone().unwrap_or_default();
    let name = policy_name(&format!("sesame-invoke-{}", target.name()));
    let create = create_policy(&name, &policy.to_string());
    let known = principal
        .name
        .as_deref()
        .map(|name| name.split(':').next().unwrap_or(name));
    let (kind, operation, argument) = attaching(&principal);
    failure.attach_to = Some(match known {
        Some(known) => format!("{kind} `{known}`"),
        None => principal.describe(),
    });
    failure
        .hints
        .push(Hint::command("an administrator creates the policy", create));
    if let Some(known) = known {
        let attach = format!(
            "aliyun ram {operation} --PolicyType Custom --PolicyName {} {argument} {}",
            shell_quoted(&name),
            shell_quoted(known)
        );
        failure.hints.push(Hint::command("and attaches it", attach));
    } else {
        failure.hints.push(Hint::text(
            "and attaches it to the RAM user or role that called",
        ));
    }
    failure.suggested_policy = Some(policy);
}

/// Fills in what a platform's denial says, and the way out.
pub(super) fn of_refusal(failure: &mut Failure, cause: Cause, reading: &Reading, call: &Call<'_>) {
    let principal = match (call.principal, &reading.principal) {
        (Some(known), Some(said)) => Some(Principal {
            kind: said.kind.clone().or_else(|| known.kind.clone()),
            id: said.id.clone().or_else(|| known.id.clone()),
            name: known.name.clone(),
            account_id: said.account_id.clone().or_else(|| known.account_id.clone()),
        }),
        (known, said) => known.cloned().or_else(|| said.clone()),
    };
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
    if let Some(preflight) = call.preflight {
        failure.why.push(match preflight.verdict {
            Verdict::Allowed => {
                "preflight said allowed: the policies that it was given are not the ones that the service goes by".to_owned()
            }
            Verdict::Denied => "preflight said denied, too".to_owned(),
            Verdict::Undetermined => "preflight could not tell".to_owned(),
        });
    }
    let above = match reading.policy_type.as_deref() {
        Some("ControlPolicy") => Some(Layer::Control),
        Some("SessionPolicy") => Some(Layer::Session),
        _ => None,
    };
    match (cause, above) {
        (_, Some(layer)) => failure.hints.push(Hint::text(kept_by(layer))),
        (Cause::PermissionExplicitDeny, None) => failure.hints.push(Hint::text(
            "an Allow does not lift a Deny: ask whoever owns the caller's policies which one it is",
        )),
        _ => suggest_for_refusal(failure, reading, call),
    }
    if let Some(message) = &reading.encoded_diagnostic_message {
        failure.hints.push(Hint::command(
            "an administrator can ask RAM which policy decided",
            format!(
                "aliyun ram DecodeDiagnosticMessage --EncodedDiagnosticMessage {}",
                shell_quoted(message)
            ),
        ));
    }
}

/// A policy is suggested only for what the call needs, so a text that names something else
/// cannot plant advice.
fn suggest_for_refusal(failure: &mut Failure, reading: &Reading, call: &Call<'_>) {
    let Some(target) = call.target else { return };
    let said = reading.resource.as_deref().unwrap_or_default();
    // The platform's word on the account settles it where nobody gave one.
    let account = target.account().map(str::to_owned).or_else(|| {
        let account = said.split(':').nth(3)?;
        crate::fc::target::check_account(account)
            .ok()
            .map(|()| account.to_owned())
    });
    let target = match account.map(|account| target.clone().in_account(&account)) {
        Some(Ok(target)) => target,
        _ => return,
    };
    let catalogue = call.catalogue.unwrap_or_else(|| Catalogue::embedded());
    let Ok(required) = preflight::for_invoke(&target, catalogue) else {
        return;
    };
    let requirements = &required.requirements;
    let assumed = requirements.iter().find(|requirement| {
        reading
            .action
            .as_deref()
            .is_none_or(|said| said == requirement.action)
    });
    let matches = assumed.is_some_and(|requirement| {
        reading.resource.is_none() || requirement.resources.iter().any(|one| one == said)
    });
    if matches {
        suggest(failure, Some(required.least_policy()), &target);
        return;
    }
    let ours: Vec<String> = requirements
        .iter()
        .map(|one| format!("`{}` on `{}`", one.action, one.resources.join("` or `")))
        .collect();
    failure.why.push(format!(
        "sesame assumed {}, which is not what the answer names",
        ours.join(", ")
    ));
    failure.hints.push(Hint::text(
        "sesame suggests no policy for something else than the call: compare the two before you grant it",
    ));
}
