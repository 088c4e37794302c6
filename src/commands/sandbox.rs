//! `sesame sandbox`: the endpoint in the foreground, until a signal ends it.

use std::io::ErrorKind;
use std::time::Duration;

use super::{Ended, finish, input, runtime, signal};
use crate::acs::{Ambient, Environment};
use crate::cli::SandboxArgs;
use crate::diagnosis::failure::{io_words, shell_quoted};
use crate::diagnosis::{Exit, Failure, codes};
use crate::output::{Format, Printer, Verbosity, access_log};
use crate::sandbox::{Config, Follower, GRACE, News, Options, Sandbox, StartError};

/// The object that a sandbox which could not start ends with.
pub(super) const SCHEMA: &str = "sesame.sandbox/1";

/// How long the last lines of the access log may take.
const LAST_LINES: Duration = Duration::from_millis(200);
/// A signal ends the sandbox within a second, and the system needs a little of it, too.
const _: () = assert!(GRACE.as_millis() + LAST_LINES.as_millis() <= 800);

pub(super) fn run(
    args: &SandboxArgs,
    ambient: Ambient,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Exit {
    match serve(args, ambient, environment, printer) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            let ended = Ended {
                fields: Some(serde_json::Value::Null),
                failure: Some(*failure),
            };
            finish(SCHEMA, Ok(ended), printer)
        }
    }
}

fn serve(
    args: &SandboxArgs,
    ambient: Ambient,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Result<(), Box<Failure>> {
    let config = match &args.config {
        Some(path) => input::sandbox(path)?,
        None => Config::demo(),
    };
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let options = Options {
            listen: args.listen,
            soft: args.soft,
            record_policy: args.record_policy.clone(),
            ..Options::default()
        };
        // The handlers stand before the start line: whoever reads it may send a signal.
        let ended = signal();
        let mut sandbox = Sandbox::start(config, options, ambient, environment)
            .await
            .map_err(cannot_start)?;
        greet(&sandbox, args, printer);
        // Nobody is told of calls that nobody is shown.
        let shown = printer.format() == Format::Json || printer.wants(Verbosity::Normal);
        let mut calls = shown.then(|| sandbox.follow());
        let closed = tokio::select! {
            _ = ended => Ok(()),
            closed = log(&mut sandbox, &mut calls, printer) => closed,
        };
        let recorded = sandbox.stop().await;
        if calls.is_some() {
            // The last lines; a reader that does not read does not hold up the end.
            let rest = log(&mut sandbox, &mut calls, printer);
            let _late = tokio::time::timeout(LAST_LINES, rest).await;
        }
        recorded.map_err(|error| cannot_start(error.into()))?;
        closed
    });
    runtime.shutdown_background();
    served
}

/// Prints a line for each call until there are no more, or nobody reads.
async fn log(
    sandbox: &mut Sandbox,
    calls: &mut Option<Follower>,
    printer: &mut Printer,
) -> Result<(), Box<Failure>> {
    loop {
        let news = tokio::select! {
            news = next(calls) => news,
            Some(notice) = sandbox.notice() => {
                printer.warning(&notice);
                continue;
            }
        };
        let Some(News { missed, calls }) = news else {
            return Ok(());
        };
        if missed > 0 {
            printer.warning(&format!(
                "{missed} lines of the access log are left out: stdout is read too slowly"
            ));
        }
        let lines: String = match printer.format() {
            Format::Json => calls
                .iter()
                .map(|call| access_log::json_line(call) + "\n")
                .collect(),
            _ => calls
                .iter()
                .map(|call| access_log::text(call) + "\n")
                .collect(),
        };
        match printer.stream(lines.into()).await {
            Ok(()) => {}
            // Whoever read the log has seen enough, and with it the sandbox ends.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                let notice = "nobody reads the access log any more: the sandbox ends";
                printer.line(Verbosity::Verbose, notice);
                return Ok(());
            }
            Err(error) => {
                let title = format!("stdout cannot be written: {error}");
                return Err(Box::new(Failure::new(codes::STDOUT, title)));
            }
        }
    }
}

async fn next(calls: &mut Option<Follower>) -> Option<News> {
    match calls {
        Some(calls) => calls.next().await,
        None => std::future::pending().await,
    }
}

fn cannot_start(error: StartError) -> Box<Failure> {
    let title = match &error {
        StartError::Listen { address, source } if source.kind() == ErrorKind::AddrInUse => {
            format!("the sandbox cannot listen on `{address}`: something listens there already")
        }
        StartError::Listen { address, source } => {
            format!(
                "the sandbox cannot listen on `{address}`: {}",
                io_words(source)
            )
        }
        StartError::Record(error) => error.to_string(),
    };
    Box::new(match error {
        StartError::Listen { .. } => {
            Failure::new(codes::LISTEN, title).hint("`--listen 127.0.0.1:0` takes any free port")
        }
        StartError::Record(_) => {
            Failure::new(codes::OUTPUT, title).hint("check the folder and its permissions")
        }
    })
}

/// Where it listens, and how each identity is used.
fn greet(sandbox: &Sandbox, args: &SandboxArgs, printer: &mut Printer) {
    let url = format!("http://{}", sandbox.address());
    printer.line(Verbosity::Quiet, &format!("listening on {url}"));
    printer.line(Verbosity::Normal, &format!("page: {}", sandbox.page()));
    if !args.listen.ip().is_loopback() {
        printer.warning(
            "other machines can reach this sandbox: it runs programs and speaks plain http",
        );
    }
    if args.soft {
        printer.line(Verbosity::Normal, "soft: denials are noted and let pass");
    }
    if !printer.wants(Verbosity::Normal) {
        return;
    }
    let config = sandbox.config();
    printer.line(
        Verbosity::Quiet,
        &format!("account {}, region {}", config.account, config.region),
    );
    // A listener on every address is called at one of them.
    let reachable = match sandbox.address().ip().is_unspecified() {
        true => sandbox.endpoint().to_string(),
        false => url,
    };
    for user in &config.users {
        let Some(key) = sandbox.credentials(&user.name) else {
            continue;
        };
        // These keys open nothing but the sandbox, and are of no use unless they are known.
        let variables = [
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", key.access_key_id.as_str()),
            (
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                key.access_key_secret.expose(),
            ),
            ("ALIBABA_CLOUD_REGION_ID", &config.region),
            ("SESAME_ENDPOINT", &reachable),
        ];
        let words = variables.map(|(name, value)| format!("{name}={}", shell_quoted(value)));
        printer.line(Verbosity::Quiet, "");
        printer.line(Verbosity::Quiet, &format!("# {}", user.name));
        printer.line(Verbosity::Quiet, &format!("export {}", words.join(" ")));
    }
}
