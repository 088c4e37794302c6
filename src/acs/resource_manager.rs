//! ResourceManager: policies attached at every scope, where RAM's own lists show those of the
//! whole account only. Questions only.

use serde_json::Value;

use super::ram::{Holder, HolderKind, PolicyName};
use super::rpc::{Client, RpcError, items, text, unreadable};

/// ResourceManager's API version.
pub const VERSION: &str = "2020-03-31";

const ACTION: &str = "ListPolicyAttachments";
/// The largest page.
const PAGE_SIZE: usize = 100;
/// How many pages are read of one list.
const PAGES: usize = 50;

/// A policy that is attached to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The policy.
    pub policy: PolicyName,
    /// The holder's name, without the account's domain.
    pub holder: String,
    /// The resource group that it is limited to; `None` for the whole account.
    pub resource_group: Option<String>,
}

/// ResourceManager, asked by somebody.
#[derive(Debug, Clone)]
pub struct ResourceManager<'a>(pub Client<'a>);

impl ResourceManager<'_> {
    /// What is attached to one user, group or role of the account, at every scope. It needs
    /// `ram:ListPolicyAttachments` on `*`.
    ///
    /// A user's name stands before a domain that the account may have changed. So an empty
    /// answer does not say that nothing is attached: [`Self::attachments_of_all`] does.
    ///
    /// # Errors
    /// No answer, a refusal, or pages that have no end.
    pub async fn attachments(
        &self,
        holder: &Holder,
        account: &str,
    ) -> Result<Vec<Attachment>, RpcError> {
        let name = qualified(holder, account);
        let rows = self.list(holder.kind, Some(&name), account).await?;
        Ok(rows
            .into_iter()
            .filter(|row| row.holder == holder.name)
            .collect())
    }

    /// What is attached to any user, group or role, at every scope.
    ///
    /// # Errors
    /// As [`Self::attachments`].
    pub async fn attachments_of_all(
        &self,
        kind: HolderKind,
        account: &str,
    ) -> Result<Vec<Attachment>, RpcError> {
        self.list(kind, None, account).await
    }

    async fn list(
        &self,
        kind: HolderKind,
        name: Option<&str>,
        account: &str,
    ) -> Result<Vec<Attachment>, RpcError> {
        let size = PAGE_SIZE.to_string();
        let mut rows: Vec<Value> = Vec::new();
        let mut last: Vec<Value> = Vec::new();
        for page in 1..=PAGES {
            let number = page.to_string();
            let mut parameters = vec![
                ("PrincipalType", principal_type(kind)),
                ("PageNumber", &number),
                ("PageSize", &size),
            ];
            parameters.extend(name.map(|name| ("PrincipalName", name)));
            let answer = self.0.ask(ACTION, &parameters).await?;
            let path = ("PolicyAttachments", "PolicyAttachment");
            let new = items(ACTION, &answer, path)?;
            if !new.is_empty() && new == last {
                return Err(unreadable(ACTION, "a page comes again"));
            }
            rows.extend_from_slice(new);
            let total = answer.get("TotalCount").and_then(Value::as_u64);
            let total = total.ok_or_else(|| unreadable(ACTION, "it has no `TotalCount`"))?;
            if new.is_empty() || rows.len() as u64 >= total {
                let whole = rows.len() as u64 >= total;
                let rows = rows.iter().map(|row| attachment(row, account));
                return match whole {
                    true => rows.collect(),
                    false => Err(unreadable(ACTION, "its pages end before its `TotalCount`")),
                };
            }
            last = new.to_vec();
        }
        let why = format!("it has more than {PAGES} pages");
        Err(unreadable(ACTION, why))
    }
}

fn attachment(row: &Value, account: &str) -> Result<Attachment, RpcError> {
    let holder = text(ACTION, row, "PrincipalName")?;
    let scope = text(ACTION, row, "ResourceGroupId")?;
    Ok(Attachment {
        policy: PolicyName::read(ACTION, row)?,
        holder: holder.split('@').next().unwrap_or_default().to_owned(),
        resource_group: Some(scope).filter(|scope| scope != account),
    })
}

fn principal_type(kind: HolderKind) -> &'static str {
    match kind {
        HolderKind::User => "IMSUser",
        HolderKind::Group => "IMSGroup",
        HolderKind::Role => "ServiceRole",
    }
}

/// The name with the account's first domain behind it.
fn qualified(holder: &Holder, account: &str) -> String {
    let name = &holder.name;
    match holder.kind {
        HolderKind::User => format!("{name}@{account}.onaliyun.com"),
        HolderKind::Group => format!("{name}@group.{account}.onaliyun.com"),
        HolderKind::Role => format!("{name}@role.{account}.onaliyunservice.com"),
    }
}
