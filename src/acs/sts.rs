//! STS: who is calling, and temporary credentials for a role.

use jiff::Timestamp;
use serde_json::Value;

use super::acs3::Operation;
use super::rpc::{self, RpcError};
use super::{Ambient, Credentials, Endpoint, Secret, Transport};

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

/// The role that is wanted, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRequest {
    /// `acs:ram::<account>:role/<name>`
    pub role_arn: String,
    /// The session's name, which shows in logs.
    pub session_name: String,
    /// How many seconds the credentials are to last.
    pub duration_seconds: u64,
    /// A policy that narrows the session.
    pub policy: Option<String>,
    /// The id that the role's trust policy asks for.
    pub external_id: Option<String>,
}

impl RoleRequest {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("DurationSeconds", self.duration_seconds.to_string()),
            ("RoleArn", self.role_arn.clone()),
            ("RoleSessionName", self.session_name.clone()),
        ];
        parameters.extend(self.policy.clone().map(|policy| ("Policy", policy)));
        parameters.extend(self.external_id.clone().map(|id| ("ExternalId", id)));
        parameters
    }
}

/// What an identity provider gave.
#[derive(Debug, Clone)]
pub struct OidcToken {
    /// `acs:ram::<account>:oidc-provider/<name>`
    pub provider_arn: String,
    /// The token.
    pub token: Secret,
}

/// Credentials with an end.
#[derive(Debug, Clone)]
pub struct TemporaryKey {
    /// The access key id; it begins with `STS.`.
    pub access_key_id: String,
    /// The access key secret.
    pub access_key_secret: Secret,
    /// The token that goes with them.
    pub security_token: Secret,
    /// Their end.
    pub expires_at: Timestamp,
}

/// Takes a role on with a key. It needs `sts:AssumeRole` on the role, and the role's trust.
///
/// # Errors
/// No answer, a refusal, or an answer without credentials.
pub async fn assume_role(
    transport: &Transport,
    endpoint: &Endpoint,
    role: &RoleRequest,
    credentials: &Credentials,
    ambient: Ambient,
) -> Result<TemporaryKey, RpcError> {
    let operation = Operation {
        action: "AssumeRole",
        version: VERSION,
    };
    let parameters = role.parameters();
    let parameters: Vec<_> = borrowed(&parameters).collect();
    let answer = rpc::call(
        transport,
        endpoint,
        operation,
        &parameters,
        credentials,
        ambient,
    );
    temporary_key(operation, answer.await?)
}

/// Takes a role on with an OIDC token. Nobody signs.
///
/// # Errors
/// No answer, a refusal, or an answer without credentials.
pub async fn assume_role_with_oidc(
    transport: &Transport,
    endpoint: &Endpoint,
    role: &RoleRequest,
    token: &OidcToken,
    ambient: Ambient,
) -> Result<TemporaryKey, RpcError> {
    let operation = Operation {
        action: "AssumeRoleWithOIDC",
        version: VERSION,
    };
    let parameters = role.parameters();
    let oidc = [
        ("OIDCProviderArn", token.provider_arn.as_str()),
        ("OIDCToken", token.token.expose()),
    ];
    let parameters: Vec<_> = oidc.into_iter().chain(borrowed(&parameters)).collect();
    let answer = rpc::call_unsigned(
        transport,
        endpoint,
        operation,
        &parameters,
        &token.token,
        ambient,
    );
    temporary_key(operation, answer.await?)
}

fn borrowed<'a>(
    parameters: &'a [(&'static str, String)],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    parameters
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
}

/// Moves the credentials out of an answer, so that no copy stays behind.
fn temporary_key(operation: Operation<'_>, mut answer: Value) -> Result<TemporaryKey, RpcError> {
    let mut take = |name: &str| match answer.pointer_mut(&format!("/Credentials/{name}")) {
        Some(Value::String(text)) if !text.is_empty() => Ok(Secret::new(std::mem::take(text))),
        _ => Err(RpcError::Unreadable {
            action: operation.action.to_owned(),
            why: format!("it has no `Credentials.{name}`"),
        }),
    };
    let (id, secret, token) = (
        take("AccessKeyId")?,
        take("AccessKeySecret")?,
        take("SecurityToken")?,
    );
    let expires_at = take("Expiration")?.expose().parse();
    Ok(TemporaryKey {
        access_key_id: id.expose().to_owned(),
        access_key_secret: secret,
        security_token: token,
        expires_at: expires_at.map_err(|_| RpcError::Unreadable {
            action: operation.action.to_owned(),
            why: "its `Credentials.Expiration` is no time".to_owned(),
        })?,
    })
}
