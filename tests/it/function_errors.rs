//! Exit 3: the function ran and ended with an error, or could not start.

use super::fake::{Fake, REQUEST_ID, answer, refusal};
use super::harness::line;

#[test]
fn the_function_raises() {
    let run = line("invoke --sandbox --function-name broken").run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 3
    --- stdout
    {"errorMessage":"broken on purpose","errorType":"Exception","stackTrace":[["File \"/code/index.py\"","line 2","in handler","raise Exception('broken on purpose')"]]}
    --- stderr
    ========= FC invoke Logs begin =========
    FC Invoke Start RequestId: [request id]
    [ERROR] Exception: broken on purpose
    FC Invoke End RequestId: [request id]

    Duration: [n] ms, Billed Duration: [n] ms, Memory Size: 128 MB, Max Memory Used: 10.83 MB
    ========= FC invoke Logs end =========

    FC Invoke Result[code: 200]:
    error[F0001]: the function raised an error
      said:     UnhandledInvocationError: broken on purpose
      request:  [request id]

    hint: the call itself was allowed and made: look at the function's log
    "#);
}

#[test]
fn the_function_s_error_is_its_bytes_on_stdout() {
    let raw = line("invoke --sandbox --function-name broken -o raw").run();
    let object: serde_json::Value = serde_json::from_slice(&raw.stdout).unwrap();
    assert_eq!(
        (raw.exit, &object["errorMessage"]),
        (3, &"broken on purpose".into())
    );
    let json = line("invoke --sandbox --function-name broken -o json").run();
    insta::assert_snapshot!("json_of_a_function_that_raises", json.shown_json());
}

/// The answer of a function that ended badly.
fn failed(body: &str) -> Fake {
    let headers = [
        ("X-Fc-Request-Id", REQUEST_ID),
        ("X-Fc-Error-Type", "UnhandledInvocationError"),
    ];
    Fake::start([answer(200, &headers, body)])
}

#[test]
fn the_function_runs_out_of_its_time() {
    let fake = failed(r#"{"errorMessage":"Function timed out after 3 seconds"}"#);
    let run = fake.call("").run();
    assert_eq!(fake.hits().len(), 1);
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 3
    --- stdout
    {"errorMessage":"Function timed out after 3 seconds"}
    --- stderr

    FC Invoke Result[code: 200]:
    error[F0002]: the function ran out of its time
      said:     UnhandledInvocationError: Function timed out after 3 seconds
      request:  [request id]

    hint: give the function more time, or less to do
    "#);
}

#[test]
fn the_function_s_process_ends() {
    let fake = failed(
        r#"{"errorMessage":"Process exited unexpectedly before completing request (duration: 9ms, maxMemoryUsage: 49.82MB)"}"#,
    );
    let run = fake.call("").run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 3
    --- stdout
    {"errorMessage":"Process exited unexpectedly before completing request (duration: 9ms, maxMemoryUsage: 49.82MB)"}
    --- stderr

    FC Invoke Result[code: 200]:
    error[F0003]: the function's process ended before it answered
      said:     UnhandledInvocationError: Process exited unexpectedly before completing request (duration: 9ms, maxMemoryUsage: 49.82MB)
      request:  [request id]

    hint: look at the log above, and at the function's memory
    "#);
}

#[test]
fn an_error_that_is_no_json_is_an_error() {
    let fake = failed("segmentation fault");
    let run = fake.call("").run();
    assert_eq!(run.stdout, b"segmentation fault");
    insta::assert_snapshot!(run.shown(), @r"
    exit: 3
    --- stdout
    segmentation fault
    --- stderr

    FC Invoke Result[code: 200]:
    error[F0001]: the function raised an error
      request:  [request id]

    hint: the call itself was allowed and made: look at the function's log
    ");
}

#[test]
fn the_function_cannot_start() {
    let text = "The function cannot be started. Failed to start function instance. Error: the file /code/bootstrap is not exist";
    let fake = Fake::start([refusal(412, "FunctionNotStarted", text)]);
    let run = fake.call("").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 3
    --- stdout

    --- stderr
    error[F0004]: the function could not start
      said:     FunctionNotStarted: The function cannot be started. Failed to start function instance. Error: the file /code/bootstrap is not exist
      request:  [request id]

    hint: look at the function's start command, its port and its log
    ");
}

#[test]
fn a_function_that_speaks_of_permissions_is_not_denied() {
    let body =
        "{\"errorMessage\":\"the caller is not authorized to perform 'ram:*' on resource '*'\"}";
    let fake = failed(body);
    let object = fake.call("-o json").run().json();
    assert_eq!(object["error"]["cause"], "function_error");
    assert!(object["error"]["suggested_policy"].is_null());
    assert!(object["error"]["action"].is_null());
}
