//! STS: who calls.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use serde_json::json;

use super::answer::{Refused, json_answer};
use super::authenticate::Arrived;
use super::directory::Who;
use super::operation::RpcCall;
use super::trail::Trail;
use super::world::World;

pub(super) fn answer(
    world: &Arc<World>,
    call: &RpcCall,
    who: &Who,
    _arrived: &Arrived,
    request_id: &str,
    _trail: &mut Trail,
) -> Result<Response<Body>, Refused> {
    let body = match call.action.as_str() {
        "GetCallerIdentity" => caller_identity(world, who, request_id),
        other => return Err(Refused::lacking(other)),
    };
    Ok(json_answer(200, call.product, request_id, &body))
}

fn caller_identity(world: &World, who: &Who, request_id: &str) -> serde_json::Value {
    let account = &world.config.account;
    match who {
        Who::User(name) => {
            let id = world.directory().principal(who).id;
            json!({
                "IdentityType": "RAMUser",
                "AccountId": account,
                "RequestId": request_id,
                "PrincipalId": id,
                "UserId": id,
                "Arn": format!("acs:ram::{account}:user/{name}"),
            })
        }
        Who::Session(session) => json!({
            "IdentityType": "AssumedRoleUser",
            "AccountId": account,
            "RequestId": request_id,
            "PrincipalId": format!("{}:{}", session.role_id, session.name),
            "RoleId": session.role_id,
            "Arn": format!("acs:ram::{account}:assumed-role/{}/{}", session.role, session.name),
        }),
    }
}
