//! The integration tests, as one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod done;
mod fake;
mod harness;
mod schema;
mod signatures;
