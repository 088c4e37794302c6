//! Who signs: an access key or a temporary token, and where it was found. One file a source;
//! the chain asks them in order, remembers why each was passed over, and stops at one that
//! exists but is broken.

mod environment;

use super::{Environment, Secret};

/// A key pair, with its token when it is a temporary one.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The access key id, which is not a secret.
    pub access_key_id: String,
    /// The access key secret.
    pub access_key_secret: Secret,
    /// The STS token, for temporary credentials.
    pub security_token: Option<Secret>,
    /// The main account, where the source records it.
    pub account_id: Option<String>,
    /// The source's name.
    pub source: String,
}

/// Why a source had nothing to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The source's name.
    pub source: &'static str,
    /// What it lacks.
    pub why: String,
}

/// Why nobody can sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Every source was passed over.
    #[error("no credentials found")]
    NotFound {
        /// Each source that was asked, in order.
        attempts: Vec<Attempt>,
    },
    /// A source is there, but cannot be used.
    #[error("the credentials from {source_name} cannot be used: {why}")]
    Broken {
        /// The source's name.
        source_name: &'static str,
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        way_out: &'static str,
    },
}

/// What one source answers.
enum Found {
    Credentials(Credentials),
    Nothing(Attempt),
}

/// Finds the credentials that sign.
///
/// # Errors
/// No source has any, or one that exists is broken.
pub fn find(environment: &dyn Environment) -> Result<Credentials, CredentialsError> {
    let mut attempts = Vec::new();
    for source in [environment::read] {
        match source(environment)? {
            Found::Credentials(credentials) => return Ok(credentials),
            Found::Nothing(attempt) => attempts.push(attempt),
        }
    }
    Err(CredentialsError::NotFound { attempts })
}
