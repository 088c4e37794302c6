//! The web servers that run: started once for each version of a function, checked until they
//! listen, replaced once they have ended.

use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::child::{Exit, Process, Start};
use super::log::{CallLog, Log, SETTLE};
use super::{Call, Fault, Program, Runtime, contract};

/// How often it is tried whether a server listens yet.
const PROBE_INTERVAL: Duration = Duration::from_millis(20);
/// How much of the log an error quotes, in bytes.
const QUOTED_LOG: usize = 4 * 1024;

/// The servers of one sandbox.
#[derive(Debug, Default)]
pub(super) struct Instances(Mutex<HashMap<Key, Arc<Slot>>>);

/// Service, function, version.
type Key = (Option<String>, String, String);

/// Locked while a server starts: who calls meanwhile waits for it.
type Slot = tokio::sync::Mutex<Latest>;

/// What came of the latest start.
#[derive(Debug, Default)]
struct Latest {
    instance: Option<Arc<Instance>>,
    failed: Option<(Instant, Fault)>,
}

/// A program that is a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server<'a> {
    pub(super) program: &'a Program,
    argv: &'a [String],
    /// Where it listens; 0 is any free port.
    port: u16,
}

/// A running server.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) port: u16,
    pub(super) process: Process,
    log: Arc<Log>,
}

impl<'a> Server<'a> {
    pub(super) fn of(program: &'a Program, argv: &'a [String], port: u16) -> Self {
        Self {
            program,
            argv,
            port,
        }
    }
}

impl Instances {
    /// The running server, or a new one; and the log from here on, with a new one's start in it.
    pub(super) async fn get(
        &self,
        runtime: &Runtime,
        server: Server<'_>,
        call: &Call,
    ) -> Result<(Arc<Instance>, CallLog), Fault> {
        let asked = Instant::now();
        let slot = self.slot(server.program, call);
        let mut latest = slot.lock().await;
        // Each who waited for a start that failed would wait for one more otherwise.
        if let Some((when, fault)) = &latest.failed
            && *when >= asked
        {
            return Err(fault.clone());
        }
        let running = latest.instance.take();
        let running = running.filter(|instance| !instance.process.has_ended());
        let mark = running.as_ref().map_or(0, |instance| instance.log.mark());
        let instance = match running {
            Some(instance) => instance,
            None => match Instance::start(runtime, server, call).await {
                Ok(instance) => Arc::new(instance),
                Err(fault) => {
                    latest.failed = Some((Instant::now(), fault.clone()));
                    return Err(fault);
                }
            },
        };
        latest.instance = Some(Arc::clone(&instance));
        let log = CallLog::of_server(&instance.log, mark);
        Ok((instance, log))
    }

    fn slot(&self, program: &Program, call: &Call) -> Arc<Slot> {
        let (service, name) = (program.service.clone(), program.name.clone());
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry((service, name, call.version.clone()));
        Arc::clone(slot.or_default())
    }
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
        instance.check_health(server).await?;
        Ok(instance)
    }

    /// Waits until the server listens.
    async fn check_health(&self, server: Server<'_>) -> Result<(), Fault> {
        let limit = server.program.start_limit;
        let listens = async {
            while self.reach().await.is_err() {
                tokio::time::sleep(PROBE_INTERVAL).await;
            }
        };
        let (code, message) = tokio::select! {
            biased;
            exit = self.process.ended() => {
                let (what, command) = (what_exited(exit), server.argv.join(" "));
                let message = format!(
                    "Function instance exited unexpectedly({what}) \nwith start command '{command}'."
                );
                ("CAExited", message)
            }
            () = listens => return Ok(()),
            () = tokio::time::sleep(limit) => {
                self.process.kill().await;
                let (port, seconds) = (self.port, limit.as_secs_f64());
                let message = format!(
                    "Function instance health check failed on port {port} in {seconds} seconds."
                );
                ("FunctionNotStarted", message)
            }
        };
        let logs = self.quoted_log().await;
        Err(Fault::new(412, code, format!("{message}\nLogs: {logs}")))
    }

    async fn quoted_log(&self) -> String {
        tokio::time::sleep(SETTLE).await;
        let log = self.log.since(0);
        let tail = &log[log.len().saturating_sub(QUOTED_LOG)..];
        String::from_utf8_lossy(tail).trim_end().to_owned()
    }

    /// A connection of its own for each call: none is ever stale, and it needs no proxy rules.
    pub(super) async fn connect(&self) -> io::Result<SendRequest<Body>> {
        let stream = TokioIo::new(self.reach().await?);
        let (sender, connection) = hyper::client::conn::http1::handshake(stream)
            .await
            .map_err(io::Error::other)?;
        // It ends with the call: what goes wrong is told there.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn reach(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        // Where nobody listens yet, TCP may by chance connect a socket to itself.
        if stream.local_addr()? == stream.peer_addr()? {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// The port, if nobody else listens on it. Between this and the server's own bind another
/// program may take it; then the server says so and ends.
async fn free_port(port: u16) -> io::Result<u16> {
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
    let message = io::Error::from_raw_os_error(code).to_string();
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
