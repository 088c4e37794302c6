//! HTTP triggers in the sandbox: below the proxy path and at their own hosts, anonymous and
//! signed in each form, and what the function and the caller see.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sesame_fc::acs::encoding::{encode, hmac_sha256};
use sesame_fc::acs::{Ambient, Credentials, HttpRequest, acs3, ambient};
use sesame_fc::fc::signature::{Order, Signable, http_date};

use super::service::{Answer, Service, key_of, service, until};

const FUNCTIONS: &str = r#"
  - service: demo
    name: echo
    builtin: echo
    versions: ["1"]
    aliases: { prod: "1" }
    triggers:
      - { name: signed, auth: function, methods: [GET, POST], host: echo.local.fcapp.run }
      - { name: prod, auth: function, qualifier: prod, host: prod.example.com }
  - service: demo
    name: open
    builtin: echo
    triggers: [{ name: http, auth: anonymous, methods: [GET, HEAD, OPTIONS, POST] }]
  - { service: demo, name: none, builtin: echo }
  - { service: demo, name: broken, builtin: fail, triggers: [{ name: http, auth: anonymous }] }
  - name: page
    builtin: echo
    triggers: [{ name: http, auth: anonymous, methods: [GET], host: page.local.fcapp.run }]
  - name: shaped
    command: [sh, -c, "cat answer.json; echo said >&2"]
    triggers: [{ name: http, auth: anonymous, host: shaped.example.com }]
  - name: gone
    command: [./nowhere]
    triggers: [{ name: http, auth: anonymous, host: gone.example.com }]
  - name: web
    bootstrap: { command: [python3, server.py], port: 0 }
    triggers: [{ name: http, auth: function, host: web.local.fcapp.run }]
"#;

const ANSWER: &str = r#"{"statusCode": 418, "isBase64Encoded": true, "body": "AP8=",
  "headers": {"content-type": "image/png", "x-own": ["1", "2"], "x-fc-request-id": "forged",
              "connection": "close, x-hop", "x-hop": "1", "content-length": "9"}}"#;

const SERVER: &str = r#"
import http.server, json, os

class Handler(http.server.BaseHTTPRequestHandler):
    def serve(self):
        body = self.rfile.read(int(self.headers.get('content-length') or 0))
        print('serving', flush=True)
        answer = json.dumps([self.command, self.path, body.decode('latin-1'),
                             self.headers.get('x-custom'), self.headers.get('host'),
                             self.headers.get('x-fc-function-name')]).encode()
        self.send_response(203)
        self.send_header('x-fc-forged', '1')
        self.send_header('x-own', 'yes')
        self.end_headers()
        self.wfile.write(answer)
    do_GET = do_POST = do_DELETE = serve
    def log_message(self, *args):
        pass

address = ('127.0.0.1', int(os.environ['FC_SERVER_PORT']))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"#;

const PROXY: &str = "/2016-08-15/proxy/demo";
const ECHO: &str = "echo.local.fcapp.run";

fn sandbox() -> Service {
    service(FUNCTIONS, &[("answer.json", ANSWER), ("server.py", SERVER)])
}

/// What the platform refuses, it says to have refused.
fn refused(answer: &Answer) -> (u16, String) {
    assert_eq!(
        answer.header("x-fc-error-type"),
        "FcCommonError",
        "{answer:?}"
    );
    assert!(answer.header("x-fc-request-id").starts_with("1-"));
    answer.code()
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The ways to sign a request to a trigger's own host.
#[derive(Debug, Clone, Copy)]
enum Form {
    Fc(Order),
    Presigned,
    Acs3,
}

const FORMS: [Form; 4] = [
    Form::Fc(Order::Sorted),
    Form::Fc(Order::AsSent),
    Form::Presigned,
    Form::Acs3,
];

fn sign(request: &mut HttpRequest, form: Form, key: &Credentials) {
    let now = (Ambient::system().now)();
    let (id, secret) = (&key.access_key_id, key.access_key_secret.expose());
    let sign = |text: &str| STANDARD.encode(hmac_sha256(secret, text).finalize_bytes());
    match form {
        Form::Fc(order) => {
            request.headers.set("date", http_date(now));
            let text = signable(request).trigger_string_to_sign(order);
            let authorization = format!("FC {id}:{}", sign(&text));
            request.headers.set("authorization", authorization);
        }
        Form::Presigned => {
            let expires = (now.as_second() + 60).to_string();
            let separator = if request.query.is_empty() { "" } else { "&" };
            let own = format!("{separator}x-fc-expires={expires}&x-fc-access-key-id={id}");
            request.query.push_str(&own);
            let text = signable(request).presigned_string_to_sign(&expires);
            let signature = format!("&x-fc-signature={}", encode(sign(&text)));
            request.query.push_str(&signature);
        }
        Form::Acs3 => {
            request.headers.set("x-acs-date", ambient::utc(now));
            let signed = ["x-acs-date".to_owned()];
            let signable = acs3::Signable {
                method: request.method,
                path: &request.path,
                query: &request.query,
                headers: &request.headers,
                signed: &signed,
                payload_hash: "",
            };
            let signature = signable.signature(secret);
            let authorization = format!(
                "{} Credential={id},SignedHeaders=x-acs-date,Signature={signature}",
                acs3::ALGORITHM
            );
            request.headers.set("authorization", authorization);
        }
    }
}

fn signable(request: &HttpRequest) -> Signable<'_> {
    Signable {
        method: request.method,
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
    }
}

