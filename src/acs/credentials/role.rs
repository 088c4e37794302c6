//! A role that is taken on: STS gives the credentials for it.

use super::fields::{Fields, ran_out};
use super::{Credentials, CredentialsError, SessionPolicy, World};
use crate::acs::Endpoint;
use crate::acs::rpc::RpcError;
use crate::acs::sts::{self, OidcToken, RoleRequest, TemporaryKey};

/// How long the credentials are asked to last, where nothing says it, as in the official
/// libraries.
pub(super) const DURATION: u64 = 3600;
/// The session's name, where nothing says it.
pub(super) const SESSION: &str = "sesame";

/// A role, and where it is asked for.
pub(super) struct Role {
    pub(super) request: RoleRequest,
    pub(super) sts: Endpoint,
    /// Who reads the profile that names it.
    pub(super) source: String,
}

/// Takes the role on with a key.
pub(super) async fn assume(
    world: &World<'_>,
    role: &Role,
    by: &Credentials,
) -> Result<Credentials, CredentialsError> {
    world.may_ask(&role.source)?;
    let asked = sts::assume_role(world.transport, &role.sts, &role.request, by, world.ambient);
    finish(
        world,
        role,
        tokio::time::timeout(world.limits.sts, asked).await,
    )
}

/// Takes the role on with an OIDC token.
pub(super) async fn assume_with_oidc(
    world: &World<'_>,
    role: &Role,
    token: &OidcToken,
) -> Result<Credentials, CredentialsError> {
    world.may_ask(&role.source)?;
    let asked = sts::assume_role_with_oidc(
        world.transport,
        &role.sts,
        &role.request,
        token,
        world.ambient,
    );
    finish(
        world,
        role,
        tokio::time::timeout(world.limits.sts, asked).await,
    )
}

fn finish(
    world: &World<'_>,
    role: &Role,
    answer: Result<Result<TemporaryKey, RpcError>, tokio::time::error::Elapsed>,
) -> Result<Credentials, CredentialsError> {
    let key = match answer {
        Ok(Ok(key)) => key,
        Ok(Err(error)) => {
            return Err(CredentialsError::Sts {
                source_name: role.source.clone(),
                error,
            });
        }
        Err(_) => {
            let seconds = world.limits.sts.as_secs_f64();
            let why = format!("STS at `{}` did not answer within {seconds} s", role.sts);
            return Err(CredentialsError::broken(
                &role.source,
                why,
                "check the network, and `--sts-endpoint` where it is given",
            ));
        }
    };
    let now = world.now();
    if key.expires_at <= now {
        return Err(CredentialsError::broken(
            &role.source,
            format!("STS at `{}`: {}", role.sts, ran_out(key.expires_at, now)),
            "set this machine's clock",
        ));
    }
    Ok(Credentials {
        access_key_id: key.access_key_id,
        access_key_secret: key.access_key_secret,
        security_token: Some(key.security_token),
        // A session belongs to the role's own account, whoever took it on.
        account_id: account_of(&role.request.role_arn),
        source: role.source.clone(),
        expires_at: Some(key.expires_at),
        session_policy: match &role.request.policy {
            Some(policy) => SessionPolicy::Given(policy.clone()),
            None => SessionPolicy::Without,
        },
    })
}

/// The account in `acs:ram::<account>:role/<name>`.
fn account_of(arn: &str) -> Option<String> {
    let account = arn.strip_prefix("acs:ram::")?.split(':').next()?;
    let digits = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| account.to_owned())
}

/// A role's name as a profile or a section gives it.
pub(super) fn arn(fields: &Fields, name: &str) -> Result<String, CredentialsError> {
    let arn = fields.required(name)?;
    match account_of(arn).is_some() && arn.contains(":role/") {
        true => Ok(arn.to_owned()),
        false => Err(fields.broken(format!(
            "`{name}` is not a role's name like `acs:ram::1234567890123456:role/name`"
        ))),
    }
}

/// Where STS is: what the user named, else the address of the region, else the one for all.
pub(super) fn endpoint(
    world: &World<'_>,
    source: &str,
    region: Option<&str>,
) -> Result<Endpoint, CredentialsError> {
    let variable = world.word(source, "ALIBABA_CLOUD_STS_REGION")?;
    let vpc = world.vpc || world.is_on("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED");
    // The address inside the network is always a region's.
    let of_call = world.region.as_deref().filter(|_| vpc);
    let region = region.or(variable.as_deref()).or(of_call);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match region {
        Some(region) if !region.bytes().all(plain) => Err(CredentialsError::broken(
            source,
            "the region of STS is no region's id",
            "give `sts_region` or `ALIBABA_CLOUD_STS_REGION` a region id like `cn-hangzhou`",
        )),
        Some(region) => Ok(world.endpoints.sts(region, vpc)),
        None => Ok(world.endpoints.global_sts()),
    }
}

#[cfg(test)]
mod tests {
    use super::account_of;

    #[test]
    fn the_account_is_the_role_s() {
        let account = Some("1234567890123456".to_owned());
        assert_eq!(account_of("acs:ram::1234567890123456:role/r"), account);
        assert_eq!(account_of("acs:ram::*:role/r"), None);
        assert_eq!(account_of("role/r"), None);
    }
}
