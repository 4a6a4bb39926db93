//! The testkit itself, over its sockets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod field;
mod model;
mod opencode;
mod proxy;
mod wire;

/// Asks servers on this machine.
fn client() -> reqwest::Client {
    // Nothing is encrypted here; the client wants to know all the same by whom it would be.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
