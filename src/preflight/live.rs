//! The caller's own policies as the account has them: who calls, what is attached to them and
//! to their groups at every scope, and what each policy says. Whatever cannot be read is
//! named, with the permission that is lacking; what could be read counts all the same.

mod attached;
mod permission;
mod reader;
mod standing;

use std::time::Duration;

use tokio::time::Instant;

pub use permission::Permission;
pub use reader::read;
pub use standing::{Held, Standing, Unread};

use crate::acs::Principal;
use crate::acs::ram::Ram;
use crate::acs::resource_manager::ResourceManager;
use crate::acs::sts::CallerIdentity;

/// How long all questions together may take, where nobody says otherwise.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Whom to ask, and until when.
#[derive(Debug, Clone)]
pub struct Services<'a> {
    /// Users, groups, roles and policies.
    pub ram: Ram<'a>,
    /// Attachments at every scope.
    pub resource_manager: ResourceManager<'a>,
    /// When all answers must be there.
    pub deadline: Instant,
}

/// What kind of caller somebody is, and by which name policies are attached to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The main account, which is not subject to identity policies.
    MainAccount,
    /// A RAM user.
    User {
        /// Its name.
        name: String,
    },
    /// A session of a role.
    RoleSession {
        /// The role's name.
        role: String,
        /// The session's name.
        session: String,
    },
    /// Neither, or without a name.
    Other {
        /// What STS calls it.
        kind: String,
    },
}

impl Identity {
    /// Reads what STS says of the caller. The name stands in its resource name alone:
    /// `acs:ram::<account>:user/<name>`, `acs:ram::<account>:assumed-role/<role>/<session>`.
    pub fn of(caller: &CallerIdentity) -> Self {
        let path = caller.arn.splitn(5, ':').nth(4).unwrap_or_default();
        let named = |prefix| path.strip_prefix(prefix).filter(|name| !name.is_empty());
        let role = named("assumed-role/").and_then(|rest| rest.split_once('/'));
        match (caller.identity_type.as_str(), named("user/"), role) {
            ("Account", ..) => Self::MainAccount,
            ("RAMUser", Some(name), _) => Self::User {
                name: name.to_owned(),
            },
            ("AssumedRoleUser", _, Some((role, session))) => Self::RoleSession {
                role: role.to_owned(),
                session: session.to_owned(),
            },
            (kind, ..) => Self::Other {
                kind: kind.to_owned(),
            },
        }
    }

    /// The caller as RAM names it in a denial.
    pub fn principal(&self, caller: &CallerIdentity) -> Principal {
        let id = Some(caller.principal_id.clone()).filter(|id| !id.is_empty());
        let (kind, id, name) = match self {
            Self::MainAccount => ("Account", id, None),
            Self::User { name } => ("SubUser", id, Some(name.clone())),
            Self::RoleSession { role, session } => (
                "AssumedRoleUser",
                Some(format!("{role}:{session}")),
                Some(role.clone()),
            ),
            Self::Other { kind } => (kind.as_str(), id, None),
        };
        Principal {
            kind: Some(kind.to_owned()).filter(|kind| !kind.is_empty()),
            id,
            name,
            account_id: Some(caller.account_id.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_stands_in_the_resource_name() {
        let of = |kind: &str, arn: &str| {
            let caller = CallerIdentity {
                account_id: "1".into(),
                identity_type: kind.into(),
                arn: arn.into(),
                principal_id: "2".into(),
            };
            let identity = Identity::of(&caller);
            (identity.principal(&caller), identity)
        };
        let (alice, user) = of("RAMUser", "acs:ram::1:user/alice");
        let name = "alice".to_owned();
        assert_eq!(user, Identity::User { name });
        assert_eq!(alice.describe(), "RAM user `alice` of account 1");
        let (ci, session) = of("AssumedRoleUser", "acs:ram::1:assumed-role/ci/a:b/c");
        let (role, name) = ("ci".to_owned(), "a:b/c".to_owned());
        let wanted = Identity::RoleSession {
            role,
            session: name,
        };
        assert_eq!(session, wanted);
        assert_eq!(ci.id.as_deref(), Some("ci:a:b/c"));
        assert_eq!(of("Account", "acs:ram::1:root").1, Identity::MainAccount);
        for (kind, arn) in [
            ("RAMUser", "acs:ram::1:user/"),
            ("RAMUser", "acs:ram::1:assumed-role/ci/s"),
            ("AssumedRoleUser", "acs:ram::1:assumed-role/ci"),
            ("AssumedRoleUser", ""),
            ("", "acs:ram::1:user/alice"),
        ] {
            let kind = kind.to_owned();
            assert_eq!(of(&kind, arn).1, Identity::Other { kind }, "{arn}");
        }
    }
}
