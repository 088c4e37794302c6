//! Three-valued truth, after Kleene: what is unknown stays unknown unless the rest decides.
//!
//! Invariant: replacing an `Unknown` by either of the other two never turns a `Yes` into a
//! `No` or back. That is what makes a verdict stand when more of the context is told.

/// Yes, no, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// It hangs on something that is not known or not documented.
    Unknown,
}

impl Truth {
    /// `yes`, `no` or `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Truth::Yes => "yes",
            Truth::No => "no",
            Truth::Unknown => "unknown",
        }
    }

    pub(crate) fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Yes, Truth::Yes) => Truth::Yes,
            _ => Truth::Unknown,
        }
    }

    pub(crate) fn or(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::Yes, _) | (_, Truth::Yes) => Truth::Yes,
            (Truth::No, Truth::No) => Truth::No,
            _ => Truth::Unknown,
        }
    }

    pub(crate) fn not(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
        }
    }

    /// What two readings of the same text agree on.
    pub(crate) fn agreed(self, other: Truth) -> Truth {
        if self == other { self } else { Truth::Unknown }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Truth {
        if value { Truth::Yes } else { Truth::No }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{No, Unknown, Yes};
    use super::*;

    const ALL: [Truth; 3] = [Yes, No, Unknown];

    #[test]
    fn the_tables_are_kleenes() {
        assert_eq!(Unknown.and(No), No);
        assert_eq!(Unknown.and(Yes), Unknown);
        assert_eq!(Unknown.or(Yes), Yes);
        assert_eq!(Unknown.or(No), Unknown);
        for a in ALL {
            for b in ALL {
                assert_eq!(a.and(b), b.and(a));
                assert_eq!(a.or(b), b.or(a));
                assert_eq!(a.and(b).not(), a.not().or(b.not()));
            }
        }
    }

    #[test]
    fn learning_more_never_turns_a_known_answer() {
        for known in [Yes, No] {
            for other in ALL {
                for op in [Truth::and, Truth::or, Truth::agreed] {
                    let before = op(Unknown, other);
                    if before != Unknown {
                        assert_eq!(op(known, other), before);
                    }
                }
            }
        }
    }
}
