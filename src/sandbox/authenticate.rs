//! Whose request it is: date, signature, key and token, checked by the signers' own rules and
//! refused with the service's own codes and texts.

mod trigger;

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::Mac;
use jiff::{SignedDuration, Timestamp};

pub(super) use self::trigger::authenticate_trigger;
use super::answer::Refused;
use super::directory::{Directory, Known, Who};
use super::operation::{Operation, Product};
use crate::acs::encoding::{hmac_sha256, sha256_hex};
use crate::acs::{Headers, Secret, acs3, legacy};
use crate::fc::{Api, signature};

/// How far a request's date may be from the service's.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// The header field of a nonce.
const NONCE: &str = "x-acs-signature-nonce";
/// How many nonces are remembered at most: some 130 MB. Past it the oldest go.
const NONCES: usize = 4_000_000;

/// A request as it arrived.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
    pub(super) peer: SocketAddr,
}

impl Arrived {
    /// A header field's value, or nothing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_default()
    }
}

/// The nonces that were used within the window, so that a request cannot be sent twice.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    known: HashSet<u64>,
    order: VecDeque<(Timestamp, u64)>,
}

impl Nonces {
    /// Takes a nonce; false when it was used before.
    fn take(&mut self, key_id: &str, nonce: &str, now: Timestamp) -> bool {
        use sha2::{Digest, Sha256};
        while let Some((used, old)) = self.order.front() {
            // A date may lie a window ahead, so a nonce counts for two.
            let over = now.duration_since(*used) > WINDOW * 2;
            if !over && self.order.len() < NONCES {
                break;
            }
            self.known.remove(old);
            self.order.pop_front();
        }
        // 64 bits are enough: two that are taken for one would refuse a call, never let one pass.
        let digest = Sha256::digest(format!("{key_id}\n{nonce}"));
        let digest = digest
            .iter()
            .take(8)
            .fold(0, |all, byte| all << 8 | u64::from(*byte));
        if !self.known.insert(digest) {
            return false;
        }
        self.order.push_back((now, digest));
        true
    }
}

/// What a request's signature says of itself.
struct Signed<'a> {
    key_id: &'a str,
    token: Option<&'a str>,
    /// The date, if it can be read, and as it stands there.
    date: (Option<Timestamp>, &'a str),
    nonce: Option<&'a str>,
    verify: Box<dyn Fn(&str) -> bool + 'a>,
    /// What should have been signed, where the service tells it; without the token.
    string_to_sign: Option<String>,
}

/// Who signed the request.
pub(super) fn authenticate(
    arrived: &Arrived,
    operation: &Operation,
    directory: &Directory,
    nonces: &mut Nonces,
    now: Timestamp,
) -> Result<Who, Refused> {
    let product = operation.product();
    let authorization = arrived.header("authorization");
    let signed = match (product, operation) {
        (Product::Fc(Api::V20160815), _) => fc_v1(arrived)?,
        _ if authorization.starts_with("acs ") => roa(arrived, authorization)?,
        (_, Operation::Rpc(call)) if authorization.is_empty() => {
            match call.parameter("Signature") {
                Some(signature) => rpc(arrived, &call.parameters, signature)?,
                None => acs3(arrived)?,
            }
        }
        _ => acs3(arrived)?,
    };
    verify(&signed, product, directory, nonces, now)
}

fn verify(
    signed: &Signed<'_>,
    product: Product,
    directory: &Directory,
    nonces: &mut Nonces,
    now: Timestamp,
) -> Result<Who, Refused> {
    let known = directory
        .key(signed.key_id)
        .ok_or_else(|| Refused::unknown_key(product, signed.key_id))?;
    match signed.date {
        (Some(date), _) if date.duration_since(now).abs() <= WINDOW => {}
        (_, said) => {
            return Err(Refused::clock_skew(
                product,
                said,
                &signature::http_date(now),
            ));
        }
    }
    let secret = match &known {
        Known::Key(_, key) => &key.secret,
        Known::Session(session) => &session.secret,
    };
    if !(signed.verify)(secret.expose()) {
        let refused = Refused::signature(product);
        return Err(match &signed.string_to_sign {
            Some(text) => refused.and(&format!(" server string to sign is:{text}")),
            None => refused,
        });
    }
    let who = match known {
        Known::Key(_, key) if !key.active => {
            return Err(Refused::disabled_key(product, signed.key_id));
        }
        Known::Key(name, _) => Who::User(name.to_owned()),
        Known::Session(session) => {
            let same = signed
                .token
                .is_some_and(|token| same(token, &session.token));
            if !same {
                return Err(Refused::token(product, "MismatchWithAccessKey"));
            }
            if now >= session.expires {
                return Err(Refused::token(product, "Expired"));
            }
            Who::Session(session.clone())
        }
    };
    match signed.nonce {
        Some(nonce) if !nonces.take(signed.key_id, nonce, now) => Err(Refused::nonce_used(product)),
        _ => Ok(who),
    }
}

