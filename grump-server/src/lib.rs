//! Serves any control plane over HTTP, in the dialects of `grump-wire`.
//!
//! A handler takes a request apart, calls one method of one facet, and writes the answer. What is
//! common to all dialects stands around the handlers: guards that refuse requests from elsewhere,
//! bounded bodies and connections, one fan-out of events for all who listen, and an end that lets
//! requests finish.
//!
//! ```
//! use std::sync::Arc;
//!
//! use grump_core::{ControlPlane, Result};
//! use grump_server::Server;
//!
//! async fn serve(plane: Arc<dyn ControlPlane>) -> Result<()> {
//!     let server = Server::builder(plane)
//!         .ralpher("127.0.0.1:3000".parse().expect("an address"))
//!         .bind()
//!         .await?;
//!     println!("listening on http://{}", server.local_addr());
//!     server.serve(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await
//! }
//! ```
//!
//! # Where things are
//!
//! | module | what |
//! |---|---|
//! | [`Server`], [`Builder`], [`Limits`] | listeners, and how they begin and end |
//! | [`Token`] | what lets a request in that comes from elsewhere |
//! | [`fanout`] | the events of a plane for many subscribers, each framed once |
//! | [`openapi`] | the document of a dialect, from its endpoints |
//! | `dialects` | one file per dialect that mounts its endpoints on the facets |
//!
//! # What it does not do
//!
//! It speaks HTTP/1.1 without TLS: what faces a network stands behind a proxy that ends TLS.

mod app;
mod connection;
mod dialects;
mod direct;
mod exchange;
pub mod fanout;
mod guard;
mod limits;
pub mod openapi;
mod probes;
mod server;

pub use guard::Token;
pub use limits::Limits;
pub use server::{Builder, Server};
