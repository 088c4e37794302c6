//! `sesame policy`: nothing here knows an account or a network.

mod batch;
mod check;
mod generate;
mod lint;
mod render;
mod test;

use serde_json::Value;

use crate::acs::Environment;
use crate::cli::{PolicyCommand, PolicySubcommand};
use crate::diagnosis::{Exit, Failure, codes};
use crate::output::{Format, Printer, json};

/// How a command of this file ends: what it found, and why that is not a success.
pub(super) struct Ended {
    /// The fields of the JSON object, beside `schema`, `ok` and `error`.
    fields: Value,
    failure: Option<Failure>,
}

pub(super) fn run(
    command: &PolicyCommand,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Exit {
    let (schema, ended) = match &command.command {
        PolicySubcommand::Check(args) => match &args.batch {
            Some(questions) => return batch::run(questions, args, printer),
            None => ("sesame.policy.check/1", check::run(args, printer)),
        },
        PolicySubcommand::Lint(args) => ("sesame.policy.lint/1", lint::run(args, printer)),
        PolicySubcommand::Test(args) => ("sesame.policy.test/1", test::run(args, printer)),
        PolicySubcommand::Generate(args) => (
            "sesame.policy.generate/1",
            generate::run(args, environment, printer),
        ),
    };
    finish(schema, ended, printer)
}

/// Prints the failure, and in JSON the one object.
fn finish(schema: &str, ended: Result<Ended, Box<Failure>>, printer: &mut Printer) -> Exit {
    let ended = ended.unwrap_or_else(|failure| Ended {
        fields: Value::Null,
        failure: Some(*failure),
    });
    if printer.format() == Format::Json {
        let object = json::envelope(schema, ended.fields, ended.failure.as_ref());
        let line = format!("{}\n", json::compact(&object));
        // A reader that left early has what it wanted.
        let _ = printer.data(line.as_bytes()).and_then(|()| printer.flush());
    }
    match &ended.failure {
        Some(failure) => {
            printer.failure(failure);
            failure.code.exit
        }
        None => Exit::Done,
    }
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
