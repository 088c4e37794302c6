//! The HMAC-SHA1 signatures that the aliyun CLI and the first SDKs still send: RPC, where all
//! of it stands in the parameters, and ROA, where it stands in header fields. sesame signs
//! nothing with them; its sandbox verifies them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::Headers;
use super::encoding::{decode, encode, query_pairs};

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn verify(key: &str, message: &[u8], signature: &str) -> bool {
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("any length");
    mac.update(message);
    STANDARD
        .decode(signature)
        .is_ok_and(|bytes| mac.verify_slice(&bytes).is_ok())
}

/// The bytes that an RPC signature covers: every parameter but the signature itself.
pub fn rpc_string_to_sign(method: &str, parameters: &[(String, String)]) -> String {
    let mut pairs: Vec<&(String, String)> = parameters
        .iter()
        .filter(|(key, _)| key != "Signature")
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
        .collect();
    format!("{method}&%2F&{}", encode(pairs.join("&")))
}

/// Whether an RPC request's signature is the right one. Takes the same time wherever they
/// differ.
pub fn verify_rpc(
    method: &str,
    parameters: &[(String, String)],
    secret: &str,
    signature: &str,
) -> bool {
    let string_to_sign = rpc_string_to_sign(method, parameters);
    verify(&format!("{secret}&"), string_to_sign.as_bytes(), signature)
}

/// The bytes that a ROA signature covers. Path and query stand in it decoded.
pub fn roa_string_to_sign(method: &str, path: &str, query: &str, headers: &Headers) -> Vec<u8> {
    let header = |name| headers.get(name).unwrap_or_default();
    let mut acs: Vec<(String, &str)> = headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, _)| name.starts_with("x-acs-"))
        .collect();
    acs.sort_unstable();
    let acs: String = acs
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let fields = ["accept", "content-md5", "content-type", "date"].map(header);
    let mut signed = format!("{method}\n{}\n{acs}", fields.join("\n")).into_bytes();
    signed.extend(decode(path));
    let mut pairs = query_pairs(query);
    pairs.sort_unstable();
    let pairs: Vec<Vec<u8>> = pairs
        .into_iter()
        .map(|(key, value)| match value {
            Some(value) if !value.is_empty() => [key, value].join(&b'='),
            _ => key,
        })
        .collect();
    if !pairs.is_empty() {
        signed.push(b'?');
        signed.extend(pairs.join(&b'&'));
    }
    signed
}

/// Whether a ROA request's signature is the right one. Takes the same time wherever they
/// differ.
pub fn verify_roa(
    method: &str,
    path: &str,
    query: &str,
    headers: &Headers,
    secret: &str,
    signature: &str,
) -> bool {
    let signed = roa_string_to_sign(method, path, query, headers);
    verify(secret, &signed, signature)
}

/// Reads `acs id:signature`; `None` when the value is not of this scheme.
pub fn parse_authorization(value: &str) -> Option<(&str, &str)> {
    value.strip_prefix("acs ")?.split_once(':')
}
