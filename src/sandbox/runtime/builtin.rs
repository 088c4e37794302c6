//! The functions that need no program.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{BUILTIN_MEMORY_MB, Builtin, Program, Run, Used};

pub(super) async fn run(builtin: Builtin, program: &Program, event: Bytes) -> Run {
    let started = Instant::now();
    let used = |log: &str| Used {
        duration: started.elapsed(),
        max_memory_mb: BUILTIN_MEMORY_MB,
        instance_id: format!("c-sandbox-{}", program.name),
        log: log.as_bytes().to_owned(),
    };
    match builtin {
        Builtin::Hello => used("").result(Bytes::from(format!("Hello {}!", name_in(&event)))),
        Builtin::Echo => used("").result(event),
        Builtin::Fail => {
            let message = "broken on purpose";
            let error = json!({
                "errorMessage": message,
                "errorType": "Exception",
                "stackTrace": [["File \"/code/index.py\"", "line 2", "in handler", "raise Exception('broken on purpose')"]],
            });
            let log = format!("[ERROR] Exception: {message}\n");
            used(&log).unhandled(Bytes::from(error.to_string()))
        }
        Builtin::Sleep => {
            let milliseconds = json_of(&event)["ms"].as_u64().unwrap_or_default();
            let nap = tokio::time::sleep(Duration::from_millis(milliseconds));
            match tokio::time::timeout(program.timeout, nap).await {
                Ok(()) => {
                    let slept = json!({ "slept_ms": milliseconds });
                    used("").result(Bytes::from(slept.to_string()))
                }
                Err(_) => used("").timed_out(program.timeout),
            }
        }
    }
}

/// The `name` of a JSON event, or the world.
fn name_in(event: &[u8]) -> String {
    json_of(event)["name"]
        .as_str()
        .unwrap_or("world")
        .to_owned()
}

fn json_of(event: &[u8]) -> Value {
    serde_json::from_slice(event).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::Code;
    use super::*;

    async fn call(builtin: Builtin, event: &'static str, timeout: Duration) -> Run {
        let mut program = Program::new("f", Code::Builtin(builtin));
        program.timeout = timeout;
        run(builtin, &program, Bytes::from_static(event.as_bytes())).await
    }

    #[tokio::test]
    async fn hello_greets_whom_the_event_names() {
        for (event, greeting) in [
            ("", "Hello world!"),
            ("not json", "Hello world!"),
            (r#"{"name":"Ali"}"#, "Hello Ali!"),
        ] {
            let run = call(Builtin::Hello, event, Duration::MAX).await;
            assert_eq!(run.body, greeting);
            assert_eq!(run.error_type, None);
        }
    }

    #[tokio::test]
    async fn echo_gives_the_event_back() {
        let run = call(Builtin::Echo, "\0 any bytes\n", Duration::MAX).await;
        assert_eq!((run.body, run.error_type), ("\0 any bytes\n".into(), None));
    }

    #[tokio::test]
    async fn fail_raises() {
        let run = call(Builtin::Fail, "", Duration::MAX).await;
        assert_eq!(run.error_type, Some("UnhandledInvocationError"));
        assert_eq!(run.log, b"[ERROR] Exception: broken on purpose\n");
    }

    #[tokio::test]
    async fn sleep_ends_in_time_or_as_the_service_ends_it() {
        let run = call(Builtin::Sleep, r#"{"ms":1}"#, Duration::MAX).await;
        assert_eq!(run.body, r#"{"slept_ms":1}"#);
        let limit = Duration::from_millis(20);
        let run = call(Builtin::Sleep, r#"{"ms":600000}"#, limit).await;
        let message = "Function timed out after 0.02 seconds (maxMemoryUsage: 10.83MB)";
        assert_eq!(run.body, json!({ "errorMessage": message }).to_string());
        assert_eq!(run.error_type, Some("UnhandledInvocationError"));
    }
}
