//! A web server that is started at the first call and used again: FC's custom runtime.
//!
//! An event goes to `POST /invoke`, and the answer's body is the result; status and header
//! fields are lost on the way, but for `x-fc-status`, by which the server says whether it
//! failed. An HTTP trigger's request and its answer pass as they are. All of this is on the
//! service's page "Web functions".

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

use super::child::{Exit, Process, Start};
use super::log::Log;
use super::{
    Call, Fault, HttpCall, HttpRun, Invocation, Program, RESULT_LIMIT, Run, Runtime, Used, contract,
};

/// How often it is tried whether a server listens yet.
const PROBE_INTERVAL: Duration = Duration::from_millis(20);
/// How long what a server wrote before it answered may take to come through its pipe.
const LOG_SETTLE: Duration = Duration::from_millis(5);
/// How much of the log an error quotes, in bytes.
const QUOTED_LOG: usize = 4 * 1024;

/// The servers of one sandbox: one for each version of a function that was called.
#[derive(Debug, Default)]
pub(super) struct Instances(Mutex<HashMap<Key, Slot>>);

/// Service, function, version.
type Key = (Option<String>, String, String);
/// Locked while a server starts, so that those who call meanwhile wait for it.
type Slot = Arc<tokio::sync::Mutex<Option<Arc<Instance>>>>;

/// A running server.
#[derive(Debug)]
struct Instance {
    id: String,
    port: u16,
    process: Process,
    log: Arc<Log>,
}

/// A program that is a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server<'a> {
    program: &'a Program,
    argv: &'a [String],
    port: u16,
}

/// A connection for one call, and what is to be known of the call at its end.
struct Session {
    instance: Arc<Instance>,
    connection: SendRequest<Body>,
    started: Instant,
    log: CallLog,
}

/// What a server writes between the start and the end of a call. Calls at the same time see
/// each other's lines: a pipe does not tell whose they are.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct CallLog {
    source: LogSource,
    mark: u64,
}

#[derive(Debug, Clone)]
enum LogSource {
    Server(Arc<Log>),
    Finished(Vec<u8>),
}

impl CallLog {
    pub(super) fn finished(log: Vec<u8>) -> Self {
        Self {
            source: LogSource::Finished(log),
            mark: 0,
        }
    }

    /// The lines so far.
    pub(in crate::sandbox) async fn read(&self) -> Vec<u8> {
        match &self.source {
            LogSource::Finished(log) => log.clone(),
            LogSource::Server(log) => {
                tokio::time::sleep(LOG_SETTLE).await;
                log.since(self.mark)
            }
        }
    }
}

/// Why no answer came.
enum Lost {
    /// More came than a result may have.
    TooLarge,
    /// The connection broke, or what came is no HTTP.
    Broken(hyper::Error),
}

impl<'a> Server<'a> {
    pub(super) fn new(program: &'a Program, argv: &'a [String], port: u16) -> Self {
        Self {
            program,
            argv,
            port,
        }
    }
}

/// Calls a server with an event.
pub(super) async fn invoke(
    runtime: &Runtime,
    server: Server<'_>,
    invocation: Invocation,
) -> Result<Run, Fault> {
    let Invocation { call, event } = invocation;
    let program = server.program;
    let mut session = Session::begin(runtime, server, &call).await?;
    let mut request = Request::new(Body::from(event));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static("/invoke");
    *request.headers_mut() = contract::headers(&runtime.surroundings, program, &call, "/invoke");
    let host = format!("127.0.0.1:{}", session.instance.port);
    let fields = [
        (header::HOST, HeaderValue::from_str(&host).ok()),
        (
            header::CONTENT_TYPE,
            Some(HeaderValue::from_static("application/octet-stream")),
        ),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            request.headers_mut().insert(name, value);
        }
    }
    let connection = &mut session.connection;
    let exchange = async {
        let response = connection
            .send_request(request)
            .await
            .map_err(Lost::Broken)?;
        let failed = says_failed(response.headers());
        Ok((failed, gather(response.into_body()).await?))
    };
    let answered = tokio::time::timeout(program.timeout, exchange).await;
    match answered {
        Ok(Ok((failed, body))) => {
            let used = session.end().await;
            Ok(if failed {
                used.unhandled(body)
            } else {
                used.result(body)
            })
        }
        Ok(Err(Lost::TooLarge)) => Ok(session.end().await.too_large()),
        Ok(Err(Lost::Broken(error))) => session.broken(&error).await,
        Err(_) => Ok(session.timed_out(program.timeout).await),
    }
}

