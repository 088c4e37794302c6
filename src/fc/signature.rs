//! The FC v1 signature (`Authorization: FC id:signature`) of API 2016-08-15. Pure: the date
//! is the request's own header field.

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
        let date = self.header("date");
        match self.path.starts_with(PROXY_PREFIX) {
            true => self.signed_text(date, &self.trigger_resource(Order::Sorted, None)),
            false => self.signed_text(date, &decode_text(self.path)),
        }
    }

    /// The bytes that are signed for an HTTP trigger, at its own address or below
    /// `/2016-08-15/proxy/`: the query is signed, too.
    pub fn trigger_string_to_sign(&self, order: Order) -> String {
        let resource = self.trigger_resource(order, None);
        self.signed_text(self.header("date"), &resource)
    }

    /// The bytes that are signed for the presigned address of an HTTP trigger: the end of its
    /// validity stands for the date, and all parameters but the signature are signed.
    pub fn presigned_string_to_sign(&self, expires: &str) -> String {
        let resource = self.trigger_resource(Order::Sorted, Some(PRESIGNED_SIGNATURE));
        self.signed_text(expires, &resource)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_default()
    }

    fn signed_text(&self, date: &str, resource: &str) -> String {
        let mut fc_headers: Vec<(String, &str)> = self
            .headers
            .iter()
            .filter(|(name, _)| is_fc(name))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        fc_headers.sort_unstable();
        let mut signed = String::with_capacity(512);
        let fields = [
            self.method,
            self.header("content-md5"),
            self.header("content-type"),
            date,
        ];
        for line in fields {
            signed.push_str(line);
            signed.push('\n');
        }
        for (name, value) in &fc_headers {
            for part in [name, ":", value, "\n"] {
                signed.push_str(part);
            }
        }
        signed.push_str(resource);
        signed
    }

    fn trigger_resource(&self, order: Order, without: Option<&str>) -> String {
        let path = decode_text(self.path);
        if order == Order::AsSent {
            let query = decode_text(self.query).replace('&', "\n");
            return format!("{path}\n{query}");
        }
        let mut parameters: Vec<String> = query_pairs(self.query)
            .iter()
            .filter(|(key, _)| without.is_none_or(|without| key != without.as_bytes()))
            .map(|(key, value)| match value {
                Some(value) => format!("{}={}", text(key), text(value)),
                None => text(key),
            })
            .collect();
        parameters.sort_unstable();
        format!("{path}\n{}", parameters.join("\n"))
    }

    /// The signature in base64.
    pub fn signature(&self, secret: &str) -> String {
        let mac = hmac_sha256(secret, &self.string_to_sign());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    /// Whether the signature is the right one. Takes the same time wherever they differ.
    pub fn verify(&self, secret: &str, signature: &str) -> bool {
        is_signature_of(&self.string_to_sign(), secret, signature)
    }
}

/// Whether a signature in base64 is the right one for these bytes. Takes the same time
/// wherever they differ.
pub fn is_signature_of(string_to_sign: &str, secret: &str, signature: &str) -> bool {
    STANDARD.decode(signature).is_ok_and(|bytes| {
        hmac_sha256(secret, string_to_sign)
            .verify_slice(&bytes)
            .is_ok()
    })
}

/// How the query stands in the signature of an HTTP trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Decoded `key=value` lines, sorted: what is documented, and signed below
    /// `/2016-08-15/proxy/`.
    Sorted,
    /// Decoded as a whole (`+` stays), in the order that it was sent in: what the SDKs of
    /// 2021-04-06 do at a trigger's own address.
    AsSent,
}

/// The parameter that carries a presigned address' signature.
pub const PRESIGNED_SIGNATURE: &str = "x-fc-signature";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
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
