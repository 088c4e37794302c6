//! The listener: connections in, requests read whole and in bounds, answers out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderValue, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

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
/// How long a client may take to send its header fields, and again its body.
const READING: Duration = Duration::from_secs(30);
/// How long requests that are under way may take once the sandbox is to end. Together with the
/// end of the children it is less than a second.
const GRACE: Duration = Duration::from_millis(400);
/// How long to wait after a connection could not be accepted: mostly, files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers until `ending` says so; then what is under way has a moment left.
pub(super) async fn serve(
    listener: TcpListener,
    world: Arc<World>,
    mut ending: watch::Receiver<bool>,
) {
    let page = page::router(Arc::clone(&world) as Arc<dyn View>, world.guard.clone());
    let app = Router::new().fallback(handle).with_state(world).merge(page);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ending.wait_for(|ending| *ending) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let app = app.clone().layer(Extension(peer));
                connections.spawn(connection(stream, app, ending.clone()));
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

async fn connection(stream: TcpStream, app: Router, mut ending: watch::Receiver<bool>) {
    // Answers are written whole, so there is nothing to wait for.
    let _unset = stream.set_nodelay(true);
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READING)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    let mut connection = std::pin::pin!(connection);
    // An error here is the client's: it spoke no HTTP, or went away.
    tokio::select! {
        _ended = connection.as_mut() => return,
        _ = ending.wait_for(|ending| *ending) => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}

async fn handle(
    State(world): State<Arc<World>>,
    Extension(peer): Extension<SocketAddr>,
    request: Request,
) -> Response<Body> {
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
        body: bytes::Bytes::new(),
        peer,
    };
    let started = Instant::now();
    let time = (world.ambient.now)();
    let request_id = request_id(world.ambient);
    let read = tokio::time::timeout(READING, axum::body::to_bytes(body, SYNC_LIMIT)).await;
    let too_large = match read {
        Ok(Ok(body)) => {
            arrived.body = body;
            false
        }
        Ok(Err(error)) if is_too_large(&error) => true,
        // Nobody is there to read an answer, or nobody who sends.
        Ok(Err(_)) | Err(_) => return plain(StatusCode::REQUEST_TIMEOUT),
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
    let result = match too_large {
        true if is_trigger => Err(triggers::too_large(SYNC_LIMIT)),
        true => Err(Refused::too_large(SYNC_LIMIT)),
        false => world.answer(&mut call).await,
    };
    let error_code = result
        .as_ref()
        .err()
        .map(|refused| refused.code.to_string());
    let response = result.unwrap_or_else(|refused| {
        let mut response = refused.answer(call.operation.product(), &call.request_id);
        if is_trigger {
            let error_type = HeaderValue::from_static(triggers::PLATFORM_ERROR);
            response.headers_mut().insert("x-fc-error-type", error_type);
        }
        response
    });
    call.end(response.status().as_u16(), error_code);
    response
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        if error.to_string().contains("length limit") {
            return true;
        }
        source = error.source();
    }
    false
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// An id as Function Compute writes them today.
pub(super) fn request_id(ambient: Ambient) -> String {
    let random = (ambient.nonce)();
    let part = |range: std::ops::Range<usize>| random.get(range).unwrap_or("0").to_owned();
    format!("1-{}-{}-{}", part(0..8), part(8..16), part(16..28))
}