/// Hands an HTTP trigger's request to a server.
pub(super) async fn serve(
    runtime: &Runtime,
    server: Server<'_>,
    http: HttpCall,
) -> Result<HttpRun, Fault> {
    let program = server.program;
    let uri = if http.query.is_empty() {
        http.path
    } else {
        format!("{}?{}", http.path, http.query)
    };
    let uri = Uri::try_from(uri)
        .map_err(|error| Fault::new(400, "InvalidArgument", error.to_string()))?;
    let mut session = Session::begin(runtime, server, &http.call).await?;
    let mut request = Request::new(Body::from(http.body));
    *request.method_mut() = http.method;
    *request.uri_mut() = uri;
    let mut headers = http.headers;
    contract::strip(&mut headers);
    if !headers.contains_key(header::HOST)
        && let Ok(host) = HeaderValue::from_str(&http.host)
    {
        headers.insert(header::HOST, host);
    }
    let own = contract::headers(&runtime.surroundings, program, &http.call, "/http-invoke");
    headers.extend(own);
    *request.headers_mut() = headers;
    let deadline = tokio::time::sleep(program.timeout);
    let answer = session.connection.send_request(request);
    match tokio::time::timeout(program.timeout, answer).await {
        Ok(Ok(response)) => Ok(session.pass(response, deadline)),
        Ok(Err(error)) => Ok(HttpRun::failed(session.broken(&error).await?)),
        Err(_) => Ok(HttpRun::failed(session.timed_out(program.timeout).await)),
    }
}

/// Whether the server says that the call failed. Without its word the call counts as done,
/// whatever the HTTP status.
fn says_failed(headers: &HeaderMap) -> bool {
    let status = headers.get("x-fc-status").map(HeaderValue::as_bytes);
    status.is_some_and(|status| status.trim_ascii() != b"200")
}

/// The whole body, as far as a result may go.
async fn gather(mut body: Incoming) -> Result<Bytes, Lost> {
    let mut whole = Vec::new();
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let Some(frame) = frame.await else {
            return Ok(Bytes::from(whole));
        };
        if let Ok(data) = frame.map_err(Lost::Broken)?.into_data() {
            if whole.len() + data.len() > RESULT_LIMIT {
                return Err(Lost::TooLarge);
            }
            whole.extend_from_slice(&data);
        }
    }
}

impl Session {
    /// A connection to the function's server, which is started if there is none.
    async fn begin(runtime: &Runtime, server: Server<'_>, call: &Call) -> Result<Self, Fault> {
        // A server may have ended since its last call without anybody having seen it yet.
        let mut may_be_stale = true;
        loop {
            let (instance, log) = instance_for(runtime, server, call).await?;
            match instance.connect().await {
                Ok(connection) => {
                    return Ok(Self {
                        instance,
                        connection,
                        started: Instant::now(),
                        log,
                    });
                }
                Err(_) if may_be_stale => {
                    may_be_stale = false;
                    instance.process.kill().await;
                }
                Err(why) => return Err(Fault::bad_response(why)),
            }
        }
    }

    async fn end(self) -> Used {
        self.instance.process.sample_memory();
        Used {
            started: self.started,
            max_memory_mb: self.instance.process.max_memory_mb(),
            instance_id: self.instance.id.clone(),
            log: self.log.read().await,
        }
    }

    async fn timed_out(self, limit: Duration) -> Run {
        self.instance.process.sample_memory();
        self.instance.process.kill().await;
        self.end().await.timed_out(limit)
    }

    /// A broken connection is the server's end, or its own doing.
    async fn broken(self, error: &hyper::Error) -> Result<Run, Fault> {
        if self.instance.process.ends_soon().await {
            Ok(self.end().await.exited())
        } else {
            Err(Fault::bad_response(error))
        }
    }

    /// The server's answer, as it comes.
    fn pass(self, response: Response<Incoming>, deadline: Sleep) -> HttpRun {
        let (mut parts, incoming) = response.into_parts();
        let failed = says_failed(&parts.headers);
        contract::strip(&mut parts.headers);
        // The service writes these itself.
        parts.headers.remove(header::DATE);
        parts.headers.remove(header::SERVER);
        let instance_id = self.instance.id.clone();
        let body = Passing {
            incoming,
            deadline: Box::pin(deadline),
            instance: self.instance,
        };
        HttpRun {
            status: parts.status,
            headers: parts.headers,
            body: Body::new(body),
            error_type: failed.then_some(super::UNHANDLED),
            log: self.log,
            instance_id,
        }
    }
}

impl HttpRun {
    /// A function error as an HTTP trigger shows it.
    pub(super) fn failed(run: Run) -> Self {
        let json = HeaderValue::from_static("application/json");
        Self {
            status: StatusCode::BAD_GATEWAY,
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
            body: Body::from(run.body),
            error_type: run.error_type,
            log: CallLog::finished(run.log),
            instance_id: run.instance_id,
        }
    }
}

/// A body on its way through, until the function's time is over.
struct Passing {
    incoming: Incoming,
    deadline: Pin<Box<Sleep>>,
    instance: Arc<Instance>,
}

