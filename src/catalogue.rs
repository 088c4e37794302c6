//! What Function Compute's operations ask for: templates of the smallest policies and the
//! system policies, embedded from `policies/`. It decides nothing and knows no network.

pub mod system;
pub mod templates;

pub use templates::{Requirement, Template, Values};
