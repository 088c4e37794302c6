//! What is known of a request's condition keys.
//!
//! A key is given (with one value or several), known to be absent, or unknown. Keys keep the
//! letter case they came in: whether the service heeds it is not documented, so a lookup that
//! succeeds only without regard to case says so.

use super::value::fold;

/// What is known of the request's condition keys.
#[derive(Default, Clone, Debug)]
pub struct Context {
    given: Vec<(Box<str>, Vec<Box<str>>)>,
    absent: Vec<Box<str>>,
    complete: bool,
}

/// What is known of one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Known<'a> {
    Given(&'a [Box<str>]),
    Absent,
    Unknown,
}

/// What is known of one key in each of the two readings of letter case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lookup<'a> {
    /// Letter case counts.
    pub(crate) exact: Known<'a>,
    /// Letter case does not count; none when that makes no difference.
    pub(crate) folded: Option<Known<'a>>,
}

impl Context {
    /// Gives a key a value; repeated, a list of values.
    pub fn give(&mut self, key: &str, value: &str) {
        match self.given.iter_mut().find(|(known, _)| &**known == key) {
            Some((_, values)) => values.push(value.into()),
            None => self.given.push((key.into(), vec![value.into()])),
        }
    }

    /// Gives a key a value, unless it is given or absent already, in any letter case.
    pub fn give_default(&mut self, key: &str, value: &str) {
        if !self.is_given(key) && !self.is_absent(key) {
            self.give(key, value);
        }
    }

    /// Says that the request does not have this key.
    pub fn absent(&mut self, key: &str) {
        if !self.absent.iter().any(|known| &**known == key) {
            self.absent.push(key.into());
        }
    }

    /// Says that the request has no other key than those given.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// Whether the key was given, in any letter case.
    #[must_use]
    pub fn is_given(&self, key: &str) -> bool {
        self.given.iter().any(|(known, _)| same(known, key))
    }

    /// Whether the key was named as absent, in any letter case.
    #[must_use]
    pub fn is_absent(&self, key: &str) -> bool {
        self.absent.iter().any(|known| same(known, key))
    }

    /// Whether every key that was not given is absent.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The keys that were given, with their values, in the order they came.
    pub fn given(&self) -> impl Iterator<Item = (&str, &[Box<str>])> {
        self.given
            .iter()
            .map(|(key, values)| (&**key, values.as_slice()))
    }

    pub(crate) fn find(&self, key: &str) -> Lookup<'_> {
        if let Some((_, values)) = self.given.iter().find(|(known, _)| &**known == key) {
            return Lookup {
                exact: Known::Given(values),
                folded: None,
            };
        }
        if self.absent.iter().any(|known| &**known == key) {
            return Lookup {
                exact: Known::Absent,
                folded: None,
            };
        }
        let exact = if self.complete {
            Known::Absent
        } else {
            Known::Unknown
        };
        let mut similar = self.given.iter().filter(|(known, _)| same(known, key));
        let folded = match (similar.next(), similar.next()) {
            (Some((_, values)), None) => Some(Known::Given(values)),
            (Some(_), Some(_)) => Some(Known::Unknown),
            (None, _) if self.is_absent(key) => Some(Known::Absent),
            (None, _) => None,
        };
        Lookup { exact, folded }
    }
}

/// Equal without regard to letter case.
fn same(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars().map(fold).eq(right.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_never_beats_what_was_said() {
        let mut context = Context::default();
        context.give("acs:securetransport", "false");
        context.absent("acs:MFAPresent");
        context.give_default("acs:SecureTransport", "true");
        context.give_default("acs:mfapresent", "true");
        context.give_default("acs:UserAgent", "sesame");
        let keys: Vec<&str> = context.given().map(|(key, _)| key).collect();
        assert_eq!(keys, ["acs:securetransport", "acs:UserAgent"]);
    }

    #[test]
    fn the_exact_key_is_certain_and_any_other_case_is_told_apart() {
        let mut context = Context::default();
        context.give("acs:SourceIp", "10.0.0.1");
        context.give("acs:SourceIp", "10.0.0.2");
        assert!(matches!(
            context.find("acs:SourceIp"),
            Lookup {
                exact: Known::Given([_, _]),
                folded: None
            }
        ));
        assert!(matches!(
            context.find("acs:sourceip"),
            Lookup {
                exact: Known::Unknown,
                folded: Some(Known::Given(_))
            }
        ));
        assert_eq!(
            context.find("acs:UserAgent"),
            Lookup {
                exact: Known::Unknown,
                folded: None
            }
        );
        context.complete();
        assert_eq!(
            context.find("acs:UserAgent"),
            Lookup {
                exact: Known::Absent,
                folded: None
            }
        );
    }
}
