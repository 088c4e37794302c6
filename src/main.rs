//! The `sesame` binary.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    sesame_fc::commands::run(std::env::args_os().collect())
}
