//! What RAM and STS know: users, groups, roles, policies with their versions, what is attached
//! to whom, keys and sessions. It begins as the configuration says and changes through RAM's
//! own operations; it ends with the process.

mod change;
mod entity;
mod seed;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::config::Attached;
use crate::acs::{Principal, Secret};
use crate::catalogue::system;
use crate::ram::{Document, Layer, Policy, parse};

pub(super) use change::Fault;
pub(super) use entity::{Entity, EntityKind};

/// Everything that RAM and STS know.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) account: String,
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) roles: BTreeMap<String, Role>,
    /// Custom policies by name.
    pub(super) policies: BTreeMap<String, CustomPolicy>,
    /// The control policies of each folder, from the root down.
    control: Vec<Vec<Attached>>,
    /// Role sessions by their key's id.
    sessions: BTreeMap<String, Arc<Session>>,
    /// Grows with every change: what was computed before is stale.
    changes: u64,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) profile: Profile,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) keys: Vec<Key>,
    /// The groups that it is in, and since when.
    pub(super) groups: BTreeMap<String, Timestamp>,
    pub(super) attachments: Vec<Attachment>,
}

/// What a user is called and how it is reached: of no consequence to what it may do.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    pub(super) display_name: String,
    pub(super) email: String,
    pub(super) mobile_phone: String,
    pub(super) comments: String,
}

#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: Secret,
    pub(super) active: bool,
    pub(super) created: Timestamp,
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) comments: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) attachments: Vec<Attachment>,
}

#[derive(Debug)]
pub(super) struct Role {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) trust: Document,
    pub(super) max_session: Duration,
    pub(super) attachments: Vec<Attachment>,
}

/// A policy by its kind and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PolicyRef {
    pub(super) kind: PolicyKind,
    pub(super) name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PolicyKind {
    System,
    Custom,
}

impl PolicyKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Custom => "Custom",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub(super) policy: PolicyRef,
    /// The resource group that it holds for; none for the whole account.
    pub(super) resource_group: Option<String>,
    pub(super) attached: Timestamp,
}

#[derive(Debug)]
pub(super) struct CustomPolicy {
    pub(super) description: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) versions: Vec<PolicyVersion>,
    /// The id of the version that is in force.
    pub(super) default_version: String,
    /// How many versions there have ever been: an id is never used again.
    pub(super) versions_made: u32,
}

#[derive(Debug)]
pub(super) struct PolicyVersion {
    pub(super) id: String,
    pub(super) created: Timestamp,
    pub(super) document: Document,
}

/// A role that somebody has assumed.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) role: String,
    pub(super) role_id: String,
    pub(super) name: String,
    pub(super) key_id: String,
    pub(super) secret: Secret,
    pub(super) token: Secret,
    pub(super) expires: Timestamp,
    /// What the session is limited to.
    pub(super) policy: Option<Document>,
}

/// Who signed a request.
#[derive(Debug, Clone)]
pub(super) enum Who {
    User(String),
    Session(Arc<Session>),
}

impl Who {
    /// As the access log names it.
    pub(super) fn label(&self) -> String {
        match self {
            Self::User(name) => name.clone(),
            Self::Session(session) => format!("{}:{}", session.role, session.name),
        }
    }
}

/// A key that a request names.
pub(super) enum Known<'a> {
    Key(&'a str, &'a Key),
    Session(&'a Arc<Session>),
}

impl CustomPolicy {
    /// The version that is in force.
    pub(super) fn default(&self) -> Option<&PolicyVersion> {
        self.version(&self.default_version)
    }

    pub(super) fn version(&self, id: &str) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.id == id)
    }
}

impl Directory {
    /// How often something has changed.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// The key of an id, and whose it is.
    pub(super) fn key(&self, id: &str) -> Option<Known<'_>> {
        if let Some(session) = self.sessions.get(id) {
            return Some(Known::Session(session));
        }
        self.users.iter().find_map(|(name, user)| {
            let key = user.keys.iter().find(|key| key.id == id)?;
            Some(Known::Key(name, key))
        })
    }

    /// The text of a policy that is in force.
    pub(super) fn document(&self, policy: &PolicyRef) -> Option<Document> {
        match policy.kind {
            PolicyKind::Custom => {
                Some(self.policies.get(&policy.name)?.default()?.document.clone())
            }
            PolicyKind::System => parse(system::document(&policy.name)?.as_bytes()).document,
        }
    }

    /// What is attached to the caller itself and to its groups.
    pub(super) fn attachments(&self, who: &Who) -> Vec<&Attachment> {
        match who {
            Who::User(name) => {
                let Some(user) = self.users.get(name) else {
                    return Vec::new();
                };
                let groups = user.groups.keys().filter_map(|name| self.groups.get(name));
                let inherited = groups.flat_map(|group| &group.attachments);
                user.attachments.iter().chain(inherited).collect()
            }
            // A role of the same name that was created since is another role.
            Who::Session(session) => self
                .roles
                .get(&session.role)
                .filter(|role| role.id == session.role_id)
                .map(|role| role.attachments.iter().collect())
                .unwrap_or_default(),
        }
    }

    /// Every policy that applies to the caller, on a resource of the group.
    pub(super) fn policies_of(&self, who: &Who, resource_group: Option<&str>) -> Vec<Policy> {
        let mut policies = Vec::new();
        for (level, folder) in self.control.iter().enumerate() {
            policies.extend(folder.iter().map(|policy| Policy {
                name: policy.name.clone(),
                layer: Layer::Control,
                level,
                document: policy.document.clone(),
            }));
        }
        if let Who::Session(session) = who
            && let Some(document) = &session.policy
        {
            policies.push(Policy {
                name: "session policy".to_owned(),
                layer: Layer::Session,
                level: 0,
                document: document.clone(),
            });
        }
        for attachment in self.attachments(who) {
            let layer = match &attachment.resource_group {
                None => Layer::Account,
                Some(group) if Some(group.as_str()) == resource_group => Layer::ResourceGroup,
                Some(_) => continue,
            };
            policies.extend(self.document(&attachment.policy).map(|document| Policy {
                name: attachment.policy.name.clone(),
                layer,
                level: 0,
                document,
            }));
        }
        policies
    }

    /// The caller as RAM names it.
    pub(super) fn principal(&self, who: &Who) -> Principal {
        let account_id = Some(self.account.clone());
        match who {
            Who::User(name) => Principal {
                kind: Some("SubUser".to_owned()),
                id: Some(
                    self.users
                        .get(name)
                        .map_or_else(|| user_id(name), |user| user.id.clone()),
                ),
                name: Some(name.clone()),
                account_id,
            },
            Who::Session(session) => Principal {
                kind: Some("AssumedRoleUser".to_owned()),
                id: Some(who.label()),
                name: Some(session.role.clone()),
                account_id,
            },
        }
    }
}

/// The user's numeric id, as RAM gives one: the same for the same name.
pub(super) fn user_id(name: &str) -> String {
    made_up_id("user", name)
}

/// A numeric id that is the same for the same name.
pub(super) fn made_up_id(kind: &str, name: &str) -> String {
    let salt = if kind == "user" { "" } else { kind };
    let digest = Sha256::digest(format!("{salt}{name}").as_bytes());
    let number = digest
        .iter()
        .take(7)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let first = if kind == "user" { '2' } else { '3' };
    format!("{first}{number:017}")
}

#[cfg(test)]
mod tests;
