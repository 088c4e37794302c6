//! RAM's own word on a denial: it decodes the `EncodedDiagnosticMessage` of a refusal.

use serde_json::Value;

use super::acs3::Operation;
use super::rpc::{self, RpcError};
use super::{Ambient, Credentials, Endpoint, Transport};

/// RAM's API version.
const VERSION: &str = "2015-05-01";

/// Asks RAM to decode a message. It needs `ram:DecodeDiagnosticMessage`, which administrators
/// have.
///
/// # Errors
/// No answer, a refusal, or an answer that is not JSON.
pub async fn decode_diagnostic_message(
    transport: &Transport,
    endpoint: &Endpoint,
    encoded: &str,
    credentials: &Credentials,
    ambient: Ambient,
) -> Result<Value, RpcError> {
    let operation = Operation {
        action: "DecodeDiagnosticMessage",
        version: VERSION,
    };
    let parameters = [("EncodedDiagnosticMessage", encoded)];
    rpc::call(
        transport,
        endpoint,
        operation,
        &parameters,
        credentials,
        ambient,
    )
    .await
}
