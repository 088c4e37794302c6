//! How functions run: built in, as a command for each call, or as a web server that is started
//! once (FC's custom runtime). Whatever a function does, its call ends in time with one of the
//! service's own answers, and no process of it outlives the call or the sandbox.

mod bootstrap;
mod builtin;
mod child;
mod command;
mod contract;
mod http_event;
mod instance;
mod log;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use crate::acs::{Ambient, Environment};
use instance::{Instances, Server};
pub(super) use log::CallLog;

/// A function's time limit where nobody gave one.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);
/// A function's memory where nobody gave one, in megabytes.
pub(super) const MEMORY_MB: u32 = 128;
/// How long a web server may take until it listens, where nobody said.
pub(super) const START_LIMIT: Duration = Duration::from_secs(30);
/// The largest result, in bytes: what a synchronous call may carry in either direction.
const RESULT_LIMIT: usize = 32 * 1024 * 1024;
/// How long `stop` waits for the children's end.
pub(super) const STOP_LIMIT: Duration = Duration::from_millis(300);
/// How long an end that was asked for, or that seems to have come, may take to be seen.
const END_LIMIT: Duration = Duration::from_millis(500);
/// What a function that runs inside this process is said to use, in megabytes.
const BUILTIN_MEMORY_MB: f64 = 10.83;
const UNHANDLED: &str = "UnhandledInvocationError";

/// A function of the sandbox itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// Greets.
    Hello,
    /// Gives the event back.
    Echo,
    /// Raises.
    Fail,
    /// Waits for `{"ms": N}` of the event.
    Sleep,
}

/// What a function consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// Runs in this process.
    Builtin(Builtin),
    /// Runs once for each call: event on stdin, result on stdout, log on stderr.
    Command {
        /// Program and arguments; no shell reads them.
        argv: Vec<String>,
    },
    /// A web server, started at the first call and used again.
    Bootstrap {
        /// Program and arguments; no shell reads them.
        argv: Vec<String>,
        /// Where it listens; 0 is any free port.
        port: u16,
    },
}

/// What runs when a function is called.
#[derive(Debug, Clone)]
pub struct Program {
    /// The service, for FC 2.0.
    pub service: Option<String>,
    /// The function's name.
    pub name: String,
    /// What `FC_FUNCTION_HANDLER` and `x-fc-function-handler` say; a label only.
    pub handler: String,
    /// What runs.
    pub code: Code,
    /// The function's own variables.
    pub environment: BTreeMap<String, String>,
    /// Where it runs: the configuration file's folder.
    pub folder: PathBuf,
    /// The limit of one call.
    pub timeout: Duration,
    /// The limit of a web server's start.
    pub start_limit: Duration,
    /// What the function is told that it has; nothing holds it to it.
    pub memory_mb: u32,
}

impl Program {
    /// A program with the defaults of everything that can be left out.
    pub fn new(name: impl Into<String>, code: Code) -> Self {
        Self {
            service: None,
            name: name.into(),
            handler: "index.handler".to_owned(),
            code,
            environment: BTreeMap::new(),
            folder: PathBuf::from("."),
            timeout: TIMEOUT,
            start_limit: START_LIMIT,
            memory_mb: MEMORY_MB,
        }
    }
}

/// Who calls which version.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) request_id: String,
    /// As the caller gave it.
    pub(super) qualifier: Option<String>,
    /// What the qualifier stands for: `LATEST` or a number.
    pub(super) version: String,
}

/// A call with its event.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    pub(super) call: Call,
    pub(super) event: Bytes,
}

/// A request that an HTTP trigger received.
#[derive(Debug, Clone)]
pub(super) struct HttpCall {
    pub(super) call: Call,
    pub(super) method: Method,
    /// Percent-encoded, as on the wire.
    pub(super) path: String,
    /// Percent-encoded, without `?`.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The trigger's host name.
    pub(super) host: String,
    pub(super) source_ip: std::net::IpAddr,
    pub(super) time: Timestamp,
}

/// What a call gave: a result, or an error of the function's own (which is a 200 all the same).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) body: Bytes,
    /// `X-Fc-Error-Type`, when it failed.
    pub(super) error_type: Option<&'static str>,
    /// The function's own lines, the last 64 KB of them.
    pub(super) log: Vec<u8>,
    pub(super) duration: Duration,
    /// The peak of the leading process' resident memory, in megabytes, as `/proc` had it. Its
    /// descendants are not in it, and where there is no `/proc` it is a fixed number.
    pub(super) max_memory_mb: f64,
    pub(super) instance_id: String,
}

/// What an HTTP trigger answers.
#[derive(Debug)]
pub(super) struct HttpRun {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// May still be coming; it breaks off when the function's time is over.
    pub(super) body: Body,
    /// `X-Fc-Error-Type`, when the function failed.
    pub(super) error_type: Option<&'static str>,
    /// What the call has written so far; whole when the body is.
    pub(super) log: CallLog,
    /// How long it took until the status was known.
    pub(super) duration: Duration,
    /// As in [`Run`].
    pub(super) max_memory_mb: f64,
    pub(super) instance_id: String,
}

/// The service's own refusal: the function did not come to run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Fault {
    /// The HTTP status.
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Runs functions, for one sandbox. Dropping it ends every child.
#[derive(Debug)]
pub(super) struct Runtime {
    surroundings: Surroundings,
    instances: Instances,
    stop: watch::Sender<bool>,
}

