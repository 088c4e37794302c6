//! Whose request it is: date, signature and key, checked by the signers' own rules and refused
//! with the service's own codes and texts.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::answer::Refused;
use super::config::{Config, User};
use super::operation::Dialect;
use crate::acs::encoding::sha256_hex;
use crate::acs::{Headers, acs3};
use crate::fc::{Api, signature};

/// How far a request's date may be from the service's.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// A request as it arrived.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
}

/// The user who signed the request.
pub(super) fn authenticate<'a>(
    arrived: &Arrived,
    dialect: Dialect,
    config: &'a Config,
    now: Timestamp,
) -> Result<&'a User, Refused> {
    match dialect {
        Dialect::Fc(Api::V20160815) => fc_v1(arrived, config, now),
        _ => acs3(arrived, dialect, config, now),
    }
}

fn fc_v1<'a>(arrived: &Arrived, config: &'a Config, now: Timestamp) -> Result<&'a User, Refused> {
    let dialect = Dialect::Fc(Api::V20160815);
    let date = arrived
        .headers
        .get("date")
        .ok_or_else(|| Refused::missing_header("Date"))?;
    let authorization = arrived.headers.get("authorization").unwrap_or_default();
    let (id, signature) = signature::parse_authorization(authorization)
        .ok_or_else(|| Refused::invalid_authorization(authorization))?;
    let user = config
        .user_of_key(id)
        .ok_or_else(|| Refused::unknown_key(dialect, id))?;
    check_date(
        jiff::fmt::rfc2822::parse(date)
            .ok()
            .map(|date| date.timestamp()),
        date,
        now,
    )?;
    let signable = signature::Signable {
        method: &arrived.method,
        path: &arrived.path,
        query: &arrived.query,
        headers: &arrived.headers,
    };
    if signable.verify(user.access_key_secret.expose(), signature) {
        Ok(user)
    } else {
        Err(Refused::signature(dialect))
    }
}

fn acs3<'a>(
    arrived: &Arrived,
    dialect: Dialect,
    config: &'a Config,
    now: Timestamp,
) -> Result<&'a User, Refused> {
    let header = |name| arrived.headers.get(name).unwrap_or_default();
    let date = arrived
        .headers
        .get("x-acs-date")
        .ok_or_else(|| Refused::missing_header("Date"))?;
    let authorization = header("authorization");
    let signed = acs3::Authorization::parse(authorization)
        .ok_or_else(|| Refused::invalid_authorization(authorization))?;
    let user = config
        .user_of_key(&signed.access_key_id)
        .ok_or_else(|| Refused::unknown_key(dialect, &signed.access_key_id))?;
    check_date(date.parse().ok(), date, now)?;
    // A signature that leaves these out would fit another request, too.
    let covers = ["host", "x-acs-date", "x-acs-content-sha256"]
        .iter()
        .all(|name| signed.signed.iter().any(|one| one == name));
    let payload_hash = sha256_hex(&arrived.body);
    let signable = acs3::Signable {
        method: &arrived.method,
        path: &arrived.path,
        query: &arrived.query,
        headers: &arrived.headers,
        signed: &signed.signed,
        payload_hash: &payload_hash,
    };
    let verified = signable.verify(user.access_key_secret.expose(), &signed.signature);
    if covers && header("x-acs-content-sha256") == payload_hash && verified {
        Ok(user)
    } else {
        Err(Refused::signature(dialect))
    }
}

fn check_date(date: Option<Timestamp>, said: &str, now: Timestamp) -> Result<(), Refused> {
    match date {
        Some(date) if date.duration_since(now).abs() <= WINDOW => Ok(()),
        _ => Err(Refused::clock_skew(said, &signature::http_date(now))),
    }
}
