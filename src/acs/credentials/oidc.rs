//! A role taken on with an OIDC token, as pods of a cluster do: `ALIBABA_CLOUD_ROLE_ARN`,
//! `…_OIDC_PROVIDER_ARN` and `…_OIDC_TOKEN_FILE`.

use std::path::{Path, PathBuf};

use super::fields::Fields;
use super::role::{self, Role};
use super::{CredentialsError, Found, World};
use crate::acs::Secret;
use crate::acs::sts::{OidcToken, RoleRequest};

pub(super) const SOURCE: &str = "OIDC";

const NAMES: [&str; 3] = ["ROLE_ARN", "OIDC_PROVIDER_ARN", "OIDC_TOKEN_FILE"];

pub(super) async fn read(world: &World<'_>) -> Result<Found, CredentialsError> {
    let mut fields = Fields::new(
        SOURCE,
        "",
        "set `ALIBABA_CLOUD_ROLE_ARN`, `ALIBABA_CLOUD_OIDC_PROVIDER_ARN` and \
         `ALIBABA_CLOUD_OIDC_TOKEN_FILE`, or unset the last two",
    );
    for name in NAMES {
        if let Some(value) = variable(world, name)? {
            fields.insert(format!("ALIBABA_CLOUD_{name}"), Secret::new(value));
        }
    }
    // A role alone is nothing of this source's: other tools read it, too.
    let [role_arn, provider, file] = NAMES.map(|name| format!("ALIBABA_CLOUD_{name}"));
    if fields.text(&provider)?.is_none() && fields.text(&file)?.is_none() {
        let why = format!("`{provider}` and `{file}` are not set");
        return Ok(Found::Nothing(why));
    }
    let provider = fields.required(&provider)?.to_owned();
    let missing = || fields.broken(format!("`{file}` is missing"));
    let path = PathBuf::from(fields.text(&file)?.ok_or_else(missing)?);
    let session = world.word(SOURCE, "ALIBABA_CLOUD_ROLE_SESSION_NAME")?;
    let role = Role {
        request: RoleRequest {
            role_arn: role::arn(&fields, &role_arn)?,
            session_name: session.unwrap_or_else(|| role::SESSION.to_owned()),
            duration_seconds: role::DURATION,
            policy: None,
            external_id: None,
        },
        sts: role::endpoint(world, SOURCE, None)?,
        source: SOURCE.to_owned(),
    };
    let token = token(world, SOURCE, provider, &path)?;
    let credentials = role::assume_with_oidc(world, &role, &token).await?;
    Ok(Found::Credentials(credentials))
}

/// Both spellings are in use: clusters set the second.
fn variable(world: &World<'_>, name: &str) -> Result<Option<String>, CredentialsError> {
    match world.var(SOURCE, &format!("ALIBABA_CLOUD_{name}"))? {
        Some(value) => Ok(Some(value)),
        None => world.var(SOURCE, &format!("ALIBABACLOUD_{name}")),
    }
}

/// The token in a file; it is read each time, because clusters renew it.
pub(super) fn token(
    world: &World<'_>,
    source: &str,
    provider_arn: String,
    path: &Path,
) -> Result<OidcToken, CredentialsError> {
    let broken = |why: &str| {
        let why = format!("`{}`: {why}", world.shown(path));
        let way_out = "let the file hold one OIDC token and nothing else";
        CredentialsError::broken(source, why, way_out)
    };
    let text = match world.files.read(path) {
        Ok(Some(text)) => text,
        Ok(None) => return Err(broken("no such file")),
        Err(error) => return Err(broken(&error.to_string())),
    };
    match text.trim() {
        "" => Err(broken("it is empty")),
        token if !super::world::is_word(token) => {
            Err(broken("it is more than one word, which no token is"))
        }
        token => Ok(OidcToken {
            provider_arn,
            token: Secret::new(token),
        }),
    }
}
