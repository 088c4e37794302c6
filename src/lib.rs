//! sesame: invoke Alibaba Cloud Function Compute functions, and know what RAM says about the
//! call before and after it.
//!
//! The modules are floors: each imports only from those listed above it. ARCHITECTURE.md
//! shows the house.
#![forbid(unsafe_code)]

pub mod ram;
mod yaml;

pub mod acs;
pub mod catalogue;
pub mod event;

pub mod fc;

pub mod preflight;
pub mod project;

pub mod diagnosis;

pub mod sandbox;

pub mod output;

pub mod cli;
pub mod commands;
