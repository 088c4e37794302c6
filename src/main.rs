//! The `sesame` binary.
#![forbid(unsafe_code)]

fn main() {}
