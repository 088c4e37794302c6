//! Function Compute: the target of a call and its resource names, the requests of both
//! generations, the FC v1 signature, the client, and what an answer says. It knows nothing of
//! terminals or of policies.

pub mod answer;
pub mod client;
pub mod endpoint;
pub mod invocation;
pub mod region;
pub mod signature;
pub mod target;

pub use answer::Answer;
pub use client::{CallError, Retry};
pub use invocation::{Invocation, InvocationType, LogType};
pub use target::{Api, Target, TargetNames};
