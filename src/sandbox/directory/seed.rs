//! How the directory begins: as the configuration says.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Attachment, CustomPolicy, Directory, Group, Key, PolicyKind, PolicyRef, Profile, Role, User,
    made_up_id, user_id,
};
use crate::catalogue::system;
use crate::sandbox::config::{self, Attached, Config};

impl Directory {
    pub(in crate::sandbox) fn new(config: &Config, now: Timestamp) -> Self {
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
                updated: now,
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
                profile: Profile {
                    display_name: user.name.clone(),
                    ..Profile::default()
                },
                created: now,
                updated: now,
                keys: key.into_iter().collect(),
                groups: user.groups.iter().map(|name| (name.clone(), now)).collect(),
                attachments: directory.take_in(&user.policies, now),
            };
            directory.users.insert(user.name.clone(), entry);
        }
        for role in &config.roles {
            let entry = Role {
                id: made_up_id("role", &role.name),
                description: String::new(),
                created: now,
                updated: now,
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
        let own = policy_name(&policy.name);
        let mut name = own.clone();
        let mut number = 1;
        // The same text is the same policy; another text of that name is another policy.
        while self.is_taken(&name, policy.document.source()) {
            number += 1;
            name = format!("{own}-{number}");
        }
        self.policies
            .entry(name.clone())
            .or_insert_with(|| CustomPolicy::new(policy.document.clone(), now));
        PolicyRef {
            kind: PolicyKind::Custom,
            name,
        }
    }

    fn is_taken(&self, name: &str, source: &str) -> bool {
        let known = self.policies.get(name).and_then(CustomPolicy::default);
        system::find(name).is_some()
            || known.is_some_and(|version| version.document.source() != source)
    }
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
