//! A request before it is sent and a refusal after it came back, as plain data: the signers
//! and the diagnosis work on these, never on a connection.

use std::time::Duration;

use bytes::Bytes;

use super::Endpoint;

/// Header fields in the order of the wire. Names compare without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first value of the field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Sets the field, in place of any value that it has.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.push(name, value);
    }

    /// Adds a value to those that the field may have.
    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Drops the field.
    pub fn remove(&mut self, name: &str) {
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// How long a service that has no room asks to wait.
    pub fn asked_wait(&self) -> Option<Duration> {
        let number = |name| self.get(name).and_then(|value| value.trim().parse().ok());
        number("x-acs-retry-after")
            .map(Duration::from_millis)
            .or_else(|| number("retry-after").map(Duration::from_secs))
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self(
            fields
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// A request, ready to be signed and sent.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// `POST`, `GET`, …
    pub method: &'static str,
    /// Where it goes.
    pub endpoint: Endpoint,
    /// The path, percent-encoded as on the wire.
    pub path: String,
    /// The query without its `?`, percent-encoded as on the wire; may be empty.
    pub query: String,
    /// The header fields.
    pub headers: Headers,
    /// The body's bytes.
    pub body: Bytes,
}

impl HttpRequest {
    /// The whole address.
    pub fn url(&self) -> String {
        let separator = if self.query.is_empty() { "" } else { "?" };
        format!("{}{}{separator}{}", self.endpoint, self.path, self.query)
    }
}

/// An answer that is not a success, whole, as evidence.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The header fields.
    pub headers: Headers,
    /// The body's bytes.
    pub body: Bytes,
}
