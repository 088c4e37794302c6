//! The flags of `sesame explain`.

use clap::Args;

/// Say what an error code means and what to do.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// An error code, like P0001 or L0016; without one all are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}
