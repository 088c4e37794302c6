//! One unsigned question over HTTP, and the answer in which the metadata service and a
//! credentials URI give a key.

use bytes::Bytes;
use serde_json::Value;

use super::fields::{Fields, KeyNames, kind, ran_out};
use super::{Credentials, CredentialsError, World};
use crate::acs::{Endpoint, Headers, HttpRequest, TransportError};

/// The largest answer that is read.
const LIMIT: usize = 64 * 1024;

const KEY: KeyNames = KeyNames {
    id: "AccessKeyId",
    secret: "AccessKeySecret",
    token: "SecurityToken",
};

pub(super) struct Question<'a> {
    pub(super) method: &'static str,
    pub(super) endpoint: &'a Endpoint,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) header: Option<(&'static str, &'a str)>,
}

/// Status and body.
pub(super) async fn ask(
    world: &World<'_>,
    question: Question<'_>,
) -> Result<(u16, Bytes), TransportError> {
    let request = HttpRequest {
        method: question.method,
        endpoint: question.endpoint.clone(),
        path: question.path.to_owned(),
        query: question.query.to_owned(),
        headers: question.header.into_iter().collect::<Headers>(),
        body: Bytes::new(),
    };
    let mut incoming = world.transport.send(request).await?;
    let body = incoming.body(LIMIT).await?;
    Ok((incoming.status, body))
}

/// Reads `{"Code": "Success", "AccessKeyId": …, "Expiration": …}`.
pub(super) fn key(
    body: &[u8],
    source: &str,
    place: &str,
    world: &World<'_>,
) -> Result<Credentials, CredentialsError> {
    const WAY_OUT: &str = "look at what answers there: its answer is not the documented one";
    let fields = Fields::new(source, place, WAY_OUT);
    let object = match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => object,
        Ok(other) => {
            return Err(fields.broken(format!("it answers {}, not an object", kind(&other))));
        }
        Err(error) => return Err(fields.broken(format!("its answer is not JSON: {error}"))),
    };
    let fields = fields.with_object(object);
    match fields.text("Code")? {
        Some("Success") => {}
        // A code is a word of letters; anything else might be a value in the wrong place.
        Some(code)
            if code
                .bytes()
                .all(|one| one.is_ascii_alphabetic() || one == b'.') =>
        {
            return Err(fields.broken(format!("it answers with code `{code}`")));
        }
        _ => return Err(fields.broken("`Code` is not `Success`")),
    }
    let mut credentials = fields.required_key(&KEY)?;
    if credentials.security_token.is_none() {
        return Err(fields.broken("`SecurityToken` is missing"));
    }
    let now = world.now();
    credentials.expires_at = fields.time("Expiration")?;
    match credentials.expires_at {
        Some(end) if end <= now => {
            Err(fields.broken_with(ran_out(end, now), "set this machine's clock"))
        }
        _ => Ok(credentials),
    }
}
