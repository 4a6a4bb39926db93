//! The HTTP client against servers that answer as they are told to.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod encrypted;
mod proxied;
mod raw;
mod requests;
mod sockets;
mod streams;
