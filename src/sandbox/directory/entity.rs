//! Whoever a policy can be attached to.

use super::{Attachment, Directory, Fault, PolicyRef};

/// A user, a group or a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sandbox) enum EntityKind {
    User,
    Group,
    Role,
}

impl EntityKind {
    pub(in crate::sandbox) const ALL: [Self; 3] = [Self::User, Self::Group, Self::Role];

    /// As RAM's error codes name it.
    pub(in crate::sandbox) fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }

    /// Its attachments, as RAM's error codes name them.
    pub(super) fn policy(self) -> &'static str {
        match self {
            Self::User => "User.Policy",
            Self::Group => "Group.Policy",
            Self::Role => "Role.Policy",
        }
    }
}

/// One of them, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) struct Entity<'a> {
    pub(in crate::sandbox) kind: EntityKind,
    pub(in crate::sandbox) name: &'a str,
}

impl Directory {
    /// What is attached to it, at every scope.
    pub(in crate::sandbox) fn attached_to(
        &self,
        entity: Entity<'_>,
    ) -> Result<&[Attachment], Fault> {
        let name = entity.name;
        let attachments = match entity.kind {
            EntityKind::User => self.users.get(name).map(|user| &user.attachments),
            EntityKind::Group => self.groups.get(name).map(|group| &group.attachments),
            EntityKind::Role => self.roles.get(name).map(|role| &role.attachments),
        };
        let attachments = attachments.ok_or(Fault::NotExist(entity.kind.as_str()))?;
        Ok(attachments)
    }

    pub(super) fn attached_to_mut(
        &mut self,
        entity: Entity<'_>,
    ) -> Result<&mut Vec<Attachment>, Fault> {
        let name = entity.name;
        let attachments = match entity.kind {
            EntityKind::User => self.users.get_mut(name).map(|user| &mut user.attachments),
            EntityKind::Group => self
                .groups
                .get_mut(name)
                .map(|group| &mut group.attachments),
            EntityKind::Role => self.roles.get_mut(name).map(|role| &mut role.attachments),
        };
        attachments.ok_or(Fault::NotExist(entity.kind.as_str()))
    }

    /// Every attachment of the account: by kind of entity, then name, then time.
    pub(in crate::sandbox) fn all_attachments(
        &self,
    ) -> impl Iterator<Item = (Entity<'_>, &Attachment)> {
        EntityKind::ALL.into_iter().flat_map(move |kind| {
            let names: Vec<&String> = match kind {
                EntityKind::User => self.users.keys().collect(),
                EntityKind::Group => self.groups.keys().collect(),
                EntityKind::Role => self.roles.keys().collect(),
            };
            names.into_iter().flat_map(move |name| {
                let entity = Entity { kind, name };
                let attachments = self.attached_to(entity).unwrap_or_default();
                attachments.iter().map(move |one| (entity, one))
            })
        })
    }

    /// To whom a policy is attached, at whatever scope.
    pub(in crate::sandbox) fn holders<'a>(
        &'a self,
        policy: &'a PolicyRef,
    ) -> impl Iterator<Item = (Entity<'a>, &'a Attachment)> {
        self.all_attachments()
            .filter(move |(_, attachment)| attachment.policy == *policy)
    }
}
