//! Flags that people know from Serverless Devs and that sesame has no use for. They are taken,
//! so that an error can say what to use in their place.

use std::ffi::OsString;

use clap::Args;

/// Flags of Serverless Devs.
#[derive(Debug, Clone, Default, Args)]
pub struct HabitArgs {
    /// No action of a project file is ever run.
    #[arg(long, hide = true, global = true)]
    pub skip_actions: bool,

    /// Nothing is looked up before a call that could be left out.
    #[arg(long, hide = true, global = true)]
    pub no_verify: bool,

    /// Calls through a custom domain.
    #[arg(long, hide = true, global = true, value_name = "HOST")]
    pub domain_name: Option<OsString>,

    /// Environments of a project.
    #[arg(long, hide = true, global = true, value_name = "NAME")]
    pub env: Option<OsString>,

    /// Overlays of an environment.
    #[arg(long, hide = true, global = true, value_name = "NAME")]
    pub overlays: Option<OsString>,

    /// A file under the project file.
    #[arg(long, hide = true, global = true, value_name = "PATH")]
    pub baseline_template: Option<OsString>,

    /// Files of a deployment.
    #[arg(long, hide = true, global = true, value_name = "PATH")]
    pub assets: Option<OsString>,
}
