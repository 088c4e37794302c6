//! RAM: what is attached to whom, and what the policies say. Questions only.

use serde::Serialize;
use serde_json::Value;

use super::rpc::{Client, RpcError, items, text, unreadable};

/// RAM's API version.
pub const VERSION: &str = "2015-05-01";

/// The largest page that RAM gives of a list.
const PAGE: &str = "1000";
/// How many pages are read of one list: no principal has more groups or policies.
const PAGES: usize = 10;

/// Who wrote a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum PolicyKind {
    /// Alibaba Cloud.
    System,
    /// The account.
    Custom,
}

impl PolicyKind {
    /// `System` or `Custom`, as RAM's `PolicyType` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Custom => "Custom",
        }
    }

    /// Reads RAM's `PolicyType`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::System, Self::Custom]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A policy by its name, which is unique among those of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName {
    /// Who wrote it.
    pub kind: PolicyKind,
    /// Its name.
    pub name: String,
}

impl PolicyName {
    /// Reads `PolicyType` and `PolicyName` of a row.
    pub(super) fn read(action: &str, row: &Value) -> Result<Self, RpcError> {
        let kind = text(action, row, "PolicyType")?;
        let unknown = || unreadable(action, format!("`{kind}` is no kind of policy"));
        Ok(Self {
            kind: PolicyKind::parse(&kind).ok_or_else(unknown)?,
            name: text(action, row, "PolicyName")?,
        })
    }
}

/// What policies are attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HolderKind {
    /// A RAM user.
    User,
    /// A group of users.
    Group,
    /// A role.
    Role,
}

/// One user, group or role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder {
    /// What it is.
    pub kind: HolderKind,
    /// Its name.
    pub name: String,
}

impl Holder {
    /// The operation that lists what is attached to it for the whole account.
    pub fn operation(&self) -> &'static str {
        match self.kind {
            HolderKind::User => "ListPoliciesForUser",
            HolderKind::Group => "ListPoliciesForGroup",
            HolderKind::Role => "ListPoliciesForRole",
        }
    }

    fn parameter(&self) -> &'static str {
        match self.kind {
            HolderKind::User => "UserName",
            HolderKind::Group => "GroupName",
            HolderKind::Role => "RoleName",
        }
    }
}

/// RAM, asked by somebody.
#[derive(Debug, Clone)]
pub struct Ram<'a>(pub Client<'a>);

impl Ram<'_> {
    /// What an `EncodedDiagnosticMessage` means. It needs `ram:DecodeDiagnosticMessage`, which
    /// administrators have.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not JSON.
    pub async fn decode_diagnostic_message(&self, encoded: &str) -> Result<Value, RpcError> {
        let parameters = [("EncodedDiagnosticMessage", encoded)];
        self.0.ask("DecodeDiagnosticMessage", &parameters).await
    }

    /// The policies that are attached for the whole account. It needs `ram:ListPoliciesFor…`
    /// on the user, group or role.
    ///
    /// # Errors
    /// No answer, a refusal, or pages that have no end.
    pub async fn list_policies_for(&self, holder: &Holder) -> Result<Vec<PolicyName>, RpcError> {
        let action = holder.operation();
        let of = (holder.parameter(), holder.name.as_str());
        let rows = self.list(action, of, ("Policies", "Policy")).await?;
        rows.iter()
            .map(|row| PolicyName::read(action, row))
            .collect()
    }

    /// The groups that a user is in. It needs `ram:ListGroupsForUser` on the user.
    ///
    /// # Errors
    /// As [`Ram::list_policies_for`].
    pub async fn list_groups_for_user(&self, user: &str) -> Result<Vec<String>, RpcError> {
        const ACTION: &str = "ListGroupsForUser";
        let rows = self
            .list(ACTION, ("UserName", user), ("Groups", "Group"))
            .await?;
        rows.iter()
            .map(|row| text(ACTION, row, "GroupName"))
            .collect()
    }

    /// The text of a policy's version in force. It needs `ram:GetPolicy` on the policy, and
    /// `ram:GetPolicyVersion` where the answer names a version without its text.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer without a text.
    pub async fn document(&self, policy: &PolicyName) -> Result<String, RpcError> {
        const ACTION: &str = "GetPolicy";
        let of = [
            ("PolicyName", policy.name.as_str()),
            ("PolicyType", policy.kind.as_str()),
        ];
        let answer = self.0.ask(ACTION, &of).await?;
        let at = |path: &str| answer.pointer(path).and_then(Value::as_str);
        if let Some(text) = at("/DefaultPolicyVersion/PolicyDocument") {
            return Ok(text.to_owned());
        }
        let version = at("/DefaultPolicyVersion/VersionId").or(at("/Policy/DefaultVersion"));
        let version = version.ok_or_else(|| unreadable(ACTION, "it names no version in force"))?;
        self.version(policy, version).await
    }

    async fn version(&self, policy: &PolicyName, version: &str) -> Result<String, RpcError> {
        const ACTION: &str = "GetPolicyVersion";
        let of = [
            ("PolicyName", policy.name.as_str()),
            ("PolicyType", policy.kind.as_str()),
            ("VersionId", version),
        ];
        let answer = self.0.ask(ACTION, &of).await?;
        let text = answer.pointer("/PolicyVersion/PolicyDocument");
        text.and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| unreadable(ACTION, "it has no `PolicyVersion.PolicyDocument`"))
    }

    /// A whole list, page by page.
    async fn list(
        &self,
        action: &'static str,
        of: (&str, &str),
        path: (&str, &str),
    ) -> Result<Vec<Value>, RpcError> {
        let mut rows = Vec::new();
        let mut markers: Vec<String> = Vec::new();
        for _ in 0..PAGES {
            let mut parameters = vec![of];
            // A list without pages knows no such parameters, so the first question has none.
            if let Some(marker) = markers.last() {
                parameters.extend([("Marker", marker.as_str()), ("MaxItems", PAGE)]);
            }
            let answer = self.0.ask(action, &parameters).await?;
            rows.extend_from_slice(items(action, &answer, path)?);
            if answer.get("IsTruncated").and_then(Value::as_bool) != Some(true) {
                return Ok(rows);
            }
            let marker = text(action, &answer, "Marker")?;
            if markers.contains(&marker) {
                return Err(unreadable(action, "a page comes again"));
            }
            markers.push(marker);
        }
        Err(unreadable(
            action,
            format!("it has more than {PAGES} pages"),
        ))
    }
}
