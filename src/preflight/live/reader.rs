//! Asks RAM and ResourceManager, a few questions at a time and each question once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::attached::{Applying, Attached};
use super::permission::{self, Permission};
use super::standing::{Held, Standing, Unread};
use super::{Identity, Services};
use crate::acs::SessionPolicy;
use crate::acs::ram::{Holder, HolderKind, PolicyKind, PolicyName};
use crate::acs::rpc::RpcError;
use crate::acs::sts::CallerIdentity;
use crate::catalogue::system;
use crate::preflight::Source;
use crate::ram::{Document, Layer, parse};

/// How many questions are under way at a time.
const AT_A_TIME: usize = 8;

/// Reads all that applies to the caller. It never fails: what cannot be read is in
/// [`Standing::unread`].
pub async fn read(
    services: &Services<'_>,
    caller: &CallerIdentity,
    session: &SessionPolicy,
) -> Standing {
    let identity = Identity::of(caller);
    let mut standing = Standing::new(identity.principal(caller), identity.clone());
    standing.add_session(session);
    let reader = Reader {
        services,
        account: &caller.account_id,
        all: Default::default(),
    };
    let applying = match &identity {
        Identity::MainAccount => return standing,
        Identity::User { name } => reader.of_user(name, &mut standing.unread).await,
        Identity::RoleSession { role, .. } => {
            let holder = Holder {
                kind: HolderKind::Role,
                name: role.clone(),
            };
            reader.of(&[holder], &mut standing.unread).await
        }
        Identity::Other { kind } => {
            standing.unread.push(Unread {
                what: "the caller's own policies".to_owned(),
                why: format!(
                    "STS calls the caller `{kind}`, which is no user, role or account by name"
                ),
                layers: vec![Layer::Account, Layer::ResourceGroup],
                permission: None,
            });
            return standing;
        }
    };
    reader.documents(applying, &mut standing).await;
    if standing.unread.iter().any(|one| one.permission.is_some()) {
        standing.to_read = permission::to_read(&identity, reader.account);
    }
    standing
}

/// Why a question has no answer.
#[derive(Debug, Clone)]
pub(super) struct Why {
    pub(super) text: String,
    /// The permission that is lacking.
    pub(super) permission: Option<Permission>,
    /// The service knows nobody of that name.
    pub(super) is_unknown_name: bool,
}

/// Asks until the deadline.
pub(super) struct Reader<'a> {
    pub(super) services: &'a Services<'a>,
    pub(super) account: &'a str,
    /// What is attached to all users, groups and roles, where it had to be asked.
    pub(super) all: Attached,
}

