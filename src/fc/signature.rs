//! The FC v1 signature (`Authorization: FC id:signature`) of API 2016-08-15. Pure: the date
//! is the request's own header field.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use jiff::Timestamp;

use crate::acs::encoding::{decode_text, hmac_sha256, query_pairs};
use crate::acs::{Credentials, Headers, HttpRequest};

/// Paths below it are HTTP triggers, whose query is signed too.
const PROXY_PREFIX: &str = "/2016-08-15/proxy/";

/// The parts of a request that the signature covers.
#[derive(Debug, Clone, Copy)]
pub struct Signable<'a> {
    /// `POST`, `GET`, …
    pub method: &'a str,
    /// The path as on the wire; its decoded form is signed.
    pub path: &'a str,
    /// The query as on the wire, without its `?`.
    pub query: &'a str,
    /// All header fields.
    pub headers: &'a Headers,
}

impl Signable<'_> {
    /// The bytes that are signed.
    pub fn string_to_sign(&self) -> String {
        let header = |name| self.headers.get(name).unwrap_or_default();
        let mut fc_headers: Vec<(String, &str)> = self
            .headers
            .iter()
            .filter(|(name, _)| is_fc(name))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        fc_headers.sort_unstable();
        let mut signed = String::with_capacity(512);
        let fields = ["content-md5", "content-type", "date"].map(header);
        for line in [self.method].iter().chain(&fields) {
            signed.push_str(line);
            signed.push('\n');
        }
        for (name, value) in &fc_headers {
            for part in [name, ":", value, "\n"] {
                signed.push_str(part);
            }
        }
        signed.push_str(&self.resource());
        signed
    }

    fn resource(&self) -> Cow<'_, str> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let path = decode_text(self.path);
        if !self.path.starts_with(PROXY_PREFIX) {
            return path;
        }
        let mut parameters: Vec<String> = query_pairs(self.query)
            .iter()
            .map(|(key, value)| match value {
                Some(value) => format!("{}={}", text(key), text(value)),
                None => text(key),
            })
            .collect();
        parameters.sort_unstable();
        format!("{path}\n{}", parameters.join("\n")).into()
    }

    /// The signature in base64.
    pub fn signature(&self, secret: &str) -> String {
        let mac = hmac_sha256(secret, &self.string_to_sign());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    /// Whether the signature is the right one. Takes the same time wherever they differ.
    pub fn verify(&self, secret: &str, signature: &str) -> bool {
        STANDARD.decode(signature).is_ok_and(|bytes| {
            hmac_sha256(secret, &self.string_to_sign())
                .verify_slice(&bytes)
                .is_ok()
        })
    }
}

fn is_fc(name: &str) -> bool {
    let prefix = name.get(..5);
    prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case("x-fc-"))
}

/// Reads `FC id:signature`; `None` when the value is not of this scheme.
pub fn parse_authorization(value: &str) -> Option<(&str, &str)> {
    value.strip_prefix("FC ")?.split_once(':')
}

/// A time as the `Date` field has it.
pub fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Adds date, token and signature to a request.
pub fn sign(request: &mut HttpRequest, credentials: &Credentials, now: Timestamp) {
    let headers = &mut request.headers;
    headers.set("host", request.endpoint.authority());
    headers.set("date", http_date(now));
    if let Some(token) = &credentials.security_token {
        headers.set("x-fc-security-token", token.expose());
    }
    let signable = Signable {
        method: request.method,
        path: &request.path,
        query: &request.query,
        headers,
    };
    let signature = signable.signature(credentials.access_key_secret.expose());
    headers.set(
        "authorization",
        format!("FC {}:{signature}", credentials.access_key_id),
    );
}
