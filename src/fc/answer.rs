//! What an answer says beside its body: ids, error type, log tail, durations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::acs::{Headers, Incoming};

/// An answer of the service whose body is still coming.
#[derive(Debug)]
pub struct Answer {
    /// Status, header fields and the body to come.
    pub incoming: Incoming,
    /// How often the request was sent.
    pub attempts: u32,
    /// The service had taken this id already from an earlier attempt whose answer was lost.
    pub accepted_before: bool,
    /// An attempt before the last broke off after it had gone out.
    pub in_doubt: bool,
}

/// What the log's last line says, in its own units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// `Duration`, in milliseconds.
    pub duration_ms: Option<f64>,
    /// `Billed Duration`, in milliseconds.
    pub billed_duration_ms: Option<f64>,
    /// `Memory Size`, in megabytes.
    pub memory_size_mb: Option<f64>,
    /// `Max Memory Used`, in megabytes.
    pub max_memory_mb: Option<f64>,
}

/// Reads an answer's header fields.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a>(pub &'a Headers);

impl<'a> Head<'a> {
    fn field(self, name: &str) -> Option<&'a str> {
        self.0.get(name).filter(|value| !value.is_empty())
    }

    /// Whether Function Compute wrote this: each of its answers has a field of its own.
    pub fn is_from_fc(self) -> bool {
        self.0
            .iter()
            .any(|(name, _)| name.to_ascii_lowercase().starts_with("x-fc-"))
    }

    /// The request's id.
    pub fn request_id(self) -> Option<&'a str> {
        self.field("x-fc-request-id")
            .or_else(|| self.field("x-acs-request-id"))
    }

    /// What kind of error the function ended with, if any.
    pub fn error_type(self) -> Option<&'a str> {
        self.field("x-fc-error-type")
    }

    /// The instance that ran the function.
    pub fn instance_id(self) -> Option<&'a str> {
        self.field("x-fc-instance-id")
    }

    /// The version of the code that ran.
    pub fn code_version(self) -> Option<&'a str> {
        self.field("x-fc-invocation-service-version")
            .or_else(|| self.field("x-fc-invocation-code-version"))
    }

    /// The id of an asynchronous call.
    pub fn async_id(self) -> Option<&'a str> {
        self.field("x-fc-async-task-id")
            .or_else(|| self.field("x-fc-stateful-async-invocation-id"))
    }

    /// The body's type.
    pub fn content_type(self) -> Option<&'a str> {
        self.field("content-type")
    }

    /// The end of the function's log. What is not base64 is taken as it stands.
    pub fn log(self) -> Option<String> {
        let encoded = self.field("x-fc-log-result")?;
        Some(match STANDARD.decode(encoded.trim()) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => encoded.to_owned(),
        })
    }

    /// Time and memory, from the log's last line and from the header fields, which win.
    pub fn usage(self, log: Option<&str>) -> Usage {
        let mut usage = log.map(usage_of_log).unwrap_or_default();
        let number = |name| self.field(name).and_then(|value| value.parse().ok());
        if let Some(duration) = number("x-fc-invocation-duration") {
            usage.duration_ms = Some(duration);
        }
        if let Some(memory) = number("x-fc-max-memory-usage") {
            usage.max_memory_mb = Some(memory);
        }
        usage
    }
}

fn usage_of_log(log: &str) -> Usage {
    let mut usage = Usage::default();
    let Some(line) = log
        .lines()
        .rev()
        .find(|line| line.starts_with("Duration: "))
    else {
        return usage;
    };
    for part in line.split(", ") {
        let Some((name, value)) = part.split_once(": ") else {
            continue;
        };
        let number = value
            .split(' ')
            .next()
            .and_then(|number| number.parse().ok());
        match name {
            "Duration" => usage.duration_ms = number,
            "Billed Duration" => usage.billed_duration_ms = number,
            "Memory Size" => usage.memory_size_mb = number,
            "Max Memory Used" => usage.max_memory_mb = number,
            _ => {}
        }
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_s_last_line_gives_time_and_memory() {
        let log = "FC Invoke Start RequestId: 1\nFC Invoke End RequestId: 1\n\nDuration: 2.96 ms, \
                   Billed Duration: 3 ms, Memory Size: 128 MB, Max Memory Used: 10.83 MB";
        let headers = Headers::from_iter([("X-Fc-Max-Memory-Usage", "11.5")]);
        let usage = Head(&headers).usage(Some(log));
        assert_eq!(usage.duration_ms, Some(2.96));
        assert_eq!(usage.billed_duration_ms, Some(3.0));
        assert_eq!(usage.memory_size_mb, Some(128.0));
        assert_eq!(usage.max_memory_mb, Some(11.5));
    }

    #[test]
    fn a_field_counts_whatever_its_case_and_an_empty_one_does_not() {
        let headers = Headers::from_iter([("X-FC-REQUEST-ID", "1"), ("x-fc-error-type", "")]);
        assert_eq!(Head(&headers).request_id(), Some("1"));
        assert_eq!(Head(&headers).error_type(), None);
        assert!(Head(&headers).is_from_fc());
    }
}
