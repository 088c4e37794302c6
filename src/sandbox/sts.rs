//! STS: who calls, and assuming a role.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answer::{Refused, json_answer};
use super::authenticate::Arrived;
use super::authorise::{self, Asked};
use super::denial;
use super::directory::{Role, Session, Who};
use super::operation::RpcCall;
use super::parameters::{self, Purpose, required};
use super::trail::Trail;
use super::world::World;
use crate::acs::ambient::utc;
use crate::acs::{Ambient, Secret};
use crate::ram::{Assumer, Decision, Document, Identity, trusts};

pub(super) const ASSUME_ROLE: &str = "sts:AssumeRole";
/// The shortest session, in seconds.
const SHORTEST: u64 = 900;
/// How long a session is when nobody says otherwise, in seconds.
const USUAL: u64 = 3_600;
/// The longest session policy, in characters.
const SESSION_POLICY: usize = 2_048;

pub(super) fn answer(
    world: &Arc<World>,
    call: &RpcCall,
    who: &Who,
    arrived: &Arrived,
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response<Body>, Refused> {
    let mut body = match call.action.as_str() {
        "GetCallerIdentity" => caller_identity(world, who),
        "AssumeRole" => assume_role(world, call, who, arrived, trail)?,
        other => return Err(Refused::lacking(other)),
    };
    body["RequestId"] = request_id.into();
    Ok(json_answer(200, call.product, request_id, &body))
}

fn caller_identity(world: &World, who: &Who) -> Value {
    let account = &world.config.account;
    match who {
        Who::User(name) => {
            let id = world.directory().principal(who).id;
            json!({
                "IdentityType": "RAMUser",
                "AccountId": account,
                "PrincipalId": id,
                "UserId": id,
                "Arn": format!("acs:ram::{account}:user/{name}"),
            })
        }
        Who::Session(session) => json!({
            "IdentityType": "AssumedRoleUser",
            "AccountId": account,
            "PrincipalId": format!("{}:{}", session.role_id, session.name),
            "RoleId": session.role_id,
            "Arn": format!("acs:ram::{account}:assumed-role/{}/{}", session.role, session.name),
        }),
    }
}

/// What AssumeRole is asked for.
struct Wanted<'a> {
    account: &'a str,
    role: &'a str,
    session: &'a str,
    seconds: Option<u64>,
    policy: Option<Document>,
    external_id: Option<&'a str>,
}

fn wrongly_formed(parameter: &str) -> Refused {
    let message = format!("The parameter {parameter} is wrongly formed.");
    Refused::new(400, format!("InvalidParameter.{parameter}"), message)
}

impl<'a> Wanted<'a> {
    fn read(call: &'a RpcCall) -> Result<Self, Refused> {
        let (account, role) = required(call, "RoleArn")?
            .strip_prefix("acs:ram::")
            .and_then(|rest| rest.split_once(":role/"))
            .filter(|(account, role)| is_digits(account) && is_word(role, 1, b"._-"))
            .ok_or_else(|| wrongly_formed("RoleArn"))?;
        let session = required(call, "RoleSessionName")?;
        if !is_word(session, 2, b".@-_") {
            return Err(wrongly_formed("RoleSessionName"));
        }
        let external_id = call.parameter("ExternalId");
        if external_id.is_some_and(|id| !is_external_id(id)) {
            return Err(wrongly_formed("ExternalId"));
        }
        Ok(Self {
            account,
            role,
            session,
            seconds: seconds(call)?,
            policy: session_policy(call)?,
            external_id,
        })
    }

