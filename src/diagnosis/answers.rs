//! Answers that are not a success: the service's refusals, the function's errors, and what
//! does not come from Function Compute at all.

use serde_json::Value;

use super::failure::{Failure, Hint};
use super::permission::Origin;
use super::refusal::{classify, classify_function_error};
use super::{Call, Cause, Reading, codes, permission, skew};
use crate::acs::Refusal;
use crate::fc::answer::Head;

/// How much of a body is shown where it stands for a cause.
const SHOWN: usize = 300;

/// What is to be said when an earlier attempt may have been taken.
pub const IN_DOUBT: &str = "an attempt before it broke off: the call may have been taken";

/// A refusal, as cause, evidence and next step.
pub fn refused(refusal: &Refusal, call: &Call<'_>) -> Failure {
    let head = Head(&refusal.headers);
    let reading = Reading::of(refusal);
    // What the function wrote itself is its own word, whatever it reads like.
    let own = |kind: &str| !kind.eq_ignore_ascii_case("FcCommonError");
    if head.error_type().is_some_and(own)
        && !reading.as_ref().is_some_and(Reading::is_start_failure)
    {
        return function_failed(head, &refusal.body);
    }
    let reading = match reading {
        Some(reading) => reading,
        // Function Compute's own, without the words: the status has to do.
        None if head.is_from_fc() => Reading {
            message: excerpt_of(&refusal.body),
            request_id: head.request_id().map(str::to_owned),
            ..Reading::default()
        },
        None => return not_fc(refusal.status, head, &refusal.body),
    };
    let cause = classify(Some(refusal.status), &reading);
    let facts = Facts {
        status: Some(refusal.status),
        date: refusal.headers.get("date"),
        in_doubt: call.in_doubt,
    };
    diagnosed(cause, &reading, facts, Origin::Call(call))
}

/// What stands around a refusal.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts<'a> {
    /// The HTTP status, where there is one.
    pub(super) status: Option<u16>,
    /// The service's own date.
    pub(super) date: Option<&'a str>,
    /// An attempt before may have been taken.
    pub(super) in_doubt: bool,
}

/// A refusal that was read, as cause, evidence and next step.
pub(super) fn diagnosed(
    cause: Cause,
    reading: &Reading,
    facts: Facts<'_>,
    origin: Origin<'_>,
) -> Failure {
    let mut failure = Failure::new(
        codes::of_refusal(cause),
        title(cause, facts.status, reading),
    );
    failure.service_code.clone_from(&reading.code);
    failure.request_id.clone_from(&reading.request_id);
    failure.said.clone_from(&reading.message);
    failure.action.clone_from(&reading.action);
    failure.resource.clone_from(&reading.resource);
    if facts.in_doubt {
        failure.why.push(IN_DOUBT.to_owned());
    }
    match cause {
        Cause::PermissionDenied | Cause::PermissionExplicitDeny | Cause::PermissionImplicitDeny => {
            permission::of_refusal(&mut failure, cause, reading, origin);
        }
        _ => {
            if let (Cause::ResourceNotFound, Some(target)) = (cause, origin.target()) {
                let (name, region, api) = (target.name(), target.region(), target.api());
                failure
                    .why
                    .push(format!("called: `{name}` in `{region}`, API {api}"));
            }
            if cause == Cause::ClockSkew {
                failure
                    .why
                    .extend(skew::measured(reading.message.as_deref()));
            }
            failure.hints.extend(next_steps(cause, reading, facts));
        }
    }
    failure
}

fn title(cause: Cause, status: Option<u16>, reading: &Reading) -> String {
    let with_status = |what: &str| match status {
        Some(status) => format!("{what} with status {status}"),
        None => what.to_owned(),
    };
    let what = match (&reading.action, &reading.resource) {
        (Some(action), Some(resource)) => format!("`{action}` on `{resource}`"),
        (Some(action), None) => format!("`{action}`"),
        _ => "the call".to_owned(),
    };
    match cause {
        Cause::PermissionImplicitDeny => format!("the service refused {what}: nothing allows it"),
        Cause::PermissionExplicitDeny => format!("the service refused {what}: a Deny applies"),
        Cause::PermissionDenied => format!("the service refused {what}: the caller may not do it"),
        Cause::ServiceNotActivated => match reading.product().as_deref() {
            None | Some("fc") => "Function Compute is not switched on for this account".to_owned(),
            Some(product) => format!("the product `{product}` is not switched on for this account"),
        },
        Cause::WrongAccount => "the account in the address is not the access key's own".to_owned(),
        Cause::WrongRegion => "the service does not know the region".to_owned(),
        Cause::AccessKeyDisabled => "the access key is disabled".to_owned(),
        Cause::AccessKeyNotFound => "the access key does not exist".to_owned(),
        Cause::SignatureMismatch => "the secret does not belong to the access key".to_owned(),
        Cause::SecurityTokenExpired => "the temporary credentials have run out".to_owned(),
        Cause::SecurityTokenInvalid => {
            "the security token is not valid for the access key".to_owned()
        }
        Cause::ClockSkew => "this machine's clock is more than 15 minutes off".to_owned(),
        Cause::AuthenticationMissing => {
            "the request arrived without its date or its signature".to_owned()
        }
        Cause::ResourceNotFound => format!("there is no such {}", what_is_missing(reading)),
        Cause::Conflict => "something is there already, or was changed meanwhile".to_owned(),
        Cause::PayloadTooLarge => "the event is larger than the service takes".to_owned(),
        Cause::Throttled => "the service takes no more calls for now".to_owned(),
        Cause::FunctionStartFailed => "the function could not start".to_owned(),
        Cause::ServiceError => with_status("the service failed"),
        Cause::InvalidArgument => "the service does not take an argument of the call".to_owned(),
        Cause::ClientCanceled => "the caller went away before the answer".to_owned(),
        _ => with_status("the service refused"),
    }
}

