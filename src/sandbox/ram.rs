//! RAM: its operations, what each asks permission for, and their answers.

mod attachments;
mod groups;
mod keys;
mod pages;
mod policies;
mod refusals;
mod roles;
mod users;
mod versions;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Refused, json_answer};
use super::authenticate::Arrived;
use super::authorise::Asked;
use super::denial;
use super::directory::{PolicyKind, Who};
use super::operation::RpcCall;
use super::parameters::{self, incorrect, required};
use super::trail::Trail;
use super::world::World;
use crate::acs::ambient::utc;

/// One call with what it may need.
struct Request<'a> {
    world: &'a World,
    call: &'a RpcCall,
    who: &'a Who,
    now: Timestamp,
}

/// What stands in an answer beside `RequestId`.
type Answer = Result<Value, Refused>;

/// A resource that an operation asks permission on.
#[derive(Debug, Clone, Copy)]
enum Resource {
    AllUsers,
    User,
    /// The user that is named, or else the caller itself.
    OwnUser,
    AllGroups,
    Group,
    AllRoles,
    Role,
    AllPolicies,
    /// A custom policy.
    CustomPolicy,
    /// A policy of either kind.
    Policy,
    /// No resource in particular.
    Any,
}

type Run = fn(&Request<'_>) -> Answer;

/// Each operation, the resources that it asks for (on all of them the action `ram:` with the
/// operation's name) and what it does. The resources are those of RAM's published table.
#[rustfmt::skip]
const OPERATIONS: &[(&str, &[Resource], Run)] = {
    use Resource::*;
    &[
        ("CreateUser", &[AllUsers], users::create),
        ("GetUser", &[User], users::get),
        ("ListUsers", &[AllUsers], users::list),
        ("UpdateUser", &[User], users::update),
        ("DeleteUser", &[User], users::delete),
        ("CreateAccessKey", &[OwnUser], keys::create),
        ("ListAccessKeys", &[OwnUser], keys::list),
        ("UpdateAccessKey", &[OwnUser], keys::update),
        ("DeleteAccessKey", &[OwnUser], keys::delete),
        ("CreateGroup", &[AllGroups], groups::create),
        ("GetGroup", &[Group], groups::get),
        ("ListGroups", &[AllGroups], groups::list),
        ("DeleteGroup", &[Group], groups::delete),
        ("AddUserToGroup", &[User, Group], groups::add_user),
        ("RemoveUserFromGroup", &[User, Group], groups::remove_user),
        ("ListGroupsForUser", &[User], groups::of_user),
        ("ListUsersForGroup", &[Group], groups::users),
        ("CreateRole", &[AllRoles], roles::create),
        ("GetRole", &[Role], roles::get),
        ("ListRoles", &[AllRoles], roles::list),
        ("UpdateRole", &[Role], roles::update),
        ("DeleteRole", &[Role], roles::delete),
        ("CreatePolicy", &[AllPolicies], policies::create),
        ("GetPolicy", &[Policy], policies::get),
        ("ListPolicies", &[AllPolicies], policies::list),
        ("DeletePolicy", &[CustomPolicy], policies::delete),
        ("CreatePolicyVersion", &[CustomPolicy], versions::create),
        ("GetPolicyVersion", &[Policy], versions::get),
        ("ListPolicyVersions", &[Policy], versions::list),
        ("DeletePolicyVersion", &[CustomPolicy], versions::delete),
        ("SetDefaultPolicyVersion", &[CustomPolicy], versions::set_default),
        ("AttachPolicyToUser", &[User, Policy], attachments::attach_to_user),
        ("AttachPolicyToGroup", &[Group, Policy], attachments::attach_to_group),
        ("AttachPolicyToRole", &[Role, Policy], attachments::attach_to_role),
        ("DetachPolicyFromUser", &[User, Policy], attachments::detach_from_user),
        ("DetachPolicyFromGroup", &[Group, Policy], attachments::detach_from_group),
        ("DetachPolicyFromRole", &[Role, Policy], attachments::detach_from_role),
        ("ListPoliciesForUser", &[User], attachments::of_user),
        ("ListPoliciesForGroup", &[Group], attachments::of_group),
        ("ListPoliciesForRole", &[Role], attachments::of_role),
        ("ListEntitiesForPolicy", &[Policy], attachments::entities),
        ("DecodeDiagnosticMessage", &[Any], decode),
    ]
};

pub(super) fn answer(
    world: &Arc<World>,
    call: &RpcCall,
    who: &Who,
    arrived: &Arrived,
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response<Body>, Refused> {
    let mut operations = OPERATIONS.iter();
    let (name, resources, run) = operations
        .find(|(name, ..)| *name == call.action)
        .ok_or_else(|| Refused::lacking(&call.action))?;
    let mut parameters = call.parameters.iter();
    if parameters.any(|(name, _)| name.starts_with("Tag.")) {
        return Err(Refused::lacking("tags"));
    }
    let request = Request {
        world,
        call,
        who,
        now: (world.ambient.now)(),
    };
    // What names nothing is refused before anyone is asked.
    let asked = resources.iter().map(|resource| {
        Ok(Asked {
            action: format!("ram:{name}"),
            resource: resource.of(&request)?,
        })
    });
    let asked = asked.collect::<Result<_, Refused>>()?;
    world.authorise_all(asked, call.product, who, None, arrived, trail)?;
    let mut body = run(&request)?;
    body["RequestId"] = request_id.into();
    Ok(json_answer(200, call.product, request_id, &body))
}

impl Resource {
    /// The resource's name for this request.
    fn of(self, request: &Request<'_>) -> Result<String, Refused> {
        let account = request.world.config.account.as_str();
        let (owner, kind, name) = match self {
            Self::Any => return Ok("*".to_owned()),
            Self::AllUsers => (account, "user", "*"),
            Self::AllGroups => (account, "group", "*"),
            Self::AllRoles => (account, "role", "*"),
            Self::AllPolicies => (account, "policy", "*"),
            Self::User => (account, "user", request.user()?),
            Self::OwnUser => (account, "user", request.own_user()?),
            Self::Group => (account, "group", request.group()?),
            Self::Role => (account, "role", request.role()?),
            Self::CustomPolicy => (account, "policy", parameters::policy_name(request.call)?),
            Self::Policy => {
                let name = parameters::policy_name(request.call)?;
                match parameters::policy(request.call)?.kind {
                    PolicyKind::System => ("system", "policy", name),
                    PolicyKind::Custom => (account, "policy", name),
                }
            }
        };
        Ok(format!("acs:ram:*:{owner}:{kind}/{name}"))
    }
}

impl<'a> Request<'a> {
    fn user(&self) -> Result<&'a str, Refused> {
        parameters::principal_name(self.call, "UserName")
    }

    fn group(&self) -> Result<&'a str, Refused> {
        parameters::principal_name(self.call, "GroupName")
    }

    fn role(&self) -> Result<&'a str, Refused> {
        parameters::principal_name(self.call, "RoleName")
    }

    fn own_user(&self) -> Result<&'a str, Refused> {
        match self.who {
            Who::User(name) if self.call.parameter("UserName").is_none() => Ok(name),
            _ => self.user(),
        }
    }
}

/// An answer that says only that it was done.
fn done() -> Answer {
    Ok(json!({}))
}

fn date(time: Timestamp) -> Value {
    utc(time).into()
}

fn decode(request: &Request<'_>) -> Answer {
    const PARAMETER: &str = "EncodedDiagnosticMessage";
    let encoded = required(request.call, PARAMETER)?;
    let decoded = denial::decode(encoded).ok_or_else(|| incorrect(PARAMETER))?;
    Ok(json!({"DecodedDiagnosticMessage": decoded}))
}
