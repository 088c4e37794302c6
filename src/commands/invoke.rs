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
use crate::catalogue::Catalogue;
use crate::cli::{CheckMode, GlobalArgs, InvocationTypeArg, InvokeArgs, LogArg};
use crate::commands::calling::Outside;
use crate::commands::input::NamedPolicies;
use crate::commands::{Ended, finish, input, signal};
use crate::diagnosis::{Exit, Failure, codes};
use crate::fc::invocation::is_async_id;
use crate::fc::{Invocation, InvocationType, LogType, Target};
use crate::output::invocation::{RequestReport, SCHEMA, shown_headers};
use crate::output::{Format, InvokeReport, Printer, Verbosity, escape};
use crate::preflight;
use crate::project::{self, REGION_VARIABLE, SelectionError};
use check::emit_policy;
use setting::{Need, Setting};

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
        let mut progress = Progress {
            printer,
            report: &mut report,
        };
        tokio::select! {
            biased;
            exit = signal() => Err(Stop::Signal(exit)),
            ended = command.steps(&mut progress) => ended,
        }
    });
    // A read of stdin that is still waiting must not hold the end up.
    runtime.shutdown_background();
    let signal = match ended {
        Ok(()) => None,
        Err(Stop::BrokenPipe) => return Exit::Done,
        Err(Stop::Failure(failure)) => {
            report.failure = Some(*failure);
            None
        }
        Err(Stop::Signal(exit)) => {
            report.failure = Some(stopped(exit, &report));
            Some(exit)
        }
    };
    let ended = Ended {
        fields: (!report.emitted).then(|| report.to_fields()),
        failure: report.failure,
    };
    let exit = finish(SCHEMA, Ok(ended), printer);
    signal.unwrap_or(exit)
}

/// A signal ended the command.
fn stopped(exit: Exit, report: &InvokeReport) -> Failure {
    let word = match exit {
        Exit::Interrupted => "interrupted",
        _ => "terminated",
    };
    let failure = Failure::new(codes::SIGNAL, word);
    match report.request.as_ref().is_some_and(|request| request.sent) {
        true => failure.hint("the function may run on: a call that was sent is not taken back"),
        false => failure.hint("nothing was sent"),
    }
}

/// Where a call says how far it is.
struct Progress<'a> {
    printer: &'a mut Printer,
    report: &'a mut InvokeReport,
}

struct Command<'a> {
    args: &'a InvokeArgs,
    global: &'a GlobalArgs,
    ambient: Ambient,
    environment: &'a dyn Environment,
}

