//! Commands under the names that they have in Serverless Devs: `s cli fc-event oss` is
//! `sesame cli fc-event oss`.

use clap::{Args, Subcommand};

use super::EventTemplateArgs;

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
    /// Write an event to try a function with: `sesame event`.
    FcEvent(EventTemplateArgs),
}
