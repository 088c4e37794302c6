use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::http::Method;
use tower::ServiceExt as _;

use super::view::{IdentityView, PolicyView, RecordedView, StateView};
use super::*;
use crate::acs::Secret;
use crate::ram::{Effect, Layer, Span};
use crate::sandbox::journal::tests::call as a_call;
use crate::sandbox::journal::{Decider, Journal};

const HOST: &str = "127.0.0.1:9797";
const TOKEN: &str = "canary";

#[derive(Default)]
struct Fake {
    journal: Arc<Journal>,
}

impl View for Fake {
    fn state(&self) -> StateView {
        let policy = PolicyView {
            name: "ReadOnly".into(),
            policy_type: "Custom",
            layer: "account",
            through: Some("group backend".into()),
            text: "{}".into(),
        };
        StateView {
            account: "1234567890123456".into(),
            region: "cn-hangzhou".into(),
            soft: false,
            example: "sesame invoke --function-name hello".into(),
            identities: vec![IdentityView {
                name: "developer".into(),
                kind: "user",
                access_key_id: Some("LTAI-sandbox-developer".into()),
                groups: vec!["backend".into()],
                policies: vec![policy],
            }],
            recorded: vec![RecordedView {
                identity: "developer".into(),
                documents: vec![json!({"Version": "1"})],
            }],
            recorded_whole: true,
        }
    }

    fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }
}

struct Harness {
    journal: Arc<Journal>,
    router: Router,
}

fn harness() -> Harness {
    let fake = Fake::default();
    let journal = Arc::clone(&fake.journal);
    let listener: SocketAddr = HOST.parse().unwrap();
    let guard = Guard::new(listener, Secret::new(TOKEN));
    let router = router(Arc::new(fake), guard);
    Harness { journal, router }
}

impl Harness {
    async fn ask(&self, method: Method, path: &str, fields: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        let fields = [("host", HOST), ("x-sandbox-token", TOKEN)];
        self.ask(Method::GET, path, &fields).await
    }

    async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        serde_json::from_str(&text(response).await).unwrap()
    }
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

const API: [&str; 4] = [
    "/_sandbox/api/state",
    "/_sandbox/api/calls",
    "/_sandbox/api/calls/1",
    "/_sandbox/api/events",
];

fn asset(path: &str) -> &'static str {
    let mut assets = ASSETS.iter();
    assets.find(|(known, ..)| *known == path).unwrap().2
}

