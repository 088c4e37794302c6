//! What RAM and STS know: users, groups, roles, policies with their versions, what is attached
//! to whom, keys and sessions. It begins as the configuration says and changes through RAM's
//! own operations; it ends with the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::config::{self, Attached, Config};
use crate::acs::{Principal, Secret};
use crate::catalogue::system;
use crate::ram::{Document, Layer, Policy, parse};

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
    pub(super) display_name: String,
    pub(super) comments: String,
    pub(super) created: Timestamp,
    pub(super) keys: Vec<Key>,
    pub(super) groups: BTreeSet<String>,
    pub(super) attachments: Vec<Attachment>,
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
    pub(super) attachments: Vec<Attachment>,
}

#[derive(Debug)]
pub(super) struct Role {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) created: Timestamp,
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
    pub(super) fn new(config: &Config, now: Timestamp) -> Self {
        let mut directory = Self {
            account: config.account.clone(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            roles: BTreeMap::new(),
            policies: BTreeMap::new(),
            control: config.control_policies.clone(),
            sessions: BTreeMap::new(),
            changes: 0,
        };
        for group in &config.groups {
            let group_entry = Group {
                id: format!("g-{}", made_up_id("group", &group.name)),
                comments: String::new(),
                created: now,
                attachments: directory.take_in(&group.policies, now),
            };
            directory.groups.insert(group.name.clone(), group_entry);
        }
        for user in &config.users {
            let key = user.access_key.as_ref().map(|key| Key {
                id: key.id.clone(),
                secret: key.secret.clone(),
                active: !key.disabled,
                created: now,
            });
            let entry = User {
                id: user_id(&user.name),
                display_name: user.name.clone(),
                comments: String::new(),
                created: now,
                keys: key.into_iter().collect(),
                groups: user.groups.iter().cloned().collect(),
                attachments: directory.take_in(&user.policies, now),
            };
            directory.users.insert(user.name.clone(), entry);
        }
        for role in &config.roles {
            let entry = Role {
                id: made_up_id("role", &role.name),
                description: String::new(),
                created: now,
                trust: role.trust.clone(),
                max_session: role.max_session,
                attachments: directory.take_in(&role.policies, now),
            };
            directory.roles.insert(role.name.clone(), entry);
        }
        directory
    }

    /// The configuration's policies as attachments; a document becomes a custom policy.
    fn take_in(&mut self, policies: &config::Policies, now: Timestamp) -> Vec<Attachment> {
        let account = policies.account.iter().map(|policy| (None, policy));
        let groups = policies.resource_groups.iter().flat_map(|(id, policies)| {
            policies
                .iter()
                .map(move |policy| (Some(id.clone()), policy))
        });
        let mut attachments = Vec::new();
        for (resource_group, policy) in account.chain(groups) {
            attachments.push(Attachment {
                policy: self.named(policy, now),
                resource_group,
                attached: now,
            });
        }
        attachments
    }

    fn named(&mut self, policy: &Attached, now: Timestamp) -> PolicyRef {
        if policy.system {
            return PolicyRef {
                kind: PolicyKind::System,
                name: policy.name.clone(),
            };
        }
        let source = policy.document.source();
        let own = policy_name(&policy.name);
        // The same text is the same policy; another text of that name is another policy.
        let mut name = own.clone();
        let mut number = 1;
        while let Some(known) = self.policies.get(&name) {
            if known
                .default()
                .is_some_and(|version| version.document.source() == source)
            {
                break;
            }
            number += 1;
            name = format!("{own}-{number}");
        }
        self.policies
            .entry(name.clone())
            .or_insert_with(|| CustomPolicy {
                description: String::new(),
                created: now,
                updated: now,
                versions: vec![PolicyVersion {
                    id: "v1".to_owned(),
                    created: now,
                    document: policy.document.clone(),
                }],
                default_version: "v1".to_owned(),
            });
        PolicyRef {
            kind: PolicyKind::Custom,
            name,
        }
    }

    /// Says that something is no longer what it was.
    pub(super) fn changed(&mut self) {
        self.changes += 1;
    }

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

    /// Keeps a session until it has been over for a while: until then it is told apart from a
    /// key that never was.
    pub(super) fn begin(&mut self, session: Arc<Session>, now: Timestamp) {
        const KEPT: Duration = Duration::from_secs(3600);
        self.sessions.retain(|_, session| {
            now.duration_since(session.expires) < KEPT.try_into().unwrap_or_default()
        });
        self.sessions.insert(session.key_id.clone(), session);
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
                let groups = user.groups.iter().filter_map(|name| self.groups.get(name));
                let inherited = groups.flat_map(|group| &group.attachments);
                user.attachments.iter().chain(inherited).collect()
            }
            Who::Session(session) => self
                .roles
                .get(&session.role)
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

/// The name as RAM takes one for a policy: letters, digits and `-`.
fn policy_name(name: &str) -> String {
    name.chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one
            } else {
                '-'
            }
        })
        .take(128)
        .collect()
}
