//! HTTP as grump's client and engine share it.
//!
//! - [`HttpTransport`]: the seam. Anything that turns a request into a stream of bytes; those here
//!   are [`PooledTransport`], for requests, and [`DirectTransport`], for answers that last.
//! - [`HttpClient`]: requests to one base URL, JSON or as they come, with time limits, and every
//!   failure a [`grump_core::Error`].
//! - [`sse`]: server-sent events off such a stream.
//! - [`webhook`]: signing and verifying webhooks.
//! - [`Socket`]: messages both ways, by WebSocket.
//!
//! - [`Connect`]: how connections are made, for all of these: time limit, proxies, whom to trust.
//!
//! It follows no redirects and retries nothing:
//! what is safe to try again is for the caller to know.
//!
//! ```no_run
//! # async fn example() -> grump_core::Result<()> {
//! use futures::StreamExt;
//! use grump_http::HttpClient;
//!
//! let server = HttpClient::new("http://127.0.0.1:4096")?.basic_auth("opencode", "secret");
//! let health: serde_json::Value = server.get("/global/health").await?;
//! println!("version {}", health["version"]);
//!
//! let mut events = server.events("/event").await?;
//! while let Some(event) = events.next().await {
//!     println!("{}", event?.data);
//! }
//! # Ok(())
//! # }
//! ```

mod address;
mod client;
mod connect;
mod direct;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod h1;
mod pooled;
mod rate;
mod socket;
pub mod sse;
mod status;
mod text;
mod transport;
pub mod webhook;

pub use client::{Fetched, HttpClient, Opened};
pub use connect::{Connect, Tls};
pub use direct::DirectTransport;
pub use pooled::PooledTransport;
pub use rate::RateLimit;
pub use socket::{Message, Socket, SocketReceiver, SocketSender, Upgraded};
pub use status::{refusal, retry};
pub use text::Text;
pub use transport::{ByteStream, HttpTransport, ResponseFuture};