/// Compares in a time that does not tell where they differ.
fn same(token: &str, secret: &Secret) -> bool {
    const KEY: &str = "token";
    let expected = hmac_sha256(KEY, secret.expose()).finalize().into_bytes();
    hmac_sha256(KEY, token).verify_slice(&expected).is_ok()
}

fn fc_v1(arrived: &Arrived) -> Result<Signed<'_>, Refused> {
    // Clients that cannot set `Date` send `X-Fc-Date`, which is signed like any `x-fc-` field.
    let date = ["date", "x-fc-date"]
        .into_iter()
        .find_map(|name| arrived.headers.get(name))
        .ok_or_else(|| Refused::missing_header("Date"))?;
    let authorization = arrived.header("authorization");
    let (key_id, signature) = signature::parse_authorization(authorization)
        .ok_or_else(|| Refused::invalid_authorization(authorization))?;
    Ok(Signed {
        key_id,
        token: arrived.headers.get("x-fc-security-token"),
        date: (http_date(date), date),
        nonce: None,
        string_to_sign: None,
        verify: Box::new(move |secret| {
            let signable = signature::Signable {
                method: &arrived.method,
                path: &arrived.path,
                query: &arrived.query,
                headers: &arrived.headers,
            };
            signable.verify(secret, signature)
        }),
    })
}

fn acs3(arrived: &Arrived) -> Result<Signed<'_>, Refused> {
    let date = arrived
        .headers
        .get("x-acs-date")
        .ok_or_else(|| Refused::missing_header("Date"))?;
    let authorization = arrived.header("authorization");
    let signed = acs3::Authorization::parse(authorization)
        .ok_or_else(|| Refused::invalid_authorization(authorization))?;
    let nonce = arrived
        .headers
        .get(NONCE)
        .ok_or_else(|| Refused::missing_header("X-Acs-Signature-Nonce"))?;
    Ok(Signed {
        key_id: key_id_in(authorization, &signed),
        token: arrived.headers.get("x-acs-security-token"),
        date: (date.parse().ok(), date),
        nonce: Some(nonce),
        string_to_sign: None,
        verify: Box::new(move |secret| {
            // A signature that leaves out what says which request it is would fit another, too.
            let is_signed = |name: &str| signed.signed.iter().any(|one| one == name);
            let covers = ["host", "x-acs-date", "x-acs-content-sha256", NONCE]
                .into_iter()
                .all(is_signed);
            let mut fields = arrived.headers.iter().map(|(name, _)| name);
            let covers = covers
                && fields.all(|name| {
                    let says_which = name.starts_with("x-acs-") || name == "content-type";
                    !says_which || is_signed(name)
                });
            let payload_hash = sha256_hex(&arrived.body);
            let signable = acs3::Signable {
                method: &arrived.method,
                path: &arrived.path,
                query: &arrived.query,
                headers: &arrived.headers,
                signed: &signed.signed,
                payload_hash: &payload_hash,
            };
            covers
                && arrived.header("x-acs-content-sha256") == payload_hash
                && signable.verify(secret, &signed.signature)
        }),
    })
}

/// The key's id, borrowed from the field itself, which outlives what was read of it.
fn key_id_in<'a>(authorization: &'a str, signed: &acs3::Authorization) -> &'a str {
    let id = &signed.access_key_id;
    let at = authorization.find(id);
    at.and_then(|at| authorization.get(at..at + id.len()))
        .unwrap_or_default()
}

fn roa<'a>(arrived: &'a Arrived, authorization: &'a str) -> Result<Signed<'a>, Refused> {
    let date = arrived
        .headers
        .get("date")
        .ok_or_else(|| Refused::missing_header("Date"))?;
    let (key_id, signature) = legacy::parse_authorization(authorization)
        .ok_or_else(|| Refused::invalid_authorization(authorization))?;
    Ok(Signed {
        key_id,
        token: arrived.headers.get("x-acs-security-token"),
        date: (http_date(date), date),
        nonce: arrived.headers.get(NONCE),
        string_to_sign: None,
        verify: Box::new(move |secret| {
            body_is_signed(arrived)
                && legacy::verify_roa(
                    &arrived.method,
                    &arrived.path,
                    &arrived.query,
                    &arrived.headers,
                    secret,
                    signature,
                )
        }),
    })
}

