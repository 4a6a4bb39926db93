//! Remote control planes, spoken to in their own dialects.
//!
//! [`connect`] gives a plane by its address: the traits of `grump-core` over a server elsewhere,
//! which the handles of the `grump` crate wrap. [`RalpherClient`] is the dialect itself, one method
//! per endpoint.
//!
//! ```no_run
//! # async fn example() -> grump_core::Result<()> {
//! use futures::StreamExt;
//! use grump_client::RalpherClient;
//!
//! let client = RalpherClient::new("http://localhost:3000")?;
//! for one in client.list_loops().await? {
//!     println!("{} is {}", one.config.name, one.state.status);
//! }
//! let mut events = client.events().await?;
//! while let Some(event) = events.next().await {
//!     println!("{}", event?.kind);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where things are
//!
//! | module | holds |
//! |---|---|
//! | `connect` | [`connect`] |
//! | `ralpher` | [`RalpherClient`], its builder and options |
//! | `planes` | [`RalpherPlane`]: the facets over the client |
//! | [`stream`] | the resuming stream that every dialect's plane has |
//! | `caller`, `retry` | how a request of any dialect is sent, read, and sent again |
//!
//! # What it does not do
//!
//! TLS, proxies and WebSocket: not yet. It never sends twice what may have been done.

mod caller;
mod connect;
mod planes;
#[cfg(feature = "ralpher")]
mod ralpher;
mod retry;
pub mod stream;
mod wire_stream;

pub use self::{
    connect::{connect, connect_with_token},
    wire_stream::WireStream,
};
#[cfg(feature = "ralpher")]
pub use self::{
    planes::RalpherPlane,
    ralpher::{LoopOptions, RalpherBuilder, RalpherClient},
};
