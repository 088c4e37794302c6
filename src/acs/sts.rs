//! STS: who is calling.

use serde_json::Value;

use super::acs3::Operation;
use super::rpc::{self, RpcError};
use super::{Ambient, Credentials, Endpoint, Transport};

/// STS's API version.
pub const VERSION: &str = "2015-04-01";

/// The caller, as STS knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The main account.
    pub account_id: String,
    /// `Account`, `RAMUser` or `AssumedRoleUser`.
    pub identity_type: String,
    /// The caller's own resource name.
    pub arn: String,
    /// The user's id, or `role:session`.
    pub principal_id: String,
}

/// Asks who signs with these credentials. It needs no permission.
///
/// # Errors
/// No answer, a refusal, or an answer without an account.
pub async fn get_caller_identity(
    transport: &Transport,
    endpoint: &Endpoint,
    credentials: &Credentials,
    ambient: Ambient,
) -> Result<CallerIdentity, RpcError> {
    let operation = Operation {
        action: "GetCallerIdentity",
        version: VERSION,
    };
    let answer = rpc::call(transport, endpoint, operation, &[], credentials, ambient).await?;
    let field = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let missing = |name: &str| RpcError::Unreadable {
        action: operation.action.to_owned(),
        why: format!("it has no `{name}`"),
    };
    Ok(CallerIdentity {
        account_id: field("AccountId").ok_or_else(|| missing("AccountId"))?,
        identity_type: field("IdentityType").unwrap_or_default(),
        arn: field("Arn").unwrap_or_default(),
        principal_id: field("PrincipalId").unwrap_or_default(),
    })
}