/// Whether `Content-MD5`, which a ROA signature covers in place of the body, is the body's.
fn body_is_signed(arrived: &Arrived) -> bool {
    use md5::{Digest, Md5};
    match arrived.header("content-md5") {
        "" => arrived.body.is_empty(),
        said => STANDARD.encode(Md5::digest(&arrived.body)) == said,
    }
}

fn rpc<'a>(
    arrived: &'a Arrived,
    parameters: &'a [(String, String)],
    signature: &'a str,
) -> Result<Signed<'a>, Refused> {
    let find = |name: &str| {
        let mut parameters = parameters.iter();
        parameters
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let missing = Refused::missing_parameter;
    let date = find("Timestamp").ok_or_else(|| missing("Timestamp"))?;
    let method = find("SignatureMethod").unwrap_or("HMAC-SHA1");
    if method != "HMAC-SHA1" {
        let message = "Specified signature method is not valid.";
        return Err(Refused::new(400, "InvalidSignatureMethod", message));
    }
    // SDKs of that time look for the string in the refusal, and stop when it is not there.
    let shown: Vec<(String, String)> = parameters
        .iter()
        .filter(|(key, _)| key != "SecurityToken")
        .cloned()
        .collect();
    Ok(Signed {
        key_id: find("AccessKeyId").ok_or_else(|| missing("AccessKeyId"))?,
        token: find("SecurityToken"),
        date: (date.parse().ok(), date),
        nonce: Some(find("SignatureNonce").ok_or_else(|| missing("SignatureNonce"))?),
        string_to_sign: Some(legacy::rpc_string_to_sign(&arrived.method, &shown)),
        verify: Box::new(move |secret| {
            legacy::verify_rpc(&arrived.method, parameters, secret, signature)
        }),
    })
}

fn http_date(date: &str) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::parse(date).ok()?;
    Some(date.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_says_which_request_it_is_must_be_signed() {
        use super::super::config::Config;
        let now: Timestamp = "2026-01-15T08:30:00Z".parse().unwrap();
        let directory = Directory::new(&Config::demo(), now);
        let signed = |more: &[(&str, &str)]| {
            let mut request = crate::acs::HttpRequest {
                method: "POST",
                endpoint: crate::acs::Endpoint::loopback(1),
                path: "/".to_owned(),
                query: String::new(),
                headers: Headers::new(),
                body: Bytes::new(),
            };
            let credentials = crate::acs::Credentials {
                access_key_id: "LTAI-sandbox-admin".to_owned(),
                access_key_secret: Secret::new("sandbox-admin-secret"),
                security_token: None,
                session_policy: crate::acs::SessionPolicy::Unknown,
                account_id: None,
                expires_at: None,
                source: "test".to_owned(),
            };
            let operation = acs3::Operation {
                action: "GetCallerIdentity",
                version: "2015-04-01",
            };
            acs3::sign(&mut request, operation, &credentials, now, "nonce");
            for (name, value) in more {
                request.headers.push(name, *value);
            }
            let arrived = Arrived {
                method: request.method.to_owned(),
                path: request.path,
                query: request.query,
                headers: request.headers,
                body: request.body,
                peer: ([127, 0, 0, 1], 1).into(),
            };
            let headers = &arrived.headers;
            let operation = Operation::of("POST", "/", "", headers, b"");
            let nonces = &mut Nonces::default();
            let who = authenticate(&arrived, &operation, &directory, nonces, now);
            who.map(|who| who.label()).map_err(|refused| refused.code)
        };
        assert_eq!(signed(&[]), Ok("admin".to_owned()));
        assert_eq!(signed(&[("user-agent", "any")]), Ok("admin".to_owned()));
        for field in ["x-acs-region-id", "content-type"] {
            let refused = signed(&[(field, "x")]);
            assert_eq!(refused, Err("SignatureDoesNotMatch".into()), "{field}");
        }
    }

    #[test]
    fn a_nonce_is_good_once_within_the_window_and_its_memory_is_bounded() {
        let mut nonces = Nonces::default();
        let start: Timestamp = "2026-01-15T08:30:00Z".parse().unwrap();
        assert!(nonces.take("a", "1", start));
        assert!(!nonces.take("a", "1", start));
        assert!(nonces.take("b", "1", start), "another key's");
        let later = start + SignedDuration::from_mins(31);
        assert!(nonces.take("a", "2", later));
        assert_eq!(nonces.known.len(), 1, "what is over is forgotten");
        for number in 0..1_000 {
            assert!(nonces.take("c", &number.to_string(), later));
        }
        assert_eq!(nonces.known.len(), nonces.order.len());
    }
}
