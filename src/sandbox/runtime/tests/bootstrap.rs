use axum::http::{HeaderMap, HeaderValue, Method};
use serde_json::json;

use super::*;
use crate::sandbox::runtime::{HttpCall, HttpRun};

/// Does what the event says, or shows the request that came.
const SERVER: &str = r#"
import http.server, json, os, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, headers={}):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        body = self.rfile.read(int(self.headers.get('content-length') or 0))
        print('out', body.decode(), flush=True)
        print('err', body.decode(), file=sys.stderr, flush=True)
        if body == b'crash':
            os._exit(3)
        elif body == b'hang':
            time.sleep(600)
        elif body == b'hang up':
            pass
        elif body == b'pid':
            self.answer(200, str(os.getpid()).encode())
        elif body == b'404':
            self.answer(404, b'not here')
        elif body == b'fail':
            self.answer(404, b'{"errorMessage":"no"}', {'x-fc-status': '404'})
        elif body == b'long':
            self.answer(200, b'', {'x-long': 'x' * 8192})
        elif body == b'endless':
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b'x' * 65536)
        else:
            seen = {'method': self.command, 'path': self.path, 'body': body.decode(),
                    'headers': {name.lower(): value for name, value in self.headers.items()}}
            headers = {'content-type': 'application/json', 'x-own': '1', 'x-fc-forged': '1'}
            self.answer(201, json.dumps(seen).encode(), headers)

    do_GET = do_POST = do_PUT = serve

    def log_message(self, *args):
        pass

print('starting', flush=True)
server = http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['FC_SERVER_PORT'])), Handler)
server.serve_forever()
"#;

struct Web {
    runtime: Arc<Runtime>,
    program: Arc<Program>,
    _folder: tempfile::TempDir,
}

fn web_with(adapt: impl FnOnce(&mut Program)) -> Web {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("server.py"), SERVER).unwrap();
    let argv = argv(&["python3", "server.py"]);
    let mut program = program(folder.path(), Code::Bootstrap { argv, port: 0 });
    adapt(&mut program);
    Web {
        runtime: Arc::new(runtime()),
        program: Arc::new(program),
        _folder: folder,
    }
}

fn web() -> Web {
    web_with(|_| {})
}

impl Web {
    async fn invoke(&self, event: &'static str) -> Run {
        invoke(&self.runtime, &self.program, event).await
    }

    async fn pid(&self) -> u32 {
        let run = self.invoke("pid").await;
        std::str::from_utf8(&run.body).unwrap().parse().unwrap()
    }

    /// In a task, as a server would.
    async fn serve(&self, http: HttpCall) -> HttpRun {
        let (runtime, program) = (Arc::clone(&self.runtime), Arc::clone(&self.program));
        let serving = tokio::spawn(async move { runtime.serve_http(&program, http).await });
        serving.await.unwrap().unwrap()
    }
}