impl Reader<'_> {
    /// Puts one question, of which it is known what permission it needs.
    pub(super) async fn ask<T>(
        &self,
        permission: Permission,
        question: impl Future<Output = Result<T, RpcError>>,
    ) -> Result<T, Why> {
        let Ok(answer) = tokio::time::timeout_at(self.services.deadline, question).await else {
            return Err(Why {
                text: "no answer came in time".to_owned(),
                permission: None,
                is_unknown_name: false,
            });
        };
        answer.map_err(|error| why(&error, permission))
    }

    async fn of_user(&self, name: &str, unread: &mut Vec<Unread>) -> Applying {
        let permission = Permission::groups_of(name, self.account);
        let groups = self.services.ram.list_groups_for_user(name);
        let user = Holder {
            kind: HolderKind::User,
            name: name.to_owned(),
        };
        let users = [user];
        let mut unread_groups = Vec::new();
        let (groups, mut applying) =
            tokio::join!(self.ask(permission, groups), self.of(&users, unread));
        let groups = groups.unwrap_or_else(|why| {
            unread_groups.push(Unread::new(
                format!("the groups of user `{name}`"),
                why,
                &[Layer::Account, Layer::ResourceGroup],
            ));
            Vec::new()
        });
        unread.extend(unread_groups);
        let groups: BTreeSet<String> = groups.into_iter().collect();
        let groups: Vec<Holder> = groups
            .into_iter()
            .map(|name| Holder {
                kind: HolderKind::Group,
                name,
            })
            .collect();
        applying.extend(self.of(&groups, unread).await);
        applying
    }

    /// What is attached to each of them, at every scope.
    async fn of(&self, holders: &[Holder], unread: &mut Vec<Unread>) -> Applying {
        // Two questions for each.
        let read: Vec<_> = stream::iter(holders)
            .map(|holder| self.attached_to(holder))
            .buffered(AT_A_TIME / 2)
            .collect()
            .await;
        let mut applying = Applying::new();
        for (rows, missing) in read {
            applying.extend(rows);
            unread.extend(missing);
        }
        applying
    }

    /// The text of each policy, asked for once.
    async fn documents(&self, applying: Applying, standing: &mut Standing) {
        let mut layers: BTreeMap<&PolicyName, BTreeSet<Layer>> = BTreeMap::new();
        for row in &applying {
            layers.entry(&row.policy).or_default().insert(row.layer());
        }
        let read: BTreeMap<&PolicyName, Result<(Document, Source), Why>> =
            stream::iter(layers.keys())
                .map(|policy| async move { (*policy, self.document(policy).await) })
                .buffered(AT_A_TIME)
                .collect()
                .await;
        for (policy, layers) in &layers {
            if let Some(Err(why)) = read.get(*policy) {
                let layers: Vec<Layer> = layers.iter().copied().collect();
                let what = format!("policy `{}`", policy.name);
                standing
                    .unread
                    .push(Unread::new(what, why.clone(), &layers));
            }
        }
        for row in &applying {
            if let Some(Ok((document, source))) = read.get(&row.policy) {
                standing.policies.push(Held {
                    name: row.policy.name.clone(),
                    kind: Some(row.policy.kind),
                    layer: row.layer(),
                    through: row.through.clone(),
                    resource_group: row.resource_group.clone(),
                    source: *source,
                    document: document.clone(),
                });
            }
        }
    }

    async fn document(&self, policy: &PolicyName) -> Result<(Document, Source), Why> {
        let permission = Permission::document_of(policy, self.account);
        let asked = self.ask(permission, self.services.ram.document(policy));
        let text = match (asked.await, policy.kind) {
            (Ok(text), _) => text,
            (Err(why), PolicyKind::System) => {
                let known = system::document(&policy.name);
                let known = known.and_then(|text| parse(text.as_bytes()).document);
                return known.map(|known| (known, Source::Embedded)).ok_or(why);
            }
            (Err(why), PolicyKind::Custom) => return Err(why),
        };
        let parsed = parse(text.as_bytes());
        let fault = parsed.findings.first().map(|one| one.message.as_str());
        match parsed.document {
            Some(document) => Ok((document, Source::Live)),
            None => Err(Why {
                text: format!("its text is no policy: {}", fault.unwrap_or("it is empty")),
                permission: None,
                is_unknown_name: false,
            }),
        }
    }
}

fn why(error: &RpcError, permission: Permission) -> Why {
    let Permission { action, resource } = &permission;
    let Some(refusal) = error.refusal() else {
        return Why {
            text: error.to_string(),
            permission: None,
            is_unknown_name: false,
        };
    };
    if error.is_denial() {
        return Why {
            text: format!("the caller lacks `{action}` on `{resource}`"),
            permission: Some(permission),
            is_unknown_name: false,
        };
    }
    let code = error.said("Code").unwrap_or_default();
    let message = error.said("Message").unwrap_or_default();
    let said = match (code.as_str(), message.as_str()) {
        ("", "") => String::new(),
        ("", said) | (said, "") => format!(": {said}"),
        (code, message) => format!(": {code}: {message}"),
    };
    Why {
        text: format!("{error}{said}"),
        permission: None,
        is_unknown_name: matches!(refusal.status, 400 | 404) && !error.is_throttled(),
    }
}
