//! The parameters of STS, RAM and ResourceManager, read and refused as these services do it.

use std::ops::RangeInclusive;

use super::answer::Refused;
use super::directory::{PolicyKind, PolicyRef};
use super::operation::RpcCall;
use crate::ram::{Document, Finding, MAX_POLICY_LENGTH, Position, parse};

/// A parameter that must be there.
pub(super) fn required<'a>(call: &'a RpcCall, name: &str) -> Result<&'a str, Refused> {
    call.parameter(name)
        .ok_or_else(|| Refused::missing_parameter(name))
}

/// A parameter that has no such value.
pub(super) fn incorrect(name: &str) -> Refused {
    let message = format!("The parameter - \"{name}\" is incorrect.");
    Refused::new(400, format!("InvalidParameter.{name}"), message)
}

/// A number within bounds; `None` when it is not given.
pub(super) fn number(
    call: &RpcCall,
    name: &str,
    bounds: RangeInclusive<u64>,
) -> Result<Option<u64>, Refused> {
    let Some(text) = call.parameter(name) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    number.map(Some).ok_or_else(|| incorrect(name))
}

/// `true` or `false`; `false` when it is not given.
pub(super) fn flag(call: &RpcCall, name: &str) -> Result<bool, Refused> {
    let text = call.parameter(name).unwrap_or("false");
    text.to_ascii_lowercase()
        .parse()
        .map_err(|_| incorrect(name))
}

/// Free text within a length; nothing when it is not given.
pub(super) fn text(call: &RpcCall, name: &str, limit: usize) -> Result<Option<String>, Refused> {
    let text = call.parameter(name);
    match text {
        Some(text) if text.chars().count() > limit => Err(too_long(name)),
        text => Ok(text.map(str::to_owned)),
    }
}

fn too_long(name: &str) -> Refused {
    let message = format!("The parameter - \"{name}\" beyond the length limit.");
    Refused::new(400, format!("InvalidParameter.{name}.Length"), message)
}

/// A name of letters, digits and the `marks`: no other can stand in a resource.
pub(super) fn check_name(
    parameter: &str,
    name: &str,
    marks: &[u8],
    limit: usize,
) -> Result<(), Refused> {
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
    {
        let message = format!("The parameter - \"{parameter}\" contains invalid chars.");
        let code = format!("InvalidParameter.{parameter}.InvalidChars");
        return Err(Refused::new(400, code, message));
    }
    match name.len() <= limit {
        true => Ok(()),
        false => Err(too_long(parameter)),
    }
}

/// The name of a user, a group or a role.
pub(super) fn principal_name<'a>(call: &'a RpcCall, parameter: &str) -> Result<&'a str, Refused> {
    let name = required(call, parameter)?;
    check_name(parameter, name, b"._-", 64)?;
    Ok(name)
}

/// The name of a policy.
pub(super) fn policy_name(call: &RpcCall) -> Result<&str, Refused> {
    let name = required(call, "PolicyName")?;
    check_name("PolicyName", name, b"-", 128)?;
    Ok(name)
}

/// A policy's kind; `None` when it is not given.
pub(super) fn policy_kind(call: &RpcCall) -> Result<Option<PolicyKind>, Refused> {
    match call.parameter("PolicyType") {
        None => Ok(None),
        Some("System") => Ok(Some(PolicyKind::System)),
        Some("Custom") => Ok(Some(PolicyKind::Custom)),
        Some(_) => Err(incorrect("PolicyType")),
    }
}

/// A policy by kind and name.
pub(super) fn policy(call: &RpcCall) -> Result<PolicyRef, Refused> {
    let name = policy_name(call)?.to_owned();
    let kind = policy_kind(call)?.ok_or_else(|| Refused::missing_parameter("PolicyType"))?;
    Ok(PolicyRef { kind, name })
}

/// The longest document that is read, white space included, in bytes.
const DOCUMENT: usize = 64 * 1024;

/// What a policy document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Identity,
    Trust,
}

/// A document, which must keep to the grammar and serve its purpose.
pub(super) fn document(
    call: &RpcCall,
    parameter: &str,
    purpose: Purpose,
) -> Result<Document, Refused> {
    let source = required(call, parameter)?;
    if source.len() > DOCUMENT {
        return Err(too_long(parameter));
    }
    let document = read_document(source, purpose)
        .map_err(|why| Refused::new(400, "MalformedPolicyDocument", why))?;
    // Whether white space counts is not documented: it does not.
    match document.to_json().to_string().chars().count() <= MAX_POLICY_LENGTH {
        true => Ok(document),
        false => Err(too_long(parameter)),
    }
}

/// The document, or what is wrong with it.
pub(super) fn read_document(source: &str, purpose: Purpose) -> Result<Document, String> {
    let parsed = parse(source.as_bytes());
    let Some(document) = parsed.document else {
        let mut findings = parsed.findings.iter();
        let fatal = findings.find(|finding| finding.fatal);
        return Err(fatal.map_or_else(String::new, |finding| described(finding, source)));
    };
    let mut statements = document.statements().iter();
    match purpose {
        Purpose::Trust if !document.is_trust_policy() => {
            Err("each statement of a trust policy has a `Principal`".to_owned())
        }
        Purpose::Identity if statements.any(|statement| statement.principal.is_some()) => {
            Err("`Principal` stands only in a role's trust policy".to_owned())
        }
        _ => Ok(document),
    }
}

fn described(finding: &Finding, source: &str) -> String {
    let place = Position::of(source, finding.span.start);
    format!(
        "{} (line {}, column {})",
        finding.message, place.line, place.column
    )
}
