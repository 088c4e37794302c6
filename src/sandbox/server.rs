//! The listener: connections in, requests read whole and in bounds, answers out.

mod patient;

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::{Bytes, BytesMut};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::patient::Patient;
use super::GRACE;
use super::answer::Refused;
use super::authenticate::Arrived;
use super::operation::Operation;
use super::page::{self, view::View};
use super::trail::UnderWay;
use super::triggers;
use super::world::World;
use crate::acs::{Ambient, Headers};

/// The largest event of a synchronous call, in bytes.
pub(super) const SYNC_LIMIT: usize = 32 * 1024 * 1024;
/// From how many bytes on a body is large, and how many of these are read at a time: whoever
/// they are from, they never take more than 256 MB.
const LARGE: usize = 1024 * 1024;
const LARGE_BODIES: usize = 8;
/// How many connections may wait to be accepted. Of more, the system makes each wait a second,
/// and the usual 128 come in a burst.
const BACKLOG: u32 = 4_096;
/// How long to wait after a connection could not be accepted: mostly, files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Listens on an address.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // As `TcpListener::bind` does: the port of a sandbox that just ended is free again.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers until `ending` says so; then what is under way has a moment left.
pub(super) async fn serve(
    listener: TcpListener,
    world: Arc<World>,
    patience: Duration,
    mut ending: watch::Receiver<bool>,
) {
    let page = page::router(Arc::clone(&world) as Arc<dyn View>, world.guard.clone());
    let room = Arc::new(Semaphore::new(LARGE_BODIES));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ending.wait_for(|ending| *ending) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let server = Server {
                    world: Arc::clone(&world),
                    page: TowerToHyperService::new(page.clone()),
                    peer,
                    patience,
                    room: Arc::clone(&room),
                };
                connections.spawn(connection(stream, server, ending.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // Whatever is still open after that is dropped with the set.
    let _late = tokio::time::timeout(GRACE, all).await;
}

async fn connection(stream: TcpStream, server: Server, mut ending: watch::Receiver<bool>) {
    // Answers are written whole, so there is nothing to wait for.
    let _unset = stream.set_nodelay(true);
    let patience = server.patience;
    let server = Arc::new(server);
    let answer = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { server.answer(request).await }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        // A client may close its side once the request is out.
        .half_close(true)
        .serve_connection(TokioIo::new(Patient::new(stream, patience)), answer);
    let mut connection = std::pin::pin!(connection);
    // An error here is the client's: it spoke no HTTP, or went away.
    tokio::select! {
        _ended = connection.as_mut() => return,
        _ = ending.wait_for(|ending| *ending) => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}

/// What the requests of one connection meet.
struct Server {
    world: Arc<World>,
    page: TowerToHyperService<Router>,
    peer: SocketAddr,
    patience: Duration,
    room: Arc<Semaphore>,
}

impl Server {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let behind = request.uri().path().strip_prefix(page::PATH);
        if behind.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return self.page.call(request.map(Body::new)).await;
        }
        Ok(handle(self, request).await)
    }
}

async fn handle(server: &Server, request: Request<Incoming>) -> Response<Body> {
    let world = &server.world;
    let (parts, body) = request.into_parts();
    let headers: Headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let mut arrived = Arrived {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: Bytes::new(),
        peer: server.peer,
    };
    let started = Instant::now();
    let time = (world.ambient.now)();
    let request_id = request_id(world.ambient);
    let read = tokio::time::timeout(server.patience, whole(body, &server.room)).await;
    let unread = match read {
        Ok(Ok(body)) => {
            arrived.body = body;
            None
        }
        Ok(Err(unread)) => Some(unread),
        Err(_) => Some(Unread::Broken),
    };
    let operation = triggers::at_own_address(&world.config, &arrived).unwrap_or_else(|| {
        Operation::of(
            &arrived.method,
            &arrived.path,
            &arrived.query,
            &arrived.headers,
            &arrived.body,
        )
    });
    let is_trigger = matches!(operation, Operation::Trigger(_));
    let since = (time, started);
    let mut call = UnderWay::new(arrived, operation, request_id, &world.journal, since);
    let is_read = unread.is_none();
    let result = match unread {
        None => world.answer(&mut call).await,
        Some(Unread::TooLarge) if is_trigger => Err(triggers::too_large(SYNC_LIMIT)),
        Some(Unread::TooLarge) => Err(Refused::too_large(SYNC_LIMIT)),
        // Nobody is there to read an answer, or nobody who sends.
        Some(Unread::Broken) => {
            call.end(StatusCode::REQUEST_TIMEOUT.as_u16(), None);
            return plain(StatusCode::REQUEST_TIMEOUT);
        }
    };
    let error_code = result
        .as_ref()
        .err()
        .map(|refused| refused.code.to_string());
    let mut response = result.unwrap_or_else(|refused| {
        let mut response = refused.answer(call.operation.product(), &call.request_id);
        if is_trigger {
            let error_type = HeaderValue::from_static(triggers::PLATFORM_ERROR);
            response.headers_mut().insert("x-fc-error-type", error_type);
        }
        response
    });
    call.end(response.status().as_u16(), error_code);
    if !is_read {
        // The rest of the body is on its way, so nothing else can come on this connection.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// Why there is no whole body.
enum Unread {
    TooLarge,
    Broken,
}

/// Reads a body to its end. One that is told to be too large is not waited for.
/// A large one waits until there is room for it, beside those of other connections: who sends
/// it is not known before it is whole. A call that is let in holds no room while it runs.
async fn whole(mut body: Incoming, room: &Semaphore) -> Result<Bytes, Unread> {
    if body.size_hint().lower() > SYNC_LIMIT as u64 {
        return Err(Unread::TooLarge);
    }
    let mut whole = BytesMut::new();
    let mut taken = None;
    while !body.is_end_stream() {
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let Some(frame) = frame.await else {
            break;
        };
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else {
            continue; // trailers
        };
        if whole.len() + data.len() > SYNC_LIMIT {
            return Err(Unread::TooLarge);
        }
        if taken.is_none() && whole.len() + data.len() > LARGE {
            taken = room.acquire().await.ok();
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// An id as Function Compute writes them today.
pub(super) fn request_id(ambient: Ambient) -> String {
    let random = (ambient.nonce)();
    let part = |range: std::ops::Range<usize>| random.get(range).unwrap_or("0");
    format!("1-{}-{}-{}", part(0..8), part(8..16), part(16..28))
}
