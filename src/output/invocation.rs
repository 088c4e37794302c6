//! The object of `invoke -o json`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::json;
use crate::acs::redact::{HIDDEN, is_hidden_field};
use crate::acs::{Endpoint, Headers};
use crate::diagnosis::Failure;
use crate::fc::answer::Head;
use crate::fc::{Invocation, InvocationType, Target};
use crate::preflight::{Caller, Preflight};

/// The object's name and number.
pub const SCHEMA: &str = "sesame.invoke/1";

/// What an invocation came to, as far as it went.
#[derive(Debug, Default)]
pub struct InvokeReport {
    /// The resource of the project file that it comes from.
    pub resource: Option<String>,
    /// What was called, once it was known.
    pub target: Option<Target>,
    /// The check, and whose policies it read.
    pub preflight: Option<(Preflight, Caller)>,
    /// The request, once it was built.
    pub request: Option<RequestReport>,
    /// The answer, as far as it was received.
    pub response: Option<ResponseReport>,
    /// What may be wrong, where it is one of several.
    pub warnings: Vec<String>,
    /// Why it is not done, where it is one of several.
    pub failure: Option<Failure>,
}

/// The request of a report.
#[derive(Debug)]
pub struct RequestReport {
    /// The method.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Whether the call waits.
    pub invocation_type: InvocationType,
    /// The header fields, when they are to be shown.
    pub headers: Option<Headers>,
    /// Whether it went out, as far as that is known.
    pub sent: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// The id that the service gave it.
    pub id: Option<String>,
}

impl RequestReport {
    /// A request that was not sent yet.
    pub fn new(invocation: &Invocation, endpoint: &Endpoint) -> Self {
        let request = invocation.request(endpoint);
        Self {
            method: request.method,
            url: request.url(),
            invocation_type: invocation.invocation_type,
            headers: None,
            sent: false,
            attempts: 0,
            id: None,
        }
    }
}

/// The answer of a report.
#[derive(Debug)]
pub struct ResponseReport {
    /// The HTTP status.
    pub status: u16,
    /// The header fields.
    pub headers: Headers,
    /// The body, where it was kept.
    pub body: Vec<u8>,
}

/// The fields with the values of secrets hidden.
pub fn shown_headers(headers: &Headers) -> impl Iterator<Item = (&str, &str)> {
    headers
        .iter()
        .map(|(name, value)| match is_hidden_field(name) {
            true => (name, HIDDEN),
            false => (name, value),
        })
}

fn headers(fields: &Headers) -> Value {
    let mut object = Map::new();
    for (name, value) in shown_headers(fields) {
        let name = name.to_ascii_lowercase();
        match object.get_mut(&name) {
            Some(Value::String(known)) => *known = format!("{known}, {value}"),
            _ => {
                object.insert(name, Value::from(value));
            }
        }
    }
    Value::Object(object)
}

impl InvokeReport {
    /// The object's own fields.
    pub fn to_fields(&self) -> Value {
        let preflight = self.preflight.as_ref();
        let mut fields = json!({
            "target": self.target.as_ref().map(target),
            "preflight": preflight.map(|(preflight, caller)| json::preflight(preflight, caller)),
            "request": RequestReport::to_json(self.request.as_ref()),
            "response": self.response.as_ref().map(ResponseReport::to_json),
        });
        if let Some(resource) = &self.resource {
            fields["resource"] = resource.as_str().into();
        }
        fields
    }

    /// The object's own fields for several calls: none at the top, and one result for each.
    pub fn several(reports: &[Self]) -> Value {
        let mut fields = Self::default().to_fields();
        let requests = || reports.iter().filter_map(|report| report.request.as_ref());
        fields["request"]["sent"] = requests().any(|request| request.sent).into();
        let attempts: u32 = requests().map(|request| request.attempts).sum();
        fields["request"]["attempts"] = attempts.into();
        fields["results"] = reports.iter().map(Self::to_result).collect();
        fields
    }

    fn to_result(&self) -> Value {
        let mut fields = self.to_fields();
        fields["ok"] = self.failure.is_none().into();
        fields["warnings"] = self.warnings.as_slice().into();
        fields["error"] = self.failure.as_ref().map(json::failure).unwrap_or_default();
        fields
    }
}

fn target(target: &Target) -> Value {
    json!({
        "api": target.api().as_str(),
        "region": target.region(),
        "account_id": target.account(),
        "service": target.service(),
        "function": target.function(),
        "qualifier": target.qualifier(),
        "trigger": null,
        "resources": target.resources(),
    })
}

impl RequestReport {
    /// There is always an object, so that a program can ask whether anything was sent.
    fn to_json(report: Option<&Self>) -> Value {
        let mut object = json!({
            "sent": report.is_some_and(|report| report.sent),
            "method": report.map(|report| report.method),
            "url": report.map(|report| report.url.as_str()),
            "invocation_type": report.map(|report| report.invocation_type.as_str()),
            "id": report.and_then(|report| report.id.as_deref()),
            "attempts": report.map_or(0, |report| report.attempts),
        });
        if let Some(fields) = report.and_then(|report| report.headers.as_ref()) {
            object["headers"] = headers(fields);
        }
        object
    }
}

impl ResponseReport {
    fn to_json(&self) -> Value {
        let head = Head(&self.headers);
        let log = head.log();
        let usage = head.usage(log.as_deref());
        let text = std::str::from_utf8(&self.body).ok();
        json!({
            "status": self.status,
            "error_type": head.error_type(),
            "duration_ms": number(usage.duration_ms),
            "billed_duration_ms": number(usage.billed_duration_ms),
            "memory_size_mb": number(usage.memory_size_mb),
            "max_memory_mb": number(usage.max_memory_mb),
            "instance_id": head.instance_id(),
            "code_version": head.code_version(),
            "async_id": head.async_id(),
            "task": null,
            "content_type": head.content_type(),
            "headers": headers(&self.headers),
            "log": log,
            "body": text,
            "body_base64": text.is_none().then(|| STANDARD.encode(&self.body)),
        })
    }
}

/// A whole number without its `.0`, as the service wrote it.
fn number(value: Option<f64>) -> Value {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within an i64")]
            let whole = value as i64;
            Value::from(whole)
        }
        other => Value::from(other),
    }
}
