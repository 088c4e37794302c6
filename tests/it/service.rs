//! A sandbox in this process, and requests to it byte for byte, signed by the crate's own
//! signers.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;
use sesame_fc::acs::{
    Ambient, Credentials, Endpoint, Headers, HttpRequest, ProcessEnvironment, Secret,
    SessionPolicy, acs3,
};
use sesame_fc::fc::signature;
use sesame_fc::sandbox::{Call, Config, Options, Sandbox};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// Far more than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox that runs until this is dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    /// What was noted so far.
    calls: Arc<Mutex<Vec<Arc<Call>>>>,
    folder: TempDir,
    let_go: Option<oneshot::Sender<()>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

const USERS: &str = "
account: '1234567890123456'
region: cn-hangzhou
users:
  developer:
    access_key: { id: LTAI-sandbox-developer, secret: sandbox-developer-secret }
    policies: [AliyunFCFullAccess]
  intern:
    access_key: { id: LTAI-sandbox-intern, secret: sandbox-intern-secret }
functions:
";

/// A sandbox with these functions, in a folder with these files.
pub(crate) fn service(functions: &str, files: &[(&str, &str)]) -> Service {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let file = folder.path().join("sandbox.yaml");
    std::fs::write(&file, format!("{USERS}{functions}")).unwrap();
    let config = Config::read(&file).unwrap_or_else(|error| panic!("{error:?}"));
    let (tell, told) = mpsc::channel();
    let (let_go, gone) = oneshot::channel::<()>();
    let (stop, stopped) = oneshot::channel::<()>();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&calls);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let ambient = Ambient::system();
            let started = Sandbox::start(config, Options::default(), ambient, &ProcessEnvironment);
            let mut sandbox = started.await.unwrap();
            tell.send(sandbox.address()).unwrap();
            let mut news = sandbox.follow();
            tokio::spawn(async move {
                while let Some(news) = news.next().await {
                    noted.lock().unwrap().extend(news.calls);
                }
            });
            tokio::pin!(stopped);
            tokio::select! {
                _ = &mut stopped => sandbox.stop().await.unwrap(),
                Ok(()) = gone => {
                    drop(sandbox);
                    let _stopped = stopped.await;
                }
            }
        });
    });
    Service {
        address: told.recv().unwrap(),
        calls,
        folder,
        let_go: Some(let_go),
        stop: Some(stop),
        thread: Some(thread),
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn key_of(user: &str) -> Credentials {
    Credentials {
        access_key_id: format!("LTAI-sandbox-{user}"),
        access_key_secret: Secret::new(format!("sandbox-{user}-secret")),
        security_token: None,
        account_id: None,
        session_policy: SessionPolicy::Unknown,
        expires_at: None,
        source: "test".to_owned(),
    }
}

impl Service {
    /// Ends it, and waits until it has ended.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }

    /// Drops the sandbox as it is; what is around it goes on.
    pub(crate) fn let_go(&mut self) {
        self.let_go.take().unwrap().send(()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A request that nobody signed; `target` is a path with or without a query.
    pub(crate) fn request(
        &self,
        method: &'static str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> HttpRequest {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let endpoint = Endpoint::loopback(self.address.port());
        let mut fields: Headers = headers.iter().copied().collect();
        if fields.get("host").is_none() {
            fields.set("host", endpoint.authority());
        }
        HttpRequest {
            method,
            endpoint,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: fields,
            body: body.into(),
        }
    }

    /// A request to an API, signed as its version wants it.
    pub(crate) fn signed(
        &self,
        user: &str,
        method: &'static str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> HttpRequest {
        let mut request = self.request(method, target, headers, body);
        let now = (Ambient::system().now)();
        let credentials = key_of(user);
        if target.starts_with("/2016-08-15/") {
            signature::sign(&mut request, &credentials, now);
        } else {
            let operation = acs3::Operation {
                action: "Whatever",
                version: target.split('/').nth(1).unwrap(),
            };
            let nonce = (Ambient::system().nonce)();
            acs3::sign(&mut request, operation, &credentials, now, &nonce);
        }
        request
    }

    /// A call of the developer.
    pub(crate) fn call(
        &self,
        method: &'static str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        self.send(&self.signed("developer", method, target, headers, body))
    }

    /// Sends a request as it is.
    pub(crate) fn send(&self, request: &HttpRequest) -> Answer {
        let mut stream = self.open(request);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::parse(&bytes)
    }

    /// Sends a request, and leaves its answer unread.
    pub(crate) fn open(&self, request: &HttpRequest) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let query = if request.query.is_empty() { "" } else { "?" };
        let mut head = format!(
            "{} {}{query}{} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
            request.method,
            request.path,
            request.query,
            request.body.len()
        );
        for (name, value) in request.headers.iter() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        stream.write_all(&request.body).unwrap();
        stream
    }

    /// The note of a call to a path, once it has ended.
    pub(crate) fn noted(&self, path: &str) -> Arc<Call> {
        let find = || {
            let calls = self.calls.lock().unwrap();
            calls.iter().find(|call| call.path == path).cloned()
        };
        until("the note", || find().is_some());
        find().unwrap()
    }

    /// The number that a function wrote into a file, once it is there.
    pub(crate) fn pid_in(&self, name: &str) -> u32 {
        let path = self.path(name);
        let read = || std::fs::read_to_string(&path).unwrap_or_default();
        until("the pid", || read().ends_with('\n'));
        read().trim().parse().unwrap()
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let fields = lines.map(|line| line.split_once(": ").unwrap());
        let headers: Headers = fields.collect();
        let body = &bytes[end + 4..];
        Self {
            status: status.parse().unwrap(),
            body: match headers.get("transfer-encoding") {
                Some(_) => unchunked(body),
                None => body.to_vec(),
            },
            headers,
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status, code and text of a refusal, in whichever shape it is.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        let body = self.json();
        let field = |names: [&str; 2]| {
            let value = names.iter().find_map(|name| body[*name].as_str());
            value.unwrap_or_else(|| panic!("{self:?}")).to_owned()
        };
        (
            self.status,
            field(["Code", "ErrorCode"]),
            field(["Message", "ErrorMessage"]),
        )
    }

    pub(crate) fn code(&self) -> (u16, String) {
        let (status, code, _) = self.refusal();
        (status, code)
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
}

/// Waits for what a function or a task brings about.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process is there no more; one that is dead but not reaped counts as there.
pub(crate) fn is_gone(pid: u32) -> bool {
    !Path::new(&format!("/proc/{pid}")).exists()
}

/// The client closes both sides.
pub(crate) fn close(stream: TcpStream) {
    stream.shutdown(Shutdown::Both).unwrap();
}
