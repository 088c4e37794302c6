//! Flags that every command takes, before and after its name.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::HabitArgs;

/// The form of stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// The function's bytes on stdout, words on stderr.
    #[value(alias = "default")]
    Text,
    /// One JSON object on stdout, on success and on failure.
    Json,
    /// The function's bytes and nothing else.
    Raw,
    /// A form of Serverless Devs: taken to say what there is in its place.
    #[value(hide = true)]
    Yaml,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Call with this alias of Serverless Devs, or as this identity of the sandbox
    #[arg(short = 'a', long, global = true, value_name = "ALIAS")]
    pub access: Option<String>,

    /// Call with this profile of the aliyun CLI
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "access")]
    pub profile: Option<String>,

    /// The project file; without it s.yaml or s.yml, from this folder upward
    #[arg(short = 't', long, global = true, value_name = "PATH")]
    pub template: Option<PathBuf>,

    /// Send everything there, in place of Alibaba Cloud [env: SESAME_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint: Option<String>,

    /// Send calls of functions there [env: SESAME_FC_ENDPOINT]
    #[arg(hide_short_help = true, long, global = true, value_name = "URL")]
    pub fc_endpoint: Option<String>,

    /// Send calls of STS there [env: SESAME_STS_ENDPOINT]
    #[arg(hide_short_help = true, long, global = true, value_name = "URL")]
    pub sts_endpoint: Option<String>,

    /// Send calls of RAM there [env: SESAME_RAM_ENDPOINT]
    #[arg(hide_short_help = true, long, global = true, value_name = "URL")]
    pub ram_endpoint: Option<String>,

    /// Let a project file send calls to this host (repeatable)
    #[arg(hide_short_help = true, long, global = true, value_name = "HOST")]
    pub allow_endpoint: Vec<String>,

    /// Allow plain http to another machine
    #[arg(hide_short_help = true, long, global = true)]
    pub allow_http: bool,

    /// Use the addresses inside Alibaba Cloud's network
    #[arg(hide_short_help = true, long, global = true)]
    pub vpc: bool,

    /// The form of stdout
    #[arg(short = 'o', long, alias = "output-format", global = true, value_name = "FORMAT", value_enum, default_value_t = FormatArg::Text)]
    pub output: FormatArg,

    /// When to use colours
    #[arg(hide_short_help = true, long, global = true, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto)]
    pub color: ColorArg,

    /// Say what sesame does, on stderr
    #[arg(short = 'v', long, global = true)]
    pub verbose: bool,

    /// Show the call's header fields, too
    #[arg(hide_short_help = true, long, global = true)]
    pub debug: bool,

    /// Say nothing but errors
    #[arg(short = 'q', long, visible_alias = "silent", global = true, conflicts_with_all = ["verbose", "debug"])]
    pub quiet: bool,

    /// Trust the system's certificates, not the bundled ones [env: SSL_CERT_FILE names a file]
    #[arg(hide_short_help = true, long, global = true)]
    pub system_certs: bool,

    /// How long a connection may take to come about
    #[arg(hide_short_help = true, long, global = true, value_name = "SECONDS", default_value_t = 10, value_parser = super::seconds)]
    pub connect_timeout: u32,

    /// What people know from Serverless Devs.
    #[command(flatten)]
    pub habit: HabitArgs,
}
