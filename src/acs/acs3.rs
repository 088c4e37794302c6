//! The ACS3-HMAC-SHA256 signature of Function Compute 3.0, STS, RAM and the rest of OpenAPI.
//! Pure: the time and the nonce are arguments, and nothing is sent.

use hmac::Mac;
use jiff::Timestamp;

use super::ambient::utc;
use super::encoding::{decode_hex, encode, hex, hmac_sha256, query_pairs, sha256_hex};
use super::{Credentials, Headers, HttpRequest};

/// The algorithm's name, as `Authorization` begins.
pub const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// The parts of a request that the signature covers.
#[derive(Debug, Clone, Copy)]
pub struct Signable<'a> {
    /// `POST`, `GET`, …
    pub method: &'a str,
    /// The path as on the wire.
    pub path: &'a str,
    /// The query as on the wire, without its `?`.
    pub query: &'a str,
    /// All header fields.
    pub headers: &'a Headers,
    /// The lower-case names of the fields that are signed.
    pub signed: &'a [String],
    /// SHA-256 of the body, in hexadecimal digits.
    pub payload_hash: &'a str,
}

impl Signable<'_> {
    /// The canonical request.
    pub fn canonical_request(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { self.path };
        // Sorted by key, then value: `a=` comes before `a-b=`, whatever `=` and `-` are.
        let mut query: Vec<(String, String)> = query_pairs(self.query)
            .iter()
            .map(|(key, value)| (encode(key), encode(value.as_deref().unwrap_or_default())))
            .collect();
        query.sort_unstable();
        let query: Vec<String> = query
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let mut signed: Vec<&str> = self.signed.iter().map(String::as_str).collect();
        signed.sort_unstable();
        let headers: String = signed
            .iter()
            .map(|name| {
                let values: Vec<&str> = self
                    .headers
                    .iter()
                    .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.trim())
                    .collect();
                format!("{name}:{}\n", values.join(","))
            })
            .collect();
        format!(
            "{}\n{path}\n{}\n{headers}\n{}\n{}",
            self.method,
            query.join("&"),
            signed.join(";"),
            self.payload_hash
        )
    }

    fn mac(&self, secret: &str) -> hmac::Hmac<sha2::Sha256> {
        let string_to_sign = format!(
            "{ALGORITHM}\n{}",
            sha256_hex(self.canonical_request().as_bytes())
        );
        hmac_sha256(secret, &string_to_sign)
    }

    /// The signature, in hexadecimal digits.
    pub fn signature(&self, secret: &str) -> String {
        hex(&self.mac(secret).finalize().into_bytes())
    }

    /// Whether the signature is the right one. Takes the same time wherever they differ.
    pub fn verify(&self, secret: &str, signature: &str) -> bool {
        decode_hex(signature).is_some_and(|bytes| self.mac(secret).verify_slice(&bytes).is_ok())
    }
}

/// What `Authorization` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Whose key signed.
    pub access_key_id: String,
    /// The lower-case names of the signed fields.
    pub signed: Vec<String>,
    /// The signature, in hexadecimal digits.
    pub signature: String,
}

impl Authorization {
    /// Reads the value of an `Authorization` field; `None` when it is not of this scheme.
    pub fn parse(value: &str) -> Option<Self> {
        let fields = value.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let (mut access_key_id, mut signed, mut signature) = (None, None, None);
        for field in fields.split(',') {
            match field.trim().split_once('=')? {
                ("Credential", value) => access_key_id = Some(value.to_owned()),
                ("SignedHeaders", value) => {
                    signed = Some(value.split(';').map(str::to_owned).collect());
                }
                ("Signature", value) => signature = Some(value.to_owned()),
                _ => return None,
            }
        }
        Some(Self {
            access_key_id: access_key_id?,
            signed: signed?,
            signature: signature?,
        })
    }
}

/// The API call that a request makes.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    /// `InvokeFunction`, `GetCallerIdentity`, …
    pub action: &'a str,
    /// `2023-03-30`, `2015-04-01`, …
    pub version: &'a str,
}

/// Adds the common header fields and the signature to a request.
///
/// Signed are `host`, `content-type`, and every `x-acs-*` and `x-fc-*` field.
pub fn sign(
    request: &mut HttpRequest,
    operation: Operation<'_>,
    credentials: &Credentials,
    now: Timestamp,
    nonce: &str,
) {
    let payload_hash = sha256_hex(&request.body);
    let headers = &mut request.headers;
    headers.set("host", request.endpoint.authority());
    headers.set("x-acs-action", operation.action);
    headers.set("x-acs-version", operation.version);
    headers.set("x-acs-date", utc(now));
    headers.set("x-acs-signature-nonce", nonce);
    headers.set("x-acs-content-sha256", payload_hash.as_str());
    if let Some(token) = &credentials.security_token {
        headers.set("x-acs-accesskey-id", credentials.access_key_id.as_str());
        headers.set("x-acs-security-token", token.expose());
    }
    let mut signed: Vec<String> = headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .filter(|name| {
            name == "host"
                || name == "content-type"
                || name.starts_with("x-acs-")
                || name.starts_with("x-fc-")
        })
        .collect();
    signed.sort_unstable();
    signed.dedup();
    let signature = Signable {
        method: request.method,
        path: &request.path,
        query: &request.query,
        headers,
        signed: &signed,
        payload_hash: &payload_hash,
    }
    .signature(credentials.access_key_secret.expose());
    let authorization = format!(
        "{ALGORITHM} Credential={},SignedHeaders={},Signature={signature}",
        credentials.access_key_id,
        signed.join(";")
    );
    headers.set("authorization", authorization);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_sorted_by_key_whatever_follows_the_key() {
        let signable = Signable {
            method: "GET",
            path: "",
            query: "a-b=2&a=1&a1=&a=0",
            headers: &Headers::new(),
            signed: &[],
            payload_hash: "",
        };
        let canonical = signable.canonical_request();
        assert_eq!(canonical.lines().nth(2), Some("a=0&a=1&a-b=2&a1="));
    }
}
