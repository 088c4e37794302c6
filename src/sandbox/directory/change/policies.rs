//! Changes to policies, their versions, and whom they are attached to.

use jiff::Timestamp;

use super::super::{
    Attachment, CustomPolicy, Directory, Entity, EntityKind, PolicyKind, PolicyRef, PolicyVersion,
};
use super::{Fault, free, refuse_if};
use crate::catalogue::system;
use crate::ram::Document;

// The limits that RAM publishes for an account as it comes.
const POLICIES: usize = 1_500;
const SYSTEM_POLICIES_OF_ONE: usize = 20;
const CUSTOM_POLICIES_OF_ONE: usize = 10;
const VERSIONS: usize = 5;

impl CustomPolicy {
    pub(in crate::sandbox) fn new(document: Document, now: Timestamp) -> Self {
        let first = "v1";
        Self {
            description: String::new(),
            created: now,
            updated: now,
            versions: vec![PolicyVersion {
                id: first.to_owned(),
                created: now,
                document,
            }],
            default_version: first.to_owned(),
            versions_made: 1,
        }
    }
}

impl Directory {
    pub(in crate::sandbox) fn policy(&self, name: &str) -> Result<&CustomPolicy, Fault> {
        self.policies.get(name).ok_or(Fault::NotExist("Policy"))
    }

    fn policy_mut(&mut self, name: &str) -> Result<&mut CustomPolicy, Fault> {
        self.policies.get_mut(name).ok_or(Fault::NotExist("Policy"))
    }

    pub(in crate::sandbox) fn create_policy(
        &mut self,
        name: &str,
        document: Document,
        description: String,
        now: Timestamp,
    ) -> Result<&CustomPolicy, Fault> {
        if system::find(name).is_some() {
            return Err(Fault::AlreadyExists("Policy"));
        }
        free(&self.policies, name, "Policy", POLICIES)?;
        self.changed();
        let policy = self.policies.entry(name.to_owned());
        let policy = policy.or_insert_with(|| CustomPolicy::new(document, now));
        policy.description = description;
        Ok(policy)
    }

    /// Deletes a policy that nobody has; one with several versions only if `all_versions`.
    pub(in crate::sandbox) fn delete_policy(
        &mut self,
        name: &str,
        all_versions: bool,
    ) -> Result<(), Fault> {
        let policy = self.policy(name)?;
        let own = PolicyRef {
            kind: PolicyKind::Custom,
            name: name.to_owned(),
        };
        if let Some((holder, _)) = self.holders(&own).next() {
            return Err(Fault::DeleteConflict(match holder.kind {
                EntityKind::User => "Policy.User",
                EntityKind::Group => "Policy.Group",
                EntityKind::Role => "Policy.Role",
            }));
        }
        refuse_if(policy.versions.len() > 1 && !all_versions, "Policy.Version")?;
        self.policies.remove(name);
        self.changed();
        Ok(())
    }

    /// Adds a version; with `rotate`, the oldest that is not in force makes room.
    pub(in crate::sandbox) fn add_version(
        &mut self,
        name: &str,
        document: Document,
        in_force: bool,
        rotate: bool,
        now: Timestamp,
    ) -> Result<(&CustomPolicy, &PolicyVersion), Fault> {
        let policy = self.policy_mut(name)?;
        if policy.versions.len() >= VERSIONS {
            let default = &policy.default_version;
            let mut versions = policy.versions.iter();
            match versions.position(|version| version.id != *default) {
                Some(oldest) if rotate => drop(policy.versions.remove(oldest)),
                _ => return Err(Fault::LimitExceeded("Policy.Version")),
            }
        }
        policy.versions_made += 1;
        let id = format!("v{}", policy.versions_made);
        policy.versions.push(PolicyVersion {
            id: id.clone(),
            created: now,
            document,
        });
        policy.updated = now;
        if in_force {
            policy.default_version.clone_from(&id);
        }
        self.changed();
        let policy = self.policy(name)?;
        let version = policy.version(&id);
        Ok((policy, version.ok_or(Fault::NotExist("Policy.Version"))?))
    }

    pub(in crate::sandbox) fn set_default_version(
        &mut self,
        name: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let policy = self.policy_mut(name)?;
        policy
            .version(id)
            .ok_or(Fault::NotExist("Policy.Version"))?;
        policy.default_version = id.to_owned();
        policy.updated = now;
        self.changed();
        Ok(())
    }

    pub(in crate::sandbox) fn delete_version(&mut self, name: &str, id: &str) -> Result<(), Fault> {
        let policy = self.policy_mut(name)?;
        policy
            .version(id)
            .ok_or(Fault::NotExist("Policy.Version"))?;
        refuse_if(policy.default_version == id, "Policy.Version.Default")?;
        policy.versions.retain(|version| version.id != id);
        self.changed();
        Ok(())
    }

    /// Whether there is such a policy.
    pub(in crate::sandbox) fn has_policy(&self, policy: &PolicyRef) -> Result<(), Fault> {
        let known = match policy.kind {
            PolicyKind::Custom => self.policies.contains_key(&policy.name),
            PolicyKind::System => system::find(&policy.name).is_some(),
        };
        match known {
            true => Ok(()),
            false => Err(Fault::NotExist("Policy")),
        }
    }

    pub(in crate::sandbox) fn attach(
        &mut self,
        entity: Entity<'_>,
        attachment: Attachment,
    ) -> Result<(), Fault> {
        self.attached_to(entity)?;
        self.has_policy(&attachment.policy)?;
        let attachments = self.attached_to_mut(entity)?;
        let policy = entity.kind.policy();
        if attachments.iter().any(|one| one.is_same(&attachment)) {
            return Err(Fault::AlreadyExists(policy));
        }
        let limit = match attachment.policy.kind {
            PolicyKind::System => SYSTEM_POLICIES_OF_ONE,
            PolicyKind::Custom => CUSTOM_POLICIES_OF_ONE,
        };
        let like_it = attachments.iter().filter(|one| {
            one.policy.kind == attachment.policy.kind
                && one.resource_group == attachment.resource_group
        });
        if like_it.count() >= limit {
            return Err(Fault::LimitExceeded(policy));
        }
        attachments.push(attachment);
        self.changed();
        Ok(())
    }

    pub(in crate::sandbox) fn detach(
        &mut self,
        entity: Entity<'_>,
        attachment: &Attachment,
    ) -> Result<(), Fault> {
        self.attached_to(entity)?;
        self.has_policy(&attachment.policy)?;
        let attachments = self.attached_to_mut(entity)?;
        let mut places = attachments.iter();
        let place = places
            .position(|one| one.is_same(attachment))
            .ok_or(Fault::NotExist(entity.kind.policy()))?;
        attachments.remove(place);
        self.changed();
        Ok(())
    }
}

impl Attachment {
    /// The same policy at the same scope.
    fn is_same(&self, other: &Self) -> bool {
        self.policy == other.policy && self.resource_group == other.resource_group
    }
}
