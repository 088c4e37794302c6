//! Policies.

use serde_json::{Value, json};

use super::pages::page;
use super::{Answer, Request, date, done};
use crate::catalogue::system;
use crate::sandbox::directory::{CustomPolicy, Directory, PolicyKind, PolicyRef};
use crate::sandbox::parameters::{Purpose, document, flag, policy, policy_kind, policy_name, text};

use super::versions;

pub(super) fn create(request: &Request<'_>) -> Answer {
    let name = policy_name(request.call)?;
    let document = document(request.call, "PolicyDocument", Purpose::Identity)?;
    let description = text(request.call, "Description", 1_024)?.unwrap_or_default();
    let mut directory = request.world.directory_mut();
    let policy = directory.create_policy(name, document, description, request.now)?;
    Ok(json!({"Policy": custom(name, policy)}))
}

pub(super) fn get(request: &Request<'_>) -> Answer {
    let policy = policy(request.call)?;
    let directory = request.world.directory();
    directory.has_policy(&policy)?;
    let version = versions::in_force(&directory, &policy)?;
    Ok(json!({"Policy": described(&directory, &policy), "DefaultPolicyVersion": version}))
}

pub(super) fn list(request: &Request<'_>) -> Answer {
    let wanted = policy_kind(request.call)?;
    let directory = request.world.directory();
    let custom = directory.policies.keys().map(|name| PolicyRef {
        kind: PolicyKind::Custom,
        name: name.clone(),
    });
    let system = system::all().iter().map(|policy| PolicyRef {
        kind: PolicyKind::System,
        name: policy.name.clone(),
    });
    let all = custom.chain(system);
    let mut policies: Vec<(String, PolicyRef)> = all
        .filter(|policy| wanted.is_none_or(|kind| policy.kind == kind))
        .map(|policy| (format!("{} {}", policy.kind.as_str(), policy.name), policy))
        .collect();
    policies.sort_unstable();
    let policies = policies.iter();
    let policies = policies.map(|(key, policy)| (key, described(&directory, policy)));
    page(request.call, ("Policies", "Policy"), policies)
}

pub(super) fn delete(request: &Request<'_>) -> Answer {
    let name = policy_name(request.call)?;
    let all_versions = flag(request.call, "CascadingDelete")?;
    let mut directory = request.world.directory_mut();
    directory.delete_policy(name, all_versions)?;
    done()
}

/// A policy of either kind, with how often it is attached.
pub(super) fn described(directory: &Directory, policy: &PolicyRef) -> Value {
    let mut described = summary(directory, policy);
    described["AttachmentCount"] = directory.holders(policy).count().into();
    described
}

/// A policy of either kind.
pub(super) fn summary(directory: &Directory, policy: &PolicyRef) -> Value {
    match policy.kind {
        PolicyKind::Custom => directory
            .policy(&policy.name)
            .map(|known| custom(&policy.name, known))
            .unwrap_or_default(),
        PolicyKind::System => json!({
            "PolicyName": policy.name,
            "PolicyType": "System",
            "Description": "",
            "DefaultVersion": versions::of_system(&policy.name),
        }),
    }
}

fn custom(name: &str, policy: &CustomPolicy) -> Value {
    json!({
        "PolicyName": name,
        "PolicyType": "Custom",
        "Description": policy.description,
        "DefaultVersion": policy.default_version,
        "CreateDate": date(policy.created),
        "UpdateDate": date(policy.updated),
    })
}
