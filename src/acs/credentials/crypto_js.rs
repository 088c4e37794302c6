//! The values of `access.yaml`, as crypto-js encrypts them with a pass phrase that stands in
//! Serverless Devs' source: AES-256-CBC under a key that one round of MD5 derives, in the
//! `Salted__` form of OpenSSL. It hides a key from a glance and protects nothing.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use crate::acs::Secret;

const PASS_PHRASE: &[u8] = b"SecretKey123";
/// `Salted__` in base64, as far as the salt does not change it.
const HEAD: &str = "U2FsdGVkX1";

/// It looks encrypted, and is not by that pass phrase.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Undecryptable;

/// The plain text; `None` when the value does not look encrypted.
pub(super) fn plain(value: &Secret) -> Result<Option<Secret>, Undecryptable> {
    let value = value.expose().trim();
    if !value.starts_with(HEAD) {
        return Ok(None);
    }
    let bytes = STANDARD.decode(value).map_err(|_| Undecryptable)?;
    let salted = bytes.strip_prefix(b"Salted__").ok_or(Undecryptable)?;
    let (salt, text) = salted.split_at_checked(8).ok_or(Undecryptable)?;
    let derived = derived(salt);
    let (key, iv) = derived.split_at(32);
    let decryptor = cbc::Decryptor::<aes::Aes256>::new_from_slices(key, iv);
    let text = decryptor
        .map_err(|_| Undecryptable)?
        .decrypt_padded_vec::<Pkcs7>(text)
        .map_err(|_| Undecryptable)?;
    match String::from_utf8(text) {
        Ok(text) if !text.is_empty() => Ok(Some(Secret::new(text))),
        _ => Err(Undecryptable),
    }
}

/// Key and initialisation vector, as OpenSSL's `EVP_BytesToKey` derives them.
fn derived(salt: &[u8]) -> Zeroizing<[u8; 48]> {
    let mut derived = Zeroizing::new([0; 48]);
    let mut last: Option<[u8; 16]> = None;
    for block in derived.chunks_mut(16) {
        let mut hash = Md5::new();
        hash.update(last.as_ref().map_or(&[][..], |last| last));
        hash.update(PASS_PHRASE);
        hash.update(salt);
        let digest: [u8; 16] = hash.finalize().into();
        block.copy_from_slice(&digest);
        last = Some(digest);
    }
    derived
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Option<String>, Undecryptable> {
        plain(&Secret::new(value)).map(|found| found.map(|text| text.expose().to_owned()))
    }

    #[test]
    fn what_the_tool_wrote_is_read() {
        let recorded = [
            ("U2FsdGVkX19UR8twDaAIG7c5JwsvO+EMV/DZ04+WNW0=", "secretx"),
            (
                "U2FsdGVkX1/Jnq6LtRkDwId56ox+51skYWvFjBJjwsw=",
                "Alibaba Cloud",
            ),
        ];
        for (value, text) in recorded {
            assert_eq!(read(value), Ok(Some(text.to_owned())));
        }
    }

    #[test]
    fn what_looks_encrypted_and_is_not_is_an_error() {
        assert_eq!(read("LTAI-plain"), Ok(None));
        for value in [
            "U2FsdGVkX1",
            "U2FsdGVkX18=",
            "U2FsdGVkX19UR8twDaAIG7c5JwsvO+EMV/DZ04+WNW1=",
            "U2FsdGVkX19UR8twDaAIG7c5JwsvO+EMV/DZ04+XNW0=",
            "U2FsdGVkX19UR8twDaAIGw==",
        ] {
            assert_eq!(read(value), Err(Undecryptable), "{value}");
        }
    }
}
