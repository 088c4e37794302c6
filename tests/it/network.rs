//! Exit 1: the network breaks, or what answers is not Function Compute, or it fails.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use super::fake::{self, Fake, Reply, answer, refusal, result};

#[test]
fn nobody_listens() {
    let run = fake::call(fake::NOBODY, "").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 1
    --- stdout

    --- stderr
    error[N0001]: `127.0.0.1:[port]` refused the connection

    hint: check the address and that something listens there
    ");
}

#[test]
fn nobody_listens_in_json() {
    let object = fake::call(fake::NOBODY, "-o json").run().json();
    assert_eq!(object["error"]["cause"], "network_unreachable");
    assert_eq!(object["error"]["code"], "N0001");
    assert_eq!(object["request"]["sent"], false);
    assert_eq!(object["request"]["attempts"], 4);
    assert!(object["response"].is_null());
}

#[test]
fn the_connection_closes_before_an_answer() {
    let fake = Fake::start([Reply::Close]);
    let run = fake.call("").run();
    assert_eq!(fake.hits().len(), 1);
    insta::assert_snapshot!(run.shown(), @r"
    exit: 1
    --- stdout

    --- stderr
    error[N0002]: the connection to `127.0.0.1:[port]` broke before an answer came

    hint: the function may have run: look at its log before you call again
    ");
}

#[test]
fn the_connection_closes_within_the_body() {
    let fake = Fake::start([Reply::MidBody(b"half an ans".to_vec())]);
    let run = fake.call("").run();
    assert_eq!(fake.hits().len(), 1);
    assert_eq!(run.stdout, b"half an ans");
    insta::assert_snapshot!(run.shown(), @r"
    exit: 1
    --- stdout
    half an ans
    --- stderr

    FC Invoke Result[code: 200]:
    error[N0002]: the connection to `127.0.0.1:[port]` broke before the answer was whole

    hint: the function may have run: look at its log before you call again
    ");
    let object = fake.call("-o json").run().json();
    assert_eq!(object["error"]["cause"], "network_interrupted");
    assert_eq!(object["response"]["status"], 200);
    assert_eq!(object["response"]["body"], "half an ans");
    assert_eq!(object["request"]["sent"], true);
}

#[test]
fn a_slow_answer_is_whole_in_the_end() {
    let fake = Fake::start([Reply::Trickle(
        b"slowly".to_vec(),
        Duration::from_millis(20),
    )]);
    let run = fake.call("-o raw").run();
    assert_eq!((run.exit, &*run.stdout), (0, &b"slowly"[..]));
}

#[test]
fn what_answers_does_not_speak_http() {
    let fake = Fake::start([Reply::Garbage(b"220 mail.example.com ESMTP\r\n")]);
    let run = fake.call("").run();
    assert_eq!(fake.hits().len(), 1);
    insta::assert_snapshot!(run.shown(), @r"
    exit: 1
    --- stdout

    --- stderr
    error[N0004]: `127.0.0.1:[port]` does not answer in HTTP

    hint: check the address: what listens there is not Function Compute
    ");
    let object = fake.call("-o json").run().json();
    assert_eq!(object["error"]["cause"], "not_fc");
}

const PAGE: &str =
    "<html><head><title>Sign in</title></head><body>Please sign in to the network.</body></html>\n";

#[test]
fn a_page_with_status_200_is_not_a_result() {
    let fake = Fake::start([answer(200, &[("Content-Type", "text/html")], PAGE)]);
    let run = fake.call("").run();
    assert_eq!(run.stdout, b"", "not the function's bytes");
    insta::assert_snapshot!(run.shown(), @r"
    exit: 1
    --- stdout

    --- stderr
    error[N0004]: what answered, with status 200, is not Function Compute
      why:      no header field of its own, and no error in its form
      said:     <html><head><title>Sign in</title></head><body>Please sign in to the network.</body></html>

    hint: check `--endpoint`, and whether a proxy or a login page answers in its place
    ");
    let object = fake.call("-o json").run().json();
    assert_eq!(object["error"]["cause"], "not_fc");
    assert_eq!(object["response"]["body"], PAGE);
    let raw = fake.call("-o raw").run();
    assert_eq!((raw.exit, &*raw.stdout), (1, &b""[..]));
}

#[test]
fn a_page_with_status_502_is_not_a_refusal() {
    let fake = Fake::start([answer(502, &[("Content-Type", "text/html")], PAGE)]);
    let run = fake.call("").run();
    assert_eq!(fake.hits().len(), 1);
    insta::assert_snapshot!(run.shown(), @r"
    exit: 1
    --- stdout

    --- stderr
    error[N0004]: what answered, with status 502, is not Function Compute
      why:      no header field of its own, and no error in its form
      said:     <html><head><title>Sign in</title></head><body>Please sign in to the network.</body></html>

    hint: check `--endpoint`, and whether a proxy or a login page answers in its place
    ");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Fake::start([result("")]);
    for status in [301, 302, 307, 308] {
        let fake = Fake::start([answer(status, &[("Location", &elsewhere.url())], "")]);
        let run = fake.call("").run();
        assert_eq!(run.exit, 1);
        assert_eq!((fake.hits().len(), elsewhere.hits().len()), (1, 0));
        if status == 302 {
            insta::assert_snapshot!(run.shown(), @"
            exit: 1
            --- stdout

            --- stderr
            error[N0004]: what answered, with status 302, is not Function Compute
              why:      it redirects to http://127.0.0.1:[port]

            hint: a signed request is never sent on: pass the right address with `--endpoint`
            ");
        }
    }
}

#[test]
fn the_service_fails() {
    let fake = Fake::start([refusal(
        500,
        "InternalServerError",
        "an internal error has occurred",
    )]);
    let run = fake.call("").run();
    assert_eq!(fake.hits().len(), 1, "the function may have run");
    insta::assert_snapshot!(run.shown(), @"
    exit: 1
    --- stdout

    --- stderr
    error[S0001]: the service failed with status 500
      said:     InternalServerError: an internal error has occurred
      request:  [request id]

    hint: the function may have run: look at its log before you call again; if it stays, give Alibaba Cloud the request id [request id]
    ");
}

#[test]
fn the_service_has_no_room_and_is_asked_again_three_times() {
    let fake = Fake::start([refusal(
        503,
        "ServiceUnavailable",
        "the service is currently unavailable",
    )]);
    let run = fake.call("-v").run();
    assert_eq!(fake.hits().len(), 4);
    let waits = regex::Regex::new(r"in [0-9.]+ s").unwrap();
    insta::assert_snapshot!(waits.replace_all(&run.shown(), "in [n] s"), @"
    exit: 1
    --- stdout

    --- stderr
    POST http://127.0.0.1:[port]/2023-03-30/functions/hello/invocations
    signed with `LTAI-test-key` from environment
    attempt 2 in [n] s: status 503
    attempt 3 in [n] s: status 503
    attempt 4 in [n] s: status 503
    error[S0001]: the service failed with status 503
      why:      tried 4 times
      said:     ServiceUnavailable: the service is currently unavailable
      request:  [request id]

    hint: the service had no room for the call, and did not run it: call again later
    ");
}

#[test]
fn the_service_does_not_take_an_argument() {
    let fake = Fake::start([refusal(400, "InvalidArgument", "event is not valid")]);
    let run = fake.call("").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 1
    --- stdout

    --- stderr
    error[S0004]: the service does not take an argument of the call
      said:     InvalidArgument: event is not valid
      request:  [request id]

    hint: check the names and the header fields of the call
    ");
}

#[test]
fn the_event_is_too_large() {
    let run =
        super::harness::line("invoke --sandbox --function-name hello --invocation-type async -s")
            .stdin(vec![b'x'; 128 * 1024 + 1])
            .run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 1
    --- stdout

    --- stderr
    error[S0005]: the event is larger than the service takes
      said:     EntityTooLarge: payload size exceeds maximum allowed size (131072 bytes)
      request:  [request id]

    hint: a synchronous call takes 32 MB, an asynchronous one 128 KB: pass a reference to the data in place of the data
    ");
}

/// A port that answers a TLS greeting with something else.
fn not_tls() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    url
}

#[test]
fn certificates_that_cannot_be_read() {
    for (name, content) in [("missing.pem", None), ("empty.pem", Some(""))] {
        let command = fake::call(&not_tls(), "").env("SSL_CERT_FILE", name);
        let command = match content {
            Some(content) => command.file(name, content),
            None => command,
        };
        let run = command.run();
        assert_eq!(run.exit, 1);
        let title = format!("error[N0003]: the certificates in `{name}` cannot be used: ");
        assert!(run.stderr.starts_with(&title), "{}", run.stderr);
    }
}

#[test]
fn what_answers_does_not_speak_tls() {
    let object = fake::call(&not_tls(), "-o json").run().json();
    assert_eq!(object["error"]["cause"], "tls_failed");
}
