//! Test doubles for grump, and for those who build on it.
//!
//! - [`behaviour`]: what every implementation of the traits of `grump-core` must do.
//! - [`model`]: a scripted language model that real coding agents talk to.
//! - [`opencode`]: where the tests find the real opencode, and how to keep it to itself.
//! - [`proxy`]: a proxy that cuts, stalls, delays and splits connections.

pub mod behaviour;
pub mod model;
pub mod opencode;
pub mod proxy;
