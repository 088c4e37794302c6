//! Calls over connections that stay open: as many as a server takes, or so many a second.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How many calls are under way at once when as many as possible are made.
const AT_ONCE: usize = 8;
/// The most connections that calls at a rate may need.
const MOST: usize = 256;

/// A connection and what was read of its next answer.
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        // Whoever waits by asking again and again need not be woken: that would be counted as
        // the server's time, the more the slower it is.
        stream.set_nonblocking(true).expect("a socket");
        Self {
            stream,
            read: Vec::with_capacity(4096),
        }
    }

    fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).expect("a server that reads");
    }

    /// Reads what is there; whether the answer is whole.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => unreachable!("the server closed a connection that was in use"),
            Ok(length) => self.read.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) => unreachable!("{error}"),
        }
        let Some(head) = self.read.windows(4).position(|end| end == b"\r\n\r\n") else {
            return false;
        };
        let text = std::str::from_utf8(&self.read[..head]).expect("header fields");
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_it = name.eq_ignore_ascii_case("content-length");
            is_it.then(|| value.parse::<usize>().ok())?
        });
        let whole = head + 4 + length.expect("a length");
        if self.read.len() < whole {
            return false;
        }
        self.read.clear();
        true
    }
}

/// As many calls as the server takes.
pub(super) struct Load {
    connections: Vec<Connection>,
    request: Vec<u8>,
}

impl Load {
    pub(super) fn new(address: SocketAddr, request: &[u8]) -> Self {
        Self {
            connections: (0..AT_ONCE).map(|_| Connection::open(address)).collect(),
            request: request.to_vec(),
        }
    }

    /// Goes on with another request.
    pub(super) fn sign(&mut self, request: &[u8]) {
        self.request = request.to_vec();
    }

    /// Makes at least so many calls; gives how long they took and how many they were.
    pub(super) fn run(&mut self, calls: usize) -> (Duration, usize) {
        let rounds = calls.div_ceil(self.connections.len());
        let begun = Instant::now();
        for connection in &mut self.connections {
            connection.send(&self.request);
        }
        for round in 1..=rounds {
            for connection in &mut self.connections {
                while !connection.receive() {}
                if round < rounds {
                    connection.send(&self.request);
                }
            }
        }
        (begun.elapsed(), rounds * self.connections.len())
    }
}

/// Connections that do nothing.
pub(super) fn idle(address: SocketAddr, number: usize) -> Vec<TcpStream> {
    (0..number)
        .map(|_| TcpStream::connect(address).expect("a connection; `ulimit -n` says how many"))
        .collect()
}

/// Calls at a rate that does not wait for answers; gives how long each took from when it was
/// due, so that a server which falls behind does not look better for it.
pub(super) fn at_rate(
    address: SocketAddr,
    request: &[u8],
    rate: f64,
    seconds: u64,
) -> Vec<Duration> {
    let calls = (rate * seconds as f64) as usize;
    let mut times = Vec::with_capacity(calls);
    let mut free: Vec<Connection> = Vec::new();
    let mut busy: VecDeque<(Connection, Duration)> = VecDeque::new();
    let mut sent = 0;
    let begun = Instant::now();
    while times.len() < calls {
        let due = Duration::from_secs_f64(sent as f64 / rate);
        let may_open = free.len() + busy.len() < MOST;
        if sent < calls && begun.elapsed() >= due && (!free.is_empty() || may_open) {
            let connection = free.pop();
            let mut connection = connection.unwrap_or_else(|| Connection::open(address));
            connection.send(request);
            busy.push_back((connection, due));
            sent += 1;
        }
        // Only the oldest is looked at: an answer may count as later than it came, and the
        // load does not fall behind when the server does.
        if let Some((connection, due)) = busy.front_mut()
            && connection.receive()
        {
            times.push(begun.elapsed() - *due);
            free.extend(busy.pop_front().map(|(connection, _)| connection));
        }
    }
    times
}
