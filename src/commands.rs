//! One file and one function a command. They put the floors below together and decide what is
//! printed; they hold no logic of the field.

mod calling;
mod event;
mod explain;
mod habit;
mod input;
mod invoke;
mod policy;
mod project;
mod props;
mod sandbox;
mod whoami;

use std::ffi::OsString;
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use serde_json::Value;

use crate::acs::{Ambient, ProcessEnvironment};
use crate::cli::{
    Cli, ColorArg, Command, ComponentSubcommand, FormatArg, FunctionSubcommand, GlobalArgs,
};
use crate::diagnosis::{Exit, Failure, codes};
use crate::output::{self, Format, InvokeReport, Printer, Verbosity, invocation, json};
use crate::project::Component;

/// Runs one command line to its exit status.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let arguments = habit::reordered(arguments);
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage(&error, &arguments).status()),
    };
    let mut printer = printer(&cli.global);
    if let Some(failure) = habit::dropped(&cli.global) {
        let exit = refused(&error_name(&arguments), failure, &mut printer);
        return ExitCode::from(exit.status());
    }
    let call = |args, component, printer: &mut Printer| {
        let ambient = Ambient::system();
        invoke::run(
            args,
            component,
            &cli.global,
            ambient,
            &ProcessEnvironment,
            printer,
        )
    };
    let exit = match &cli.command {
        Command::Invoke(args) => call(args, None, &mut printer),
        Command::Whoami => whoami::run(
            &cli.global,
            Ambient::system(),
            &ProcessEnvironment,
            &mut printer,
        ),
        Command::Explain(args) => {
            let ambient = Ambient::system();
            explain::run(
                args,
                &cli.global,
                ambient,
                &ProcessEnvironment,
                &mut printer,
            )
        }
        Command::Sandbox(args) => {
            let ambient = Ambient::system();
            sandbox::run(args, ambient, &ProcessEnvironment, &mut printer)
        }
        Command::Event(args) => event::run(args, event::Told::Bare, &mut printer),
        Command::Cli(component) => match &component.command {
            ComponentSubcommand::Fc(function) => {
                let FunctionSubcommand::Invoke(args) = &function.command;
                call(args, Some(Component::Fc), &mut printer)
            }
            ComponentSubcommand::Fc3(function) => {
                let FunctionSubcommand::Invoke(args) = &function.command;
                call(args, Some(Component::Fc3), &mut printer)
            }
            ComponentSubcommand::FcEvent(args) => {
                event::run(args, event::Told::AsServerlessDevs, &mut printer)
            }
        },
        Command::Policy(command) => {
            policy::run(command, &cli.global, &ProcessEnvironment, &mut printer)
        }
    };
    ExitCode::from(exit.status())
}

fn printer(global: &GlobalArgs) -> Printer {
    let format = match global.output {
        FormatArg::Text | FormatArg::Yaml => Format::Text,
        FormatArg::Json => Format::Json,
        FormatArg::Raw => Format::Raw,
    };
    let verbosity = match (global.quiet, global.debug, global.verbose) {
        (true, ..) => Verbosity::Quiet,
        (_, true, _) => Verbosity::Debug,
        (_, _, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    let color = match global.color {
        ColorArg::Auto => ColorChoice::Auto,
        ColorArg::Always => ColorChoice::Always,
        ColorArg::Never => ColorChoice::Never,
    };
    Printer::new(format, verbosity, color)
}

/// How a command ends: what it found, and why that is not a success.
pub(super) struct Ended {
    /// The fields of the JSON object, beside `schema`, `ok` and `error`; none when stdout is
    /// taken.
    fields: Option<Value>,
    failure: Option<Failure>,
}

/// Prints the failure, and in JSON the one object.
fn finish(schema: &str, ended: Result<Ended, Box<Failure>>, printer: &mut Printer) -> Exit {
    let failure = put_object(schema, ended, printer);
    match &failure {
        Some(failure) => {
            printer.failure(failure);
            failure.code.exit
        }
        None => Exit::Done,
    }
}

/// Writes the one object, where JSON is wanted. What is left is why the command is not done.
fn put_object(
    schema: &str,
    ended: Result<Ended, Box<Failure>>,
    printer: &mut Printer,
) -> Option<Failure> {
    let ended = ended.unwrap_or_else(|failure| Ended {
        fields: Some(Value::Null),
        failure: Some(*failure),
    });
    let mut failure = ended.failure;
    if let (Format::Json, Some(fields)) = (printer.format(), ended.fields) {
        let object = json::envelope(schema, fields, printer.warnings(), failure.as_ref());
        if let Err(unwritten) = print(&format!("{}\n", json::compact(&object)), printer) {
            failure = Some(*unwritten);
        }
    }
    failure
}

/// Writes a document to stdout; whoever reads no more has what it wanted.
fn print(text: &str, printer: &mut Printer) -> Result<(), Box<Failure>> {
    match printer.data(text.as_bytes()).and_then(|()| printer.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let title = format!("stdout cannot be written: {error}");
            Err(Box::new(Failure::new(codes::STDOUT, title)))
        }
        _ => Ok(()),
    }
}

/// What the asynchronous part of a command runs on: one thread, started when it is needed.
fn runtime() -> Result<tokio::runtime::Runtime, Box<Failure>> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().map_err(|error| {
        let title = format!("cannot start: {error}");
        Box::new(Failure::new(codes::UNKNOWN, title))
    })
}

