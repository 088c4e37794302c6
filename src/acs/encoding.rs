//! Percent-encoding as Alibaba Cloud signs it (RFC 3986), and hexadecimal digests.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use sha2::{Digest, Sha256};

/// Everything but `A-Z a-z 0-9 - _ . ~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Encodes one path segment, key or value.
pub fn encode(text: impl AsRef<[u8]>) -> String {
    percent_encode(text.as_ref(), RESERVED).to_string()
}

/// Decodes `%XX`; anything else stays as it is.
pub fn decode(text: &str) -> Vec<u8> {
    Cow::from(percent_decode(text.as_bytes())).into_owned()
}

/// The same as text; what is no UTF-8 is replaced.
pub fn decode_text(text: &str) -> Cow<'_, str> {
    percent_decode(text.as_bytes()).decode_utf8_lossy()
}

/// The pairs of a query string, decoded (`+` is a space there), in the order of the wire.
/// The value is `None` where the wire has a bare key.
pub fn query_pairs(query: &str) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let decode_part = |part: &str| decode(&part.replace('+', " "));
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => (decode_part(key), Some(decode_part(value))),
            None => (decode_part(pair), None),
        })
        .collect()
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for digit in bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]) {
        digits.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
    }
    digits
}

/// Reads lower-case hexadecimal digits.
pub fn decode_hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?))
        .collect()
}

/// SHA-256 as hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// HMAC-SHA256 of a message.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
pub fn hmac_sha256(key: &str, message: &str) -> hmac::Hmac<Sha256> {
    use hmac::{KeyInit, Mac};
    let mut mac = hmac::Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any length");
    mac.update(message.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(
            encode("a b+c/中~*'()!"),
            "a%20b%2Bc%2F%E4%B8%AD~%2A%27%28%29%21"
        );
    }

    #[test]
    fn digits_round_trip_and_nothing_else_is_read() {
        assert_eq!(
            decode_hex(&hex(&[0, 0x9f, 0xff])),
            Some(vec![0, 0x9f, 0xff])
        );
        for bad in ["0", "0G", "AB", "é"] {
            assert_eq!(decode_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_query_keeps_bare_keys_apart_from_empty_values() {
        let pairs = query_pairs("a=1&b=&c&&d=x+y%2B");
        let shown: Vec<_> = pairs
            .into_iter()
            .map(|(key, value)| {
                (
                    String::from_utf8(key).unwrap(),
                    value.map(|v| String::from_utf8(v).unwrap()),
                )
            })
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            shown,
            [
                ("a".into(), some("1")),
                ("b".into(), some("")),
                ("c".into(), None),
                ("d".into(), some("x y+"))
            ]
        );
    }
}
