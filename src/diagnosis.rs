//! From a refusal to its cause, the evidence and the way out. What a service, a function or a
//! file says is evidence, shown as said; it never becomes advice by itself.

mod answers;
pub mod cause;
pub mod codes;
pub mod failure;
mod permission;
mod places;
mod project;
pub mod reading;
pub mod refusal;
pub mod yaml;

pub use answers::{IN_DOUBT, function_failed, not_fc, refused};
pub use cause::{Cause, Exit};
pub use codes::Code;
pub use failure::{Excerpt, Failure, Hint};
pub use permission::{Call, create_policy, of_decision, of_preflight};
pub use places::deciding as deciding_places;
pub use reading::Reading;
