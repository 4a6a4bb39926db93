//! The client against servers as they are met: the field's, and one that resumes as ours does,
//! both also through a network that fails.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod cuts;
mod endpoints;
mod grump;
mod metaforge;
mod mini_devin;
mod ours;
mod quirks;
mod ralpher;
mod resuming;
mod retrying;
mod steward;
mod support;
mod watching;
mod wire_streams;
