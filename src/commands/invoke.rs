//! `sesame invoke`: resolve, check, sign, send, and say what came of it.

mod answer;
mod check;
mod event;
mod send;
mod setting;

use std::path::Path;

use bytes::Bytes;

use crate::acs::http::HttpRequest;
use crate::acs::{Ambient, Credentials, Environment};
use crate::cli::{CheckMode, GlobalArgs, InvocationTypeArg, InvokeArgs, LogArg};
use crate::commands::input;
use crate::diagnosis::{Exit, Failure, codes};
use crate::fc::invocation::is_async_id;
use crate::fc::{Invocation, InvocationType, LogType, Target};
use crate::output::invocation::{RequestReport, shown_headers};
use crate::output::{Format, InvokeReport, Printer, Verbosity, json};
use crate::project;
use check::emit_policy;
use setting::Setting;

/// Why a command ends before its end.
enum Stop {
    Failure(Box<Failure>),
    /// Nobody reads stdout any more.
    BrokenPipe,
    Signal(Exit),
}

impl<F> From<F> for Stop
where
    Failure: From<F>,
{
    fn from(failure: F) -> Self {
        Self::Failure(Box::new(Failure::from(failure)))
    }
}

pub(super) fn run(
    args: &InvokeArgs,
    global: &GlobalArgs,
    ambient: Ambient,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.failure(&Failure::new(
                codes::UNKNOWN,
                format!("cannot start: {error}"),
            ));
            return Exit::Failed;
        }
    };
    let mut report = InvokeReport::default();
    let ended = runtime.block_on(async {
        let command = Command {
            args,
            global,
            ambient,
            environment,
        };
        tokio::select! {
            biased;
            exit = signal() => Err(Stop::Signal(exit)),
            ended = command.steps(printer, &mut report) => ended,
        }
    });
    // A read of stdin that is still waiting must not hold the end up.
    runtime.shutdown_background();
    let exit = match ended {
        Ok(()) => Exit::Done,
        Err(Stop::BrokenPipe) => return Exit::Done,
        Err(Stop::Failure(failure)) => {
            let exit = failure.code.exit;
            report.failure = Some(*failure);
            exit
        }
        Err(Stop::Signal(exit)) => {
            let word = if exit == Exit::Interrupted {
                "interrupted"
            } else {
                "terminated"
            };
            report.failure = Some(
                Failure::new(codes::SIGNAL, word)
                    .hint("the function may run on: a call that was sent is not taken back"),
            );
            exit
        }
    };
    if let Some(failure) = &report.failure {
        printer.failure(failure);
    }
    if printer.format() == Format::Json
        && args.preflight.emit_policy.as_deref() != Some(Path::new("-"))
    {
        let object = format!("{}\n", json::compact(&report.to_json()));
        // A reader that left early has what it wanted.
        let _ = printer
            .data(object.as_bytes())
            .and_then(|()| printer.flush());
    }
    exit
}

/// Waits for the signal that ends the command.
async fn signal() -> Exit {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut interrupt), Ok(mut terminate)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) {
            return tokio::select! {
                _ = interrupt.recv() => Exit::Interrupted,
                _ = terminate.recv() => Exit::Terminated,
            };
        }
    }
    // Without handlers the system's own apply.
    match tokio::signal::ctrl_c().await {
        Ok(()) => Exit::Interrupted,
        Err(_) => std::future::pending().await,
    }
}

struct Command<'a> {
    args: &'a InvokeArgs,
    global: &'a GlobalArgs,
    ambient: Ambient,
    environment: &'a dyn Environment,
}