fn http(body: &'static str) -> HttpCall {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "web.local.fcapp.run"),
        ("x-mine", "1"),
        ("x-fc-account-id", "forged"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("upgrade", "h2c"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    HttpCall {
        call: call(),
        method: Method::PUT,
        path: "/a%2Fb/..//c".to_owned(),
        query: "q=%20+&x".to_owned(),
        headers,
        body: Bytes::from(body),
        host: "web.local.fcapp.run".to_owned(),
        source_ip: "127.0.0.1".parse().unwrap(),
        time: "2026-01-15T08:30:00Z".parse().unwrap(),
    }
}

async fn whole(run: HttpRun) -> Result<Bytes, axum::Error> {
    axum::body::to_bytes(run.body, usize::MAX).await
}

#[tokio::test]
async fn an_event_goes_to_invoke_with_the_services_fields() {
    let web = web_with(|program| program.service = Some("demo".to_owned()));
    let run = web.invoke("event").await;
    assert_eq!(run.error_type, None);
    let seen: Value = serde_json::from_slice(&run.body).unwrap();
    assert_eq!(seen["method"], "POST");
    assert_eq!(seen["path"], "/invoke");
    assert_eq!(seen["body"], "event");
    let mut headers = seen["headers"].as_object().unwrap().clone();
    assert!(headers["host"].as_str().unwrap().starts_with("127.0.0.1:"));
    headers.remove("host");
    let expected = json!({
        "content-length": "5",
        "content-type": "application/octet-stream",
        "x-fc-account-id": "1234567890123456",
        "x-fc-control-path": "/invoke",
        "x-fc-function-handler": "index.handler",
        "x-fc-function-memory": "128",
        "x-fc-function-name": "f",
        "x-fc-function-timeout": "30",
        "x-fc-qualifier": "LATEST",
        "x-fc-region": "cn-hangzhou",
        "x-fc-request-id": "1-2-3-4",
        "x-fc-service-logproject": "",
        "x-fc-service-logstore": "",
        "x-fc-service-name": "demo",
        "x-fc-version-id": "",
    });
    assert_eq!(Value::Object(headers), expected);
}

#[tokio::test]
async fn one_server_is_started_and_used_again() {
    let web = web();
    let (one, two, three) = tokio::join!(web.pid(), web.pid(), web.pid());
    assert_eq!((one, two), (two, three));
    assert_eq!(web.pid().await, one);
    let other = Arc::new(Program {
        name: "g".to_owned(),
        ..(*web.program).clone()
    });
    let run = invoke(&web.runtime, &other, "pid").await;
    assert_ne!(run.body, one.to_string());
}

#[tokio::test]
async fn what_it_writes_during_a_call_is_the_calls_log() {
    let web = web();
    let first = String::from_utf8(web.invoke("one").await.log).unwrap();
    assert!(first.starts_with("starting\n"), "{first}");
    let run = web.invoke("two").await;
    let mut lines: Vec<&[u8]> = run.log.split(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    assert_eq!(lines, [&b""[..], b"err two", b"out two"]);
}

#[tokio::test]
async fn the_server_itself_says_whether_it_failed() {
    let web = web();
    let run = web.invoke("fail").await;
    assert_eq!(unhandled(&run), "no");
    // A status alone does not: it is lost on the way, as documented.
    let run = web.invoke("404").await;
    assert_eq!((run.body, run.error_type), (Bytes::from("not here"), None));
}

#[tokio::test]
async fn a_crash_ends_the_call_and_the_next_one_starts_anew() {
    let web = web();
    let before = web.pid().await;
    assert!(exited_unexpectedly(&web.invoke("crash").await));
    assert!(is_reaped(before));
    assert_ne!(web.pid().await, before);
}

#[tokio::test]
async fn a_server_that_ended_between_two_calls_is_replaced() {
    let web = web();
    let before = web.pid().await;
    let ended = std::process::Command::new("kill")
        .args(["-9", &before.to_string()])
        .status();
    assert!(ended.unwrap().success());
    until("its reaping", || is_reaped(before)).await;
    assert_ne!(web.pid().await, before);
}

#[tokio::test]
async fn past_its_time_the_server_ends() {
    let web = web_with(|program| program.timeout = Duration::from_secs(2));
    let before = web.pid().await;
    let run = web.invoke("hang").await;
    let message = unhandled(&run);
    assert!(message.starts_with("Function timed out after 2 seconds (maxMemoryUsage: "));
    assert!(String::from_utf8(run.log).unwrap().contains("out hang\n"));
    assert!(is_reaped(before));
    assert_ne!(web.pid().await, before);
}

#[tokio::test]
async fn an_answer_without_end_is_too_large() {
    let web = web();
    let run = web.invoke("endless").await;
    let expected = "response payload size exceeds maximum allowed size (33554432 bytes)";
    assert_eq!(unhandled(&run), expected);
}

#[tokio::test]
async fn a_server_that_hangs_up_gave_no_answer() {
    let web = web();
    let fault = try_invoke(&web.runtime, &web.program, "hang up")
        .await
        .unwrap_err();
    assert_eq!((fault.status, fault.code), (502, "BadResponse"));
}

fn server_of_shell(script: &str, start_limit: Duration) -> Program {
    let argv = argv(&["/bin/sh", "-c", script]);
    let mut program = program(Path::new("."), Code::Bootstrap { argv, port: 0 });
    program.start_limit = start_limit;
    program
}

#[tokio::test]
async fn a_server_that_ends_at_its_start_is_quoted() {
    let program = Arc::new(server_of_shell("echo no module >&2; exit 1", PATIENCE));
    let fault = try_invoke(&runtime(), &program, "").await.unwrap_err();
    let message = "Function instance exited unexpectedly(code 1, message:operation not permitted) \n\
                   with start command '/bin/sh -c echo no module >&2; exit 1'.\n\
                   Logs: no module";
    assert_eq!(
        (fault.status, fault.code, fault.message.as_str()),
        (412, "CAExited", message)
    );
}

#[tokio::test]
async fn those_who_waited_for_a_start_share_its_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = server_of_shell("echo start >> starts; exit 1", PATIENCE);
    program.folder = folder.path().to_owned();
    let (runtime, program) = (runtime(), Arc::new(program));
    let call = || try_invoke(&runtime, &program, "");
    let (one, two, three) = tokio::join!(call(), call(), call());
    assert!(one.is_err() && one == two && two == three);
    let starts = || std::fs::read_to_string(folder.path().join("starts")).unwrap();
    assert_eq!(starts(), "start\n");
    // Who calls later gets a start of its own.
    assert_eq!(call().await, one);
    assert_eq!(starts(), "start\nstart\n");
}

#[tokio::test]
async fn a_server_that_never_listens_fails_its_health_check() {
    let folder = tempfile::tempdir().unwrap();
    let limit = Duration::from_millis(300);
    let mut program = server_of_shell("echo $$ > leader; echo waiting; exec sleep 600", limit);
    program.folder = folder.path().to_owned();
    let fault = try_invoke(&runtime(), &Arc::new(program), "")
        .await
        .unwrap_err();
    assert_eq!((fault.status, fault.code), (412, "FunctionNotStarted"));
    let (start, end) = fault.message.split_once(" in 0.3 seconds.\n").unwrap();
    assert!(start.starts_with("Function instance health check failed on port "));
    assert_eq!(end, "Logs: waiting");
    assert!(is_reaped(pid_in(&folder.path().join("leader")).await));
}

#[tokio::test]
async fn another_programs_port_is_not_taken_for_the_functions() {
    let taken = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let web = web_with(|program| {
        let argv = argv(&["python3", "server.py"]);
        let port = taken.local_addr().unwrap().port();
        program.code = Code::Bootstrap { argv, port };
    });
    let fault = try_invoke(&web.runtime, &web.program, "")
        .await
        .unwrap_err();
    assert_eq!((fault.status, fault.code), (412, "FunctionNotStarted"));
    assert!(fault.message.contains("cannot be had"), "{fault}");
}

#[tokio::test]
async fn stop_ends_servers_and_their_calls() {
    let web = web();
    let pid = web.pid().await;
    let hanging = tokio::spawn({
        let (runtime, program) = (Arc::clone(&web.runtime), Arc::clone(&web.program));
        async move { invoke(&runtime, &program, "hang").await }
    });
    tokio::task::yield_now().await;
    web.runtime.stop().await;
    assert!(is_reaped(pid));
    let run = tokio::time::timeout(PATIENCE, hanging).await.unwrap();
    assert!(run.is_err() || exited_unexpectedly(&run.unwrap()));
}

#[tokio::test]
async fn a_triggers_request_and_its_answer_pass_as_they_are() {
    let web = web();
    let run = web.serve(http("body")).await;
    assert_eq!(run.status, 201);
    assert_eq!(run.error_type, None);
    assert!(run.instance_id.starts_with("c-"), "{}", run.instance_id);
    assert!(run.duration > Duration::ZERO && run.max_memory_mb > 1.0);
    assert_eq!(run.headers["content-type"], "application/json");
    assert_eq!(run.headers["x-own"], "1");
    for gone in ["x-fc-forged", "server", "date", "content-length"] {
        assert!(!run.headers.contains_key(gone), "{gone}");
    }
    let log = run.log.clone();
    let seen: Value = serde_json::from_slice(&whole(run).await.unwrap()).unwrap();
    assert_eq!(seen["method"], "PUT");
    assert_eq!(seen["path"], "/a%2Fb/..//c?q=%20+&x");
    assert_eq!(seen["body"], "body");
    let headers = &seen["headers"];
    assert_eq!(headers["host"], "web.local.fcapp.run");
    assert_eq!(headers["x-mine"], "1");
    assert_eq!(headers["x-fc-account-id"], "1234567890123456");
    assert_eq!(headers["x-fc-control-path"], "/http-invoke");
    for gone in ["x-hop", "upgrade", "connection"] {
        assert_eq!(headers[gone], Value::Null, "{gone}");
    }
    assert!(
        String::from_utf8(log.read().await)
            .unwrap()
            .contains("out body\n")
    );
}

#[tokio::test]
async fn a_trigger_has_the_services_limits() {
    let web = web();
    let mut long_path = http("");
    long_path.path = format!("/{}", "p".repeat(4096));
    let mut long_header = http("");
    let value = HeaderValue::from_str(&"x".repeat(8192)).unwrap();
    long_header.headers.insert("x-long", value);
    for (request, status, code) in [
        (long_path, 400, "InvalidArgument"),
        (long_header, 400, "InvalidArgument"),
        (http("long"), 502, "BadResponse"),
    ] {
        let fault = web
            .runtime
            .serve_http(&web.program, request)
            .await
            .unwrap_err();
        assert_eq!((fault.status, fault.code), (status, code), "{fault}");
    }
}

#[tokio::test]
async fn a_triggers_call_that_fails_is_a_502() {
    let web = web_with(|program| program.timeout = Duration::from_secs(2));
    for (body, message) in [
        ("hang", "Function timed out after 2 seconds"),
        ("crash", "Process exited unexpectedly"),
    ] {
        let run = web.serve(http(body)).await;
        assert_eq!(run.status, 502);
        assert_eq!(run.error_type, Some("UnhandledInvocationError"));
        let said = String::from_utf8(whole(run).await.unwrap().to_vec()).unwrap();
        assert!(said.contains(message), "{said}");
    }
}

#[tokio::test]
async fn a_passing_body_breaks_off_when_the_time_is_over() {
    let web = web_with(|program| program.timeout = Duration::from_secs(2));
    let pid = web.pid().await;
    let mut body = web.serve(http("endless")).await.body;
    let reading = async {
        // It is not gathered first: parts come while the server still writes.
        loop {
            let next = std::future::poll_fn(|context| {
                axum::body::HttpBody::poll_frame(std::pin::Pin::new(&mut body), context)
            });
            match next.await {
                Some(Ok(_)) => {}
                end => return end.is_some(),
            }
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, reading).await.unwrap(),
        "an end, and no error"
    );
    until("the server's end", || is_reaped(pid)).await;
}

#[tokio::test]
async fn a_trigger_calls_a_command_with_an_event() {
    let argv = argv(&["cat"]);
    let folder = tempfile::tempdir().unwrap();
    let program = Arc::new(program(folder.path(), Code::Command { argv }));
    let run = runtime().serve_http(&program, http("body")).await.unwrap();
    assert_eq!(run.status, 200);
    let event: Value = serde_json::from_slice(&whole(run).await.unwrap()).unwrap();
    assert_eq!(event["rawPath"], "/a%2Fb/..//c");
    assert_eq!(event["body"], "body");
}
