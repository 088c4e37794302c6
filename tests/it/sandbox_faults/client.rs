//! A sandbox that runs, and a client that sends what it is told, right or wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use sesame_fc::acs::Headers;
use sesame_fc::fc::signature::{Signable, http_date};

/// Nothing on loopback takes this long: whatever does is stuck.
pub(super) const STUCK: Duration = Duration::from_secs(20);

const KEY_ID: &str = "LTAI-sandbox-developer";
const KEY_SECRET: &str = "sandbox-developer-secret";

/// `sesame sandbox`, until it is dropped.
pub(super) struct Live {
    pub(super) address: SocketAddr,
    /// What it says at its start, line by line.
    pub(super) said: Receiver<String>,
    pub(super) stdout: Option<ChildStdout>,
    child: Child,
    stderr: Option<JoinHandle<String>>,
}

impl Live {
    pub(super) fn start() -> Self {
        Self::start_with(&["-q"])
    }

    /// With flags; stdout is not read when they ask for an access log.
    pub(super) fn start_with(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sesame"))
            .args(["sandbox", "--listen", "127.0.0.1:0"])
            .args(flags)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (say, said) = channel();
        let stderr = std::thread::spawn(move || {
            let mut all = String::new();
            for line in stderr.lines() {
                let line = line.unwrap();
                all.push_str(&line);
                all.push('\n');
                // Only a few tests listen.
                drop(say.send(line));
            }
            all
        });
        let first = said.recv_timeout(STUCK).expect("the start line");
        let address = first.strip_prefix("listening on http://").unwrap();
        Self {
            address: address.parse().unwrap(),
            said,
            stdout: child.stdout.take(),
            child,
            stderr: Some(stderr),
        }
    }

    pub(super) fn client(&self) -> Client {
        Client::new(TcpStream::connect(self.address).unwrap())
    }

    /// A good call is answered, and nothing was said of what came before it.
    pub(super) fn is_well(&self) {
        let mut client = self.client();
        client.send(&echo(b"well"));
        let answer = client.answer().expect("an answer");
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"well"[..]));
        if let Ok(line) = self.said.try_recv() {
            panic!("stderr says: {line}");
        }
    }

    pub(super) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Sends a signal and gives the exit status and all of stderr.
    pub(super) fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        // Its stderr ends with it; `said` tells when, so that nothing here waits for ever.
        let mut end = self.said.recv_timeout(STUCK);
        while end.is_ok() {
            end = self.said.recv_timeout(STUCK);
        }
        assert_eq!(
            end,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected),
            "it is stuck"
        );
        let status = self.child.wait().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        (status.code(), stderr)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// One connection.
pub(super) struct Client(BufReader<TcpStream>);

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
}

impl Client {
    pub(super) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(STUCK)).unwrap();
        stream.set_write_timeout(Some(STUCK)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends as much as is taken: an answer may come before the end.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        drop(self.0.get_mut().write_all(bytes));
    }

    pub(super) fn half_close(&mut self) {
        drop(self.0.get_mut().shutdown(Shutdown::Write));
    }

    /// Status and header fields; none when the connection is closed.
    pub(super) fn head(&mut self) -> Option<Answer> {
        let mut line = String::new();
        read(self.0.read_line(&mut line))?;
        if line.is_empty() {
            return None;
        }
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Headers::new();
        loop {
            let mut field = String::new();
            read(self.0.read_line(&mut field))?;
            let field = field.trim_end();
            if field.is_empty() {
                break;
            }
            let (name, value) = field.split_once(": ").unwrap();
            headers.push(name, value);
        }
        Some(Answer {
            status,
            headers,
            body: Vec::new(),
        })
    }

    /// A whole answer; none when the connection is closed.
    pub(super) fn answer(&mut self) -> Option<Answer> {
        let mut answer = self.head()?;
        let length = answer.headers.get("content-length").unwrap_or("0");
        answer.body = vec![0; length.parse().unwrap()];
        read(self.0.read_exact(&mut answer.body))?;
        Some(answer)
    }

    /// Whether the other side is gone, or has answered.
    pub(super) fn is_closed(&self) -> bool {
        let stream = self.0.get_ref();
        stream.set_nonblocking(true).unwrap();
        let peeked = stream.peek(&mut [0]);
        stream.set_nonblocking(false).unwrap();
        !matches!(peeked, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// What comes until the connection is closed, however it is.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        read(self.0.read_to_end(&mut rest));
        rest
    }
}

/// `None` when the other side is gone. Silence is a failure.
fn read<T>(result: std::io::Result<T>) -> Option<T> {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    match result {
        Err(error) if matches!(error.kind(), TimedOut | WouldBlock) => panic!("it is stuck"),
        result => result.ok(),
    }
}

/// A request, signed with FC v1.
pub(super) struct Request<'a> {
    method: &'a str,
    path: String,
    target: Option<&'a str>,
    version: &'a str,
    /// What is said of the body's length, in place of the truth.
    length: Option<(&'a str, &'a str)>,
    fields: Vec<(&'a str, &'a str)>,
    signed: bool,
}

/// The path that invokes a function.
pub(super) fn invoke(function: &str) -> String {
    format!("/2016-08-15/services/demo/functions/{function}/invocations")
}

/// A good call that gives the body back.
pub(super) fn echo(body: &[u8]) -> Vec<u8> {
    Request::invoke("echo").bytes(body)
}

impl<'a> Request<'a> {
    pub(super) fn new(method: &'a str, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            target: None,
            version: "HTTP/1.1",
            length: None,
            fields: Vec::new(),
            signed: true,
        }
    }

    pub(super) fn invoke(function: &str) -> Self {
        Self::new("POST", &invoke(function))
    }

    /// What stands in the request line in place of the path.
    pub(super) fn target(mut self, target: &'a str) -> Self {
        self.target = Some(target);
        self
    }

    pub(super) fn version(mut self, version: &'a str) -> Self {
        self.version = version;
        self
    }

    pub(super) fn length(mut self, length: &'a str) -> Self {
        self.length = Some(("Content-Length", length));
        self
    }

    pub(super) fn chunked(mut self) -> Self {
        self.length = Some(("Transfer-Encoding", "chunked"));
        self
    }

    pub(super) fn field(mut self, name: &'a str, value: &'a str) -> Self {
        self.fields.push((name, value));
        self
    }

    pub(super) fn unsigned(mut self) -> Self {
        self.signed = false;
        self
    }

    pub(super) fn bytes(&self, body: &[u8]) -> Vec<u8> {
        let mut headers = Headers::new();
        headers.set("Host", "127.0.0.1");
        headers.set("Date", http_date(Timestamp::now()));
        headers.set("X-Fc-Log-Type", "Tail");
        for (name, value) in &self.fields {
            headers.set(name, *value);
        }
        if self.signed {
            let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
            let signable = Signable {
                method: self.method,
                path,
                query,
                headers: &headers,
            };
            let signature = signable.signature(KEY_SECRET);
            headers.set("Authorization", format!("FC {KEY_ID}:{signature}"));
        }
        let length = body.len().to_string();
        let (name, value) = self.length.unwrap_or(("Content-Length", &length));
        headers.set(name, value);
        let target = self.target.unwrap_or(&self.path);
        let mut bytes = format!("{} {target} {}\r\n", self.method, self.version).into_bytes();
        for (name, value) in headers.iter() {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(body);
        bytes
    }
}