/// Waits for the signal that ends the command. The handlers stand when this returns.
fn signal() -> impl Future<Output = Exit> {
    #[cfg(unix)]
    let handlers = {
        use tokio::signal::unix::{SignalKind, signal};
        (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        )
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut interrupt), Ok(mut terminate)) = handlers {
            return tokio::select! {
                _ = interrupt.recv() => Exit::Interrupted,
                _ = terminate.recv() => Exit::Terminated,
            };
        }
        // Without handlers the system's own apply.
        match tokio::signal::ctrl_c().await {
            Ok(()) => Exit::Interrupted,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Help and version, or what is wrong with the command line.
fn usage(error: &clap::Error, arguments: &[OsString]) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            return match error.print() {
                // Whoever closed stdout has read enough.
                Err(broken) if broken.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failed,
                _ => Exit::Done,
            };
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !wants_json(arguments) => {
            let _ = error.print();
            return Exit::Usage;
        }
        _ => {}
    }
    let text = error.render().to_string();
    let text = text
        .trim_start_matches("error: ")
        .trim_end()
        .replace('\'', "`");
    let json = wants_json(arguments);
    let format = if json { Format::Json } else { Format::Text };
    let mut printer = Printer::new(format, Verbosity::Normal, ColorChoice::Auto);
    let tips = text
        .lines()
        .map(str::trim)
        .filter_map(|line| line.strip_prefix("tip: "));
    let about: Vec<&str> = text
        .lines()
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let missing = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let title = match error.kind() == missing {
        true => "no command is given".to_owned(),
        false => about.join(" "),
    };
    let failure = tips.fold(Failure::new(codes::USAGE, title), Failure::hint);
    let name = error_name(arguments);
    let failure = failure.hint(format!("`{name} --help` shows every flag"));
    refused(&name, failure, &mut printer)
}

/// The command line asks for what cannot be: the end of the command that it names.
fn refused(name: &str, failure: Failure, printer: &mut Printer) -> Exit {
    let fields = InvokeReport::default().to_fields();
    let (schema, fields) = match name {
        "sesame policy check" => ("sesame.policy.check/1", Value::Null),
        "sesame policy lint" => ("sesame.policy.lint/1", Value::Null),
        "sesame policy test" => ("sesame.policy.test/1", Value::Null),
        "sesame policy generate" => ("sesame.policy.generate/1", Value::Null),
        "sesame policy templates" => ("sesame.policy.templates/1", Value::Null),
        "sesame event" | "sesame cli fc-event" => (event::SCHEMA, Value::Null),
        "sesame explain" => ("sesame.explain/1", Value::Null),
        "sesame whoami" => (output::whoami::SCHEMA, Value::Null),
        "sesame sandbox" => (sandbox::SCHEMA, Value::Null),
        _ => (invocation::SCHEMA, fields),
    };
    let ended = Ended {
        fields: Some(fields),
        failure: Some(failure),
    };
    finish(schema, Ok(ended), printer)
}

/// The command that a line names, as far as it names one.
fn error_name(arguments: &[OsString]) -> String {
    let words = arguments.iter().skip(1).filter_map(|word| word.to_str());
    let mut command = Cli::command();
    let mut name = command.get_name().to_owned();
    for word in words {
        let Some(next) = command.find_subcommand(word).cloned() else {
            continue;
        };
        name = format!("{name} {word}");
        command = next;
    }
    name
}

/// Whether a command line that could not be parsed asks for JSON; the last word counts.
fn wants_json(arguments: &[OsString]) -> bool {
    let mut wants = false;
    let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(argument) = arguments.next() {
        let value = match argument {
            "--" => break,
            "-o" | "--output" | "--output-format" => arguments.next(),
            _ => ["--output=", "--output-format="]
                .into_iter()
                .find_map(|flag| argument.strip_prefix(flag))
                .or_else(|| {
                    argument
                        .strip_prefix("-o")
                        .map(|value| value.trim_start_matches('='))
                }),
        };
        if let Some(value) = value {
            wants = value == "json";
        }
    }
    wants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_recognised_wherever_the_flag_stands() {
        let wants =
            |line: &str| wants_json(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        for line in [
            "sesame -o json x",
            "sesame x --output=json",
            "sesame -ojson",
            "sesame -o=json",
        ] {
            assert!(wants(line), "{line}");
        }
        for line in [
            "sesame x",
            "sesame -o json -o text",
            "sesame -o",
            "sesame -- -o json",
        ] {
            assert!(!wants(line), "{line}");
        }
    }
}
