//! InvokeFunction.

use std::time::Instant;

use axum::body::Body;
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::answer::{Refused, answer as answered};
use super::authenticate::Arrived;
use super::config::{Code, Function};
use super::function;
use super::functions;
use super::operation::FcCall;
use super::world::World;
use crate::fc::invocation::async_id_header;

/// The largest event of an asynchronous call, in bytes.
const ASYNC_LIMIT: usize = 128 * 1024;
/// How much of the log comes back, in bytes.
const LOG_TAIL: usize = 4 * 1024;

pub(super) async fn answer(
    world: &World,
    call: &FcCall,
    arrived: &Arrived,
    request_id: &str,
) -> Result<Response<Body>, Refused> {
    let function = functions::find(world, call)?;
    let is = |name, value: &str| arrived.header(name).eq_ignore_ascii_case(value);
    let Code::Builtin(builtin) = function.code else {
        return Err(Refused::lacking("functions that are programs"));
    };
    let event = arrived.body.clone();
    if is("x-fc-invocation-type", "async") {
        if event.len() > ASYNC_LIMIT {
            return Err(Refused::too_large(ASYNC_LIMIT));
        }
        let id_header = async_id_header(call.api);
        let id = Some(arrived.header(id_header))
            .filter(|id| !id.is_empty())
            .unwrap_or(request_id);
        let headers = vec![
            ("x-fc-request-id", request_id.to_owned()),
            (id_header, id.to_owned()),
        ];
        tokio::spawn(async move { function::run(builtin, event) });
        return Ok(answered(202, headers, Bytes::new()));
    }
    let started = Instant::now();
    let run = function::run(builtin, event);
    let duration = started.elapsed().as_secs_f64() * 1000.0;
    let used = "10.83"; // builtins share this process; the number is the demo's own
    let mut headers = vec![
        ("x-fc-request-id", request_id.to_owned()),
        ("x-fc-invocation-duration", format!("{duration:.2}")),
        ("x-fc-max-memory-usage", used.to_owned()),
        (
            "x-fc-invocation-service-version",
            version_of(function, call).to_owned(),
        ),
        ("x-fc-instance-id", format!("c-sandbox-{}", function.name)),
        ("content-type", "application/octet-stream".to_owned()),
    ];
    if let Some(error_type) = run.error_type {
        headers.push(("x-fc-error-type", error_type.to_owned()));
    }
    if is("x-fc-log-type", "tail") {
        let log = format!(
            "FC Invoke Start RequestId: {request_id}\n{}FC Invoke End RequestId: {request_id}\n\n\
             Duration: {duration:.2} ms, Billed Duration: {} ms, Memory Size: {} MB, Max Memory Used: {used} MB",
            run.log,
            duration.ceil().max(1.0),
            function.memory_mb,
        );
        let tail = &log.as_bytes()[log.len().saturating_sub(LOG_TAIL)..];
        headers.push(("x-fc-log-result", STANDARD.encode(tail)));
    }
    Ok(answered(200, headers, run.body))
}

/// The version that a call runs.
fn version_of<'a>(function: &'a Function, call: &'a FcCall) -> &'a str {
    let qualifier = call.qualifier.as_deref().unwrap_or("LATEST");
    function
        .aliases
        .get(qualifier)
        .map_or(qualifier, String::as_str)
}
