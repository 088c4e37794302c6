//! Who calls, as RAM names callers.

use serde::Serialize;

/// A caller. What is not known is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Principal {
    /// `SubUser`, `AssumedRoleUser`, `Account`, …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The user's id, or `role:session`.
    pub id: Option<String>,
    /// The user's or the role's name.
    pub name: Option<String>,
    /// The main account.
    pub account_id: Option<String>,
}

impl Principal {
    /// The caller in words, as a person would name it.
    pub fn describe(&self) -> String {
        if let (Some("Account"), Some(id)) = (self.kind.as_deref(), &self.account_id) {
            return format!("the main account {id}");
        }
        let kind = match self.kind.as_deref() {
            Some("SubUser") => "RAM user",
            Some("AssumedRoleUser") => "role session",
            Some("Account") => "the main account",
            Some(other) => other,
            None => "the caller",
        };
        let name = self.name.as_ref().or(self.id.as_ref());
        let named = name.map(|name| format!(" `{name}`")).unwrap_or_default();
        let account = self.account_id.as_ref();
        let account = account
            .map(|id| format!(" of account {id}"))
            .unwrap_or_default();
        format!("{kind}{named}{account}")
    }
}