/// What functions are told about where they run.
#[derive(Debug)]
struct Surroundings {
    account: String,
    region: String,
    /// What children get of this process' environment.
    inherited: BTreeMap<String, String>,
    nonce: fn() -> String,
}

impl Runtime {
    pub(super) fn new(
        account: impl Into<String>,
        region: impl Into<String>,
        ambient: Ambient,
        environment: &dyn Environment,
    ) -> Self {
        Self {
            surroundings: Surroundings {
                account: account.into(),
                region: region.into(),
                inherited: contract::inherited(environment),
                nonce: ambient.nonce,
            },
            instances: Instances::default(),
            stop: watch::Sender::new(false),
        }
    }

    /// Calls a function with an event. Dropping the future ends a command with all that it
    /// started; a web server stays for the next call.
    ///
    /// # Errors
    /// It did not start, or what it answered is no HTTP.
    pub(super) async fn invoke(
        &self,
        program: &Program,
        invocation: Invocation,
    ) -> Result<Run, Fault> {
        match &program.code {
            Code::Builtin(builtin) => Ok(builtin::run(*builtin, program, invocation.event).await),
            Code::Command { argv } => command::run(self, program, argv, invocation).await,
            Code::Bootstrap { argv, port } => {
                let server = Server::of(program, argv, *port);
                bootstrap::invoke(self, server, invocation).await
            }
        }
    }

    /// Hands an HTTP trigger's request to a function: to a web server as it is, to any other as
    /// FC 3.0's event.
    ///
    /// # Errors
    /// It did not start, or its answer is none.
    pub(super) async fn serve_http(
        &self,
        program: &Program,
        http: HttpCall,
    ) -> Result<HttpRun, Fault> {
        if let Code::Bootstrap { argv, port } = &program.code {
            let server = Server::of(program, argv, *port);
            return bootstrap::serve(self, server, http).await;
        }
        let event = http_event::event(&http, &self.surroundings.account);
        let call = http.call;
        let run = self.invoke(program, Invocation { call, event }).await?;
        http_event::answer(run)
    }

    /// Ends every child, and waits half a second at most until all are reaped.
    pub(super) async fn stop(&self) {
        self.stop.send_replace(true);
        // Whoever minds a child holds a receiver until the child is reaped.
        let _late = tokio::time::timeout(STOP_LIMIT, self.stop.closed()).await;
    }
}

impl Surroundings {
    fn instance_id(&self) -> String {
        let random = (self.nonce)();
        let part = |range: std::ops::Range<usize>| random.get(range).unwrap_or("0").to_owned();
        format!("c-{}-{}", part(0..8), part(8..28))
    }
}

/// What a call has used by its end.
#[derive(Debug, Clone)]
struct Used {
    duration: Duration,
    max_memory_mb: f64,
    instance_id: String,
    log: Vec<u8>,
}

impl Used {
    fn result(self, body: Bytes) -> Run {
        self.run(body, None)
    }

    fn unhandled(self, body: Bytes) -> Run {
        self.run(body, Some(UNHANDLED))
    }

    fn run(self, body: Bytes, error_type: Option<&'static str>) -> Run {
        Run {
            body,
            error_type,
            log: self.log,
            duration: self.duration,
            max_memory_mb: self.max_memory_mb,
            instance_id: self.instance_id,
        }
    }

    /// The process ended, or said by its exit status that it failed.
    fn exited(self) -> Run {
        let milliseconds = self.duration.as_millis();
        let memory = self.max_memory_mb;
        self.error(&format!(
            "Process exited unexpectedly before completing request \
             (duration: {milliseconds}ms, maxMemoryUsage: {memory:.2}MB)"
        ))
    }

    fn timed_out(self, limit: Duration) -> Run {
        let memory = self.max_memory_mb;
        let seconds = limit.as_secs_f64();
        self.error(&format!(
            "Function timed out after {seconds} seconds (maxMemoryUsage: {memory:.2}MB)"
        ))
    }

    /// The words of `EntityTooLarge`; how the service says it of a result is not documented.
    fn too_large(self) -> Run {
        self.error(&format!(
            "response payload size exceeds maximum allowed size ({RESULT_LIMIT} bytes)"
        ))
    }

    fn error(self, message: &str) -> Run {
        let body = json!({ "errorMessage": message }).to_string();
        self.unhandled(Bytes::from(body))
    }
}

impl Fault {
    fn new(status: u16, code: &'static str, message: String) -> Self {
        Self {
            status,
            code,
            message,
        }
    }

    /// The system did not start the program.
    fn of_start(program: &Program, argv: &[String], error: &std::io::Error) -> Self {
        let file = argv.first().map_or("", String::as_str);
        let (code, why) = match error.kind() {
            ErrorKind::NotFound if !program.folder.is_dir() => {
                let folder = program.folder.display();
                (
                    "CAFileNotFound",
                    format!("the folder {folder} is not exist"),
                )
            }
            ErrorKind::NotFound => ("CAFileNotFound", format!("the file {file} is not exist")),
            ErrorKind::PermissionDenied => (
                "CAFilePermission",
                format!("the file {file} is not executable"),
            ),
            _ => ("FunctionNotStarted", error.to_string()),
        };
        Self::not_started(code, &why)
    }

    fn not_started(code: &'static str, why: &str) -> Self {
        let message = format!(
            "The function cannot be started. Failed to start function instance. Error: {why}"
        );
        Self::new(412, code, message)
    }

    /// The server's answer cannot be passed on.
    fn bad_response(why: impl std::fmt::Display) -> Self {
        Self::new(502, "BadResponse", format!("BadResponse: {why}"))
    }
}
