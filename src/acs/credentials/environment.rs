//! `ALIBABA_CLOUD_ACCESS_KEY_ID`, `…_ACCESS_KEY_SECRET` and `…_SECURITY_TOKEN`, and the names
//! that the aliyun CLI falls back to. Key and token come from one family of names: a mixture
//! would sign with a pair that belongs together by accident.

use super::{Credentials, CredentialsError, Found, SessionPolicy, World};
use crate::acs::Secret;

pub(super) const SOURCE: &str = "environment";

/// What the names begin with, in the CLI's order.
const FAMILIES: [&str; 4] = ["ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_", ""];

pub(super) fn read(world: &World<'_>) -> Result<Found, CredentialsError> {
    for family in FAMILIES {
        if let Some(credentials) = family_of(world, family)? {
            return Ok(Found::Credentials(credentials));
        }
    }
    Ok(Found::Nothing(
        "`ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET` are not set"
            .to_owned(),
    ))
}

fn family_of(world: &World<'_>, family: &str) -> Result<Option<Credentials>, CredentialsError> {
    let id_name = format!("{family}ACCESS_KEY_ID");
    let secret_name = format!("{family}ACCESS_KEY_SECRET");
    let half = |is: &str, not: &str| {
        let why = format!("`{is}` is set and `{not}` is not");
        CredentialsError::broken(SOURCE, why, "set both, or neither")
    };
    match (
        world.word(SOURCE, &id_name)?,
        world.word(SOURCE, &secret_name)?,
    ) {
        (Some(id), Some(secret)) => Ok(Some(Credentials {
            access_key_id: id,
            access_key_secret: Secret::new(secret),
            security_token: world
                .word(SOURCE, &format!("{family}SECURITY_TOKEN"))?
                .map(Secret::new),
            account_id: None,
            source: match family == FAMILIES[0] {
                true => SOURCE.to_owned(),
                false => format!("{SOURCE} (`{id_name}`)"),
            },
            expires_at: None,
            session_policy: SessionPolicy::Unknown,
        })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(half(&secret_name, &id_name)),
        (Some(_), None) => Err(half(&id_name, &secret_name)),
    }
}
