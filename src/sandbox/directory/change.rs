//! Changes to the directory, each whole or not at all. They keep what must hold: names are
//! taken once, nothing that is in use goes away, and the limits of the service.

mod policies;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Directory, Group, Key, Profile, Role, Session, User, made_up_id};
use crate::ram::Document;

/// Why a change cannot be made. What it concerns is named as in RAM's codes: `User`,
/// `User.Policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Fault {
    NotExist(&'static str),
    AlreadyExists(&'static str),
    DeleteConflict(&'static str),
    LimitExceeded(&'static str),
}

// The limits that RAM publishes for an account as it comes.
const USERS: usize = 1_000;
const GROUPS: usize = 50;
const ROLES: usize = 1_000;
const KEYS_OF_USER: usize = 2;
const GROUPS_OF_USER: usize = 5;
/// How many sessions are remembered; past it the one that ends first goes.
const SESSIONS: usize = 5_000;
/// How long a session is remembered that is over: until then it is told apart from a key that
/// never was.
const KEPT: Duration = Duration::from_secs(3600);

fn free<T>(
    known: &BTreeMap<String, T>,
    name: &str,
    kind: &'static str,
    limit: usize,
) -> Result<(), Fault> {
    if known.contains_key(name) {
        return Err(Fault::AlreadyExists(kind));
    }
    if known.len() >= limit {
        return Err(Fault::LimitExceeded(kind));
    }
    Ok(())
}

fn refuse_if(in_use: bool, what: &'static str) -> Result<(), Fault> {
    match in_use {
        true => Err(Fault::DeleteConflict(what)),
        false => Ok(()),
    }
}

impl Directory {
    /// Says that something is no longer what it was.
    fn changed(&mut self) {
        self.changes += 1;
    }

    /// An id that nobody of that kind had before, not even under the same name.
    fn new_id(&mut self, kind: &str, name: &str) -> String {
        self.changed();
        made_up_id(kind, &format!("{name} {}", self.changes))
    }

    pub(in crate::sandbox) fn user(&self, name: &str) -> Result<&User, Fault> {
        self.users.get(name).ok_or(Fault::NotExist("User"))
    }

    /// A user, to change its profile.
    pub(in crate::sandbox) fn user_mut(&mut self, name: &str) -> Result<&mut User, Fault> {
        self.users.get_mut(name).ok_or(Fault::NotExist("User"))
    }

    pub(in crate::sandbox) fn create_user(
        &mut self,
        name: &str,
        profile: Profile,
        now: Timestamp,
    ) -> Result<&User, Fault> {
        free(&self.users, name, "User", USERS)?;
        let user = User {
            id: self.new_id("user", name),
            profile,
            created: now,
            updated: now,
            keys: Vec::new(),
            groups: BTreeMap::new(),
            attachments: Vec::new(),
        };
        Ok(self.users.entry(name.to_owned()).or_insert(user))
    }

    pub(in crate::sandbox) fn rename_user(&mut self, name: &str, new: &str) -> Result<(), Fault> {
        self.user(name)?;
        if name != new && self.users.contains_key(new) {
            return Err(Fault::AlreadyExists("User"));
        }
        let user = self.users.remove(name).ok_or(Fault::NotExist("User"))?;
        self.users.insert(new.to_owned(), user);
        self.changed();
        Ok(())
    }

    pub(in crate::sandbox) fn delete_user(&mut self, name: &str) -> Result<(), Fault> {
        let user = self.user(name)?;
        refuse_if(!user.keys.is_empty(), "User.AccessKey")?;
        refuse_if(!user.attachments.is_empty(), "User.Policy")?;
        refuse_if(!user.groups.is_empty(), "User.Group")?;
        self.users.remove(name);
        self.changed();
        Ok(())
    }

    pub(in crate::sandbox) fn add_key(&mut self, user: &str, key: Key) -> Result<(), Fault> {
        let user = self.user_mut(user)?;
        if user.keys.len() >= KEYS_OF_USER {
            return Err(Fault::LimitExceeded("User.AccessKey"));
        }
        user.keys.push(key);
        self.changed();
        Ok(())
    }

    /// Switches a key on or off.
    pub(in crate::sandbox) fn set_key(
        &mut self,
        user: &str,
        id: &str,
        active: bool,
    ) -> Result<(), Fault> {
        let mut keys = self.user_mut(user)?.keys.iter_mut();
        let key = keys
            .find(|key| key.id == id)
            .ok_or(Fault::NotExist("User.AccessKey"))?;
        key.active = active;
        self.changed();
        Ok(())
    }

    pub(in crate::sandbox) fn delete_key(&mut self, user: &str, id: &str) -> Result<(), Fault> {
        let keys = &mut self.user_mut(user)?.keys;
        let mut places = keys.iter();
        let place = places
            .position(|key| key.id == id)
            .ok_or(Fault::NotExist("User.AccessKey"))?;
        keys.remove(place);
        self.changed();
        Ok(())
    }

    pub(in crate::sandbox) fn group(&self, name: &str) -> Result<&Group, Fault> {
        self.groups.get(name).ok_or(Fault::NotExist("Group"))
    }

    pub(in crate::sandbox) fn create_group(
        &mut self,
        name: &str,
        comments: String,
        now: Timestamp,
    ) -> Result<&Group, Fault> {
        free(&self.groups, name, "Group", GROUPS)?;
        let group = Group {
            id: format!("g-{}", self.new_id("group", name)),
            comments,
            created: now,
            updated: now,
            attachments: Vec::new(),
        };
        Ok(self.groups.entry(name.to_owned()).or_insert(group))
    }

    pub(in crate::sandbox) fn delete_group(&mut self, name: &str) -> Result<(), Fault> {
        let group = self.group(name)?;
        refuse_if(self.members(name).next().is_some(), "Group.User")?;
        refuse_if(!group.attachments.is_empty(), "Group.Policy")?;
        self.groups.remove(name);
        self.changed();
        Ok(())
    }

    /// Who is in a group, and since when.
    pub(in crate::sandbox) fn members<'a>(
        &'a self,
        group: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a User, Timestamp)> {
        self.users.iter().filter_map(move |(name, user)| {
            let since = *user.groups.get(group)?;
            Some((name.as_str(), user, since))
        })
    }

    pub(in crate::sandbox) fn join(
        &mut self,
        user: &str,
        group: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.user(user)?;
        self.group(group)?;
        let groups = &mut self.user_mut(user)?.groups;
        if groups.contains_key(group) {
            return Err(Fault::AlreadyExists("User.Group"));
        }
        if groups.len() >= GROUPS_OF_USER {
            return Err(Fault::LimitExceeded("User.Group"));
        }
        groups.insert(group.to_owned(), now);
        self.changed();
        Ok(())
    }

    pub(in crate::sandbox) fn leave(&mut self, user: &str, group: &str) -> Result<(), Fault> {
        self.user(user)?;
        self.group(group)?;
        let left = self.user_mut(user)?.groups.remove(group);
        left.ok_or(Fault::NotExist("User.Group"))?;
        self.changed();
        Ok(())
    }

    pub(in crate::sandbox) fn role(&self, name: &str) -> Result<&Role, Fault> {
        self.roles.get(name).ok_or(Fault::NotExist("Role"))
    }

    /// A role, to change what it says of itself and whom it trusts.
    pub(in crate::sandbox) fn role_mut(&mut self, name: &str) -> Result<&mut Role, Fault> {
        self.roles.get_mut(name).ok_or(Fault::NotExist("Role"))
    }

    pub(in crate::sandbox) fn create_role(
        &mut self,
        name: &str,
        trust: Document,
        now: Timestamp,
    ) -> Result<&mut Role, Fault> {
        const MAX_SESSION: Duration = Duration::from_secs(3600);
        free(&self.roles, name, "Role", ROLES)?;
        let role = Role {
            id: self.new_id("role", name),
            description: String::new(),
            created: now,
            updated: now,
            trust,
            max_session: MAX_SESSION,
            attachments: Vec::new(),
        };
        Ok(self.roles.entry(name.to_owned()).or_insert(role))
    }

    pub(in crate::sandbox) fn delete_role(&mut self, name: &str) -> Result<(), Fault> {
        refuse_if(!self.role(name)?.attachments.is_empty(), "Role.Policy")?;
        self.roles.remove(name);
        self.changed();
        Ok(())
    }

    pub(in crate::sandbox) fn begin(&mut self, session: Arc<Session>, now: Timestamp) {
        self.sessions.retain(|_, session| {
            now.duration_since(session.expires) < KEPT.try_into().unwrap_or_default()
        });
        if self.sessions.len() >= SESSIONS {
            let sessions = self.sessions.values();
            let first = sessions.min_by_key(|session| session.expires);
            let first = first.map(|session| session.key_id.clone());
            first.and_then(|id| self.sessions.remove(&id));
        }
        self.sessions.insert(session.key_id.clone(), session);
    }
}
