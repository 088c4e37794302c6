//! The two generations of Function Compute.

use std::fmt;

use serde::Deserialize;

/// A generation of Function Compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// FC 2.0, where functions belong to services.
    Fc2,
    /// FC 3.0.
    Fc3,
}

impl Generation {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Fc2, Self::Fc3];

    /// `fc2` or `fc3`: also the folder of its templates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fc2 => "fc2",
            Self::Fc3 => "fc3",
        }
    }

    /// The generation that is named so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
