//! The testkit itself, over its sockets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod field;
mod model;
mod opencode;
mod proxy;
mod wire;
