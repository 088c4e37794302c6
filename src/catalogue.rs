//! What Function Compute's operations ask for: the action table, templates of the smallest
//! policies and the system policies, embedded from `policies/`. It decides nothing and knows
//! no network.

pub mod actions;
mod confidence;
mod directory;
mod document;
mod embedded;
mod fill;
mod generation;
mod index;
pub mod placeholders;
pub mod system;
pub mod templates;

pub use confidence::Confidence;
pub use document::{DocumentFault, LoadError};
pub use fill::{FillError, Requirement, Values};
pub use generation::Generation;
pub use templates::{Catalogue, Provenance, Template};
