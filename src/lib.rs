//! Invoke Function Compute functions, and know what RAM says about the call.

pub mod ram;
