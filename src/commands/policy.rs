//! `sesame policy`: nothing here knows an account or a network.

mod batch;
mod check;
mod generate;
mod lint;
mod render;
mod templates;
mod test;

use super::{Ended, finish, input, print};
use crate::acs::Environment;
use crate::catalogue::{Generation, Template};
use crate::cli::{GlobalArgs, PolicyCommand, PolicySubcommand, TargetArgs};
use crate::diagnosis::{Exit, Failure};
use crate::fc::Target;
use crate::output::Printer;
use crate::project;

pub(super) fn run(
    command: &PolicyCommand,
    global: &GlobalArgs,
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
            generate::run(args, global, environment, printer),
        ),
        PolicySubcommand::Templates(args) => (
            "sesame.policy.templates/1",
            templates::run(args, environment, printer),
        ),
    };
    finish(schema, ended, printer)
}

/// The generation that the flags speak of.
fn generation(flags: &TargetArgs) -> Generation {
    match flags.service_name {
        Some(_) => Generation::Fc2,
        None => Generation::Fc3,
    }
}

/// The target that templates are filled in for; it needs a function only where one of them
/// names it.
fn target(
    flags: &TargetArgs,
    templates: &[&Template],
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Result<Target, Box<Failure>> {
    let mut selection = input::selection(flags);
    let names_function = |template: &&Template| {
        let placeholders = template.placeholders().unwrap_or_default();
        placeholders.iter().any(|one| one == "functionName")
    };
    if !templates.iter().any(names_function) {
        // None of them will show it.
        selection.function.get_or_insert_with(|| "-".to_owned());
    }
    let (target, warnings) = project::select(selection, environment).map_err(Failure::from)?;
    for warning in &warnings {
        printer.warning(warning);
    }
    Ok(target)
}
