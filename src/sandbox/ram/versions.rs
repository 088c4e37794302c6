//! Versions of policies.

use serde_json::{Value, json};

use super::pages::list as listed;
use super::{Answer, Request, date, done};
use crate::catalogue::system;
use crate::sandbox::answer::Refused;
use crate::sandbox::directory::{
    CustomPolicy, Directory, Fault, PolicyKind, PolicyRef, PolicyVersion,
};
use crate::sandbox::operation::RpcCall;
use crate::sandbox::parameters::{
    Purpose, document, flag, incorrect, policy, policy_name, required,
};

pub(super) fn create(request: &Request<'_>) -> Answer {
    let name = policy_name(request.call)?;
    let document = document(request.call, "PolicyDocument", Purpose::Identity)?;
    let in_force = flag(request.call, "SetAsDefault")?;
    let rotate = match request.call.parameter("RotateStrategy") {
        None | Some("None") => false,
        Some("DeleteOldestNonDefaultVersionWhenLimitExceeded") => true,
        Some(_) => return Err(incorrect("RotateStrategy")),
    };
    let mut directory = request.world.directory_mut();
    let (policy, version) = directory.add_version(name, document, in_force, rotate, request.now)?;
    Ok(json!({"PolicyVersion": described(policy, version)}))
}

pub(super) fn get(request: &Request<'_>) -> Answer {
    let policy = policy(request.call)?;
    let id = version_id(request.call)?;
    let directory = request.world.directory();
    directory.has_policy(&policy)?;
    let missing = Fault::NotExist("Policy.Version");
    let version = match policy.kind {
        PolicyKind::System if id != of_system(&policy.name) => return Err(missing.into()),
        PolicyKind::System => in_force(&directory, &policy)?,
        PolicyKind::Custom => {
            let policy = directory.policy(&policy.name)?;
            described(policy, policy.version(id).ok_or(missing)?)
        }
    };
    Ok(json!({"PolicyVersion": version}))
}

pub(super) fn list(request: &Request<'_>) -> Answer {
    let policy = policy(request.call)?;
    let directory = request.world.directory();
    directory.has_policy(&policy)?;
    let versions = match policy.kind {
        PolicyKind::System => vec![in_force(&directory, &policy)?],
        PolicyKind::Custom => {
            let policy = directory.policy(&policy.name)?;
            let versions = policy.versions.iter();
            versions.map(|version| described(policy, version)).collect()
        }
    };
    Ok(listed(("PolicyVersions", "PolicyVersion"), versions))
}

pub(super) fn delete(request: &Request<'_>) -> Answer {
    let (name, id) = (policy_name(request.call)?, version_id(request.call)?);
    request.world.directory_mut().delete_version(name, id)?;
    done()
}

pub(super) fn set_default(request: &Request<'_>) -> Answer {
    let (name, id) = (policy_name(request.call)?, version_id(request.call)?);
    let mut directory = request.world.directory_mut();
    directory.set_default_version(name, id, request.now)?;
    done()
}

/// The version of a policy that counts. Of some system policies only the name is known, and
/// what they say is not made up.
pub(super) fn in_force(directory: &Directory, policy: &PolicyRef) -> Answer {
    let name = &policy.name;
    match policy.kind {
        PolicyKind::Custom => {
            let policy = directory.policy(name)?;
            let version = policy.default();
            let version = version.ok_or(Fault::NotExist("Policy.Version"))?;
            Ok(described(policy, version))
        }
        PolicyKind::System => Ok(json!({
            "VersionId": of_system(name),
            "IsDefaultVersion": true,
            "PolicyDocument": text_of_system(name)?,
        })),
    }
}

/// What a system policy says.
pub(super) fn text_of_system(name: &str) -> Result<&'static str, Refused> {
    let lacking = || Refused::lacking(&format!("the text of the system policy {name}"));
    system::document(name).ok_or_else(lacking)
}

/// The one version of a system policy that there is here.
pub(super) fn of_system(name: &str) -> &'static str {
    let version = system::find(name).and_then(|policy| policy.version.as_deref());
    version.unwrap_or("v1")
}

fn version_id(call: &RpcCall) -> Result<&str, Refused> {
    const PARAMETER: &str = "VersionId";
    let id = required(call, PARAMETER)?;
    let number = id.strip_prefix('v').unwrap_or_default();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("The format of the parameter - \"{PARAMETER}\" is incorrect.");
        return Err(Refused::new(
            400,
            "InvalidParameter.VersionId.Format",
            message,
        ));
    }
    Ok(id)
}

fn described(policy: &CustomPolicy, version: &PolicyVersion) -> Value {
    json!({
        "VersionId": version.id,
        "IsDefaultVersion": version.id == policy.default_version,
        "CreateDate": date(version.created),
        "PolicyDocument": version.document.source(),
    })
}
