//! `sesame invoke`: which functions are meant, one call after another, and what came of them.

mod aims;
mod answer;
mod check;
mod event;
mod one;
mod send;
mod setting;

use std::path::Path;

use crate::acs::{Ambient, Environment};
use crate::cli::{CheckMode, GlobalArgs, InvokeArgs};
use crate::commands::calling::Outside;
use crate::commands::input::NamedPolicies;
use crate::commands::props::Props;
use crate::commands::{Ended, finish, input, put_object, runtime, signal};
use crate::diagnosis::{Exit, Failure, codes};
use crate::output::invocation::SCHEMA;
use crate::output::{InvokeReport, Printer, Verbosity, escape};
use crate::preflight::Required;
use crate::project::{Component, Function};
use check::emit_policy;
use one::Shared;
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
    component: Option<Component>,
    global: &GlobalArgs,
    ambient: Ambient,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Exit {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(failure) => return Calls::default().end(Err(Stop::Failure(failure)), printer),
    };
    let mut calls = Calls::default();
    let ended = runtime.block_on(async {
        let steps = async {
            let props = args.call.props.as_deref().map(Props::parse).transpose()?;
            let command = Command {
                args,
                props: props.unwrap_or_default(),
                component,
                global,
                ambient,
                environment,
            };
            command.steps(printer, &mut calls).await
        };
        tokio::select! {
            biased;
            exit = signal() => Err(Stop::Signal(exit)),
            ended = steps => ended,
        }
    });
    // A read of stdin that is still waiting must not hold the end up.
    runtime.shutdown_background();
    calls.end(ended, printer)
}

/// A signal ended the command.
fn stopped(exit: Exit, reports: &[InvokeReport]) -> Failure {
    let word = match exit {
        Exit::Interrupted => "interrupted",
        _ => "terminated",
    };
    let failure = Failure::new(codes::SIGNAL, word);
    let last = reports.last().and_then(|report| report.request.as_ref());
    match last.is_some_and(|request| request.sent) {
        true => failure.hint("the function may run on: a call that was sent is not taken back"),
        false => failure.hint("nothing was sent"),
    }
}

/// The calls so far, in their order.
#[derive(Default)]
struct Calls {
    reports: Vec<InvokeReport>,
    /// What each of them asks of RAM, where that was looked at.
    required: Vec<Required>,
    /// Whether each one has a result of its own.
    several: bool,
    /// The document of `--emit-policy` is on stdout, and stands there alone.
    emitted: bool,
}

impl Calls {
    fn end(mut self, ended: Result<(), Stop>, printer: &mut Printer) -> Exit {
        let (failure, signal) = match ended {
            Ok(()) => (None, None),
            Err(Stop::BrokenPipe) => return Exit::Done,
            Err(Stop::Failure(failure)) => (Some(*failure), None),
            Err(Stop::Signal(exit)) => (Some(stopped(exit, &self.reports)), Some(exit)),
        };
        // Where none of them has begun, there is nothing to tell apart.
        if self.several && !self.reports.is_empty() {
            if let (Some(_), Some(last)) = (signal, self.reports.last_mut()) {
                last.failure = last.failure.take().or_else(|| failure.clone());
            }
            let exit = self.end_several(failure, printer);
            return signal.unwrap_or(exit);
        }
        let report = self.reports.pop().unwrap_or_default();
        let ended = Ended {
            fields: (!self.emitted).then(|| report.to_fields()),
            failure,
        };
        let exit = finish(SCHEMA, Ok(ended), printer);
        signal.unwrap_or(exit)
    }

    /// The failure of a call was shown where it happened; what ended all of them was not.
    fn end_several(&self, common: Option<Failure>, printer: &mut Printer) -> Exit {
        let shown = common.is_none();
        let first = || {
            self.reports
                .iter()
                .find_map(|report| report.failure.clone())
        };
        let ended = Ended {
            fields: (!self.emitted).then(|| InvokeReport::several(&self.reports)),
            failure: common.or_else(first),
        };
        match put_object(SCHEMA, Ok(ended), printer) {
            Some(failure) => {
                if !shown || failure.code == codes::STDOUT {
                    printer.failure(&failure);
                }
                failure.code.exit
            }
            None => Exit::Done,
        }
    }
}

