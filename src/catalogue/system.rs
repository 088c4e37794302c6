//! System policies of Alibaba Cloud, as published, and how much of each is known.

use std::sync::LazyLock;

use serde::Deserialize;

use super::embedded;

/// How much of a system policy is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The document as published.
    Attested,
    /// A document that comes near; the text itself is not published.
    Approximation,
    /// The published text breaks off, so there is no document.
    Cut,
    /// The name only.
    Unknown,
}

impl Status {
    /// The name in the index and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attested => "attested",
            Self::Approximation => "approximation",
            Self::Cut => "cut",
            Self::Unknown => "unknown",
        }
    }

    /// Whether there is a document.
    pub fn is_known(self) -> bool {
        matches!(self, Self::Attested | Self::Approximation)
    }
}

/// A system policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemPolicy {
    /// Its name.
    pub name: String,
    /// How much of it is known.
    pub status: Status,
    /// The document's path below `policies/`, when it is known.
    pub file: Option<String>,
    /// The version that was seen.
    pub version: Option<String>,
    /// When that version was made.
    pub updated: Option<String>,
    /// Where it comes from.
    pub source: String,
    /// What else is known.
    #[serde(default)]
    pub notes: String,
}

impl SystemPolicy {
    /// The document's text, when it is known.
    pub fn document(&self) -> Option<&'static str> {
        embedded::text(embedded::SYSTEM, self.file.as_deref()?)
    }
}

#[expect(
    clippy::expect_used,
    reason = "the index is part of the program, and a test reads it"
)]
static POLICIES: LazyLock<Vec<SystemPolicy>> = LazyLock::new(|| {
    serde_json::from_str(embedded::SYSTEM_INDEX).expect("policies/system/index.json")
});

/// Every system policy whose name is known here.
pub fn all() -> &'static [SystemPolicy] {
    &POLICIES
}

/// The system policy of a name.
pub fn find(name: &str) -> Option<&'static SystemPolicy> {
    all().iter().find(|policy| policy.name == name)
}

/// How much of a system policy is known; `None` when not even its name is.
pub fn status(name: &str) -> Option<Status> {
    find(name).map(|policy| policy.status)
}

/// The text of a system policy; `None` when it is not known here.
pub fn document(name: &str) -> Option<&'static str> {
    find(name)?.document()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ram::parse;

    #[test]
    fn a_policy_has_a_document_exactly_when_it_is_known() {
        let mut names = BTreeSet::new();
        for policy in all() {
            let name = &policy.name;
            assert!(names.insert(name), "{name} twice");
            assert_eq!(policy.status.is_known(), policy.file.is_some(), "{name}");
            assert_eq!(policy.document().is_some(), policy.file.is_some(), "{name}");
            assert!(!policy.source.is_empty(), "{name}");
            if let Some(text) = policy.document() {
                let parsed = parse(text.as_bytes());
                assert!(parsed.document.is_some(), "{name}: {:?}", parsed.findings);
                assert_eq!(policy.file, Some(format!("system/{name}.json")));
            }
        }
        let files: BTreeSet<_> = all()
            .iter()
            .filter_map(|policy| policy.file.clone())
            .collect();
        let embedded = embedded::SYSTEM.iter().map(|(file, _)| (*file).to_owned());
        assert_eq!(files, embedded.collect());
    }

    #[test]
    fn a_name_without_a_document_is_told_from_a_name_that_is_not_known() {
        assert_eq!(status("AliyunFCFullAccess"), Some(Status::Attested));
        assert_eq!(status("AdministratorAccess"), Some(Status::Approximation));
        assert_eq!(status("PowerUserAccess"), Some(Status::Cut));
        assert_eq!(status("AliyunFCDefaultRolePolicy"), Some(Status::Unknown));
        assert_eq!(status("NoSuchPolicy"), None);
        assert!(document("PowerUserAccess").is_none());
        assert!(document("AliyunFCDefaultRolePolicy").is_none());
    }
}
