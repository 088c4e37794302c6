//! What Serverless Devs reads from the environment: `AccountID`, `AccessKeyID`,
//! `AccessKeySecret` and `SecurityToken`, or one variable that holds them as JSON.
//!
//! The tool of today drops `SecurityToken` here in its third generation, so that a temporary
//! key cannot work; here it counts.

use serde_json::Value;

use super::fields::{Fields, KeyNames, kind};
use super::{Credentials, CredentialsError, Found, World};
use crate::acs::Secret;

pub(super) const SOURCE: &str = "Serverless Devs environment";

/// What the names of such variables end with, by generation.
const ENDINGS: [&str; 2] = ["_serverless_devs_key", "serverless_devs_access"];
/// The ones that are meant when nobody names one.
const DEFAULTS: [&str; 2] = [
    "default_serverless_devs_key",
    "default_serverless_devs_access",
];

pub(super) const KEY: KeyNames = KeyNames {
    id: "AccessKeyID",
    secret: "AccessKeySecret",
    token: "SecurityToken",
};
pub(super) const ACCOUNT: &str = "AccountID";

pub(super) fn read(world: &World<'_>) -> Result<Found, CredentialsError> {
    let mut fields = Fields::new(SOURCE, "", "set both, or neither");
    for name in [ACCOUNT, KEY.id, KEY.secret, KEY.token] {
        if let Some(value) = world.var(SOURCE, name)? {
            fields.insert(name.to_owned(), Secret::new(value));
        }
    }
    if let Some(mut key) = fields.key(&KEY)? {
        key.account_id = fields.account(ACCOUNT)?;
        return Ok(Found::Credentials(key));
    }
    let names = world.environment.names();
    let named: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| is_name(name))
        .collect();
    let default = DEFAULTS.into_iter().find(|name| named.contains(name));
    match (default, &*named) {
        (Some(name), _) | (None, &[name]) => json(world, name)?.map_or_else(
            || Ok(Found::Nothing(format!("`{name}` is empty"))),
            |key| Ok(Found::Credentials(key)),
        ),
        (None, []) => Ok(Found::Nothing(format!(
            "`{}` and `{}` are not set, and no `…{}`",
            KEY.id, KEY.secret, ENDINGS[0]
        ))),
        (None, several) => Ok(Found::Nothing(format!(
            "`{}` are several; `-a` names one",
            several.join("`, `")
        ))),
    }
}

/// The variable of that name, if the name is one of such a variable.
pub(super) fn named(
    world: &World<'_>,
    name: &str,
) -> Result<Option<Credentials>, CredentialsError> {
    match is_name(name) {
        true => json(world, name),
        false => Ok(None),
    }
}

/// Whether a variable of that name would hold a key.
pub(super) fn is_name(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn json(world: &World<'_>, name: &str) -> Result<Option<Credentials>, CredentialsError> {
    let Some(text) = world.var(SOURCE, name)?.map(Secret::new) else {
        return Ok(None);
    };
    let way_out = "set it to an object with `AccountID`, `AccessKeyID` and `AccessKeySecret`";
    let fields = Fields::new(format!("{SOURCE} (`{name}`)"), format!("`{name}`"), way_out);
    let fields = match serde_json::from_str(text.expose()) {
        Ok(Value::Object(object)) => fields.with_object(object),
        Ok(other) => {
            return Err(fields.broken(format!("it holds {}, not an object", kind(&other))));
        }
        Err(error) => return Err(fields.broken(format!("not JSON: {error}"))),
    };
    let mut key = fields.required_key(&KEY)?;
    key.account_id = fields.account(ACCOUNT)?;
    Ok(Some(key))
}