impl Command<'_> {
    async fn steps(&self, printer: &mut Printer, report: &mut InvokeReport) -> Result<(), Stop> {
        let call = &self.args.call;
        let mode = self.check_mode();
        let emit = self.args.preflight.emit_policy.as_deref();
        let signs = call.dry_run || (emit.is_none() && mode != Some(CheckMode::Only));

        let setting = Setting::of(self).await?;
        let target = self.target(&setting, printer, report)?;
        let async_id = self.async_id(printer, report)?;
        let named = input::policies(&self.args.preflight.policies)?;
        for warning in named.warnings {
            warn(printer, report, warning);
        }
        let context = input::context(&self.args.preflight.context)?;
        let credentials = setting.credentials(self.environment, signs)?;
        let event = match signs {
            true => event::read(&self.args.event, printer).await?,
            false => Bytes::new(),
        };
        let needs_resource = mode.is_some() || emit.is_some();
        let target = setting
            .with_account(target, needs_resource, credentials.as_ref(), self)
            .await?;
        let endpoint = setting.endpoint(&target, self.global.vpc);
        let invocation = self.invocation(target, async_id, event);
        report.target = Some(invocation.target.clone());
        report.request = Some(RequestReport::new(&invocation, &endpoint));

        if let Some(path) = emit {
            emit_policy(path, &invocation.target, printer)?;
        }
        if let Some(mode) = mode {
            let caller = setting.caller(named.policies);
            let context = self.known(context, credentials.as_ref(), endpoint.is_secure());
            self.check(mode, &invocation.target, caller, &context, printer, report)?;
        }
        let Some(credentials) = credentials.filter(|_| signs) else {
            return Ok(());
        };
        if call.dry_run || printer.wants(Verbosity::Verbose) {
            let (now, nonce) = ((self.ambient.now)(), (self.ambient.nonce)());
            let signed = invocation.signed(&endpoint, &credentials, now, &nonce);
            if call.dry_run {
                return dry_run(&signed, printer, report);
            }
            explain_request(&signed, &credentials, printer);
        }
        self.send(
            &setting,
            &endpoint,
            &credentials,
            &invocation,
            printer,
            report,
        )
        .await
    }

    fn invocation(&self, target: Target, async_id: Option<String>, event: Bytes) -> Invocation {
        let call = &self.args.call;
        Invocation {
            target,
            invocation_type: match call.invocation_type {
                InvocationTypeArg::Sync => InvocationType::Sync,
                InvocationTypeArg::Async => InvocationType::Async,
            },
            log: match call.log {
                LogArg::Tail => LogType::Tail,
                LogArg::None => LogType::None,
            },
            async_id,
            event,
        }
    }

    fn target(
        &self,
        setting: &Setting,
        printer: &mut Printer,
        report: &mut InvokeReport,
    ) -> Result<Target, Stop> {
        let mut selection = input::selection(&self.args.target);
        if let Some(world) = setting.world() {
            selection.region.get_or_insert_with(|| world.region.clone());
            selection
                .account
                .get_or_insert_with(|| world.account.clone());
        }
        let (target, warnings) = project::select(selection, self.environment)?;
        for warning in warnings {
            warn(printer, report, warning);
        }
        Ok(target)
    }

    fn async_id(
        &self,
        printer: &mut Printer,
        report: &mut InvokeReport,
    ) -> Result<Option<String>, Stop> {
        let call = &self.args.call;
        let id = call
            .stateful_async_invocation_id
            .clone()
            .filter(|id| !id.is_empty());
        let Some(id) = id else { return Ok(None) };
        if !is_async_id(&id) {
            let title = format!("`{id}` cannot be the id of an asynchronous call");
            return Err(Failure::new(codes::ASYNC_ID, title)
                .hint("it begins with a letter or `_`, goes on with letters, digits, `_` and `-`, and has at most 128 of them")
                .into());
        }
        if call.invocation_type == InvocationTypeArg::Sync {
            let text = "a synchronous call takes no id: `--invocation-type async` is missing";
            warn(printer, report, text.to_owned());
            return Ok(None);
        }
        Ok(Some(id))
    }
}

fn warn(printer: &mut Printer, report: &mut InvokeReport, text: String) {
    printer.warning(&text);
    report.warnings.push(text);
}

/// Prints the request that would be sent.
fn dry_run(
    request: &HttpRequest,
    printer: &mut Printer,
    report: &mut InvokeReport,
) -> Result<(), Stop> {
    if let Some(reported) = &mut report.request {
        reported.headers = Some(request.headers.clone());
    }
    if printer.format() == Format::Json {
        return Ok(());
    }
    let mut text = format!("{} {}\n", request.method, request.url());
    for (name, value) in shown_headers(&request.headers) {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&format!(
        "\n({} bytes of event; nothing was sent)\n",
        request.body.len()
    ));
    printer
        .data(text.as_bytes())
        .and_then(|()| printer.flush())
        .map_err(|error| broken(&error))
}

fn explain_request(request: &HttpRequest, credentials: &Credentials, printer: &mut Printer) {
    printer.line(
        Verbosity::Verbose,
        &format!("{} {}", request.method, request.url()),
    );
    let line = format!(
        "signed with `{}` from {}",
        credentials.access_key_id, credentials.source
    );
    printer.line(Verbosity::Verbose, &line);
    if printer.wants(Verbosity::Debug) {
        for (name, value) in shown_headers(&request.headers) {
            printer.line(Verbosity::Debug, &format!("> {name}: {value}"));
        }
    }
}

/// What an error on stdout means.
fn broken(error: &std::io::Error) -> Stop {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Stop::BrokenPipe;
    }
    Failure::new(codes::STDOUT, format!("stdout cannot be written: {error}")).into()
}
