//! What a pure function must be given from outside: the environment, the time, and randomness.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use rustls::crypto::SecureRandom;

use super::encoding::hex;

/// Reads environment variables.
pub trait Environment {
    /// The variable's value; an empty value counts as not set.
    ///
    /// # Errors
    /// The value is not UTF-8.
    fn var(&self, name: &str) -> Result<Option<String>, NotUtf8>;

    /// The names of all variables that are UTF-8, sorted. Empty where they cannot be listed.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The named variable holds bytes that are not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not UTF-8")]
pub struct NotUtf8(pub String);

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Result<Option<String>, NotUtf8> {
        match std::env::var(name) {
            Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(NotUtf8(name.to_owned())),
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect();
        names.sort_unstable();
        names
    }
}

impl Environment for BTreeMap<String, String> {
    fn var(&self, name: &str) -> Result<Option<String>, NotUtf8> {
        Ok(self.get(name).filter(|value| !value.is_empty()).cloned())
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

/// Time and randomness, as functions, so that a test can fix both.
#[derive(Debug, Clone, Copy)]
pub struct Ambient {
    /// The time now.
    pub now: fn() -> Timestamp,
    /// A string that no other request carries.
    pub nonce: fn() -> String,
}

impl Ambient {
    /// The machine's clock and its random source.
    pub fn system() -> Self {
        Self {
            now: Timestamp::now,
            nonce: random_hex,
        }
    }
}

/// A time as OpenAPI and policies write it: `2026-01-15T08:30:00Z`.
pub fn utc(time: Timestamp) -> String {
    format!("{time:.0}")
}

/// 128 random bits as 32 hexadecimal digits.
pub fn random_hex() -> String {
    static RANDOM: LazyLock<&dyn SecureRandom> =
        LazyLock::new(|| rustls::crypto::ring::default_provider().secure_random);
    let mut bytes = [0_u8; 16];
    // The source that TLS uses; when even it fails, the clock keeps nonces apart.
    if RANDOM.fill(&mut bytes).is_err() {
        bytes = Timestamp::now().as_nanosecond().to_be_bytes();
    }
    hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_cut_to_the_second() {
        for time in ["2026-01-15T08:30:00Z", "2026-01-15T08:30:00.999999999Z"] {
            assert_eq!(utc(time.parse().unwrap()), "2026-01-15T08:30:00Z");
        }
    }

    #[test]
    fn no_two_nonces_are_the_same() {
        let (one, other) = (random_hex(), random_hex());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
