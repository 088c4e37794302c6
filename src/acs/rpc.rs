//! RPC-style calls (STS, RAM, ResourceManager): parameters in the query, an empty body, JSON
//! back.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use serde_json::Value;

use super::acs3::{self, Operation};
use super::ambient::utc;
use super::encoding::encode;
use super::redact::Redactor;
use super::{
    Ambient, Credentials, Endpoint, Headers, HttpRequest, Refusal, Secret, Transport,
    TransportError,
};

/// The largest answer that is read: no call here has one near it.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// How often a throttled question is put again.
const RETRIES: usize = 3;
/// The longest wait that a service can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Why a call gave no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RpcError {
    /// No answer came.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The service refused.
    #[error("{action} was refused with status {}", refusal.status)]
    Refused {
        /// The operation.
        action: String,
        /// The whole answer.
        refusal: Refusal,
    },
    /// The answer is not what the operation gives.
    #[error("the answer to {action} cannot be read: {why}")]
    Unreadable {
        /// The operation.
        action: String,
        /// What is wrong.
        why: String,
    },
}

impl RpcError {
    /// The answer of a service that refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// A field of the refusal's body, such as `Code`.
    pub fn said(&self, field: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.refusal()?.body).ok()?;
        body.get(field)?.as_str().map(str::to_owned)
    }

    /// Whether a permission is lacking.
    pub fn is_denial(&self) -> bool {
        let code = self.said("Code").unwrap_or_default();
        self.refusal().is_some_and(|refusal| refusal.status == 403)
            && (code.starts_with("NoPermission") || code.starts_with("Forbidden"))
    }

    /// Whether the service had no room, and did nothing.
    pub fn is_throttled(&self) -> bool {
        let code = self.said("Code").unwrap_or_default();
        let status = self.refusal().map(|refusal| refusal.status);
        matches!(status, Some(429 | 503)) || code.starts_with("Throttling")
    }
}

/// Asks one product questions: what changes nothing, and may be asked again.
#[derive(Debug, Clone)]
pub struct Client<'a> {
    /// Sends.
    pub transport: &'a Transport,
    /// Where the product is.
    pub endpoint: Endpoint,
    /// The product's API version.
    pub version: &'static str,
    /// Who asks.
    pub credentials: &'a Credentials,
    /// The time, and randomness.
    pub ambient: Ambient,
}

impl Client<'_> {
    /// Asks, and again a few times where the service is throttling, each time signed anew.
    ///
    /// # Errors
    /// As [`call`].
    pub async fn ask(
        &self,
        action: &'static str,
        parameters: &[(&str, &str)],
    ) -> Result<Value, RpcError> {
        let operation = Operation {
            action,
            version: self.version,
        };
        let mut waits = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(2))
            .with_max_times(RETRIES)
            .with_jitter()
            .build();
        loop {
            let answer = call(
                self.transport,
                &self.endpoint,
                operation,
                parameters,
                self.credentials,
                self.ambient,
            );
            let error = match answer.await {
                Err(error) if error.is_throttled() => error,
                other => return other,
            };
            let Some(wait) = waits.next() else {
                return Err(error);
            };
            let asked = error.refusal().and_then(|one| one.headers.asked_wait());
            tokio::time::sleep(asked.unwrap_or(wait).min(LONGEST_WAIT)).await;
        }
    }
}

/// An answer that is not what the operation gives.
pub(super) fn unreadable(action: &str, why: impl Into<String>) -> RpcError {
    RpcError::Unreadable {
        action: action.to_owned(),
        why: why.into(),
    }
}

/// A list in an answer, which products nest in two: `{"Policies": {"Policy": […]}}`.
pub(super) fn items<'a>(
    action: &str,
    answer: &'a Value,
    (outer, inner): (&str, &str),
) -> Result<&'a [Value], RpcError> {
    let missing = || unreadable(action, format!("it has no `{outer}.{inner}`"));
    let list = answer.get(outer).and_then(|outer| outer.get(inner));
    let rows = list.and_then(Value::as_array).ok_or_else(missing)?;
    Ok(rows)
}

/// A text in a row of an answer.
pub(super) fn text(action: &str, row: &Value, field: &str) -> Result<String, RpcError> {
    let text = row.get(field).and_then(Value::as_str);
    text.filter(|text| !text.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| unreadable(action, format!("a row has no `{field}`")))
}

/// Makes one signed call.
///
/// # Errors
/// No answer, a refusal, or an answer that is not JSON.
pub async fn call(
    transport: &Transport,
    endpoint: &Endpoint,
    operation: Operation<'_>,
    parameters: &[(&str, &str)],
    credentials: &Credentials,
    ambient: Ambient,
) -> Result<Value, RpcError> {
    let mut request = request(endpoint, parameters);
    acs3::sign(
        &mut request,
        operation,
        credentials,
        (ambient.now)(),
        &(ambient.nonce)(),
    );
    let redactor = Redactor::new(credentials);
    exchange(transport, request, operation, &redactor).await
}

/// Makes one call that nobody signs. What the signature's header fields would say stands among
/// the parameters. `hidden` is what a refusal must not repeat.
///
/// # Errors
/// No answer, a refusal, or an answer that is not JSON.
pub async fn call_unsigned(
    transport: &Transport,
    endpoint: &Endpoint,
    operation: Operation<'_>,
    parameters: &[(&str, &str)],
    hidden: &Secret,
    ambient: Ambient,
) -> Result<Value, RpcError> {
    let (now, nonce) = (utc((ambient.now)()), (ambient.nonce)());
    let common = [
        ("Action", operation.action),
        ("Format", "json"),
        ("Version", operation.version),
        ("Timestamp", &now),
        ("SignatureNonce", &nonce),
    ];
    let mut request = request(endpoint, &[&common, parameters].concat());
    request.headers.set("x-acs-action", operation.action);
    request.headers.set("x-acs-version", operation.version);
    let redactor = Redactor::of(hidden);
    exchange(transport, request, operation, &redactor).await
}

fn request(endpoint: &Endpoint, parameters: &[(&str, &str)]) -> HttpRequest {
    let query: Vec<String> = parameters
        .iter()
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
        .collect();
    HttpRequest {
        method: "POST",
        endpoint: endpoint.clone(),
        path: "/".to_owned(),
        query: query.join("&"),
        headers: Headers::from_iter([("accept", "application/json")]),
        body: Bytes::new(),
    }
}

async fn exchange(
    transport: &Transport,
    request: HttpRequest,
    operation: Operation<'_>,
    redactor: &Redactor,
) -> Result<Value, RpcError> {
    let mut incoming = transport.send(request).await?;
    let body = incoming.body(ANSWER_LIMIT).await?;
    let action = operation.action.to_owned();
    if incoming.status != 200 {
        let refusal = Refusal {
            status: incoming.status,
            headers: incoming.headers,
            body: redactor.body(&body),
        };
        return Err(RpcError::Refused { action, refusal });
    }
    serde_json::from_slice(&body).map_err(|error| RpcError::Unreadable {
        action,
        why: error.to_string(),
    })
}