/// The bytes of a code.
trait Finalize {
    fn finalize_bytes(self) -> Vec<u8>;
}

impl<M: hmac::Mac> Finalize for M {
    fn finalize_bytes(self) -> Vec<u8> {
        self.finalize().into_bytes().to_vec()
    }
}

#[test]
fn below_the_proxy_path_a_signed_request_becomes_an_event() {
    let sandbox = sandbox();
    let target = format!("{PROXY}/echo/a%20b/c?k=2&k=1&e=&sp=x+y%26");
    let headers = [("X-Custom", "1"), ("content-type", "text/plain")];
    let answer = sandbox.call("POST", &target, &headers, "the body");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let event = answer.json();
    assert_eq!(event["rawPath"], "/a%20b/c");
    assert_eq!(
        event["queryParameters"],
        json!({"k": "2,1", "e": "", "sp": "x y&"})
    );
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&"the body".into(), &false.into())
    );
    assert_eq!(event["headers"]["X-Custom"], "1");
    let context = &event["requestContext"];
    assert_eq!(context["http"]["method"], "POST");
    assert_eq!(context["http"]["path"], "/a b/c");
    assert_eq!(context["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["requestId"], answer.header("x-fc-request-id"));
    assert_eq!(context["accountId"], "1234567890123456");
}

#[test]
fn below_the_proxy_path_who_may_not_is_refused() {
    let sandbox = sandbox();
    let target = format!("{PROXY}/echo/?b=1");
    let unsigned = sandbox.send(&sandbox.request("GET", &target, &[], ""));
    assert_eq!(refused(&unsigned), is(400, "MissingRequiredHeader"));
    let signed = || sandbox.signed("developer", "GET", &target, &[], "");
    let mut changed = signed();
    changed.query = "b=2".to_owned();
    assert_eq!(
        refused(&sandbox.send(&changed)),
        is(403, "SignatureNotMatch")
    );
    let mut unknown = signed();
    let authorization = unknown.headers.get("authorization").unwrap();
    let authorization = authorization.replace("developer", "nobody");
    unknown.headers.set("authorization", authorization);
    assert_eq!(
        refused(&sandbox.send(&unknown)),
        is(403, "InvalidAccessKeyID")
    );
    let denied = sandbox.send(&sandbox.signed("intern", "GET", &target, &[], ""));
    assert_eq!(refused(&denied), is(403, "AccessDenied"));
    let resource = "acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/echo";
    let message = format!(
        "the caller is not authorized to perform 'fc:InvokeFunction' on resource '{resource}'"
    );
    assert_eq!(denied.refusal().2, message);
}

#[test]
fn at_its_own_host_each_form_of_signature_is_good_and_no_other() {
    let sandbox = sandbox();
    for form in FORMS {
        for host in [ECHO, "ECHO.local.fcapp.run:80"] {
            let request = |user: &str| {
                let target = "/a/%E4%B8%AD?b=2&a=1&c=%20x";
                let mut request = sandbox.request("POST", target, &[("host", host)], "body");
                sign(&mut request, form, &key_of(user));
                request
            };
            let answer = sandbox.send(&request("developer"));
            assert_eq!(answer.status, 200, "{form:?}: {}", answer.text());
            let event = answer.json();
            assert_eq!(event["rawPath"], "/a/%E4%B8%AD");
            assert_eq!(event["queryParameters"]["c"], " x");
            assert_eq!(event["requestContext"]["domainName"], ECHO);
            let mut changed = request("developer");
            changed.query = changed.query.replace("a=1", "a=2");
            let answer = sandbox.send(&changed);
            assert_eq!(refused(&answer), is(403, "SignatureNotMatch"), "{form:?}");
            let answer = sandbox.send(&request("intern"));
            assert_eq!(refused(&answer), is(403, "AccessDenied"), "{form:?}");
        }
    }
    let unsigned = sandbox.send(&sandbox.request("GET", "/", &[("host", ECHO)], ""));
    assert_eq!(refused(&unsigned), is(400, "MissingRequiredHeader"));
    let dated = [
        ("host", ECHO),
        ("date", &http_date((Ambient::system().now)())),
    ];
    let dated = sandbox.send(&sandbox.request("GET", "/", &dated, ""));
    assert_eq!(refused(&dated), is(400, "InvalidArgument"));
    assert_eq!(dated.refusal().2, "invalid authorization ''");
}

#[test]
fn the_trigger_s_qualifier_is_called_and_authorised() {
    let sandbox = sandbox();
    let request = |user: &str| {
        let mut request = sandbox.request("PUT", "/x", &[("host", "prod.example.com")], "");
        sign(&mut request, Form::Acs3, &key_of(user));
        sandbox.send(&request)
    };
    let answer = request("developer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-fc-invocation-service-version"), "1");
    let (_, _, message) = request("intern").refusal();
    assert!(
        message.contains("services/demo.prod/functions/echo"),
        "{message}"
    );
    let target = format!("{PROXY}.prod/echo/y");
    assert_eq!(sandbox.call("PUT", &target, &[], "").status, 200);
}

