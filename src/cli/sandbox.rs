//! `sesame sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  sesame sandbox                                    the built-in demo on port 9797
  sesame sandbox --config sandbox.yaml --listen 127.0.0.1:0
  sesame sandbox --soft --record-policy policy.json note what is called, and write the policy for it";

/// Flags of `sesame sandbox`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SandboxArgs {
    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9797", value_parser = listen)]
    pub listen: SocketAddr,

    /// Identities, policies and functions; the built-in demo without it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Note denials and let them pass; signatures are checked all the same
    #[arg(long)]
    pub soft: bool,

    /// Write the smallest policy that covers the calls seen
    #[arg(long, value_name = "FILE")]
    pub record_policy: Option<PathBuf>,
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    let with_name = text.strip_prefix("localhost:");
    let text = with_name.map_or(text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse()
        .map_err(|_| "it is an address and a port, like `127.0.0.1:9797`".to_owned())
}
