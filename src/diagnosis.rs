//! From a refusal to its cause, the evidence and the way out. What a service, a function or a
//! file says is evidence, shown as said; it never becomes advice by itself.

mod answers;
pub mod cause;
pub mod codes;
mod decoded;
mod explanation;
pub mod failure;
mod grant;
mod pasted;
mod permission;
mod places;
mod project;
pub mod reading;
pub mod refusal;
mod skew;
pub mod yaml;

pub use answers::{IN_DOUBT, function_failed, not_fc, refused};
pub use cause::{Cause, Exit};
pub use codes::Code;
pub use decoded::{Decoded, MatchedPolicy};
pub use explanation::{Evidence, Explanation};
pub use failure::{Excerpt, Failure, Hint};
pub use grant::{create_policy, to_read};
pub use permission::{Call, of_decision, of_preflight, to_settle};
pub use places::deciding as deciding_places;
pub use reading::Reading;
