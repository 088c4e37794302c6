//! Roles.

use std::time::Duration;

use serde_json::{Value, json};

use super::pages::page;
use super::{Answer, Request, date, done};
use crate::sandbox::answer::Refused;
use crate::sandbox::directory::Role;
use crate::sandbox::parameters::{Purpose, document, number, text};

/// The longest description, in characters.
const DESCRIPTION: usize = 1_024;

/// How long a session may be at most.
fn max_session(request: &Request<'_>, parameter: &str) -> Result<Option<Duration>, Refused> {
    let seconds = number(request.call, parameter, 3_600..=43_200)?;
    Ok(seconds.map(Duration::from_secs))
}

pub(super) fn create(request: &Request<'_>) -> Answer {
    let name = request.role()?;
    let trust = document(request.call, "AssumeRolePolicyDocument", Purpose::Trust)?;
    let description = text(request.call, "Description", DESCRIPTION)?;
    let max_session = max_session(request, "MaxSessionDuration")?;
    let mut directory = request.world.directory_mut();
    let role = directory.create_role(name, trust, request.now)?;
    role.description = description.unwrap_or_default();
    role.max_session = max_session.unwrap_or(role.max_session);
    Ok(json!({"Role": whole(request, name, role)}))
}

pub(super) fn get(request: &Request<'_>) -> Answer {
    let name = request.role()?;
    let directory = request.world.directory();
    Ok(json!({"Role": whole(request, name, directory.role(name)?)}))
}

pub(super) fn list(request: &Request<'_>) -> Answer {
    let directory = request.world.directory();
    let roles = directory.roles.iter();
    let roles = roles.map(|(name, role)| (name, described(request, name, role)));
    page(request.call, ("Roles", "Role"), roles)
}

pub(super) fn update(request: &Request<'_>) -> Answer {
    const TRUST: &str = "NewAssumeRolePolicyDocument";
    let name = request.role()?;
    let trust = match request.call.parameter(TRUST) {
        Some(_) => Some(document(request.call, TRUST, Purpose::Trust)?),
        None => None,
    };
    let description = text(request.call, "NewDescription", DESCRIPTION)?;
    let max_session = max_session(request, "NewMaxSessionDuration")?;
    let mut directory = request.world.directory_mut();
    let role = directory.role_mut(name)?;
    if let Some(trust) = trust {
        role.trust = trust;
    }
    if let Some(description) = description {
        role.description = description;
    }
    role.max_session = max_session.unwrap_or(role.max_session);
    role.updated = request.now;
    Ok(json!({"Role": whole(request, name, role)}))
}

pub(super) fn delete(request: &Request<'_>) -> Answer {
    let mut directory = request.world.directory_mut();
    directory.delete_role(request.role()?)?;
    done()
}

/// The role with whom it trusts, which lists leave out.
fn whole(request: &Request<'_>, name: &str, role: &Role) -> Value {
    let account = &request.world.config.account;
    let mut described = described(request, name, role);
    described["AssumeRolePolicyDocument"] = role.trust.source().into();
    described["RolePrincipalName"] = format!("{name}@role.{account}.onaliyunservice.com").into();
    described
}

fn described(request: &Request<'_>, name: &str, role: &Role) -> Value {
    let account = &request.world.config.account;
    json!({
        "RoleId": role.id,
        "RoleName": name,
        "Arn": format!("acs:ram::{account}:role/{name}"),
        "Description": role.description,
        "MaxSessionDuration": role.max_session.as_secs(),
        "CreateDate": date(role.created),
        "UpdateDate": date(role.updated),
    })
}
