//! A denial as the services word it, with the detail that RAM gives and its encoded message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answer::Refused;
use super::authorise::Verdict;
use super::operation::Product;
use crate::acs::Principal;
use crate::catalogue::system;
use crate::ram::{Decision, Layer};

/// What a denied caller is told.
pub(super) fn refuse(product: Product, verdict: &Verdict, principal: &Principal) -> Refused {
    let (action, resource) = (&verdict.asked.action, &verdict.asked.resource);
    let (status, code, message) = match product {
        Product::Fc(_) => (
            403,
            "AccessDenied",
            format!("the caller is not authorized to perform '{action}' on resource '{resource}'"),
        ),
        Product::Sts => (
            403,
            "NoPermission",
            "You are not authorized to do this action. You should be authorized by RAM.".to_owned(),
        ),
        Product::Ram | Product::ResourceManager => (
            403,
            "NoPermission",
            format!(
                "You are not authorized to do this action. Resource: {resource} Action: {action}"
            ),
        ),
    };
    let explanation = &verdict.explanation;
    let explicit = explanation.decision == Decision::ExplicitDeny;
    let layer = explanation.decided_by.as_ref().map(|by| by.layer);
    let layer = layer.or(explanation.ended_by).unwrap_or(Layer::Account);
    Refused {
        detail: Some(Box::new(detail(
            verdict,
            principal,
            explicit,
            policy_type(layer),
        ))),
        ..Refused::new(status, code, message)
    }
}

/// A role's trust policy does not let the caller in.
pub(super) fn refuse_trust(resource: &str, principal: &Principal, explicit: bool) -> Refused {
    let message = "You are not authorized to do this action. You should be authorized by RAM.";
    let decoded = json!({
        "AuthAction": "sts:AssumeRole",
        "AuthResource": resource,
        "AuthPrincipal": auth_principal(principal),
        "AuthConditions": [],
        "ExplicitDeny": explicit,
        "NoPermissionPolicyType": "AssumeRolePolicy",
        "MatchedPolicies": [],
    });
    let mut detail = shown("sts:AssumeRole", principal, explicit, "AssumeRolePolicy");
    detail["EncodedDiagnosticMessage"] = encode(&decoded).into();
    let mut refused = Refused::new(403, "NoPermission", message);
    refused.detail = Some(Box::new(detail));
    refused
}

fn policy_type(layer: Layer) -> &'static str {
    match layer {
        Layer::Control => "ControlPolicy",
        Layer::Session => "SessionPolicy",
        Layer::Account => "AccountLevelIdentityBasedPolicy",
        Layer::ResourceGroup => "ResourceGroupLevelIdentityBasedPolicy",
    }
}

fn detail(verdict: &Verdict, principal: &Principal, explicit: bool, policy_type: &str) -> Value {
    let matched = verdict.explanation.decided_by.as_ref().and_then(|by| {
        let policy = verdict.policies.list().get(by.policy)?;
        let (scope, entity) = match by.layer {
            Layer::Control => ("Folder", "ResourceDirectoryTarget"),
            Layer::ResourceGroup => ("ResourceGroup", "RamUser"),
            Layer::Account | Layer::Session => ("Account", "RamUser"),
        };
        let is_role = principal.kind.as_deref() == Some("AssumedRoleUser");
        let entity = if is_role && entity == "RamUser" {
            "RamRole"
        } else {
            entity
        };
        let kind = if system::find(&policy.name).is_some() {
            "System"
        } else {
            "Custom"
        };
        Some(json!({
            "PolicyIdentifier": policy.name,
            "PolicyType": kind,
            "Effect": by.effect.as_str(),
            "AttachedScope": scope,
            "AttachedEntityType": entity,
        }))
    });
    let decoded = json!({
        "AuthAction": verdict.asked.action,
        "AuthResource": verdict.asked.resource,
        "AuthPrincipal": auth_principal(principal),
        "AuthConditions": [],
        "ExplicitDeny": explicit,
        "NoPermissionPolicyType": policy_type,
        "MatchedPolicies": matched.into_iter().collect::<Vec<_>>(),
    });
    let mut detail = shown(&verdict.asked.action, principal, explicit, policy_type);
    detail["EncodedDiagnosticMessage"] = encode(&decoded).into();
    detail
}

fn shown(action: &str, principal: &Principal, explicit: bool, policy_type: &str) -> Value {
    json!({
        "AuthAction": action,
        "AuthPrincipalType": principal.kind,
        "AuthPrincipalOwnerId": principal.account_id,
        "AuthPrincipalDisplayName": principal.id,
        "NoPermissionType": if explicit { "ExplicitDeny" } else { "ImplicitDeny" },
        "PolicyType": policy_type,
    })
}

fn auth_principal(principal: &Principal) -> Value {
    json!({
        "AuthPrincipalType": principal.kind,
        "AuthPrincipalOwnerId": principal.account_id,
        "AuthPrincipalDisplayName": principal.id,
    })
}

/// The message as a caller gets it, which only DecodeDiagnosticMessage reads.
fn encode(decoded: &Value) -> String {
    STANDARD.encode(decoded.to_string())
}

/// What an encoded message says; `None` when it is none of this sandbox's.
pub(super) fn decode(encoded: &str) -> Option<Value> {
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let decoded: Value = serde_json::from_slice(&bytes).ok()?;
    decoded.get("AuthAction").is_some().then_some(decoded)
}
