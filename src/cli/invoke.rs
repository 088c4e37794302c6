//! The flags of `sesame invoke`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  sesame invoke --sandbox --function-name hello --check-perms -e '{\"name\":\"Ali\"}'
  sesame invoke --region cn-hangzhou --service-name demo --function-name hello -f event.bin
  printf 'bytes' | sesame invoke --region cn-hangzhou --function-name echo -s
  sesame invoke --region cn-hangzhou --function-name hello --check-perms=only --policy-file dev.json
  sesame invoke hello -t s.yaml -e '{\"name\":\"Ali\"}'

Exit status:
  0 done, 1 failed, 2 usage, 3 the function's error, 4 credentials, 5 denied, 6 undetermined,
  7 not found, 8 throttled, 124 time limit, 130 interrupted, 143 terminated";

/// Whether to wait for the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InvocationTypeArg {
    /// Wait for the result.
    Sync,
    /// Leave the event with the service.
    Async,
}

/// Whether the log comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogArg {
    /// Its end, up to 4 KB.
    Tail,
    /// Nothing.
    None,
}

/// What a verdict does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckMode {
    /// A denial stops before sending; what is undetermined warns and goes on.
    Enforce,
    /// What is undetermined stops, too.
    Strict,
    /// Nothing stops.
    Warn,
    /// Check, and send nothing: exit 0, 5 or 6.
    Only,
}

/// Call a function, and check the permission first if you like.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct InvokeArgs {
    /// A resource of the project file; without one, and without --function-name, all of them
    #[arg(value_name = "PROJECT")]
    pub project: Option<String>,
    /// What is called.
    #[command(flatten)]
    pub target: TargetArgs,
    /// What it is called with.
    #[command(flatten)]
    pub event: EventArgs,
    /// How.
    #[command(flatten)]
    pub call: CallArgs,
    /// What is checked before the call.
    #[command(flatten)]
    pub preflight: PreflightArgs,
}

/// How it is called.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Call")]
pub struct CallArgs {
    /// Wait for the result, or leave the event with the service
    #[arg(long, value_name = "TYPE", value_enum, ignore_case = true, default_value_t = InvocationTypeArg::Sync)]
    pub invocation_type: InvocationTypeArg,

    /// An id of your own for an asynchronous call
    #[arg(
        hide_short_help = true,
        long,
        visible_alias = "async-task-id",
        value_name = "ID"
    )]
    pub stateful_async_invocation_id: Option<String>,

    /// Time limit, from connecting to the last byte [default: 600, or the project file's and 120 more]
    #[arg(long, value_name = "SECONDS", value_parser = super::seconds)]
    pub timeout: Option<u32>,

    /// Bring the end of the function's log back
    #[arg(hide_short_help = true, long, value_name = "WHAT", value_enum, ignore_case = true, default_value_t = LogArg::Tail)]
    pub log: LogArg,

    /// Properties of the function as JSON, as `s cli fc invoke` takes them
    #[arg(hide_short_help = true, short = 'p', long, value_name = "JSON")]
    pub props: Option<String>,

    /// Resolve, check, sign and print; send nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Run all of it against a sandbox inside this process: the demo, or a configuration
    #[arg(long, value_name = "CONFIG", num_args = 0..=1, require_equals = true,
          conflicts_with_all = ["endpoint", "fc_endpoint", "sts_endpoint", "ram_endpoint", "vpc"])]
    pub sandbox: Option<Option<PathBuf>>,
}

/// What is called.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// The region, like cn-hangzhou [env: ALIBABA_CLOUD_REGION_ID]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// The service, for FC 2.0; without one the function is of FC 3.0
    #[arg(long, value_name = "NAME")]
    pub service_name: Option<String>,

    /// The function
    #[arg(long, value_name = "NAME")]
    pub function_name: Option<String>,

    /// Its version or alias; none is sent without this
    #[arg(long, value_name = "QUALIFIER")]
    pub qualifier: Option<String>,

    /// The main account's id; without it STS is asked where it matters
    #[arg(long, value_name = "ID")]
    pub account_id: Option<String>,

    /// The API version; without it the names choose
    #[arg(hide_short_help = true, long, value_name = "VERSION", value_parser = ["2016-08-15", "2021-04-06", "2023-03-30"])]
    pub sdk_version: Option<String>,
}

impl TargetArgs {
    /// Whether anything of a target was named.
    pub fn any(&self) -> bool {
        let named = [
            &self.region,
            &self.service_name,
            &self.function_name,
            &self.qualifier,
            &self.account_id,
            &self.sdk_version,
        ];
        named.iter().any(|name| name.is_some())
    }
}

/// What it is called with: one of three sources, or nothing.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Event")]
#[group(id = "event_source", multiple = false)]
pub struct EventArgs {
    /// The event itself
    #[arg(short = 'e', long, value_name = "TEXT", allow_hyphen_values = true)]
    pub event: Option<OsString>,

    /// A file with the event's bytes; - is stdin
    #[arg(short = 'f', long, value_name = "PATH")]
    pub event_file: Option<PathBuf>,

    /// Read the event's bytes from stdin
    #[arg(short = 's', long)]
    pub event_stdin: bool,
}

/// What is checked before the call.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Permissions")]
pub struct PreflightArgs {
    /// Check the permission before the call
    #[arg(long, value_name = "MODE", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "enforce")]
    pub check_perms: Option<CheckMode>,

    /// Write the smallest policy for exactly this call, and make no call
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub emit_policy: Option<PathBuf>,

    /// Templates of your own, over the built-in ones
    #[arg(hide_short_help = true, long, value_name = "DIR")]
    pub templates: Option<PathBuf>,

    /// Whose word decides.
    #[command(flatten)]
    pub policies: PolicyArgs,
    /// What is known of the request.
    #[command(flatten)]
    pub context: ContextArgs,
}

/// Policies to decide by, in place of those that the account has.
#[derive(Debug, Clone, Args)]
pub struct PolicyArgs {
    /// A policy of the caller; with any, nothing is fetched (repeatable)
    #[arg(long = "policy-file", value_name = "PATH")]
    pub policy_files: Vec<PathBuf>,

    /// A control policy, one folder a file, root first (repeatable)
    #[arg(hide_short_help = true, long = "control-policy", value_name = "PATH")]
    pub control_policies: Vec<PathBuf>,

    /// The session policy of an assumed role
    #[arg(hide_short_help = true, long, value_name = "PATH")]
    pub session_policy: Option<PathBuf>,

    /// A policy attached at resource-group scope (repeatable)
    #[arg(
        hide_short_help = true,
        long = "resource-group-policy",
        value_name = "PATH"
    )]
    pub resource_group_policies: Vec<PathBuf>,
}

impl PolicyArgs {
    /// Whether any policy was named.
    pub fn any(&self) -> bool {
        !(self.policy_files.is_empty()
            && self.control_policies.is_empty()
            && self.session_policy.is_none()
            && self.resource_group_policies.is_empty())
    }
}

/// What is known of the request's condition keys.
#[derive(Debug, Clone, Args)]
pub struct ContextArgs {
    /// A condition key and its value; repeat it for a list
    #[arg(long, value_name = "KEY=VALUE")]
    pub context: Vec<String>,

    /// A condition key that the request does not carry (repeatable)
    #[arg(hide_short_help = true, long, value_name = "KEY")]
    pub absent: Vec<String>,

    /// The request carries no other condition key
    #[arg(hide_short_help = true, long)]
    pub context_complete: bool,
}
