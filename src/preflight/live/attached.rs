//! What is attached to one user, group or role: RAM's list for the whole account, and
//! ResourceManager's for every scope. Either may be what the caller is allowed to read.

use tokio::sync::OnceCell;

use super::permission::Permission;
use super::reader::{Reader, Why};
use super::standing::Unread;
use crate::acs::ram::{Holder, HolderKind, PolicyName};
use crate::acs::resource_manager::Attachment;
use crate::ram::Layer;

/// A policy that applies to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) policy: PolicyName,
    /// The group that it comes through.
    pub(super) through: Option<String>,
    pub(super) resource_group: Option<String>,
}

impl Row {
    pub(super) fn layer(&self) -> Layer {
        match self.resource_group {
            Some(_) => Layer::ResourceGroup,
            None => Layer::Account,
        }
    }
}

pub(super) type Applying = Vec<Row>;

type All = OnceCell<Result<Vec<Attachment>, Why>>;

/// Each list of all attachments, asked for once if at all.
#[derive(Default)]
pub(super) struct Attached {
    users: All,
    groups: All,
    roles: All,
}

impl Attached {
    fn of(&self, kind: HolderKind) -> &All {
        match kind {
            HolderKind::User => &self.users,
            HolderKind::Group => &self.groups,
            HolderKind::Role => &self.roles,
        }
    }
}

impl Reader<'_> {
    pub(super) async fn attached_to(&self, holder: &Holder) -> (Applying, Vec<Unread>) {
        let permission = Permission::policies_of(holder, self.account);
        let listed = self.services.ram.list_policies_for(holder);
        let (listed, scoped) = tokio::join!(self.ask(permission, listed), self.scoped(holder));
        let row = |policy, resource_group| Row {
            policy,
            through: (holder.kind == HolderKind::Group).then(|| holder.name.clone()),
            resource_group,
        };
        let what = match holder.kind {
            HolderKind::User => "user",
            HolderKind::Group => "group",
            HolderKind::Role => "role",
        };
        let what = format!("the policies of {what} `{}`", holder.name);
        let mut rows = Applying::new();
        let mut unread = Vec::new();
        match (&listed, &scoped) {
            (Ok(listed), _) => rows.extend(listed.iter().map(|policy| row(policy.clone(), None))),
            // Every scope includes the whole account.
            (Err(_), Ok(scoped)) => rows.extend(
                scoped
                    .iter()
                    .filter(|one| one.resource_group.is_none())
                    .map(|one| row(one.policy.clone(), None)),
            ),
            (Err(why), Err(_)) => {
                unread.push(Unread::new(what.clone(), why.clone(), &[Layer::Account]));
            }
        }
        match scoped {
            Ok(scoped) => rows.extend(
                scoped
                    .into_iter()
                    .filter(|one| one.resource_group.is_some())
                    .map(|one| row(one.policy, one.resource_group)),
            ),
            Err(why) => {
                let what = format!("{what} at resource-group scope");
                unread.push(Unread::new(what, why, &[Layer::ResourceGroup]));
            }
        }
        (rows, unread)
    }

    /// At every scope. An empty answer may only mean that the account's domain is another
    /// than its first, so then all attachments are looked through.
    async fn scoped(&self, holder: &Holder) -> Result<Vec<Attachment>, Why> {
        let resource_manager = &self.services.resource_manager;
        let own = resource_manager.attachments(holder, self.account);
        match self.ask(Permission::attachments(), own).await {
            Ok(own) if !own.is_empty() => return Ok(own),
            Ok(_) => {}
            Err(why) if why.is_unknown_name => {}
            Err(why) => return Err(why),
        }
        let all = self.all.of(holder.kind).get_or_init(|| {
            let all = resource_manager.attachments_of_all(holder.kind, self.account);
            self.ask(Permission::attachments(), all)
        });
        let mut all = all.await.clone()?;
        all.retain(|row| row.holder == holder.name);
        Ok(all)
    }
}