#[test]
fn an_anonymous_trigger_needs_no_signature() {
    let sandbox = sandbox();
    let port = sandbox.address.port();
    let own = format!("page.local.fcapp.run:{port}");
    let answer = sandbox.send(&sandbox.request("GET", "/p?q=1", &[("host", &own)], ""));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["rawPath"], "/p");
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        "127.0.0.1".to_owned(),
        "[::1]:8080".to_owned(),
    ] {
        let target = format!("{PROXY}/open/x");
        let request = sandbox.request("POST", &target, &[("host", &host)], "b");
        let answer = sandbox.send(&request);
        assert_eq!((answer.status, &answer.json()["body"]), (200, &"b".into()));
    }
}

#[test]
fn an_anonymous_trigger_is_not_for_the_pages_of_other_sites() {
    let sandbox = sandbox();
    let port = sandbox.address.port();
    let own = format!("http://127.0.0.1:{port}");
    let target = format!("{PROXY}/open/x");
    let call = |name: &str, value: &str| {
        sandbox.send(&sandbox.request("GET", &target, &[(name, value)], ""))
    };
    for (name, value) in [
        ("host", "rebound.example"),
        ("host", &format!("rebound.example:{port}")),
        ("host", &format!("127.0.0.1.rebound.example:{port}")),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = call(name, value);
        assert_eq!(refused(&answer), is(403, "AccessDenied"), "{name}: {value}");
    }
    for (name, value) in [
        ("origin", own.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
    ] {
        assert_eq!(call(name, value).status, 200, "{name}: {value}");
    }
    let host = ("host", "page.local.fcapp.run");
    let foreign = [host, ("origin", "http://evil.example")];
    let answer = sandbox.send(&sandbox.request("GET", "/", &foreign, ""));
    assert_eq!(refused(&answer), is(403, "AccessDenied"));
}

#[test]
fn what_no_trigger_takes_is_refused_by_the_platform() {
    let sandbox = sandbox();
    let call =
        |method: &'static str, path: &str| sandbox.call(method, &format!("{PROXY}{path}"), &[], "");
    for (method, path, expected) in [
        ("PUT", "/echo/", is(403, "MethodNotAllowed")),
        ("OPTIONS", "/echo/", is(403, "MethodNotAllowed")),
        ("GET", "/none/", is(404, "TriggerNotFound")),
        ("GET", ".1/echo/", is(404, "TriggerNotFound")),
        ("GET", "/no/", is(404, "FunctionNotFound")),
        ("GET", ".7/echo/", is(404, "VersionNotFound")),
        ("GET", ".no/echo/", is(404, "AliasNotFound")),
        ("GET", "/a%2Fb/", is(400, "InvalidArgument")),
    ] {
        assert_eq!(refused(&call(method, path)), expected, "{method} {path}");
    }
    let elsewhere = "/2016-08-15/proxy/no/echo/";
    let answer = sandbox.call("GET", elsewhere, &[], "");
    assert_eq!(refused(&answer), is(404, "ServiceNotFound"));
    let post = sandbox.request("POST", "/", &[("host", "page.local.fcapp.run")], "");
    let answer = sandbox.send(&post);
    assert_eq!(refused(&answer), is(403, "MethodNotAllowed"));
    assert_eq!(answer.json()["RequestId"], answer.header("x-fc-request-id"));
    let head = sandbox.request("HEAD", "/", &[("host", "page.local.fcapp.run")], "");
    let answer = sandbox.send(&head);
    assert_eq!((answer.status, answer.body.len()), (403, 0));
}

#[test]
fn head_and_options_reach_a_function_that_takes_them() {
    let sandbox = sandbox();
    let target = format!("{PROXY}/open/x");
    let options = sandbox.send(&sandbox.request("OPTIONS", &target, &[], ""));
    assert_eq!(
        options.json()["requestContext"]["http"]["method"],
        "OPTIONS"
    );
    let head = sandbox.send(&sandbox.request("HEAD", &target, &[], ""));
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-type"), "application/json");
}

#[test]
fn the_function_s_answer_comes_as_it_is_but_for_what_only_the_service_says() {
    let sandbox = sandbox();
    let answer = sandbox.send(&sandbox.request("GET", "/", &[("host", "shaped.example.com")], ""));
    assert_eq!((answer.status, &answer.body[..]), (418, &[0, 255][..]));
    assert_eq!(answer.header("content-type"), "image/png");
    let own: Vec<&str> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name == "x-own")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(own, ["1", "2"]);
    assert!(answer.header("x-fc-request-id").starts_with("1-"));
    assert_eq!(answer.header("content-length"), "2");
    assert_eq!(answer.headers.get("x-hop"), None);
    for absent in ["x-fc-error-type", "x-fc-log-result", "content-disposition"] {
        assert_eq!(answer.headers.get(absent), None, "{absent}");
    }
    // At the service's own addresses nothing is shown as a page.
    let page = sandbox.send(&sandbox.request("GET", "/", &[("host", "page.local.fcapp.run")], ""));
    assert_eq!(page.header("content-disposition"), "attachment");
}

