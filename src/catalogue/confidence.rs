//! How sure a row of the catalogue is.

use std::fmt;

use serde::Deserialize;

/// How sure a row is, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Alibaba Cloud's documents say so.
    Documented,
    /// Users report so.
    Community,
    /// It follows from documents that say something near.
    Inferred,
    /// Nobody says so.
    Guessed,
    /// The administrator's own, from `--templates`: nothing is known of it here.
    Local,
}

impl Confidence {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Documented,
        Self::Community,
        Self::Inferred,
        Self::Guessed,
        Self::Local,
    ];

    /// The name in the index and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Community => "community",
            Self::Inferred => "inferred",
            Self::Guessed => "guessed",
            Self::Local => "local",
        }
    }

    /// The mark that is named so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
