//! Named values from outside: a profile, a section, an alias, an answer. What is wrong with one
//! is said by its name and its kind, never by its value.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::world::{NOT_A_WORD, is_word};
use super::{Credentials, CredentialsError, SessionPolicy};
use crate::acs::Secret;

/// One value. Each text is kept as a secret, because some are.
enum Field {
    Text(Secret),
    Number(u64),
    /// Something that no field here is, and what it is.
    Other(&'static str),
    /// A text that cannot be had, and why.
    Broken(&'static str),
}

/// The values, with what an error says about where they stand.
pub(super) struct Fields {
    values: BTreeMap<String, Field>,
    /// The source's name, with the profile or alias.
    pub(super) source: String,
    /// The file, variable or address; empty where the names of the values say it.
    place: String,
    way_out: String,
}

/// The names under which a source keeps a key.
pub(super) struct KeyNames {
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
    pub(super) token: &'static str,
}

impl Fields {
    pub(super) fn new(
        source: impl Into<String>,
        place: impl Into<String>,
        way_out: impl Into<String>,
    ) -> Self {
        Self {
            values: BTreeMap::new(),
            source: source.into(),
            place: place.into(),
            way_out: way_out.into(),
        }
    }

    pub(super) fn with_object(mut self, object: Map<String, Value>) -> Self {
        for (name, value) in object {
            let field = match value {
                Value::Null => continue,
                Value::String(text) => Field::Text(Secret::new(text)),
                Value::Number(number) => match number.as_u64() {
                    Some(number) => Field::Number(number),
                    None => Field::Other("a number that is not whole or below 0"),
                },
                other => Field::Other(kind(&other)),
            };
            self.values.insert(name, field);
        }
        self
    }

    pub(super) fn insert(&mut self, name: String, text: Secret) {
        self.values.insert(name, Field::Text(text));
    }

    /// A value that is an error once it is read.
    pub(super) fn insert_broken(&mut self, name: String, why: &'static str) {
        self.values.insert(name, Field::Broken(why));
    }

    pub(super) fn broken(&self, why: impl std::fmt::Display) -> CredentialsError {
        self.broken_with(why, &self.way_out)
    }

    /// As [`Fields::broken`], with another way out.
    pub(super) fn broken_with(
        &self,
        why: impl std::fmt::Display,
        way_out: impl Into<String>,
    ) -> CredentialsError {
        let why = match &*self.place {
            "" => why.to_string(),
            place => format!("{place}: {why}"),
        };
        CredentialsError::broken(&self.source, why, way_out)
    }

    /// A text; an empty one counts as not there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, CredentialsError> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Field::Text(text)) => Ok(Some(text.expose()).filter(|text| !text.is_empty())),
            Some(Field::Number(_)) => Err(self.broken(format!("`{name}` is a number, not a text"))),
            Some(Field::Other(kind)) => Err(self.broken(format!("`{name}` is {kind}, not a text"))),
            Some(Field::Broken(why)) => Err(self.broken(format!("`{name}` {why}"))),
        }
    }

    /// A text that goes into a request as it is.
    pub(super) fn word(&self, name: &str) -> Result<Option<&str>, CredentialsError> {
        match self.text(name)? {
            Some(text) if !is_word(text) => Err(self.broken(format!("`{name}` {NOT_A_WORD}"))),
            text => Ok(text),
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, CredentialsError> {
        let missing = || self.broken(format!("`{name}` is missing"));
        self.word(name)?.ok_or_else(missing)
    }

    /// A whole number, also one that is written as a text.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, CredentialsError> {
        let wrong = || self.broken(format!("`{name}` is not a whole number"));
        match self.values.get(name) {
            Some(Field::Number(number)) => Ok(Some(*number)),
            Some(Field::Other(_)) => Err(wrong()),
            _ => {
                let parsed = self.text(name)?.map(str::parse);
                parsed.transpose().map_err(|_| wrong())
            }
        }
    }

    /// An account's id, which a file may hold without quotes.
    pub(super) fn account(&self, name: &str) -> Result<Option<String>, CredentialsError> {
        match self.values.get(name) {
            Some(Field::Number(number)) => Ok(Some(number.to_string())),
            _ => match self.text(name)? {
                Some(id) if !id.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Err(self.broken(format!("`{name}` is not an account's id, which is digits")))
                }
                id => Ok(id.map(str::to_owned)),
            },
        }
    }

    /// A moment, as OpenAPI writes it.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, CredentialsError> {
        let parsed = self.text(name)?.map(str::parse);
        parsed.transpose().map_err(|_| {
            self.broken(format!(
                "`{name}` is not a time like `2026-01-15T08:30:00Z`"
            ))
        })
    }

    /// A moment, as seconds since 1970.
    pub(super) fn seconds(&self, name: &str) -> Result<Option<Timestamp>, CredentialsError> {
        let seconds = self.number(name)?.filter(|seconds| *seconds > 0);
        let time = seconds.map(|seconds| {
            let seconds = i64::try_from(seconds).ok();
            seconds.and_then(|seconds| Timestamp::from_second(seconds).ok())
        });
        match time {
            Some(None) => Err(self.broken(format!("`{name}` is no time in seconds since 1970"))),
            time => Ok(time.flatten()),
        }
    }

    /// A key and the token that it may have; `None` when neither id nor secret is there.
    pub(super) fn key(&self, names: &KeyNames) -> Result<Option<Credentials>, CredentialsError> {
        let missing =
            |is: &str, not: &str| self.broken(format!("`{is}` is set and `{not}` is not"));
        match (self.word(names.id)?, self.word(names.secret)?) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(missing(names.id, names.secret)),
            (None, Some(_)) => Err(missing(names.secret, names.id)),
            (Some(id), Some(secret)) => Ok(Some(Credentials {
                access_key_id: id.to_owned(),
                access_key_secret: Secret::new(secret),
                security_token: self.word(names.token)?.map(Secret::new),
                account_id: None,
                source: self.source.clone(),
                expires_at: None,
                session_policy: SessionPolicy::Unknown,
            })),
        }
    }

    /// A whole key.
    pub(super) fn required_key(&self, names: &KeyNames) -> Result<Credentials, CredentialsError> {
        let missing = || self.broken(format!("`{}` is missing", names.id));
        self.key(names)?.ok_or_else(missing)
    }

    /// The credentials, unless they ran out before now.
    pub(super) fn unexpired(
        &self,
        credentials: Credentials,
        now: Timestamp,
        way_out: &str,
    ) -> Result<Credentials, CredentialsError> {
        match credentials.expires_at {
            Some(time) if time <= now => Err(self.broken_with(ran_out(time, now), way_out)),
            _ => Ok(credentials),
        }
    }
}

/// Says that credentials are of no use any more, or that the clock says so.
pub(super) fn ran_out(time: Timestamp, now: Timestamp) -> String {
    format!("they ran out at {time:.0}, and this machine's clock says {now:.0}")
}

/// What a JSON value is.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
