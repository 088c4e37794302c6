//! Denials: preflight's own, and the service's. What is suggested is the smallest policy for
//! what the call needs, and only where an Allow would help.

use super::failure::{Excerpt, Failure, Hint, Weight, shell_quoted};
use super::{Cause, Reading, codes};
use crate::acs::Principal;
use crate::fc::Target;
use crate::preflight::{self, Caller, Check, Denial, Preflight, Verdict};
use crate::ram::{Effect, Element, Policies, Truth};

/// What is known of the call that was refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'a> {
    /// What was called.
    pub target: Option<&'a Target>,
    /// Who called, as far as it is known here.
    pub principal: Option<&'a Principal>,
    /// What preflight said before.
    pub preflight: Option<&'a Preflight>,
}

/// Preflight's denial, or its doubt; `None` when it allows.
pub fn of_preflight(preflight: &Preflight, target: &Target, caller: &Caller) -> Option<Failure> {
    let check = preflight.deciding()?;
    let (code, title) = match (preflight.verdict, preflight.denial) {
        (Verdict::Allowed, _) => return None,
        (Verdict::Denied, Some(Denial::Explicit)) => (
            codes::EXPLICIT_DENY,
            format!(
                "a Deny applies to `{}` on `{}`",
                check.action, check.resource
            ),
        ),
        (Verdict::Denied, _) => (
            codes::IMPLICIT_DENY,
            format!("nothing allows `{}` on `{}`", check.action, check.resource),
        ),
        (Verdict::Undetermined, _) => (
            codes::UNDETERMINED,
            format!(
                "cannot tell whether `{}` on `{}` is allowed",
                check.action, check.resource
            ),
        ),
    };
    let mut failure = Failure::new(code, title);
    failure.who = preflight.principal.as_ref().map(Principal::describe);
    failure.principal = preflight.principal.clone();
    failure.action = Some(check.action.clone());
    failure.resource = Some(check.resource.clone());
    failure.denial = preflight.denial;
    failure.why = why(preflight, caller);
    failure.excerpts = excerpts(check, preflight.verdict, &caller.policies);
    for reason in &preflight.reasons {
        failure
            .hints
            .push(Hint::text(format!("to settle it: {}", reason.settle_with)));
    }
    match preflight.denial {
        Some(Denial::Explicit) => failure.hints.push(Hint::text(
            "an Allow does not lift a Deny: ask whoever owns that policy for an exception",
        )),
        _ => suggest(&mut failure, preflight.suggested_policy.clone(), target),
    }
    Some(failure)
}

fn why(preflight: &Preflight, caller: &Caller) -> Vec<String> {
    let mut why: Vec<String> = preflight
        .reasons
        .iter()
        .map(|reason| reason.detail.clone())
        .collect();
    if preflight.denial == Some(Denial::Implicit) {
        let count = caller.policies.list().len();
        why.push(match count {
            0 => "the caller has no policy at all".to_owned(),
            1 => "the caller's one policy does not allow it".to_owned(),
            _ => format!("none of the caller's {count} policies allows it"),
        });
    }
    why
}

