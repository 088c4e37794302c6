//! InvokeFunction in the sandbox: the three API versions, bytes, header fields, log, errors,
//! limits, and what happens when somebody goes away.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::service::{Answer, Service, close, is_gone, service, until};

const FUNCTIONS: &str = r#"
  - { name: echo, builtin: echo, versions: ["1"], aliases: { prod: "1" } }
  - { service: demo, name: echo, builtin: echo, versions: ["1"], aliases: { prod: "1" } }
  - { name: broken, builtin: fail }
  - { name: slow, builtin: sleep, timeout: 1 }
  - { name: log, command: [sh, -c, "cat; echo one >&2; printf two >&2"], memory: 512 }
  - { name: chatty, command: [sh, -c, "i=0; while [ $i -lt 1000 ]; do echo line $i >&2; i=$((i+1)); done"] }
  - { name: exits, command: [sh, -c, "exit 3"] }
  - { name: gone, command: [./nowhere] }
  - { name: stays, command: [sh, -c, "echo $$ > pid; exec sleep 600"] }
"#;

/// Where each API has a function's calls, with and without a qualifier.
const PLACES: [(&str, &str); 6] = [
    (
        "/2016-08-15/services/demo/functions/echo/invocations",
        "LATEST",
    ),
    (
        "/2016-08-15/services/demo.prod/functions/echo/invocations",
        "1",
    ),
    (
        "/2021-04-06/services/demo/functions/echo/invocations",
        "LATEST",
    ),
    (
        "/2021-04-06/services/demo/functions/echo/invocations?qualifier=1",
        "1",
    ),
    ("/2023-03-30/functions/echo/invocations", "LATEST"),
    ("/2023-03-30/functions/echo/invocations?qualifier=prod", "1"),
];

fn sandbox() -> Service {
    service(FUNCTIONS, &[])
}

fn invoke(service: &Service, function: &str, headers: &[(&str, &str)], event: &str) -> Answer {
    let target = format!("/2023-03-30/functions/{function}/invocations");
    service.call("POST", &target, headers, event.to_owned())
}

fn log_of(answer: &Answer) -> String {
    let log = STANDARD.decode(answer.header("x-fc-log-result")).unwrap();
    String::from_utf8(log).unwrap()
}

#[test]
fn every_byte_comes_back_in_each_api_with_what_was_used() {
    let sandbox = sandbox();
    let event: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for (target, version) in PLACES {
        let answer = sandbox.call("POST", target, &[], event.clone());
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        assert!(answer.body == event, "{target}");
        assert_eq!(
            answer.header("x-fc-invocation-service-version"),
            version,
            "{target}"
        );
        assert!(answer.header("x-fc-request-id").starts_with("1-"));
        assert_eq!(answer.header("x-fc-instance-id"), "c-sandbox-echo");
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        for number in ["x-fc-invocation-duration", "x-fc-max-memory-usage"] {
            assert!(
                answer.header(number).parse::<f64>().unwrap() >= 0.0,
                "{number}"
            );
        }
        assert_eq!(answer.headers.get("x-fc-error-type"), None);
        assert_eq!(answer.headers.get("x-fc-log-result"), None);
    }
}

#[test]
fn the_log_comes_when_it_is_asked_for() {
    let sandbox = sandbox();
    let answer = invoke(&sandbox, "log", &[("x-fc-log-type", "Tail")], "event");
    let id = answer.header("x-fc-request-id");
    let lines = format!(
        "FC Invoke Start RequestId: {id}\none\ntwo\nFC Invoke End RequestId: {id}\n\nDuration: "
    );
    let log = log_of(&answer);
    let usage = log.strip_prefix(&lines).unwrap_or_else(|| panic!("{log}"));
    let duration = answer.header("x-fc-invocation-duration");
    let memory = answer.header("x-fc-max-memory-usage");
    let billed = duration.parse::<f64>().unwrap().ceil();
    let said = format!(
        "{duration} ms, Billed Duration: {billed} ms, Memory Size: 512 MB, Max Memory Used: {memory} MB"
    );
    assert_eq!(usage, said);
    for kind in ["None", ""] {
        let answer = invoke(&sandbox, "log", &[("x-fc-log-type", kind)], "");
        assert_eq!(
            (answer.status, answer.headers.get("x-fc-log-result")),
            (200, None)
        );
    }
    let headers = [("x-fc-log-type", "Tail"), ("x-fc-invocation-type", "Async")];
    let answer = invoke(&sandbox, "log", &headers, "");
    assert_eq!(
        (answer.status, answer.headers.get("x-fc-log-result")),
        (202, None)
    );
}

#[test]
fn the_log_is_its_last_four_kilobytes() {
    let sandbox = sandbox();
    let log = log_of(&invoke(
        &sandbox,
        "chatty",
        &[("x-fc-log-type", "tail")],
        "",
    ));
    assert_eq!(log.len(), 4096);
    assert!(log.contains("line 998\nline 999\nFC Invoke End"), "{log}");
    assert!(log.ends_with(" MB"), "{log}");
    assert!(!log.contains("Start"), "{log}");
}

