//! InvokeFunction. A call that was sent is not taken back: it runs on when its caller has closed
//! the connection.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::answer::{Refused, answer as answered};
use super::authenticate::Arrived;
use super::config::Function;
use super::functions;
use super::operation::FcCall;
use super::runtime::{Call, Fault, Invocation, Run};
use super::tasks::{self, Attempt, Order};
use super::world::World;
use crate::fc::invocation::{async_id_header, is_async_id};

/// The largest event of an asynchronous call, in bytes.
pub(super) const ASYNC_LIMIT: usize = 128 * 1024;
/// How much of the log comes back, in bytes.
const LOG_TAIL: usize = 4 * 1024;

/// How the caller wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Waiting for the result, with or without the log's end.
    Sync { tail: bool },
    /// Not waiting.
    Async,
}

impl Mode {
    pub(super) fn of(arrived: &Arrived) -> Result<Self, Refused> {
        let one_of = |name: &str, words: [&str; 2]| {
            let said = arrived.header(name);
            let known = words
                .iter()
                .position(|word| word.eq_ignore_ascii_case(said));
            match known {
                None if said.is_empty() => Ok(0),
                Some(known) => Ok(known),
                None => {
                    let message = format!("{name} '{said}' is none of {}", words.join(", "));
                    Err(Refused::invalid_argument(message))
                }
            }
        };
        let kind = one_of("X-Fc-Invocation-Type", ["Sync", "Async"])?;
        let log = one_of("X-Fc-Log-Type", ["None", "Tail"])?;
        Ok(match kind {
            0 => Self::Sync { tail: log == 1 },
            _ => Self::Async,
        })
    }
}

pub(super) async fn answer(
    world: &World,
    call: &FcCall,
    arrived: &Arrived,
    request_id: &str,
) -> Result<Response<Body>, Refused> {
    let function = functions::find(world, call)?;
    let invocation = Invocation {
        call: call_of(function, call, request_id),
        event: arrived.body.clone(),
    };
    let tail = match Mode::of(arrived)? {
        Mode::Sync { tail } => tail,
        Mode::Async => {
            if arrived.body.len() > ASYNC_LIMIT {
                return Err(Refused::too_large(ASYNC_LIMIT));
            }
            let runtime = Arc::clone(&world.runtime);
            let program = Arc::clone(&function.program);
            let attempt = move || {
                let (runtime, program) = (Arc::clone(&runtime), Arc::clone(&program));
                let invocation = invocation.clone();
                async move { attempt_of(runtime.invoke(&program, invocation).await) }
            };
            return enqueue(world, function, call, arrived, request_id, attempt);
        }
    };
    let run = world.runtime.invoke(&function.program, invocation).await;
    let run = run.map_err(refused)?;
    let usage = Usage {
        request_id,
        version: version_of(function, call),
        duration: run.duration,
        memory_mb: function.program.memory_mb,
        max_memory_mb: run.max_memory_mb,
        instance_id: &run.instance_id,
    };
    let mut headers = usage.headers();
    headers.push(("content-type", "application/octet-stream".to_owned()));
    if let Some(error_type) = run.error_type {
        headers.push(("x-fc-error-type", error_type.to_owned()));
    }
    if tail {
        headers.push(("x-fc-log-result", usage.log_tail(&run.log)));
    }
    Ok(answered(200, headers, run.body))
}

