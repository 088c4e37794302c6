//! The `sesame` binary.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        // What is left to do when even this cannot be written?
        let _ = writeln!(
            std::io::stderr(),
            "sesame {}: internal error at {place}; please report it with the command that you ran",
            env!("CARGO_PKG_VERSION"),
        );
    }));
    sesame_fc::commands::run(std::env::args_os().collect())
}