impl hyper::body::Body for Passing {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            self.instance.process.start_killing();
            return Poll::Ready(Some(Err("the function's time is over".into())));
        }
        let frame = Pin::new(&mut self.incoming).poll_frame(context);
        frame.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The running server, or a new one; and the log from here on, with a new one's start in it.
async fn instance_for(
    runtime: &Runtime,
    server: Server<'_>,
    call: &Call,
) -> Result<(Arc<Instance>, CallLog), Fault> {
    let program = server.program;
    let key = (
        program.service.clone(),
        program.name.clone(),
        call.version.clone(),
    );
    let slot = {
        let mut slots = runtime
            .instances
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key).or_default())
    };
    let mut slot = slot.lock().await;
    let running = slot.take().filter(|instance| !instance.process.has_ended());
    let mark = running.as_ref().map_or(0, |instance| instance.log.mark());
    let instance = match running {
        Some(instance) => instance,
        None => Arc::new(Instance::start(runtime, server, call).await?),
    };
    *slot = Some(Arc::clone(&instance));
    let source = LogSource::Server(Arc::clone(&instance.log));
    Ok((instance, CallLog { source, mark }))
}

impl Instance {
    async fn start(runtime: &Runtime, server: Server<'_>, call: &Call) -> Result<Self, Fault> {
        let Server {
            program,
            argv,
            port,
        } = server;
        let port = free_port(port).await.map_err(|error| {
            let why = format!("port {port} cannot be had: {error}");
            Fault::not_started("FunctionNotStarted", &why)
        })?;
        let id = runtime.surroundings.instance_id();
        let mut environment = contract::environment(&runtime.surroundings, program, call, &id);
        for name in ["FC_SERVER_PORT", "FC_CUSTOM_LISTEN_PORT"] {
            environment.insert(name.to_owned(), port.to_string());
        }
        let start = Start {
            argv,
            folder: &program.folder,
            environment,
            stdin: Stdio::null(),
        };
        let (process, pipes) = Process::start(start, runtime.stop.subscribe())
            .map_err(|error| Fault::of_start(program, argv, &error))?;
        let log = Arc::new(Log::default());
        // Each ends with its pipe, and that with the group.
        if let Some(stdout) = pipes.stdout {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.read(stdout).await });
        }
        if let Some(stderr) = pipes.stderr {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.read(stderr).await });
        }
        let instance = Self {
            id,
            port,
            process,
            log,
        };
        instance.is_healthy(server).await?;
        Ok(instance)
    }

    /// Waits until the server listens.
    async fn is_healthy(&self, server: Server<'_>) -> Result<(), Fault> {
        let limit = server.program.start_limit;
        let listens = async {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))
                .await
                .is_err()
            {
                tokio::time::sleep(PROBE_INTERVAL).await;
            }
        };
        tokio::select! {
            biased;
            exit = self.process.ended() => {
                let what = what_exited(exit);
                let command = server.argv.join(" ");
                let logs = self.quoted_log().await;
                let message = format!(
                    "Function instance exited unexpectedly({what}) \nwith start command '{command}'.\nLogs: {logs}"
                );
                Err(Fault::new(412, "CAExited", message))
            }
            () = listens => Ok(()),
            () = tokio::time::sleep(limit) => {
                self.process.kill().await;
                let (port, seconds) = (self.port, limit.as_secs_f64());
                let logs = self.quoted_log().await;
                let message = format!(
                    "Function instance health check failed on port {port} in {seconds} seconds.\nLogs: {logs}"
                );
                Err(Fault::new(412, "FunctionNotStarted", message))
            }
        }
    }

    async fn quoted_log(&self) -> String {
        tokio::time::sleep(LOG_SETTLE).await;
        let log = self.log.since(0);
        let tail = &log[log.len().saturating_sub(QUOTED_LOG)..];
        String::from_utf8_lossy(tail).trim_end().to_owned()
    }

    /// A connection of its own for each call: none is ever stale, and it needs no proxy rules.
    async fn connect(&self) -> Result<SendRequest<Body>, String> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))
            .await
            .map_err(|error| error.to_string())?;
        let _slower = stream.set_nodelay(true);
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| error.to_string())?;
        // It ends with the call: what goes wrong is told there.
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// The port, if nobody else listens on it. Between this and the server's own bind another
/// program may take it; then the server says so and ends.
async fn free_port(port: u16) -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(listener.local_addr()?.port())
}

/// `code 1, message:operation not permitted`: the service reads an exit status as an error
/// number.
fn what_exited(Exit(status): Exit) -> String {
    let Some(code) = status.and_then(|status| status.code()) else {
        let signal = status.and_then(signal_of).unwrap_or_default();
        return format!("code {}, message:signal {signal}", 128 + signal);
    };
    let message = std::io::Error::from_raw_os_error(code).to_string();
    let message = message.split(" (os error").next().unwrap_or_default();
    format!("code {code}, message:{}", message.to_lowercase())
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}