/// What the service says that it does not have.
fn what_is_missing(reading: &Reading) -> &'static str {
    let code = reading.code.as_deref().unwrap_or_default();
    let kinds = [
        ("ServiceNotFound", "service"),
        ("FunctionNotFound", "function"),
        ("VersionNotFound", "version"),
        ("AliasNotFound", "alias"),
    ];
    let kind = kinds.into_iter().find(|(known, _)| *known == code);
    kind.map_or("service, function, version or alias", |(_, kind)| kind)
}

fn next_steps(cause: Cause, reading: &Reading, facts: Facts<'_>) -> Vec<Hint> {
    let hint = |text: &str| vec![Hint::text(text)];
    match cause {
        Cause::ServiceNotActivated => hint(match reading.product().as_deref() {
            None | Some("fc") => {
                "the account's owner switches it on in the Function Compute console; no policy can"
            }
            Some(_) => "the account's owner switches it on in the product's console; no policy can",
        }),
        Cause::WrongAccount => hint(
            "pass the main account's id with `--account-id` (not a RAM user's id), or leave it out",
        ),
        Cause::WrongRegion => {
            hint("check the region's id (`cn-hangzhou`, not a name), and that the product is there")
        }
        Cause::AccessKeyDisabled => {
            hint("enable it in the RAM console, or use another key of the same user")
        }
        Cause::AccessKeyNotFound => {
            hint("check the access key id; temporary keys vanish when they run out")
        }
        Cause::SignatureMismatch => {
            hint("check that the secret is the one of this access key, whole and without spaces")
        }
        Cause::SecurityTokenExpired => hint("fetch new temporary credentials and call again"),
        Cause::SecurityTokenInvalid => {
            hint("the token must come from the same answer of STS as key and secret")
        }
        Cause::ClockSkew => match facts.date {
            Some(date) => vec![Hint::text(format!(
                "set this machine's clock: the service's is {date}"
            ))],
            None => hint("set this machine's clock"),
        },
        Cause::AuthenticationMissing => {
            hint("something between here and the service drops header fields: check the proxy")
        }
        Cause::ResourceNotFound => hint(
            "check the names, `--region` and `--qualifier`; a function of FC 2.0 is found with `--service-name`, one of FC 3.0 without",
        ),
        Cause::PayloadTooLarge => hint(
            "a synchronous call takes 32 MB, an asynchronous one 128 KB: pass a reference to the data in place of the data",
        ),
        Cause::Throttled => hint("call again later, or ask for a higher limit"),
        Cause::FunctionStartFailed => {
            hint("look at the function's start command, its port and its log")
        }
        Cause::ServiceError if facts.status == Some(503) && !facts.in_doubt => {
            hint("the service had no room for the call, and did not run it: call again later")
        }
        Cause::ServiceError => match &reading.request_id {
            Some(id) => vec![Hint::text(format!(
                "the function may have run: look at its log before you call again; if it stays, give Alibaba Cloud the request id {id}"
            ))],
            None => hint("the function may have run: look at its log before you call again"),
        },
        Cause::InvalidArgument => hint("check the names and the header fields of the call"),
        _ => Vec::new(),
    }
}

/// An answer that has nothing of Function Compute.
pub fn not_fc(status: u16, head: Head<'_>, body: &[u8]) -> Failure {
    let title = format!("what answered, with status {status}, is not Function Compute");
    let mut failure = Failure::new(codes::NOT_FC, title);
    failure.said = excerpt_of(body);
    if let (300..400, Some(elsewhere)) = (status, head.0.get("location")) {
        return failure
            .because(format!("it redirects to {elsewhere}"))
            .hint("a signed request is never sent on: pass the right address with `--endpoint`");
    }
    failure
        .because("no header field of its own, and no error in its form")
        .hint("check `--endpoint`, and whether a proxy or a login page answers in its place")
}

/// The start of a body, when it is text.
fn excerpt_of(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(&body[..body.len().min(SHOWN)])
        .ok()?
        .trim();
    let cut = if body.len() > SHOWN { "…" } else { "" };
    Some(format!("{text}{cut}")).filter(|text| !text.is_empty())
}

/// The function ran and ended with an error. Its body is the function's own.
pub fn function_failed(head: Head<'_>, body: &[u8]) -> Failure {
    let error: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = error["errorMessage"].as_str().unwrap_or_default();
    let reading = Reading {
        code: head.error_type().map(str::to_owned),
        message: Some(message.to_owned()).filter(|message| !message.is_empty()),
        request_id: head.request_id().map(str::to_owned),
        ..Reading::default()
    };
    of_function(classify_function_error(message), &reading)
}

/// As [`function_failed`], for an error that was read.
pub(super) fn of_function(cause: Cause, reading: &Reading) -> Failure {
    let title = match cause {
        Cause::FunctionTimeout => "the function ran out of its time",
        Cause::FunctionExited => "the function's process ended before it answered",
        _ => "the function raised an error",
    };
    let mut failure = Failure::new(codes::of_refusal(cause), title);
    failure.service_code.clone_from(&reading.code);
    failure.request_id.clone_from(&reading.request_id);
    failure.said.clone_from(&reading.message);
    failure.hint(match cause {
        Cause::FunctionTimeout => "give the function more time, or less to do",
        Cause::FunctionExited => "look at the log above, and at the function's memory",
        _ => "the call itself was allowed and made: look at the function's log",
    })
}
