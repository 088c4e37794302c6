//! Runs a function: the event's bytes in, the result's bytes and the log out.

use bytes::Bytes;
use serde_json::{Value, json};

use super::config::Builtin;

/// What a function gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) body: Bytes,
    /// `X-Fc-Error-Type`, when it failed.
    pub(super) error_type: Option<&'static str>,
    /// The function's own lines in the log.
    pub(super) log: String,
}

pub(super) fn run(builtin: Builtin, event: Bytes) -> Run {
    let done = |body: Bytes| Run {
        body,
        error_type: None,
        log: String::new(),
    };
    match builtin {
        Builtin::Hello => done(Bytes::from(format!("Hello {}!", name_in(&event)))),
        Builtin::Echo | Builtin::Sleep => done(event),
        Builtin::Fail => {
            let message = "broken on purpose";
            let error = json!({
                "errorMessage": message,
                "errorType": "Exception",
                "stackTrace": [["File \"/code/index.py\"", "line 2", "in handler", "raise Exception('broken on purpose')"]],
            });
            Run {
                body: Bytes::from(error.to_string()),
                error_type: Some("UnhandledInvocationError"),
                log: format!("[ERROR] Exception: {message}\n"),
            }
        }
    }
}

/// The `name` of a JSON event, or the world.
fn name_in(event: &[u8]) -> String {
    let event: Value = serde_json::from_slice(event).unwrap_or_default();
    event["name"].as_str().unwrap_or("world").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_greets_whom_the_event_names() {
        let body =
            |event: &'static str| run(Builtin::Hello, Bytes::from_static(event.as_bytes())).body;
        assert_eq!(body(""), "Hello world!");
        assert_eq!(body("not json"), "Hello world!");
        assert_eq!(body(r#"{"name":"Ali"}"#), "Hello Ali!");
    }
}
