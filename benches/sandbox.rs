//! What a call costs the sandbox, beside a bare axum endpoint that gives an answer of the same
//! body: processor time a call, latency at half of what it can take, and memory over many
//! calls. The servers share one core, the load comes from another.
//!
//! `cargo bench --bench sandbox` takes some minutes; `-- --quick` takes some seconds and says
//! less. `-- --check` ends with status 1 when a bound is broken.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[path = "sandbox/load.rs"]
mod load;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};

use jiff::Timestamp;
use load::Load;
use sesame_fc::acs::Headers;
use sesame_fc::fc::signature::{Signable, http_date};

/// A call may cost so many times what the bare endpoint's does.
const MOST_TIMES: f64 = 2.5;
/// The 99th percentile of latency at half load, in milliseconds.
const MOST_P99: f64 = 5.0;
/// How much memory may grow between the two looks, in KiB.
const MOST_GROWTH: u64 = 2 * 1024;
/// How many connections wait, doing nothing, while latency is measured.
const IDLE: usize = 1_000;

/// Names another binary to measure, to compare with.
const BINARY: &str = "SESAME_BENCH_BINARY";
const AXUM: &str = "SESAME_BENCH_AXUM";
const BODY: &[u8] = br#"{"name":"Ali","order":{"id":"2026-0001","items":[1,2,3]}}"#;
const PATH: &str = "/2016-08-15/services/demo/functions/echo/invocations";

struct Plan {
    /// Rounds of each server, and the calls of one.
    rounds: usize,
    calls: usize,
    /// How long the half load lasts.
    seconds: u64,
    /// The calls before the two looks at memory.
    looks: [u64; 2],
}

const WHOLE: Plan = Plan {
    rounds: 9,
    calls: 40_000,
    seconds: 20,
    looks: [100_000, 1_000_000],
};
const QUICK: Plan = Plan {
    rounds: 3,
    calls: 20_000,
    seconds: 2,
    looks: [20_000, 60_000],
};

fn main() -> ExitCode {
    if std::env::var_os(AXUM).is_some() {
        bare_endpoint();
        return ExitCode::SUCCESS;
    }
    let has = |word: &str| std::env::args().any(|argument| argument == word);
    let plan = if has("--quick") { QUICK } else { WHOLE };
    let (servers, load) = cores();
    pin_myself(load);

    let sandbox = std::env::var(BINARY);
    let sandbox = sandbox.unwrap_or_else(|_| env!("CARGO_BIN_EXE_sesame").to_owned());
    let mut sandbox = command(&sandbox, servers);
    sandbox.args(["sandbox", "-q", "--listen", "127.0.0.1:0"]);
    let sandbox = Server::start(sandbox.stderr(Stdio::piped()));
    let itself = std::env::current_exe().expect("a path");
    let mut bare = command(&itself.to_string_lossy(), servers);
    let bare = Server::start(bare.env(AXUM, "1").stderr(Stdio::piped()));

    let ratio = cost(&plan, &sandbox, &bare);
    let (took, calls) = Load::new(sandbox.address, &request()).run(plan.calls);
    let half = calls as f64 / took.as_secs_f64() / 2.0;
    let p99 = latency(&plan, "sandbox", &sandbox, half);
    // What of it is the machine's.
    latency(&plan, "bare axum", &bare, half);
    let is_flat = memory(&plan, &sandbox);

    let holds = [
        (ratio <= MOST_TIMES, "processor time"),
        (p99 < MOST_P99, "p99"),
        (is_flat, "memory"),
    ];
    let mut broken = holds.iter().filter(|(holds, _)| !holds).peekable();
    let fails = has("--check") && broken.peek().is_some();
    for (_, name) in broken {
        println!("bound broken: {name}");
    }
    ExitCode::from(u8::from(fails))
}

/// Processor time a call of both, in turns; gives the median of the turns' ratios.
fn cost(plan: &Plan, sandbox: &Server, bare: &Server) -> f64 {
    let per_call = |server: &Server| {
        let mut load = Load::new(server.address, &request());
        load.run(plan.calls / 10);
        let before = server.processor_time();
        let (took, calls) = load.run(plan.calls);
        let spent = server.processor_time() - before;
        (
            spent * 1e6 / calls as f64,
            calls as f64 / took.as_secs_f64(),
        )
    };
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut our_rates, mut their_rates) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let (our, rate) = per_call(sandbox);
        our_rates.push(rate);
        let (their, rate) = per_call(bare);
        their_rates.push(rate);
        ours.push(our);
        theirs.push(their);
        ratios.push(our / their);
    }
    let ratio = median(&mut ratios);
    println!(
        "processor time a call: sandbox {:.1} us, bare axum {:.1} us, ratio {ratio:.2} (from {:.2} to {:.2})",
        median(&mut ours),
        median(&mut theirs),
        ratios[0],
        ratios[ratios.len() - 1],
    );
    println!(
        "calls a second on one core: sandbox {:.0}, bare axum {:.0}",
        median(&mut our_rates),
        median(&mut their_rates),
    );
    ratio
}

