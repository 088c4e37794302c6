//! What the sources may look at and whom they may ask, and the questions that they share.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::CredentialsError;
use crate::acs::{Ambient, Endpoint, EndpointOverrides, Environment, Files, Transport};

/// How long the chain waits for each kind of source.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the whole exchange with the metadata service, which is not there on most machines.
    pub metadata: Duration,
    /// For STS.
    pub sts: Duration,
    /// For a credentials URI.
    pub uri: Duration,
    /// For a program that prints a key, as the official libraries have it.
    pub process: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            metadata: Duration::from_secs(1),
            sts: Duration::from_secs(20),
            uri: Duration::from_secs(10),
            process: Duration::from_secs(60),
        }
    }
}

/// What lies outside the chain, all of it given.
pub struct World<'a> {
    /// The environment.
    pub environment: &'a dyn Environment,
    /// The files.
    pub files: &'a dyn Files,
    /// Sends what has to be asked.
    pub transport: &'a Transport,
    /// Where STS is, when the user says so.
    pub endpoints: &'a EndpointOverrides,
    /// Where the metadata service is.
    pub metadata: Endpoint,
    /// The region of the call: inside Alibaba Cloud's network, STS is asked there.
    pub region: Option<String>,
    /// Use the addresses inside Alibaba Cloud's network.
    pub vpc: bool,
    /// Allow plain http to another machine.
    pub allow_http: bool,
    /// Nothing may be asked and nothing run: what would need it is [`CredentialsError::NotAsked`].
    pub offline: bool,
    /// How long to wait.
    pub limits: Limits,
    /// The time, and randomness.
    pub ambient: Ambient,
    /// What is worth a line with `-v`.
    pub notices: RefCell<Vec<String>>,
}

impl World<'_> {
    pub(super) fn now(&self) -> Timestamp {
        (self.ambient.now)()
    }

    pub(super) fn var(&self, source: &str, name: &str) -> Result<Option<String>, CredentialsError> {
        let value = self.environment.var(name);
        value.map_err(|error| {
            let way_out = format!("set `{name}` again, or unset it");
            CredentialsError::broken(source, error.to_string(), way_out)
        })
    }

    /// A variable whose value goes into a request as it is.
    pub(super) fn word(
        &self,
        source: &str,
        name: &str,
    ) -> Result<Option<String>, CredentialsError> {
        let value = self
            .environment
            .var(name)
            .map_err(|error| CredentialsError::broken(source, error.to_string(), WHOLE))?;
        match value {
            // A line break from a file or a CI secret would end up inside a header field.
            Some(value) if !is_word(&value) => Err(CredentialsError::broken(
                source,
                format!("`{name}` {NOT_A_WORD}"),
                WHOLE,
            )),
            value => Ok(value),
        }
    }

    /// Whether a variable says yes, as the official libraries read it.
    pub(super) fn is_on(&self, name: &str) -> bool {
        let value = self.environment.var(name).ok().flatten();
        value.is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    pub(super) fn home(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let home = self.environment.var(name).ok().flatten();
        home.map(PathBuf::from)
    }

    /// The path as a person writes it.
    pub(super) fn shown(&self, path: &Path) -> String {
        let home = self.home();
        match home.and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned)) {
            Some(rest) => format!("~/{}", rest.display()),
            None => path.display().to_string(),
        }
    }

    /// The text of a file with credentials; `None` when there is no such file.
    pub(super) fn read(
        &self,
        source: &str,
        path: &Path,
    ) -> Result<Option<Zeroizing<String>>, CredentialsError> {
        let text = self.files.read(path).map_err(|error| {
            let why = format!("`{}`: {error}", self.shown(path));
            CredentialsError::broken(source, why, "make it a readable file, or remove it")
        })?;
        if text.is_some() && self.files.others_may_read(path) {
            let shown = self.shown(path);
            self.notice(format!(
                "others may read `{shown}`, which holds credentials: `chmod 600` keeps them out"
            ));
        }
        Ok(text)
    }

    pub(super) fn notice(&self, text: String) {
        let mut notices = self.notices.borrow_mut();
        if !notices.contains(&text) {
            notices.push(text);
        }
    }

    /// Stops where nothing may be asked.
    pub(super) fn may_ask(&self, source: &str) -> Result<(), CredentialsError> {
        match self.offline {
            true => Err(CredentialsError::NotAsked {
                source_name: source.to_owned(),
            }),
            false => Ok(()),
        }
    }
}

/// How a value that must be a word is put right.
pub(super) const WHOLE: &str = "set it again, as one word without spaces or line breaks";
/// What is wrong with it.
pub(super) const NOT_A_WORD: &str = "holds a space, a line break or a character outside ASCII";

/// Whether a value can stand in a header field as it is.
pub(super) fn is_word(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic())
}