#[test]
fn a_function_s_error_is_a_502_and_one_that_does_not_start_the_platform_s() {
    let sandbox = sandbox();
    let target = format!("{PROXY}/broken/");
    let answer = sandbox.send(&sandbox.request("GET", &target, &[], ""));
    assert_eq!(answer.status, 502);
    assert_eq!(answer.header("x-fc-error-type"), "UnhandledInvocationError");
    assert_eq!(answer.json()["errorMessage"], "broken on purpose");
    std::fs::write(sandbox.path("answer.json"), r#"{"statusCode": 99}"#).unwrap();
    let request = sandbox.request("GET", "/", &[("host", "shaped.example.com")], "");
    let answer = sandbox.send(&request);
    assert_eq!(answer.header("x-fc-error-type"), "UnhandledInvocationError");
    assert_eq!(answer.code(), is(502, "BadResponse"));
    let request = sandbox.request("GET", "/", &[("host", "gone.example.com")], "");
    assert_eq!(refused(&sandbox.send(&request)), is(412, "CAFileNotFound"));
}

#[test]
fn the_log_comes_below_the_proxy_path_when_it_is_asked_for() {
    let sandbox = sandbox();
    let target = format!("{PROXY}/broken/");
    let tail = [("x-fc-log-type", "Tail")];
    let answer = sandbox.send(&sandbox.request("GET", &target, &tail, ""));
    let log = STANDARD.decode(answer.header("x-fc-log-result")).unwrap();
    let log = String::from_utf8(log).unwrap();
    assert!(
        log.contains("[ERROR] Exception: broken on purpose\nFC Invoke End"),
        "{log}"
    );
    let own = [("host", "shaped.example.com"), tail[0]];
    let answer = sandbox.send(&sandbox.request("GET", "/", &own, ""));
    assert_eq!(answer.headers.get("x-fc-log-result"), None);
}

#[test]
fn a_web_server_gets_the_request_itself() {
    let sandbox = sandbox();
    let host = "web.local.fcapp.run";
    let headers = [
        ("host", host),
        ("X-Custom", "1"),
        ("x-fc-function-name", "forged"),
    ];
    let mut request = sandbox.request("DELETE", "/a%20b/?q=%26&r", &headers, "b\u{e9}");
    sign(&mut request, Form::Acs3, &key_of("developer"));
    let answer = sandbox.send(&request);
    assert_eq!(answer.status, 203, "{}", answer.text());
    let body = "b\u{c3}\u{a9}";
    assert_eq!(
        answer.json(),
        json!(["DELETE", "/a%20b/?q=%26&r", body, "1", host, "web"])
    );
    assert_eq!(answer.header("x-own"), "yes");
    assert_eq!(answer.headers.get("x-fc-forged"), None);
    assert!(answer.header("x-fc-instance-id").starts_with("c-"));
}

#[test]
fn an_asynchronous_request_is_a_task() {
    let sandbox = sandbox();
    let headers = [
        ("x-fc-invocation-type", "Async"),
        ("x-fc-stateful-async-invocation-id", "job"),
    ];
    let answer = sandbox.call("POST", &format!("{PROXY}/echo/p"), &headers, "the body");
    assert_eq!((answer.status, answer.body.len()), (202, 0));
    assert_eq!(answer.header("x-fc-stateful-async-invocation-id"), "job");
    let fc2 = "/2021-04-06/services/demo/functions/echo/stateful-async-invocations/job";
    let task = succeeded(&sandbox, fc2);
    assert_eq!(task["invocationPayload"], "the body");
    let event: Value = serde_json::from_str(task["returnPayload"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&event["rawPath"], &event["body"]),
        (&"/p".into(), &"the body".into())
    );
    let again = sandbox.call("POST", &format!("{PROXY}/echo/p"), &headers, "");
    assert_eq!(
        refused(&again),
        is(409, "StatefulAsyncInvocationAlreadyExists")
    );

    let headers = [
        ("host", "web.local.fcapp.run"),
        ("x-fc-invocation-type", "Async"),
        ("x-fc-async-task-id", "job"),
    ];
    let mut request = sandbox.request("POST", "/later", &headers, "b");
    sign(&mut request, Form::Acs3, &key_of("developer"));
    let answer = sandbox.send(&request);
    assert_eq!(
        (answer.status, answer.header("x-fc-async-task-id")),
        (202, "job")
    );
    let task = succeeded(&sandbox, "/2023-03-30/functions/web/async-tasks/job");
    let seen: Value = serde_json::from_str(task["returnPayload"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&seen[0], &seen[1], &seen[2]),
        (&"POST".into(), &"/later".into(), &"b".into())
    );
}

fn succeeded(sandbox: &Service, target: &str) -> Value {
    let mut task = Value::Null;
    until("the task's end", || {
        task = sandbox.call("GET", target, &[], "").json();
        task["endTime"] != 0
    });
    assert_eq!(task["status"], "Succeeded", "{task}");
    task
}

#[test]
fn a_body_has_32_megabytes_and_an_asynchronous_one_128_kilobytes() {
    let sandbox = sandbox();
    let target = format!("{PROXY}/open/");
    for (headers, limit, status) in [
        (&[][..], 32 << 20, 200),
        (&[("x-fc-invocation-type", "Async")], 128 << 10, 202),
    ] {
        let whole = sandbox.request("POST", &target, headers, vec![b'x'; limit]);
        assert_eq!(sandbox.send(&whole).status, status);
        let more = sandbox.request("POST", &target, headers, vec![b'x'; limit + 1]);
        let answer = sandbox.send(&more);
        assert_eq!(refused(&answer), is(400, "InvalidArgument"));
        let message = format!("payload size exceeds maximum allowed size ({limit} bytes)");
        assert_eq!(answer.refusal().2, message);
    }
}

#[test]
fn a_call_is_noted_with_its_caller_if_it_has_one() {
    let sandbox = sandbox();
    let open = format!("{PROXY}/open/x");
    sandbox.send(&sandbox.request("GET", &open, &[], ""));
    let noted = sandbox.noted(&open);
    assert_eq!(
        (noted.status, noted.identity.as_deref(), noted.verdict),
        (200, None, None)
    );
    assert_eq!(noted.operation.as_deref(), Some("InvokeFunction"));
    let signed = format!("{PROXY}/echo/x");
    sandbox.send(&sandbox.signed("intern", "GET", &signed, &[], ""));
    let noted = sandbox.noted(&signed);
    assert_eq!(
        (noted.status, noted.identity.as_deref()),
        (403, Some("intern"))
    );
    assert_eq!(noted.action.as_deref(), Some("fc:InvokeFunction"));
    let resource = "acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/echo";
    assert_eq!(noted.resource.as_deref(), Some(resource));
    assert_eq!(noted.error_code.as_deref(), Some("AccessDenied"));
}
