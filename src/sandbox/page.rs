//! The page at `/_sandbox/`: the last calls as they come, the identities with their policies,
//! and the recorded policy. It changes nothing; what it shows needs the token.

pub(super) mod guard;
pub(super) mod view;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::Stream;
use serde_json::{Value, json};

use self::guard::Guard;
use self::view::View;
use super::journal::{Call, Follower, KEPT, News};
use crate::acs::encoding::query_pairs;

/// Where it begins.
pub(super) const PATH: &str = "/_sandbox";

/// On every answer under `/_sandbox/`. Trusted types keep a script from making markup of text.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Path, type and text. None holds anything that is not public.
const ASSETS: [(&str, &str, &str); 4] = [
    ("/_sandbox/", "text/html", include_str!("page/index.html")),
    (
        "/_sandbox/page.css",
        "text/css",
        include_str!("page/page.css"),
    ),
    (
        "/_sandbox/page.js",
        "text/javascript",
        include_str!("page/page.js"),
    ),
    (
        "/_sandbox/icon.svg",
        "image/svg+xml",
        include_str!("page/icon.svg"),
    ),
];

/// A connection that is silent for longer than this looks dead to the page.
const HEART_BEAT: Duration = Duration::from_secs(15);

#[derive(Clone)]
struct Page {
    view: Arc<dyn View>,
    guard: Guard,
}

/// Answers `/_sandbox` and everything under it. The answers to `events` end when the journal
/// is closed.
pub(super) fn router(view: Arc<dyn View>, guard: Guard) -> Router {
    let page = Page { view, guard };
    let api = Router::new()
        .route("/_sandbox/api/state", get(state))
        .route("/_sandbox/api/calls", get(calls))
        .route("/_sandbox/api/calls/{number}", get(call))
        .route("/_sandbox/api/events", get(events))
        .layer(from_fn_with_state(page.clone(), with_token));
    let mut router =
        Router::new().route("/_sandbox", get(async || Redirect::temporary("/_sandbox/")));
    for (path, kind, text) in ASSETS {
        router = router.route(path, get(async move || typed(kind, text)));
    }
    router
        .route("/_sandbox/{*rest}", get(async || StatusCode::NOT_FOUND))
        .merge(api)
        .layer(from_fn_with_state(page.clone(), guarded))
        .with_state(page)
}

async fn guarded(State(page): State<Page>, request: Request, next: Next) -> Response {
    let checked = page.guard.check(request.uri(), request.headers(), &[]);
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(foreign) => refusal(StatusCode::FORBIDDEN, &foreign.to_string()),
    };
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

async fn with_token(State(page): State<Page>, request: Request, next: Next) -> Response {
    if page.guard.knows(request.headers()) {
        return next.run(request).await;
    }
    let why = "this needs the token of the address that the sandbox printed at its start";
    refusal(StatusCode::UNAUTHORIZED, why)
}

fn refusal(status: StatusCode, why: &str) -> Response {
    (status, typed("text/plain", format!("{why}\n"))).into_response()
}

fn typed(kind: &str, text: impl Into<String>) -> Response {
    let mut response = text.into().into_response();
    if let Ok(kind) = HeaderValue::from_str(&format!("{kind}; charset=utf-8")) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

fn answer(value: &Value) -> Response {
    typed("application/json", value.to_string())
}

async fn state(State(page): State<Page>) -> Response {
    let mut state = json!(page.view.state());
    state["kept"] = KEPT.into();
    answer(&state)
}

async fn calls(State(page): State<Page>) -> Response {
    let calls = page.view.journal().after(0);
    answer(&calls.iter().map(|call| numbered(call)).collect())
}

/// One call, with the policy that decided it, cut at the deciding statement.
async fn call(State(page): State<Page>, Path(number): Path<u64>) -> Response {
    let Some(call) = page.view.journal().get(number) else {
        let why = format!("call {number} is not among the last {KEPT}");
        return refusal(StatusCode::NOT_FOUND, &why);
    };
    let mut object = numbered(&call);
    let text = call.decided_by.as_ref().map(|by| {
        let (start, end) = (by.span.start, by.span.end);
        let [before, statement, after] = match by.span.of(&by.text) {
            "" => [by.text.get(..), None, None],
            statement => [by.text.get(..start), Some(statement), by.text.get(end..)],
        };
        json!({"before": before, "statement": statement, "after": after})
    });
    object["policy_text"] = text.unwrap_or_default();
    answer(&object)
}

fn numbered(call: &Call) -> Value {
    let mut object = call.to_fields();
    object["number"] = call.number.into();
    object
}

/// The calls after `?after=NUMBER` and whatever comes, until the journal is closed.
async fn events(State(page): State<Page>, uri: Uri) -> Response {
    let after = query_pairs(uri.query().unwrap_or_default())
        .into_iter()
        .find(|(key, _)| key == b"after")
        .and_then(|(_, value)| String::from_utf8(value?).ok()?.parse().ok());
    let follower = page.view.journal().follow(after.unwrap_or(0));
    Sse::new(stream(follower))
        .keep_alive(KeepAlive::new().interval(HEART_BEAT))
        .into_response()
}

fn stream(follower: Follower) -> impl Stream<Item = Result<Event, Infallible>> {
    futures_util::stream::unfold(follower, async |mut follower| {
        let News { missed, calls } = follower.next().await?;
        let calls: Vec<Value> = calls.iter().map(|call| numbered(call)).collect();
        let data = json!({"missed": missed, "calls": calls});
        let event = Event::default().event("calls").data(data.to_string());
        Some((Ok(event), follower))
    })
}

#[cfg(test)]
mod tests;
