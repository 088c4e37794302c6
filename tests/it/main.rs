//! The integration tests, as one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod bytes;
mod credentials;
mod denials;
mod differential;
mod done;
mod event;
mod explain;
mod fake;
mod function_errors;
mod harness;
mod help;
mod limits;
mod network;
mod no_call;
mod once;
mod policies;
mod policy_batch;
mod policy_check;
mod policy_generate;
mod policy_layers;
mod policy_lint;
mod policy_templates;
mod policy_test;
mod preflight;
mod refusals;
mod sandbox_faults;
mod schema;
mod signatures;
mod wire;