/// The statements that decide, or that come nearest, where they stand.
fn excerpts(check: &Check, verdict: Verdict, policies: &Policies) -> Vec<Excerpt> {
    let explanation = &check.explanation;
    let excerpt = |policy: usize, weight, title: String| {
        let policy = &policies.list()[policy];
        Excerpt {
            weight,
            code: None,
            title,
            path: policy.name.clone(),
            source: policy.document.source().to_owned(),
            labels: Vec::new(),
            help: None,
        }
    };
    let mut excerpts = Vec::new();
    if let Some(decided_by) = &explanation.decided_by {
        let (weight, verb) = match decided_by.effect {
            Effect::Deny => (Weight::Error, "denies"),
            Effect::Allow => (Weight::Note, "allows"),
        };
        let mut shown = excerpt(
            decided_by.policy,
            weight,
            format!("this statement {verb} the call"),
        );
        let row = explanation
            .trace
            .iter()
            .find(|row| (row.policy, row.statement) == (decided_by.policy, decided_by.statement));
        let resource = row.and_then(|row| row.resource_span);
        let action = row.and_then(|row| row.action_span);
        if let Some(span) = resource {
            shown.labels.push((
                span.start..span.end,
                format!("matches `{}`", check.resource),
            ));
        }
        if let Some(span) = action {
            shown
                .labels
                .push((span.start..span.end, format!("matches `{}`", check.action)));
        }
        if shown.labels.is_empty() {
            let span = decided_by.span;
            shown.labels.push((span.start..span.end, String::new()));
        }
        excerpts.push(shown);
    }
    if verdict == Verdict::Undetermined {
        for row in explanation
            .trace
            .iter()
            .filter(|row| row.applies == Truth::Unknown)
        {
            let title = match row.effect {
                Effect::Allow => "this Allow may or may not apply",
                Effect::Deny => "this Deny may or may not apply",
            };
            let unknown = [
                (row.condition, row.condition_span, "not known"),
                (
                    row.resource,
                    row.resource_span,
                    "not documented whether it matches",
                ),
                (row.action, row.action_span, "not known"),
            ];
            let labels = unknown
                .into_iter()
                .filter(|(truth, ..)| *truth == Truth::Unknown);
            let mut shown = excerpt(row.policy, Weight::Warning, title.to_owned());
            shown.labels = labels
                .filter_map(|(_, span, text)| {
                    span.map(|span| (span.start..span.end, text.to_owned()))
                })
                .collect();
            if !shown.labels.is_empty() {
                excerpts.push(shown);
            }
        }
    }
    if verdict == Verdict::Denied && explanation.decided_by.is_none() {
        for near in explanation.nearest.iter().take(3) {
            let element = match near.fails {
                Element::Action => "action",
                Element::Resource => "resource",
                Element::Condition => "condition",
            };
            let title = format!("this Allow comes nearest: only its {element} does not match");
            let mut shown = excerpt(near.policy, Weight::Note, title);
            let text = match near.fails {
                Element::Condition => format!("not met: `{}`", near.would_match),
                _ => format!("would have to match `{}`", near.would_match),
            };
            shown.labels.push((near.span.start..near.span.end, text));
            excerpts.push(shown);
        }
    }
    excerpts
}

/// The note that shows which statement allows.
pub fn allowed_by(preflight: &Preflight, caller: &Caller) -> Option<Excerpt> {
    let check = preflight.deciding()?;
    excerpts(check, preflight.verdict, &caller.policies)
        .into_iter()
        .next()
}

/// Adds the policy, whom to attach it to, and the commands that do it.
fn suggest(failure: &mut Failure, policy: Option<serde_json::Value>, target: &Target) {
    let Some(policy) = policy else { return };
    let principal = failure.principal.clone().unwrap_or_default();
    let name = format!(
        "sesame-invoke-{}",
        target.function().replace(['$', '.'], "-")
    );
    let create = format!(
        "aliyun ram CreatePolicy --PolicyName {} --PolicyDocument {}",
        shell_quoted(&name),
        shell_quoted(&policy.to_string())
    );
    let role = principal.kind.as_deref() == Some("AssumedRoleUser");
    let known = principal
        .name
        .as_deref()
        .map(|name| name.split(':').next().unwrap_or(name));
    let (kind, operation, argument) = if role {
        ("RAM role", "AttachPolicyToRole", "--RoleName")
    } else {
        ("RAM user", "AttachPolicyToUser", "--UserName")
    };
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
                "preflight said allowed, so the caller has policies that it was not given"
                    .to_owned()
            }
            Verdict::Denied => "preflight said denied, too".to_owned(),
            Verdict::Undetermined => "preflight could not tell".to_owned(),
        });
    }
    match cause {
        Cause::PermissionExplicitDeny => failure.hints.push(Hint::text(
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
    let Some((requirements, _)) = preflight::requirements(&target) else {
        return;
    };
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
        suggest(
            failure,
            Some(preflight::least_policy(&requirements)),
            &target,
        );
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
