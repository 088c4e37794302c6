//! RPC-style calls (STS, RAM): parameters in the query, an empty body, JSON back.

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
