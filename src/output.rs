//! What a person or a program sees: data on stdout, everything else on stderr, in text or as
//! one JSON object. Text from outside is escaped before a terminal can act on it.

pub mod access_log;
pub mod escape;
pub mod excerpt;
pub mod invocation;
pub mod json;
pub mod printer;
pub mod text;
pub mod whoami;

pub use invocation::InvokeReport;
pub use printer::{Format, Printer, Verbosity};
