//! Whom the sandbox knows and what it runs: read from a file, or the built-in demo.

mod file;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use read::ConfigError;

use super::runtime::Program;
use crate::acs::Secret;
use crate::ram::Document;
use crate::yaml::Source;

/// The sandbox's world: one account in one region.
#[derive(Debug, Clone)]
pub struct Config {
    /// The main account's id.
    pub account: String,
    /// The region.
    pub region: String,
    /// Condition keys that every request has, with their values.
    pub context: Vec<(String, Vec<String>)>,
    /// Whether a call without a qualifier is authorised as a call to LATEST.
    pub qualified_latest: bool,
    /// Whether Function Compute is switched on for the account.
    pub service_activated: bool,
    /// The RAM users; the first one calls when no other is named.
    pub users: Vec<User>,
    /// The groups.
    pub groups: Vec<Group>,
    /// The roles.
    pub roles: Vec<Role>,
    /// The control policies of each folder, from the root down.
    pub control_policies: Vec<Vec<Attached>>,
    /// The functions of both generations.
    pub functions: Vec<Function>,
    /// Where relative paths begin: the file's folder.
    pub folder: PathBuf,
}

/// A policy as it is attached.
#[derive(Debug, Clone)]
pub struct Attached {
    /// Its name.
    pub name: String,
    /// Whether Alibaba Cloud wrote it.
    pub system: bool,
    /// What it says.
    pub document: Document,
}

/// An access key.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
    /// Switched off: it signs nothing any more.
    pub disabled: bool,
}

/// A RAM user.
#[derive(Debug, Clone)]
pub struct User {
    /// Its name.
    pub name: String,
    /// What it signs with.
    pub access_key: Option<AccessKey>,
    /// The groups that it is in.
    pub groups: Vec<String>,
    /// What is attached to it.
    pub policies: Policies,
}

/// A group of users.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// What is attached to it.
    pub policies: Policies,
}

/// A role that can be assumed.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Who may assume it.
    pub trust: Document,
    /// The longest session.
    pub max_session: Duration,
    /// What is attached to it.
    pub policies: Policies,
}

/// What is attached to one principal, by scope.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// For the whole account.
    pub account: Vec<Attached>,
    /// For the resources of a resource group, by its id.
    pub resource_groups: Vec<(String, Vec<Attached>)>,
}

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// What runs: its name, code, variables and limits.
    pub program: Arc<Program>,
    /// Published versions.
    pub versions: Vec<String>,
    /// Aliases and the version of each.
    pub aliases: BTreeMap<String, String>,
    /// How asynchronous calls are treated.
    pub asynchronous: Async,
    /// Its HTTP triggers.
    pub triggers: Vec<Trigger>,
    /// The resource group that it is in.
    pub resource_group: Option<String>,
}

impl Function {
    /// Its service, for FC 2.0.
    pub fn service(&self) -> Option<&str> {
        self.program.service.as_deref()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.program.name
    }
}

/// How asynchronous calls of a function are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Async {
    /// Whether each call is a task that can be looked up and stopped.
    pub task: bool,
    /// How often a failed call is made again.
    pub max_retries: u32,
    /// How long a call may wait before it is given up.
    pub max_age: Duration,
}

/// An HTTP trigger.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Whether requests must be signed.
    pub signed: bool,
    /// The methods that it takes, in capitals.
    pub methods: Vec<String>,
    /// The host name of its own address.
    pub host: Option<String>,
    /// The version or alias that it calls.
    pub qualifier: Option<String>,
}

impl Config {
    /// The world that `--sandbox` shows when it is given none.
    #[expect(
        clippy::expect_used,
        reason = "the demo is part of the program, and a test reads it"
    )]
    pub fn demo() -> Self {
        read::read(&Source::new("demo.yaml", include_str!("config/demo.yaml"))).expect("the demo")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is not what the sandbox takes.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        read::file(path)
    }

    /// The user of a name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }
}

#[cfg(test)]
mod tests;
