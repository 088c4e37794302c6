//! Commands under the names that they have in Serverless Devs: `s cli fc-event oss` is
//! `sesame cli fc-event oss`, and `s cli fc3 invoke` is `sesame cli fc3 invoke`.

use clap::{Args, Subcommand};

use super::{EventTemplateArgs, InvokeArgs};

/// Commands under the names that they have in Serverless Devs.
#[derive(Debug, Clone, Args)]
pub struct ComponentCommand {
    /// What to do.
    #[command(subcommand)]
    pub command: ComponentSubcommand,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum ComponentSubcommand {
    /// Call a function of FC 2.0: `sesame invoke`, with a project file only where `-t` names one.
    Fc(FunctionCommand),
    /// Call a function of FC 3.0: `sesame invoke`, with a project file only where `-t` names one.
    Fc3(FunctionCommand),
    /// Write an event to try a function with: `sesame event`.
    FcEvent(EventTemplateArgs),
}

/// What can be done with a function.
#[derive(Debug, Clone, Args)]
pub struct FunctionCommand {
    /// What to do.
    #[command(subcommand)]
    pub command: FunctionSubcommand,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum FunctionSubcommand {
    /// Call a function, and check the permission first if you like.
    Invoke(Box<InvokeArgs>),
}