    /// How long the session is to last, which the role bounds.
    fn duration(&self, role: &Role) -> Result<Duration, Refused> {
        let longest = role.max_session.as_secs();
        let seconds = self.seconds.unwrap_or_else(|| USUAL.min(longest));
        match seconds <= longest {
            true => Ok(Duration::from_secs(seconds)),
            false => Err(wrong_duration(longest)),
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Letters, digits and marks, up to 64 of them.
fn is_word(text: &str, least: usize, marks: &[u8]) -> bool {
    (least..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
}

fn is_external_id(text: &str) -> bool {
    (2..=1224).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte))
}

fn seconds(call: &RpcCall) -> Result<Option<u64>, Refused> {
    let Some(text) = call.parameter("DurationSeconds") else {
        return Ok(None);
    };
    let seconds = text.parse().ok().filter(|seconds| *seconds >= SHORTEST);
    seconds.map(Some).ok_or_else(|| wrong_duration(USUAL))
}

fn wrong_duration(longest: u64) -> Refused {
    let longest = match longest % 3_600 {
        0 => format!("{}hr", longest / 3_600),
        _ => format!("{}min", longest / 60),
    };
    let message = format!("The Min/Max value of DurationSeconds is 15min/{longest}.");
    Refused::new(400, "InvalidParameter.DurationSeconds", message)
}

fn session_policy(call: &RpcCall) -> Result<Option<Document>, Refused> {
    let Some(source) = call.parameter("Policy") else {
        return Ok(None);
    };
    if source.chars().count() > SESSION_POLICY {
        let message = format!("The size of Policy must be smaller than {SESSION_POLICY} bytes.");
        return Err(Refused::new(400, "InvalidParameter.PolicySize", message));
    }
    let document = parameters::read_document(source, Purpose::Identity).map_err(|_| {
        let message = "The parameter Policy has not passed grammar check.";
        Refused::new(400, "InvalidParameter.PolicyGrammar", message)
    })?;
    Ok(Some(document))
}

fn assume_role(
    world: &World,
    call: &RpcCall,
    who: &Who,
    arrived: &Arrived,
    trail: &mut Trail,
) -> Result<Value, Refused> {
    let wanted = Wanted::read(call)?;
    let resource = format!("acs:ram:*:{}:role/{}", wanted.account, wanted.role);
    let asked = Asked {
        action: ASSUME_ROLE.to_owned(),
        resource: resource.clone(),
    };
    world.authorise(asked, call.product, who, None, arrived, trail)?;

    let now = (world.ambient.now)();
    let mut directory = world.directory_mut();
    let role = Some(wanted.role)
        .filter(|_| wanted.account == directory.account)
        .and_then(|name| directory.roles.get(name))
        .ok_or_else(|| {
            let message = "The specified Role not exists.";
            Refused::new(404, "EntityNotExist.Role", message)
        })?;
    let mut context = authorise::context(arrived, &world.config.context, now);
    if let Some(id) = wanted.external_id {
        context.give("sts:ExternalId", id);
    }
    let decision = trusts(
        &role.trust,
        &assumer(who, &directory.account),
        ASSUME_ROLE,
        &context,
    );
    if decision != Decision::Allowed {
        trail.denied(
            decision,
            "the role's trust policy does not let the caller in",
        );
        if !world.soft {
            let explicit = decision == Decision::ExplicitDeny;
            let principal = directory.principal(who);
            return Err(denial::refuse_trust(&resource, &principal, explicit));
        }
        trail.let_through = true;
    }
    world.record(
        who,
        &Asked {
            action: ASSUME_ROLE.to_owned(),
            resource,
        },
    );
    let length = wanted.duration(role)?;
    let expires = jiff::SignedDuration::try_from(length)
        .ok()
        .and_then(|length| now.checked_add(length).ok())
        .ok_or_else(|| wrong_duration(role.max_session.as_secs()))?;
    let (key_id, secret, token) = temporary_key(world.ambient);
    let session = Arc::new(Session {
        role: wanted.role.to_owned(),
        role_id: role.id.clone(),
        name: wanted.session.to_owned(),
        key_id,
        secret,
        token,
        expires,
        policy: wanted.policy,
    });
    let answer = described(&session, &directory.account);
    directory.begin(session, now);
    Ok(answer)
}

fn assumer<'a>(who: &'a Who, account: &'a str) -> Assumer<'a> {
    let identity = match who {
        Who::User(name) => Identity::User { name },
        Who::Session(session) => Identity::RoleSession {
            role: &session.role,
            session: &session.name,
        },
    };
    Assumer { account, identity }
}

/// Id, secret and token, of the looks that STS gives them.
fn temporary_key(ambient: Ambient) -> (String, Secret, Secret) {
    let random = || (ambient.nonce)();
    let key_id = format!("STS.{}", random());
    let token = STANDARD.encode([random(), random(), random()].concat());
    (key_id, Secret::new(random()), Secret::new(token))
}

fn described(session: &Session, account: &str) -> Value {
    let (role, name) = (&session.role, &session.name);
    json!({
        "AssumedRoleUser": {
            "Arn": format!("acs:ram::{account}:role/{role}/{name}"),
            "AssumedRoleId": format!("{}:{name}", session.role_id),
        },
        "Credentials": {
            "AccessKeyId": session.key_id,
            "AccessKeySecret": session.secret.expose(),
            "SecurityToken": session.token.expose(),
            "Expiration": utc(session.expires),
        },
    })
}