#[tokio::test]
async fn the_page_is_public_and_what_it_shows_is_not() {
    let harness = harness();
    harness.journal.push(a_call("/"));
    for (path, kind, text_of_it) in ASSETS {
        let response = harness.ask(Method::GET, path, &[("host", HOST)]).await;
        assert_eq!(response.status(), 200, "{path}");
        let said = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(said, format!("{kind}; charset=utf-8"));
        assert_eq!(text(response).await, text_of_it);
    }
    for path in API {
        for fields in [
            &[("host", HOST)][..],
            &[("host", HOST), ("x-sandbox-token", "x")],
        ] {
            let response = harness.ask(Method::GET, path, fields).await;
            assert_eq!(response.status(), 401, "{path}");
            assert!(text(response).await.contains("token"));
        }
        // Headers only: the answer to `events` does not end.
        assert_eq!(harness.get(path).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn another_name_or_site_gets_nothing_even_with_the_token() {
    let harness = harness();
    let pages = ASSETS.iter().map(|(path, ..)| *path);
    for path in pages.chain(API).chain(["/_sandbox", "/_sandbox/nothing"]) {
        for (name, value) in [
            ("host", "evil.example:9797"),
            ("origin", "http://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let mut fields = vec![("x-sandbox-token", TOKEN), (name, value)];
            if name != "host" {
                fields.push(("host", HOST));
            }
            let response = harness.ask(Method::GET, path, &fields).await;
            assert_eq!(response.status(), 403, "{path} with {name}");
            assert_eq!(
                response.headers()["content-type"],
                "text/plain; charset=utf-8"
            );
        }
    }
}

#[tokio::test]
async fn nothing_can_be_changed() {
    let harness = harness();
    let fields = [("host", HOST), ("x-sandbox-token", TOKEN)];
    let pages = ASSETS.iter().map(|(path, ..)| *path);
    for path in pages.chain(API).chain(["/_sandbox", "/_sandbox/nothing"]) {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let response = harness.ask(method.clone(), path, &fields).await;
            assert_eq!(response.status(), 405, "{method} {path}");
            assert!(response.headers().contains_key("content-security-policy"));
        }
        let head = harness.ask(Method::HEAD, path, &fields).await;
        assert_ne!(head.status(), 405, "HEAD {path}");
    }
}

#[tokio::test]
async fn every_answer_is_held_to_the_strict_policy() {
    let harness = harness();
    let answers = [
        harness.get("/_sandbox/").await,
        harness.get("/_sandbox/api/state").await,
        harness.get("/_sandbox/nothing").await,
        harness.ask(Method::GET, "/_sandbox/api/state", &[]).await,
    ];
    assert_eq!(
        answers.each_ref().map(|answer| answer.status().as_u16()),
        [200, 200, 404, 403]
    );
    for answer in answers {
        let header = |name: &str| answer.headers()[name].to_str().unwrap();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        for allowed in ["unsafe", "http:", "https:", "data:", "*"] {
            assert!(!policy.contains(allowed), "{policy}");
        }
        for rule in [
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        ] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn the_state_and_the_calls_are_shown() {
    let harness = harness();
    harness.journal.push(a_call("/1"));
    harness.journal.push(a_call("/2"));
    let state = harness.json("/_sandbox/api/state").await;
    assert_eq!(state["identities"][0]["policies"][0]["type"], "Custom");
    assert_eq!(state["recorded"][0]["documents"][0]["Version"], "1");
    assert_eq!(state["kept"], KEPT);
    let calls = harness.json("/_sandbox/api/calls").await;
    let shown: Vec<_> = calls
        .as_array()
        .unwrap()
        .iter()
        .map(|call| (&call["number"], &call["path"]))
        .collect();
    assert_eq!(
        shown,
        [(&json!(1), &json!("/1")), (&json!(2), &json!("/2"))]
    );
}

#[tokio::test]
async fn a_call_comes_with_its_policy_cut_at_the_statement() {
    let harness = harness();
    let decided = |text: &str, span| {
        let decided_by = Some(Decider {
            policy: "contractor.json".into(),
            layer: Layer::Account,
            statement: 0,
            effect: Effect::Deny,
            line: 1,
            column: 3,
            text: text.into(),
            span,
        });
        harness.journal.push(crate::sandbox::Call {
            decided_by,
            ..a_call("/")
        });
    };
    decided("中[{X}]", Span::new(4, 7));
    decided("{}", Span::new(1, 9));
    harness.journal.push(a_call("/"));
    let text_of = async |number| {
        let call = harness.json(&format!("/_sandbox/api/calls/{number}")).await;
        call["policy_text"].clone()
    };
    let cut = json!({"before": "中[", "statement": "{X}", "after": "]"});
    assert_eq!(text_of(1).await, cut);
    let whole = json!({"before": "{}", "statement": null, "after": null});
    assert_eq!(text_of(2).await, whole);
    assert_eq!(text_of(3).await, json!(null));
    assert_eq!(harness.get("/_sandbox/api/calls/4").await.status(), 404);
    assert_eq!(harness.get("/_sandbox/api/calls/x").await.status(), 400);
}

#[tokio::test]
async fn the_stream_starts_where_the_reader_was_and_ends_with_the_journal() {
    let harness = harness();
    for path in ["/1", "/2\n\ndata: x"] {
        harness.journal.push(a_call(path));
    }
    let response = harness.get("/_sandbox/api/events?after=1").await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    harness.journal.close();
    let stream = text(response).await;
    let data = stream.strip_prefix("event: calls\ndata: ").unwrap();
    let news: Value = serde_json::from_str(data.trim_end()).unwrap();
    assert_eq!(news["missed"], 0);
    assert_eq!(news["calls"].as_array().unwrap().len(), 1);
    assert_eq!(news["calls"][0]["path"], "/2\n\ndata: x");
}

#[test]
fn the_page_makes_no_markup_of_text_and_needs_no_other_machine() {
    let (html, css, js) = (
        asset("/_sandbox/"),
        asset("/_sandbox/page.css"),
        asset("/_sandbox/page.js"),
    );
    for sink in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "DOMParser",
    ] {
        assert!(!js.contains(sink), "{sink}");
    }
    for inline in [
        " style=",
        "<style",
        "javascript:",
        " onclick",
        " onload",
        " onerror",
        " oninput",
    ] {
        assert!(!html.contains(inline) && !js.contains(inline), "{inline}");
    }
    assert_eq!(
        html.matches("<script").count(),
        html.matches("<script src=\"page.js\" defer></script>")
            .count()
    );
    for text in [html, css, js] {
        assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("url("));
    }
}
