//! The integration tests, as one binary.

mod differential;
mod signatures;
