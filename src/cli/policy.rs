//! The flags of `sesame policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ContextArgs, PolicyArgs, TargetArgs};

/// Write, check, test and read RAM policies; nothing leaves this machine.
#[derive(Debug, Clone, Args)]
pub struct PolicyCommand {
    /// What to do.
    #[command(subcommand)]
    pub command: PolicySubcommand,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicySubcommand {
    /// Can this be done, and which statement says so?
    Check(Box<CheckArgs>),
    /// Find what is wrong, or odd, in policy files.
    Lint(LintArgs),
    /// Hold policies to your own expectations.
    Test(TestArgs),
    /// Write the smallest policy for an operation.
    Generate(Box<GenerateArgs>),
    /// List the templates, or show one, filled in for a target.
    Templates(Box<TemplatesArgs>),
}

const CHECK_EXAMPLES: &str = "\
Examples:
  sesame policy check --policy-file dev.json --action fc:InvokeFunction \\
      --resource acs:fc:cn-hangzhou:1234567890123456:functions/hello
  sesame policy check --policy-file dev.json --batch questions.ndjson

Exit status: 0 allowed, 5 denied, 6 undetermined, 2 a document that cannot be read;
with --batch: 0 when every line was decided, 2 otherwise";

/// Can this be done, and which statement says so?
#[derive(Debug, Clone, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// The action, like fc:InvokeFunction
    #[arg(long, value_name = "ACTION", required_unless_present = "batch")]
    pub action: Option<String>,

    /// The resource, like acs:fc:cn-hangzhou:1234567890123456:functions/hello
    #[arg(long, value_name = "RESOURCE", required_unless_present = "batch")]
    pub resource: Option<String>,

    /// Decide each line of a file, or of stdin (-): NDJSON in, NDJSON out
    #[arg(long, value_name = "FILE", conflicts_with_all = ["action", "resource", "context", "absent", "context_complete"])]
    pub batch: Option<PathBuf>,

    /// Whose word decides.
    #[command(flatten)]
    pub policies: PolicyArgs,
    /// What is known of the request.
    #[command(flatten)]
    pub context: ContextArgs,
}

/// Find what is wrong, or odd, in policy files.
#[derive(Debug, Clone, Args)]
pub struct LintArgs {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

const TEST_EXAMPLE: &str = "\
A file, in YAML or JSON:
  policies: [dev.json]
  cases:
    - name: a developer may call hello
      action: fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      context: { acs:SourceIp: 10.0.0.1 }
      expect: allowed";

/// Hold policies to your own expectations.
#[derive(Debug, Clone, Args)]
#[command(after_help = TEST_EXAMPLE)]
pub struct TestArgs {
    /// The files with the expectations
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// The form of a generated policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyFormat {
    /// The RAM document.
    Json,
    /// An `alicloud_ram_policy` of terraform.
    Terraform,
    /// An `ALIYUN::RAM::ManagedPolicy` of ROS.
    Ros,
    /// An `aliyun ram CreatePolicy` command.
    AliyunCli,
}

const GENERATE_EXAMPLES: &str = "\
Examples:
  sesame policy generate --region cn-hangzhou --account-id 1234567890123456 --function-name hello
  sesame policy generate --region cn-hangzhou --account-id 1234567890123456 --service-name demo \\
      --function-name hello --any-qualifier --format terraform
  sesame policy generate --all --account-id 1234567890123456
  sesame policy generate --pairs pairs.ndjson";

/// Write the smallest policy for an operation.
#[derive(Debug, Clone, Args)]
#[command(after_help = GENERATE_EXAMPLES)]
pub struct GenerateArgs {
    /// What is called.
    #[command(flatten)]
    pub target: TargetArgs,

    /// The operations, by the names of their templates
    #[arg(
        long = "for",
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "invoke"
    )]
    pub operations: Vec<String>,

    /// A placeholder of a template that no flag gives, like triggerName=http (repeatable)
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,

    /// Templates of your own, over the built-in ones
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,

    /// For each function of the project file
    #[arg(long, conflicts_with_all = ["service_name", "function_name", "pairs"])]
    pub all: bool,

    /// Pairs in place of a target: NDJSON of {"action","resource"}; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["region", "service_name", "function_name", "qualifier", "account_id", "sdk_version", "operations", "set", "templates", "any_qualifier"])]
    pub pairs: Option<PathBuf>,

    /// Every version and alias of the function
    #[arg(long, conflicts_with = "qualifier")]
    pub any_qualifier: bool,

    /// The form of the result
    #[arg(long, value_name = "FORM", value_enum, default_value_t = PolicyFormat::Json)]
    pub format: PolicyFormat,

    /// The policy's name, in the forms that have one
    #[arg(long, value_name = "NAME")]
    pub policy_name: Option<String>,
}

const TEMPLATES_EXAMPLES: &str = "\
Examples:
  sesame policy templates
  sesame policy templates invoke
  sesame policy templates invoke --region cn-hangzhou --account-id 1234567890123456 --function-name hello";

/// List the templates, or show one, filled in for a target.
#[derive(Debug, Clone, Args)]
#[command(after_help = TEMPLATES_EXAMPLES)]
pub struct TemplatesArgs {
    /// The template; without one all are listed
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// What it is filled in for.
    #[command(flatten)]
    pub target: TargetArgs,

    /// A placeholder that no flag gives, like triggerName=http (repeatable)
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,

    /// Templates of your own, over the built-in ones
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
}
