//! ResourceManager: attachments at every scope.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::answer::{Refused, json_answer};
use super::authenticate::Arrived;
use super::authorise::Asked;
use super::directory::{Attachment, Directory, Entity, EntityKind, PolicyKind, Who};
use super::operation::RpcCall;
use super::parameters::{incorrect, number, policy_kind};
use super::trail::Trail;
use super::world::World;
use crate::acs::ambient::utc;

pub(super) fn answer(
    world: &Arc<World>,
    call: &RpcCall,
    who: &Who,
    arrived: &Arrived,
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response<Body>, Refused> {
    if call.action != "ListPolicyAttachments" {
        return Err(Refused::lacking(&call.action));
    }
    let wanted = Wanted::read(call)?;
    let asked = Asked {
        action: "ram:ListPolicyAttachments".to_owned(),
        resource: format!("acs:ram:*:{}:*", world.config.account),
    };
    world.authorise(asked, call.product, who, None, arrived, trail)?;
    let mut body = wanted.page(&world.directory());
    body["RequestId"] = request_id.into();
    Ok(json_answer(200, call.product, request_id, &body))
}

/// What ListPolicyAttachments is asked for.
struct Wanted<'a> {
    principal_kind: Option<EntityKind>,
    principal_name: Option<&'a str>,
    policy_kind: Option<PolicyKind>,
    policy_name: Option<&'a str>,
    resource_group: Option<&'a str>,
    page: u64,
    page_size: u64,
}

impl<'a> Wanted<'a> {
    fn read(call: &'a RpcCall) -> Result<Self, Refused> {
        let principal_kind = match call.parameter("PrincipalType") {
            None => None,
            Some(text) => {
                let mut kinds = EntityKind::ALL.into_iter();
                let kind = kinds.find(|kind| principal_type(*kind) == text);
                Some(kind.ok_or_else(|| incorrect("PrincipalType"))?)
            }
        };
        Ok(Self {
            principal_kind,
            principal_name: call.parameter("PrincipalName"),
            policy_kind: policy_kind(call)?,
            policy_name: call.parameter("PolicyName"),
            resource_group: call.parameter("ResourceGroupId"),
            page: number(call, "PageNumber", 1..=u64::from(u32::MAX))?.unwrap_or(1),
            page_size: number(call, "PageSize", 1..=100)?.unwrap_or(10),
        })
    }

    fn page(&self, directory: &Directory) -> Value {
        let rows: Vec<(Entity<'_>, &Attachment)> = directory
            .all_attachments()
            .filter(|(entity, attachment)| self.wants(directory, *entity, attachment))
            .collect();
        let before = (self.page - 1).saturating_mul(self.page_size);
        let page = rows
            .iter()
            .skip(usize::try_from(before).unwrap_or(usize::MAX))
            .take(usize::try_from(self.page_size).unwrap_or(usize::MAX))
            .map(|(entity, attachment)| row(directory, *entity, attachment));
        json!({
            "PageNumber": self.page,
            "PageSize": self.page_size,
            "TotalCount": rows.len(),
            "PolicyAttachments": {"PolicyAttachment": page.collect::<Vec<Value>>()},
        })
    }

    fn wants(&self, directory: &Directory, entity: Entity<'_>, attachment: &Attachment) -> bool {
        let policy = &attachment.policy;
        self.principal_kind.is_none_or(|kind| kind == entity.kind)
            && self.principal_name.is_none_or(|name| {
                name == entity.name || name == principal_name(entity, &directory.account)
            })
            && self.policy_kind.is_none_or(|kind| kind == policy.kind)
            && self.policy_name.is_none_or(|name| name == policy.name)
            && self
                .resource_group
                .is_none_or(|id| id == scope(directory, attachment))
    }
}

fn principal_type(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::User => "IMSUser",
        EntityKind::Group => "IMSGroup",
        EntityKind::Role => "ServiceRole",
    }
}

/// The name with the account's domain behind it.
fn principal_name(entity: Entity<'_>, account: &str) -> String {
    let name = entity.name;
    match entity.kind {
        EntityKind::User => format!("{name}@{account}.onaliyun.com"),
        EntityKind::Group => format!("{name}@group.{account}.onaliyun.com"),
        EntityKind::Role => format!("{name}@role.{account}.onaliyunservice.com"),
    }
}

/// The resource group's id, or the account's for the whole account.
fn scope<'a>(directory: &'a Directory, attachment: &'a Attachment) -> &'a str {
    let group = attachment.resource_group.as_deref();
    group.unwrap_or(&directory.account)
}

fn row(directory: &Directory, entity: Entity<'_>, attachment: &Attachment) -> Value {
    let policy = &attachment.policy;
    let description = match policy.kind {
        PolicyKind::System => "",
        PolicyKind::Custom => directory
            .policy(&policy.name)
            .map_or("", |policy| &policy.description),
    };
    json!({
        "PolicyName": policy.name,
        "PolicyType": policy.kind.as_str(),
        "Description": description,
        "PrincipalType": principal_type(entity.kind),
        "PrincipalName": principal_name(entity, &directory.account),
        "ResourceGroupId": scope(directory, attachment),
        "AttachDate": utc(attachment.attached),
    })
}