impl Command<'_> {
    fn outside(&self) -> Outside<'_> {
        Outside {
            global: self.global,
            environment: self.environment,
            ambient: self.ambient,
        }
    }

    async fn steps(&self, progress: &mut Progress<'_>) -> Result<(), Stop> {
        let call = &self.args.call;
        let mode = self.check_mode();
        let emit = self.args.preflight.emit_policy.as_deref();
        let signs = emit.is_none() && (call.dry_run || mode != Some(CheckMode::Only));

        let mut setting = Setting::of(self).await?;
        let target = self.target(&setting, progress)?;
        let async_id = self.async_id(progress)?;
        let named = self.policies().await?;
        if setting.world().is_some() && !named.policies.is_empty() && signs && !call.dry_run {
            progress
                .printer
                .warning("the sandbox decides without the policies that you named");
        }
        for warning in named.warnings {
            progress.printer.warning(&warning);
        }
        let context = input::context(&self.args.preflight.context)?;
        let needs_resource = mode.is_some() || emit.is_some();
        let need = Need {
            signs,
            resource: needs_resource,
            asks: mode.is_some() && setting.must_ask(&named.policies, self),
        };
        let credentials = setting
            .credentials(self, &target, need, progress.printer)
            .await?;
        let event = match signs {
            true => event::read(&self.args.event, progress.printer).await?,
            false => Bytes::new(),
        };
        let target = setting
            .with_account(target, needs_resource, credentials.as_ref(), self)
            .await?;
        let endpoint = setting.endpoint(&target, self.global.vpc);
        let invocation = self.invocation(target, async_id, event);
        progress.report.target = Some(invocation.target.clone());
        progress.report.request = Some(RequestReport::new(&invocation, &endpoint));

        let catalogue = match self.args.preflight.templates.as_ref() {
            directory @ Some(_) => Some(input::catalogue(directory)?),
            None => None,
        };
        if needs_resource {
            let catalogue = match &catalogue {
                Some(catalogue) => catalogue,
                None => Catalogue::embedded(),
            };
            let required = preflight::for_invoke(&invocation.target, catalogue)?;
            if let Some(path) = emit {
                emit_policy(path, &required, progress.printer).await?;
                progress.report.emitted = path == Path::new("-");
            }
            if let Some(mode) = mode {
                let found = credentials.as_ref();
                let caller = setting.caller(&invocation.target, named.policies, found, self);
                let caller = caller.await?;
                let context = self.known(context, credentials.as_ref(), endpoint.is_secure());
                let target = &invocation.target;
                self.check(mode, target, &required, caller, &context, progress)?;
            }
        }
        if !signs {
            return Ok(());
        }
        // Again: the event may have been long in coming, and a token can run out meanwhile.
        let target = &invocation.target;
        let credentials = setting.credentials(self, target, need, progress.printer);
        let Some(credentials) = credentials.await? else {
            return Ok(());
        };
        if call.dry_run || progress.printer.wants(Verbosity::Verbose) {
            let (now, nonce) = ((self.ambient.now)(), (self.ambient.nonce)());
            let signed = invocation.signed(&endpoint, &credentials, now, &nonce);
            if call.dry_run {
                return dry_run(&signed, progress);
            }
            explain_request(&signed, &credentials, progress.printer);
        }
        self.send(
            &setting,
            &endpoint,
            &credentials,
            &invocation,
            catalogue.as_deref(),
            progress,
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

    /// The named policies, read on a thread of its own: a pipe may never end.
    async fn policies(&self) -> Result<NamedPolicies, Stop> {
        let args = self.args.preflight.policies.clone();
        match tokio::task::spawn_blocking(move || input::policies(&args)).await {
            Ok(named) => Ok(named?),
            Err(error) => Err(Failure::new(codes::POLICY_UNREADABLE, error).into()),
        }
    }

    fn target(&self, setting: &Setting, progress: &mut Progress<'_>) -> Result<Target, Stop> {
        let mut selection = input::selection(&self.args.target);
        if let Some(world) = setting.world() {
            selection.region.get_or_insert_with(|| world.region.clone());
            selection
                .account
                .get_or_insert_with(|| world.account.clone());
        }
        let variable = self.environment.var(REGION_VARIABLE);
        let variable = variable.map_err(SelectionError::Environment)?;
        if selection.region.is_none() && variable.is_none() {
            selection.region = setting.region_of_profile(self)?;
        }
        let (target, warnings) = project::select(selection, self.environment)?;
        for warning in warnings {
            progress.printer.warning(&warning);
        }
        Ok(target)
    }

    fn async_id(&self, progress: &mut Progress<'_>) -> Result<Option<String>, Stop> {
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
            progress.printer.warning(text);
            return Ok(None);
        }
        Ok(Some(id))
    }
}

/// Prints the request that would be sent.
fn dry_run(request: &HttpRequest, progress: &mut Progress<'_>) -> Result<(), Stop> {
    if let Some(reported) = &mut progress.report.request {
        reported.headers = Some(request.headers.clone());
    }
    if progress.printer.format() == Format::Json {
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
    progress
        .printer
        .data(text.as_bytes())
        .and_then(|()| progress.printer.flush())
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
    printer.line(Verbosity::Verbose, &escape::line(&line));
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
