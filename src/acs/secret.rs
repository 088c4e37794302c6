//! A value that must never be seen: it cannot be printed, and its memory is wiped when it goes.

use std::fmt;

use zeroize::Zeroizing;

/// An access key secret or a security token.
///
/// There is no `Display`, and `Debug` hides the value; [`Secret::expose`] is the one way to
/// it, for the signers and the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the value in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_hides_the_value() {
        let shown = format!("{:?}", Some(Secret::new("canary")));
        assert_eq!(shown, "Some([hidden])");
    }
}