/// Where a call says how far it is.
struct Progress<'a> {
    printer: &'a mut Printer,
    report: &'a mut InvokeReport,
    required: &'a mut Vec<Required>,
}

struct Command<'a> {
    args: &'a InvokeArgs,
    props: Props,
    /// The component of Serverless Devs that was named in its place.
    component: Option<Component>,
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

    async fn steps(&self, printer: &mut Printer, calls: &mut Calls) -> Result<(), Stop> {
        let setting = Setting::of(self).await?;
        let project = self.project(&setting, printer).await?;
        let world = setting.world().map(|world| world.account.clone());
        let account = self.args.target.account_id.clone().or(world);
        let functions = match &project {
            Some(project) => self.functions(project, account.as_deref(), printer)?,
            None => vec![None],
        };
        calls.several = functions.len() > 1;
        let mut shared = self.shared(setting, printer).await?;
        if calls.several {
            // What is wrong with it is wrong with all of them.
            self.event(&mut shared, printer).await?;
        }
        let ended = self.calls(&functions, &mut shared, printer, calls).await;
        match &self.args.preflight.emit_policy {
            Some(path) if !matches!(ended, Err(Stop::BrokenPipe | Stop::Signal(_))) => {
                self.emit(path, functions.len(), printer, calls).await?;
            }
            _ => {}
        }
        ended
    }

    /// One call after another. The failure of one among several is its own result.
    async fn calls(
        &self,
        functions: &[Option<Function<'_>>],
        shared: &mut Shared,
        printer: &mut Printer,
        calls: &mut Calls,
    ) -> Result<(), Stop> {
        for function in functions {
            let resource = function.as_ref().map(|function| function.resource());
            if let (Some(name), true) = (resource, calls.several) {
                let name = escape::line(name);
                let gap = if calls.reports.is_empty() { "" } else { "\n" };
                let line = format!("{gap}========= {name} =========");
                printer.line(Verbosity::Normal, &line);
            }
            calls.reports.push(InvokeReport {
                resource: resource.map(str::to_owned),
                ..InvokeReport::default()
            });
            let Some(report) = calls.reports.last_mut() else {
                return Ok(());
            };
            let warned = printer.warnings().len();
            let mut progress = Progress {
                printer,
                report,
                required: &mut calls.required,
            };
            let ended = self.one(function.as_ref(), shared, &mut progress).await;
            report.warnings = printer.warnings()[warned..].to_vec();
            match (ended, resource) {
                (Err(Stop::Failure(failure)), Some(name)) if calls.several => {
                    let failure = failure.because(format!("this is the resource `{name}`"));
                    printer.failure(&failure);
                    report.failure = Some(failure);
                }
                (ended, _) => ended?,
            }
        }
        Ok(())
    }

    /// One policy for all of the calls, so that it can be attached as it is.
    async fn emit(
        &self,
        path: &Path,
        wanted: usize,
        printer: &mut Printer,
        calls: &mut Calls,
    ) -> Result<(), Stop> {
        if calls.required.len() == wanted {
            emit_policy(path, &calls.required, printer).await?;
            calls.emitted = path == Path::new("-");
        } else if calls.several {
            printer.warning("no policy is written: what one of the calls needs is not known");
        }
        Ok(())
    }

    /// The named policies, read on a thread of its own: a pipe may never end.
    async fn policies(&self) -> Result<NamedPolicies, Stop> {
        let args = self.args.preflight.policies.clone();
        match tokio::task::spawn_blocking(move || input::policies(&args)).await {
            Ok(named) => Ok(named?),
            Err(error) => Err(Failure::new(codes::POLICY_UNREADABLE, error).into()),
        }
    }

    /// Whether a call is signed, be it for show.
    fn signs(&self) -> bool {
        let only = self.check_mode() == Some(CheckMode::Only);
        self.args.preflight.emit_policy.is_none() && (self.args.call.dry_run || !only)
    }
}

/// What an error on stdout means.
fn broken(error: &std::io::Error) -> Stop {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Stop::BrokenPipe;
    }
    Failure::new(codes::STDOUT, format!("stdout cannot be written: {error}")).into()
}
