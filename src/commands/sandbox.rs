//! `sesame sandbox`: the endpoint in the foreground, until a signal ends it.

use super::{Ended, finish, input, signal};
use crate::acs::{Ambient, Environment};
use crate::cli::SandboxArgs;
use crate::diagnosis::failure::{io_words, shell_quoted};
use crate::diagnosis::{Exit, Failure, codes};
use crate::output::{Printer, Verbosity};
use crate::sandbox::{Config, Options, Sandbox};

/// The object that a sandbox which could not start ends with.
pub(super) const SCHEMA: &str = "sesame.sandbox/1";

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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Box::new(Failure::new(
                codes::UNKNOWN,
                format!("cannot start: {error}"),
            ))
        })?;
    let served = runtime.block_on(async {
        let options = Options {
            listen: args.listen,
            soft: args.soft,
        };
        // The handlers stand before the start line: whoever reads it may send a signal.
        let ended = signal();
        let sandbox = Sandbox::start(config, options, ambient, environment).await;
        let sandbox = sandbox.map_err(|error| cannot_listen(args, &error))?;
        greet(&sandbox, args, printer);
        ended.await;
        sandbox.stop().await;
        Ok(())
    });
    runtime.shutdown_background();
    served
}

fn cannot_listen(args: &SandboxArgs, error: &std::io::Error) -> Box<Failure> {
    let why = match error.kind() {
        std::io::ErrorKind::AddrInUse => "something listens there already".to_owned(),
        _ => io_words(error),
    };
    let title = format!("the sandbox cannot listen on `{}`: {why}", args.listen);
    Box::new(Failure::new(codes::LISTEN, title).hint("`--listen 127.0.0.1:0` takes any free port"))
}

/// Where it listens, and how each identity is used.
fn greet(sandbox: &Sandbox, args: &SandboxArgs, printer: &mut Printer) {
    let url = format!("http://{}", sandbox.address());
    printer.line(Verbosity::Quiet, &format!("listening on {url}"));
    if !args.listen.ip().is_loopback() {
        printer.warning(
            "other machines can reach this sandbox: it runs programs and speaks plain http",
        );
    }
    if !printer.wants(Verbosity::Normal) {
        return;
    }
    let config = sandbox.config();
    printer.line(
        Verbosity::Quiet,
        &format!("account {}, region {}", config.account, config.region),
    );
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
            ("SESAME_ENDPOINT", &url),
        ];
        let words = variables.map(|(name, value)| format!("{name}={}", shell_quoted(value)));
        printer.line(Verbosity::Quiet, "");
        printer.line(Verbosity::Quiet, &format!("# {}", user.name));
        printer.line(Verbosity::Quiet, &format!("export {}", words.join(" ")));
    }
}
