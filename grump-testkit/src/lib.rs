//! Test doubles for grump, and for those who build on it.
//!
//! - [`model`]: a scripted language model that real coding agents talk to.

pub mod model;
