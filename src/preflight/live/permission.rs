//! What reading takes: the permission of each question, and the policy that grants them all.

use serde_json::Value;

use super::Identity;
use crate::acs::ram::{Holder, HolderKind, PolicyKind, PolicyName};
use crate::ram::{Pair, synthesise};

/// An action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// `ram:…`
    pub action: String,
    /// `acs:ram:*:…`
    pub resource: String,
}

impl Permission {
    pub(super) fn policies_of(holder: &Holder, account: &str) -> Self {
        let kind = match holder.kind {
            HolderKind::User => "user",
            HolderKind::Group => "group",
            HolderKind::Role => "role",
        };
        Self::on(holder.operation(), account, kind, &holder.name)
    }

    pub(super) fn groups_of(user: &str, account: &str) -> Self {
        Self::on("ListGroupsForUser", account, "user", user)
    }

    pub(super) fn document_of(policy: &PolicyName, account: &str) -> Self {
        let owner = match policy.kind {
            PolicyKind::System => "system",
            PolicyKind::Custom => account,
        };
        Self::on("GetPolicy", owner, "policy", &policy.name)
    }

    pub(super) fn attachments() -> Self {
        Self {
            action: "ram:ListPolicyAttachments".to_owned(),
            resource: "*".to_owned(),
        }
    }

    fn on(operation: &str, owner: &str, kind: &str, name: &str) -> Self {
        Self {
            action: format!("ram:{operation}"),
            resource: format!("acs:ram:*:{owner}:{kind}/{name}"),
        }
    }
}

/// The policy that lets a caller read all that applies to it, and change nothing.
pub(super) fn to_read(identity: &Identity, account: &str) -> Option<Value> {
    let any = |kind| PolicyName {
        kind,
        name: "*".to_owned(),
    };
    let holder = |kind, name: &str| Holder {
        kind,
        name: name.to_owned(),
    };
    let mut needed = match identity {
        Identity::User { name } => vec![
            Permission::policies_of(&holder(HolderKind::User, name), account),
            Permission::groups_of(name, account),
            Permission::policies_of(&holder(HolderKind::Group, "*"), account),
        ],
        Identity::RoleSession { role, .. } => vec![Permission::policies_of(
            &holder(HolderKind::Role, role),
            account,
        )],
        Identity::MainAccount | Identity::Other { .. } => return None,
    };
    needed.extend([
        Permission::document_of(&any(PolicyKind::Custom), account),
        Permission::document_of(&any(PolicyKind::System), account),
        Permission::attachments(),
    ]);
    let pairs: Vec<Pair> = needed
        .into_iter()
        .map(|Permission { action, resource }| Pair { action, resource })
        .collect();
    synthesise(&pairs).into_iter().next()
}