#[test]
fn a_function_s_own_error_is_a_200_with_its_kind() {
    let sandbox = sandbox();
    let failed = |function: &str, event: &str| {
        let answer = invoke(&sandbox, function, &[], event);
        assert_eq!(answer.status, 200, "{function}");
        assert_eq!(answer.header("x-fc-error-type"), "UnhandledInvocationError");
        answer.json()
    };
    let raised = failed("broken", "");
    assert_eq!(raised["errorMessage"], "broken on purpose");
    assert_eq!(raised["errorType"], "Exception");
    assert_eq!(
        failed("slow", r#"{"ms":600000}"#),
        json!({"errorMessage": "Function timed out after 1 seconds (maxMemoryUsage: 10.83MB)"})
    );
    let exited = failed("exits", "")["errorMessage"]
        .as_str()
        .unwrap()
        .to_owned();
    let begin = "Process exited unexpectedly before completing request (duration: ";
    assert!(
        exited.starts_with(begin) && exited.ends_with("MB)"),
        "{exited}"
    );
}

#[test]
fn a_function_that_does_not_start_is_the_service_s_refusal() {
    let sandbox = sandbox();
    let (status, code, message) = invoke(&sandbox, "gone", &[], "").refusal();
    assert_eq!((status, code.as_str()), (412, "CAFileNotFound"));
    assert!(
        message.starts_with("The function cannot be started."),
        "{message}"
    );
}

#[test]
fn a_type_that_is_none_is_an_invalid_argument() {
    let sandbox = sandbox();
    for (name, value) in [("x-fc-invocation-type", "Later"), ("x-fc-log-type", "All")] {
        for (target, _) in PLACES {
            let answer = sandbox.call("POST", target, &[(name, value)], "");
            let (status, code, message) = answer.refusal();
            assert_eq!((status, code.as_str()), (400, "InvalidArgument"));
            assert!(message.contains(value), "{message}");
        }
    }
    let answer = invoke(&sandbox, "echo", &[("x-fc-invocation-type", "sync")], "x");
    assert_eq!((answer.status, answer.text().as_str()), (200, "x"));
}

#[test]
fn what_is_not_there_is_named() {
    let sandbox = sandbox();
    let fc2 = |path: &str| format!("/2016-08-15/services/{path}/invocations");
    let fc3 = |path: &str| format!("/2023-03-30/functions/{path}");
    for (target, code, message) in [
        (
            fc2("no/functions/echo"),
            "ServiceNotFound",
            "service 'no' does not exist",
        ),
        (
            fc2("demo/functions/no"),
            "FunctionNotFound",
            "function 'no' does not exist in service 'demo'",
        ),
        (
            fc2("demo.7/functions/echo"),
            "VersionNotFound",
            "version '7' of service 'demo' does not exist",
        ),
        (
            fc2("demo.no/functions/echo"),
            "AliasNotFound",
            "alias 'no' of service 'demo' does not exist",
        ),
        (
            fc3("no/invocations"),
            "FunctionNotFound",
            "function 'no' does not exist.",
        ),
        (
            fc3("echo/invocations?qualifier=7"),
            "VersionNotFound",
            "version '7' of function 'echo' does not exist",
        ),
        (
            fc3("echo/invocations?qualifier=no"),
            "AliasNotFound",
            "alias 'no' of function 'echo' does not exist",
        ),
    ] {
        let refusal = sandbox.call("POST", &target, &[], "").refusal();
        assert_eq!(
            refusal,
            (404, code.to_owned(), message.to_owned()),
            "{target}"
        );
    }
}

#[test]
fn an_event_has_32_megabytes_and_an_asynchronous_one_128_kilobytes() {
    let sandbox = sandbox();
    let headers = [("x-fc-invocation-type", "Async")];
    for (headers, limit, status) in [(&[][..], 32 << 20, 200), (&headers, 128 << 10, 202)] {
        for (target, _) in [PLACES[0], PLACES[4]] {
            let event = vec![7; limit];
            let answer = sandbox.call("POST", target, headers, event.clone());
            assert_eq!(answer.status, status, "{}", answer.text());
            assert!(status == 202 || answer.body == event);
            let answer = sandbox.call("POST", target, headers, vec![7; limit + 1]);
            let message = format!("payload size exceeds maximum allowed size ({limit} bytes)");
            let expected = (400, "EntityTooLarge".to_owned(), message);
            assert_eq!(answer.refusal(), expected, "{target}");
        }
    }
}

/// Whoever closes its side may still read: a call that was sent is not taken back.
#[test]
fn a_caller_who_closes_its_side_lets_the_command_run_on() {
    let mut sandbox = sandbox();
    let target = "/2023-03-30/functions/stays/invocations";
    let stream = sandbox.open(&sandbox.signed("developer", "POST", target, &[], ""));
    let pid = sandbox.pid_in("pid");
    close(stream);
    let other = "/2023-03-30/functions/echo/invocations";
    let other = sandbox.send(&sandbox.signed("developer", "POST", other, &[], "other"));
    assert_eq!(other.status, 200);
    assert!(!is_gone(pid));
    sandbox.stop();
    assert!(is_gone(pid), "it ends with the sandbox");
}

#[test]
fn no_command_outlives_the_sandbox() {
    for headers in [&[][..], &[("x-fc-invocation-type", "Async")]] {
        for stopped in [true, false] {
            let mut sandbox = sandbox();
            let target = "/2023-03-30/functions/stays/invocations";
            let request = sandbox.signed("developer", "POST", target, headers, "");
            let _stream = sandbox.open(&request);
            let pid = sandbox.pid_in("pid");
            if stopped {
                sandbox.stop();
                assert!(is_gone(pid), "{headers:?}");
            } else {
                sandbox.let_go();
                until("the command's end", || is_gone(pid));
            }
        }
    }
}