/// Puts an asynchronous call into its function's queue.
pub(super) fn enqueue<F, R>(
    world: &World,
    function: &Function,
    call: &FcCall,
    arrived: &Arrived,
    request_id: &str,
    attempt: F,
) -> Result<Response<Body>, Refused>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Attempt> + Send,
{
    let id_header = async_id_header(call.api);
    let given = Some(arrived.header(id_header)).filter(|id| !id.is_empty());
    if let Some(id) = given.filter(|id| !is_async_id(id)) {
        let message = format!(
            "invalid asynchronous invocation ID '{id}': it starts with a letter or '_', and has \
             up to 128 letters, digits, '_' and '-'"
        );
        return Err(Refused::invalid_argument(message));
    }
    // A call without an id of its own goes by its request's.
    let id = given.unwrap_or(request_id);
    let rules = function.asynchronous;
    let order = Order {
        owner: (call.service.clone(), function.name().to_owned()),
        // Outside task mode ids mean nothing, and may come again.
        id: if rules.task { id } else { request_id }.to_owned(),
        request_id: request_id.to_owned(),
        qualifier: call.qualifier.clone(),
        payload: arrived.body.clone(),
        rules,
    };
    let queued = world.tasks.submit(order, attempt);
    queued.map_err(|why| tasks::refuse(call, id, why))?;
    let headers = vec![
        ("x-fc-request-id", request_id.to_owned()),
        (id_header, id.to_owned()),
    ];
    Ok(answered(202, headers, Bytes::new()))
}

/// What the runtime is told of a call.
pub(super) fn call_of(function: &Function, call: &FcCall, request_id: &str) -> Call {
    Call {
        request_id: request_id.to_owned(),
        qualifier: call.qualifier.clone(),
        version: version_of(function, call).to_owned(),
    }
}

/// The version that a call runs.
pub(super) fn version_of<'a>(function: &'a Function, call: &'a FcCall) -> &'a str {
    let qualifier = call.qualifier.as_deref().unwrap_or("LATEST");
    let version = function.aliases.get(qualifier);
    version.map_or(qualifier, String::as_str)
}

/// The service's own refusal.
pub(super) fn refused(fault: Fault) -> Refused {
    Refused::new(fault.status, fault.code, fault.message)
}

/// A call as a task sees it. A function that does not start is tried again like one that fails.
fn attempt_of(run: Result<Run, Fault>) -> Attempt {
    match run {
        Ok(run) => Attempt {
            result: run.body,
            error: run.error_type.map(str::to_owned),
            instance_id: run.instance_id,
            duration: run.duration,
        },
        Err(fault) => failed_attempt(&fault),
    }
}

/// A try that came to nothing.
pub(super) fn failed_attempt(fault: &Fault) -> Attempt {
    Attempt {
        result: Bytes::from(fault.message.clone()),
        error: Some(fault.code.to_owned()),
        instance_id: String::new(),
        duration: Duration::ZERO,
    }
}

/// What a call has used, as its answer tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage<'a> {
    pub(super) request_id: &'a str,
    pub(super) version: &'a str,
    pub(super) duration: Duration,
    pub(super) memory_mb: u32,
    pub(super) max_memory_mb: f64,
    pub(super) instance_id: &'a str,
}

impl Usage<'_> {
    fn milliseconds(&self) -> f64 {
        self.duration.as_secs_f64() * 1000.0
    }

    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("x-fc-request-id", self.request_id.to_owned()),
            (
                "x-fc-invocation-duration",
                format!("{:.2}", self.milliseconds()),
            ),
            (
                "x-fc-max-memory-usage",
                format!("{:.2}", self.max_memory_mb),
            ),
            ("x-fc-invocation-service-version", self.version.to_owned()),
            ("x-fc-instance-id", self.instance_id.to_owned()),
        ]
    }

    /// The end of the log, in base64: the function's own lines between the service's.
    pub(super) fn log_tail(&self, own: &[u8]) -> String {
        let (id, duration) = (self.request_id, self.milliseconds());
        let mut log = format!("FC Invoke Start RequestId: {id}\n").into_bytes();
        log.extend_from_slice(own);
        if !log.ends_with(b"\n") {
            log.push(b'\n');
        }
        let end = format!(
            "FC Invoke End RequestId: {id}\n\n\
             Duration: {duration:.2} ms, Billed Duration: {} ms, Memory Size: {} MB, \
             Max Memory Used: {:.2} MB",
            duration.ceil().max(1.0),
            self.memory_mb,
            self.max_memory_mb,
        );
        log.extend_from_slice(end.as_bytes());
        STANDARD.encode(&log[log.len().saturating_sub(LOG_TAIL)..])
    }
}
