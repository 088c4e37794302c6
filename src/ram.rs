//! The policy language of Resource Access Management, and its evaluation.
//!
//! It reads policy documents with the place of every element, decides requests from them,
//! says why, finds what is wrong in them and writes the smallest ones. It is pure: no I/O, no
//! clock, no network, and it knows nothing of Function Compute.
//!
//! What holds everywhere: a verdict is [`Decision::Allowed`] only when every value of every
//! unknown condition key, and every reading of what RAM does not document, would allow it.

mod codes;
mod condition;
mod context;
mod document;
mod explain;
mod finding;
mod glob;
mod grammar;
mod index;
mod json;
mod lint;
mod name;
mod operator;
mod policies;
mod span;
mod suggest;
mod synthesis;
mod trust;
mod truth;
mod value;
mod verdict;

pub use codes::{CODES, LintCode, find_code};
pub use context::Context;
pub use document::{
    Condition, ConditionValue, Document, Effect, Patterns, Principal, PrincipalKind, Statement,
    Text, Texts,
};
pub use explain::{Element, Explanation, NearMiss, Reason, ReasonKind, StatementRef, TraceRow};
pub use finding::{Finding, Severity};
pub use grammar::{Parsed, parse};
pub use lint::{AccessLevel, ActionRow, ActionTable, lint};
pub use operator::{OPERATORS, Operator};
pub use policies::{Decision, Layer, Policies, Policy, Request};
pub use span::{Position, Span};
pub use suggest::closest;
pub use synthesis::{MAX_POLICY_LENGTH, Pair, synthesise};
pub use trust::{Assumer, Identity, trusts};
pub use truth::Truth;
