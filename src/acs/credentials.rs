//! Who signs: an access key or a temporary token, and where it was found. One file a source;
//! the chain asks them in order, remembers why each was passed over, and stops at one that
//! exists but is broken, so that no call is signed by somebody else than was meant.
//!
//! The order and the fields are those of the official credentials libraries and of the aliyun
//! CLI; Serverless Devs' sources come after their files and before the metadata service.

mod access_file;
mod aliyun;
mod crypto_js;
mod environment;
mod fetch;
mod fields;
mod ini;
mod keeper;
mod metadata;
mod oidc;
mod process;
mod profile;
mod role;
mod serverless_devs;
mod shared_file;
mod uri;
mod world;

use jiff::Timestamp;

use super::Secret;
use super::rpc::RpcError;

pub use keeper::Keeper;
pub use world::{Limits, World};

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
    /// The source's name, with the profile or alias that it was found under.
    pub source: String,
    /// When they run out, where the source says it.
    pub expires_at: Option<Timestamp>,
    /// What narrows the session that they are of.
    pub session_policy: SessionPolicy,
}

/// What is known of the policy that narrows a role's session. Nobody can ask for it later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SessionPolicy {
    /// Somebody else took the role on.
    #[default]
    Unknown,
    /// The role was taken on without one.
    Without,
    /// The role was taken on with this one.
    Given(String),
}

/// What the user names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// Nothing: the chain decides.
    #[default]
    Any,
    /// A profile of the aliyun CLI.
    Profile(String),
    /// An alias of Serverless Devs.
    Alias(String),
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
#[derive(Debug, Clone, thiserror::Error)]
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
        source_name: String,
        /// What is wrong with it: file and field, never a value.
        why: String,
        /// What to do about it.
        way_out: String,
    },
    /// A profile or an alias that somebody named is not there.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// `profile` or `alias`.
        what: &'static str,
        /// The name.
        name: String,
        /// Where it was looked for, and who named it.
        why: Vec<String>,
        /// The names that are there.
        known: Vec<String>,
    },
    /// STS did not give the temporary credentials.
    #[error("the credentials from {source_name} cannot be fetched: {error}")]
    Sts {
        /// The source's name.
        source_name: String,
        /// What came in place of them.
        error: RpcError,
    },
    /// They would have to be fetched, which the caller did not want.
    #[error("the credentials from {source_name} were not fetched")]
    NotAsked {
        /// The source's name.
        source_name: String,
    },
}

impl CredentialsError {
    fn broken(
        source: impl Into<String>,
        why: impl Into<String>,
        way_out: impl Into<String>,
    ) -> Self {
        Self::Broken {
            source_name: source.into(),
            why: why.into(),
            way_out: way_out.into(),
        }
    }
}

/// What one source answers.
enum Found {
    Credentials(Credentials),
    /// It has nothing, and why.
    Nothing(String),
}

/// The sources, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Environment,
    Oidc,
    AliyunProfile,
    SharedFile,
    ServerlessDevs,
    AccessFile,
    Metadata,
    Uri,
}

impl Source {
    const ORDER: [Self; 8] = [
        Self::Environment,
        Self::Oidc,
        Self::AliyunProfile,
        Self::SharedFile,
        Self::ServerlessDevs,
        Self::AccessFile,
        Self::Metadata,
        Self::Uri,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Environment => environment::SOURCE,
            Self::Oidc => oidc::SOURCE,
            Self::AliyunProfile => aliyun::SOURCE,
            Self::SharedFile => shared_file::SOURCE,
            Self::ServerlessDevs => serverless_devs::SOURCE,
            Self::AccessFile => access_file::SOURCE,
            Self::Metadata => metadata::SOURCE,
            Self::Uri => uri::SOURCE,
        }
    }

    async fn ask(self, world: &World<'_>) -> Result<Found, CredentialsError> {
        match self {
            Self::Environment => environment::read(world),
            Self::Oidc => oidc::read(world).await,
            Self::AliyunProfile => aliyun::read(world).await,
            Self::SharedFile => shared_file::read(world).await,
            Self::ServerlessDevs => serverless_devs::read(world),
            Self::AccessFile => access_file::read(world),
            Self::Metadata => metadata::read(world).await,
            Self::Uri => uri::read(world).await,
        }
    }
}

/// Finds the credentials that sign, and which source they are from when the chain decided.
async fn find(
    world: &World<'_>,
    choice: &Choice,
) -> Result<(Credentials, Option<Source>), CredentialsError> {
    match choice {
        Choice::Profile(name) => return Ok((aliyun::named(world, name).await?, None)),
        Choice::Alias(name) => return Ok((alias(world, name)?, None)),
        Choice::Any => {}
    }
    let mut attempts = Vec::new();
    for source in Source::ORDER {
        match source.ask(world).await? {
            Found::Credentials(credentials) => return Ok((credentials, Some(source))),
            Found::Nothing(why) => attempts.push(Attempt {
                source: source.name(),
                why,
            }),
        }
    }
    Err(CredentialsError::NotFound { attempts })
}

/// An alias is a variable that holds the key as JSON, or an entry of `access.yaml`.
fn alias(world: &World<'_>, name: &str) -> Result<Credentials, CredentialsError> {
    if let Some(credentials) = serverless_devs::named(world, name)? {
        return Ok(credentials);
    }
    let mut found = access_file::named(world, name);
    if let Err(CredentialsError::Unknown { why, .. }) = &mut found
        && serverless_devs::is_name(name)
    {
        why.insert(0, format!("the variable `{name}` is not set"));
    }
    found
}

/// The region of the aliyun CLI's profile: the one that is named, or its current one.
///
/// # Errors
/// The file is there and cannot be read.
pub fn region(world: &World<'_>, choice: &Choice) -> Result<Option<String>, CredentialsError> {
    match choice {
        Choice::Profile(name) => aliyun::region(world, Some(name)),
        Choice::Alias(_) => Ok(None),
        Choice::Any => aliyun::region(world, None),
    }
}

#[cfg(test)]
mod tests;