/// Latency at a rate, among idle connections; gives the 99th percentile in milliseconds.
fn latency(plan: &Plan, name: &str, server: &Server, rate: f64) -> f64 {
    let idle = load::idle(server.address, IDLE);
    // Answered when all of them are taken in.
    Load::new(server.address, &request()).run(1);
    let mut times = load::at_rate(server.address, &request(), rate, plan.seconds);
    times.sort_unstable();
    let at = |share: f64| {
        let place = (times.len() as f64 * share) as usize;
        times[place.min(times.len() - 1)].as_secs_f64() * 1e3
    };
    println!(
        "{name} at {rate:.0} calls a second, {} idle connections: p50 {:.3} ms, p99 {:.3} ms, most {:.3} ms",
        idle.len(),
        at(0.5),
        at(0.99),
        at(1.0),
    );
    at(0.99)
}

/// Memory, files and threads after so many calls; gives whether they stay.
fn memory(plan: &Plan, sandbox: &Server) -> bool {
    let mut load = Load::new(sandbox.address, &request());
    let mut done = 0;
    let looks = plan.looks.map(|until| {
        while done < until {
            load.sign(&request());
            // Signed anew in time for the signature to be young enough.
            let (_, calls) = load.run((until - done).min(50_000) as usize);
            done += calls as u64;
        }
        let look = sandbox.look();
        println!(
            "after {done} calls: {} KiB resident, {} files, {} threads",
            look.resident, look.files, look.threads
        );
        look
    });
    let [before, after] = looks;
    after.resident <= before.resident + MOST_GROWTH
        && after.files <= before.files
        && after.threads <= before.threads
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A signed call, as a client of FC 2.0 sends it.
fn request() -> Vec<u8> {
    let mut headers = Headers::new();
    headers.set("host", "127.0.0.1");
    headers.set("accept", "application/json");
    headers.set("user-agent", "sesame-bench");
    headers.set("content-type", "application/octet-stream");
    headers.set("date", http_date(Timestamp::now()));
    headers.set("x-fc-account-id", "1234567890123456");
    headers.set("x-fc-invocation-type", "Sync");
    headers.set("x-fc-log-type", "Tail");
    headers.set("content-length", BODY.len().to_string());
    let signable = Signable {
        method: "POST",
        path: PATH,
        query: "",
        headers: &headers,
    };
    let signature = signable.signature("sandbox-developer-secret");
    let authorization = format!("FC LTAI-sandbox-developer:{signature}");
    headers.set("authorization", authorization);
    let fields: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!("POST {PATH} HTTP/1.1\r\n{fields}\r\n");
    [head.as_bytes(), BODY].concat()
}

/// What the sandbox is measured against: reads the event, gives a body of its size.
fn bare_endpoint() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        eprintln!("listening on http://{address}");
        let give_back = async |body: bytes::Bytes| body;
        let app = axum::Router::new().route(PATH, axum::routing::post(give_back));
        use axum::serve::ListenerExt;
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        axum::serve(listener, app).await.expect("a server");
    });
}

/// A server in a process of its own.
struct Server {
    child: Child,
    address: SocketAddr,
}

struct Look {
    resident: u64,
    files: usize,
    threads: u64,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("a program that starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("the start line");
        let address = line.trim_end().rsplit("http://").next();
        let address = address.and_then(|address| address.parse().ok());
        std::thread::spawn(move || {
            let mut rest = String::new();
            let _read = stderr.read_to_string(&mut rest);
            print!("{rest}");
        });
        Self {
            child,
            address: address.expect("an address in the start line"),
        }
    }

    fn of_proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(path).expect("Linux' /proc")
    }

    /// User and system time so far, in seconds.
    fn processor_time(&self) -> f64 {
        let stat = self.of_proc("stat");
        // The name before it is in parentheses and may hold anything.
        let (_, fields) = stat.rsplit_once(") ").expect("fields");
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: f64 = ticks.filter_map(|field| field.parse::<f64>().ok()).sum();
        ticks / 100.0
    }

    fn look(&self) -> Look {
        let status = self.of_proc("status");
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let word = line.and_then(|line| line.split_whitespace().next());
            word.and_then(|word| word.parse().ok()).expect("a number")
        };
        let files = fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        Look {
            resident: number("VmRSS:"),
            files: files.expect("Linux' /proc").count(),
            threads: number("Threads:"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The servers' core and the load's. With one core there is nothing to separate.
fn cores() -> (usize, usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (0, usize::from(cores > 1))
}

/// The program on one core; taskset becomes it, so that its process is the program's.
fn command(program: &str, core: usize) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string(), program]).env_clear();
    command
}

fn pin_myself(core: usize) {
    let me = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-c", "-p", &core.to_string(), &me])
        .stdout(Stdio::null())
        .status();
    assert!(
        pinned.is_ok_and(|status| status.success()),
        "this needs taskset, of util-linux"
    );
}
