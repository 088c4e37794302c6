//! The command line: definitions only. What a flag does is in the command's own file.

mod components;
mod event;
mod explain;
mod global;
mod habit;
mod invoke;
mod policy;
mod sandbox;

use clap::{Parser, Subcommand};

pub use components::{ComponentCommand, ComponentSubcommand, FunctionCommand, FunctionSubcommand};
pub use event::EventTemplateArgs;
pub use explain::ExplainArgs;
pub use global::{ColorArg, FormatArg, GlobalArgs};
pub use habit::HabitArgs;
pub use invoke::{
    CallArgs, CheckMode, ContextArgs, EventArgs, InvocationTypeArg, InvokeArgs, LogArg, PolicyArgs,
    PreflightArgs, TargetArgs,
};

pub use policy::{
    CheckArgs, GenerateArgs, LintArgs, PolicyCommand, PolicyFormat, PolicySubcommand,
    TemplatesArgs, TestArgs,
};

pub use sandbox::SandboxArgs;

const EXAMPLES: &str = "\
Examples:
  sesame invoke --sandbox --function-name hello --check-perms -e '{\"name\":\"Ali\"}'
  sesame invoke --region cn-hangzhou --function-name hello -f event.json
  sesame invoke --sandbox --function-name hello --emit-policy";

/// Invoke Function Compute functions, and know what RAM says about the call.
#[derive(Debug, Parser)]
#[command(
    name = "sesame",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Call a function, and check the permission first if you like.
    Invoke(Box<InvokeArgs>),
    /// Write, check, test and read RAM policies; nothing leaves this machine.
    Policy(PolicyCommand),
    /// Say who calls, where its credentials are from, and which policies apply to it.
    Whoami,
    /// Say why something was refused, or what an error code means, and what to do.
    Explain(ExplainArgs),
    /// Answer as Function Compute, STS and RAM do, on this machine.
    Sandbox(SandboxArgs),
    /// Write an event to try a function with.
    Event(EventTemplateArgs),
    /// Commands under the names that they have in Serverless Devs.
    Cli(ComponentCommand),
}

/// A time limit.
fn seconds(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| "it is a whole number of seconds, at least 1".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definitions_hold_together() {
        super::Cli::command().debug_assert();
    }
}
