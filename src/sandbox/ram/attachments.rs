//! Which policy is attached to whom.

use serde_json::{Value, json};

use super::pages::list;
use super::{Answer, Request, date, done, policies, versions};
use crate::sandbox::answer::Refused;
use crate::sandbox::directory::{Attachment, Directory, Entity, EntityKind, PolicyKind};
use crate::sandbox::parameters::{check_name, policy};

pub(super) fn attach_to_user(request: &Request<'_>) -> Answer {
    attach(request, user(request)?)
}

pub(super) fn attach_to_group(request: &Request<'_>) -> Answer {
    attach(request, group(request)?)
}

pub(super) fn attach_to_role(request: &Request<'_>) -> Answer {
    attach(request, role(request)?)
}

pub(super) fn detach_from_user(request: &Request<'_>) -> Answer {
    detach(request, user(request)?)
}

pub(super) fn detach_from_group(request: &Request<'_>) -> Answer {
    detach(request, group(request)?)
}

pub(super) fn detach_from_role(request: &Request<'_>) -> Answer {
    detach(request, role(request)?)
}

pub(super) fn of_user(request: &Request<'_>) -> Answer {
    of(request, user(request)?)
}

pub(super) fn of_group(request: &Request<'_>) -> Answer {
    of(request, group(request)?)
}

pub(super) fn of_role(request: &Request<'_>) -> Answer {
    of(request, role(request)?)
}

fn user<'a>(request: &Request<'a>) -> Result<Entity<'a>, Refused> {
    let (kind, name) = (EntityKind::User, request.user()?);
    Ok(Entity { kind, name })
}

fn group<'a>(request: &Request<'a>) -> Result<Entity<'a>, Refused> {
    let (kind, name) = (EntityKind::Group, request.group()?);
    Ok(Entity { kind, name })
}

fn role<'a>(request: &Request<'a>) -> Result<Entity<'a>, Refused> {
    let (kind, name) = (EntityKind::Role, request.role()?);
    Ok(Entity { kind, name })
}

/// What is to be attached, or no longer. The account's own id is the whole account's scope.
fn attachment(request: &Request<'_>) -> Result<Attachment, Refused> {
    const PARAMETER: &str = "ResourceGroupId";
    let account = request.world.config.account.as_str();
    let group = request.call.parameter(PARAMETER);
    let group = group.filter(|id| *id != account);
    if let Some(id) = group {
        check_name(PARAMETER, id, b"-", 64)?;
    }
    Ok(Attachment {
        policy: policy(request.call)?,
        resource_group: group.map(str::to_owned),
        attached: request.now,
    })
}

fn attach(request: &Request<'_>, entity: Entity<'_>) -> Answer {
    let attachment = attachment(request)?;
    let policy = &attachment.policy;
    let mut directory = request.world.directory_mut();
    directory.has_policy(policy)?;
    // It would grant nothing, and nobody would know why.
    if policy.kind == PolicyKind::System {
        versions::text_of_system(&policy.name)?;
    }
    directory.attach(entity, attachment)?;
    done()
}

fn detach(request: &Request<'_>, entity: Entity<'_>) -> Answer {
    let attachment = attachment(request)?;
    request.world.directory_mut().detach(entity, &attachment)?;
    done()
}

/// What is attached to one principal for the whole account: RAM shows no other scope here.
fn of(request: &Request<'_>, entity: Entity<'_>) -> Answer {
    let directory = request.world.directory();
    let attachments = directory.attached_to(entity)?.iter();
    let attachments = attachments.filter(|attachment| attachment.resource_group.is_none());
    let policies = attachments.map(|attachment| {
        let mut described = policies::summary(&directory, &attachment.policy);
        described["AttachDate"] = date(attachment.attached);
        described
    });
    Ok(list(("Policies", "Policy"), policies))
}

pub(super) fn entities(request: &Request<'_>) -> Answer {
    let policy = policy(request.call)?;
    let directory = request.world.directory();
    directory.has_policy(&policy)?;
    let holders = |kind: EntityKind| {
        let holders = directory.holders(&policy);
        let holders = holders.filter(move |(entity, attachment)| {
            entity.kind == kind && attachment.resource_group.is_none()
        });
        let described =
            holders.map(|(entity, attachment)| described(&directory, entity, attachment));
        described.collect::<Vec<Value>>()
    };
    Ok(json!({
        "Users": {"User": holders(EntityKind::User)},
        "Groups": {"Group": holders(EntityKind::Group)},
        "Roles": {"Role": holders(EntityKind::Role)},
    }))
}

fn described(directory: &Directory, entity: Entity<'_>, attachment: &Attachment) -> Value {
    let name = entity.name;
    let mut described = match entity.kind {
        EntityKind::User => directory.user(name).map(|user| {
            json!({
                "UserId": user.id,
                "UserName": name,
                "DisplayName": user.profile.display_name,
            })
        }),
        EntityKind::Group => directory.group(name).map(|group| {
            json!({
                "GroupId": group.id,
                "GroupName": name,
                "Comments": group.comments,
            })
        }),
        EntityKind::Role => directory.role(name).map(|role| {
            json!({
                "RoleId": role.id,
                "RoleName": name,
                "Arn": format!("acs:ram::{}:role/{name}", directory.account),
                "Description": role.description,
            })
        }),
    }
    .unwrap_or_default();
    described["AttachDate"] = date(attachment.attached);
    described
}
