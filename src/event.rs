//! Events to try a function with: a template for each kind of trigger, and changes to it. No
//! I/O.
//!
//! The templates are the payloads that Alibaba Cloud documents for its triggers, with made-up
//! names and ids. Where a payload comes from, and how sure that is, stands in the registry and
//! never in the payload.

mod path;
mod registry;

pub use path::{SetError, set};
pub use registry::{Confidence, FindError, TEMPLATES, Template, find, kinds, of_kind};
