//! A web server that is started at the first call and used again: FC's custom runtime.
//!
//! An event goes to `POST /invoke`, and the answer's body is the result; status and header
//! fields are lost on the way, but for `x-fc-status`, by which the server says whether it
//! failed. An HTTP trigger's request and its answer pass as they are. All of this is on the
//! service's page "Web functions".

use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::SendRequest;
use tokio::time::Sleep;

use super::instance::{Instance, Server};
use super::log::CallLog;
use super::{
    Call, Fault, HttpCall, HttpRun, Invocation, RESULT_LIMIT, Run, Runtime, Used, contract,
};

/// A connection for one call, and what is to be known of the call at its end.
struct Session {
    instance: Arc<Instance>,
    connection: SendRequest<Body>,
    started: Instant,
    log: CallLog,
}

/// Why no answer came.
enum Lost {
    /// More came than a result may have.
    TooLarge,
    /// The connection broke, or what came is no HTTP.
    Broken(hyper::Error),
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
    contract::check_request(&uri, &http.headers)?;
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
        Ok(Ok(response)) => {
            contract::check_answer(response.headers())?;
            Ok(session.pass(response, deadline))
        }
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
            let (instance, log) = runtime.instances.get(runtime, server, call).await?;
            match instance.connect().await {
                Ok(connection) => {
                    return Ok(Self {
                        instance,
                        connection,
                        started: Instant::now(),
                        log,
                    });
                }
                Err(why) if may_be_stale && why.kind() == ErrorKind::ConnectionRefused => {
                    may_be_stale = false;
                    instance.process.kill().await;
                }
                Err(why) => return Err(Fault::bad_response(why)),
            }
        }
    }

    async fn end(self) -> Used {
        let duration = self.started.elapsed();
        self.instance.process.sample_memory();
        Used {
            duration,
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
        self.instance.process.sample_memory();
        HttpRun {
            status: parts.status,
            headers: parts.headers,
            error_type: failed.then_some(super::UNHANDLED),
            log: self.log,
            duration: self.started.elapsed(),
            max_memory_mb: self.instance.process.max_memory_mb(),
            instance_id: self.instance.id.clone(),
            body: Body::new(Passing {
                incoming,
                deadline: Box::pin(deadline),
                instance: self.instance,
            }),
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
            duration: run.duration,
            max_memory_mb: run.max_memory_mb,
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
