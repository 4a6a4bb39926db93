//! Test doubles for grump, and for those who build on it.
//!
//! - [`behaviour`]: what every implementation of the traits of `grump-core` must do.
//! - [`contract`]: a server of each dialect as its document has it, which holds clients to it.
//! - [`coverage`]: recording which endpoints the tests spoke.
//! - [`field`]: a server of the Ralpher dialect, as it is met in the field.
//! - [`model`]: a scripted language model that real coding agents talk to.
//! - [`opencode`]: where the tests find the real opencode, and how to keep it to itself.
//! - [`proxy`]: a proxy that cuts, stalls, delays and splits connections.

pub mod behaviour;
pub mod contract;
pub mod coverage;
pub mod field;
pub mod model;
pub mod opencode;
pub mod proxy;
mod serving;
