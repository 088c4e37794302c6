//! The flags of `sesame explain`.

use clap::Args;

/// Say why something was refused, or what an error code means, and what to do.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// A file with an error's body, an answer or a log; `-` for stdin; or an error code, like
    /// P0001 or L0016 (a file of such a name is ./P0001); without any, all codes are listed
    #[arg(value_name = "FILE|-|CODE")]
    pub subject: Option<String>,

    /// Ask RAM to decode the text's `EncodedDiagnosticMessage`; without this nothing is sent
    #[arg(long)]
    pub decode: bool,
}
