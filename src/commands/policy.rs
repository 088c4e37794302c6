//! `sesame policy`: nothing here knows an account or a network.

mod batch;
mod check;
mod generate;
mod lint;
mod render;
mod test;

use super::{Ended, finish, print};
use crate::acs::Environment;
use crate::cli::{PolicyCommand, PolicySubcommand};
use crate::diagnosis::Exit;
use crate::output::Printer;

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
