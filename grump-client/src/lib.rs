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
//! for one in client.loops().list().await? {
//!     println!("{} is {}", one.config.name, one.state.status);
//! }
//! let mut events = client.events().all().await?;
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
//! | `connect`, `detect` | [`connect`], and [`detect`], which finds the dialect of a server |
//! | [`grump`] | the nouns of [`GrumpClient`] and their options |
//! | [`metaforge`] | what [`MetaForgeClient`] is made of: nouns, options, [`SkillRun`](metaforge::SkillRun) |
//! | [`mini_devin`] | what [`MiniDevinClient`] is made of: nouns, options, [`TaskSocket`](mini_devin::TaskSocket) |
//! | [`ralpher`] | what [`RalpherClient`] is made of: nouns, builder, options |
//! | `steward` | [`StewardClient`], its nouns and options |
//! | `planes` | [`GrumpPlane`], [`MetaForgePlane`], [`MiniDevinPlane`], [`RalpherPlane`], [`StewardPlane`]: the facets over the clients |
//! | [`stream`] | the resuming stream that every dialect's plane has |
//! | `builder`, `options` | [`ClientBuilder`]: how a client of any dialect is set |
//! | `auth` | [`Credential`], [`Token`], [`Abilities`] |
//! | `caller`, `request` | what every request goes through, and what answers it: a value, a stream, a [`Download`], a [`Raw`] answer |
//! | `pacing`, `retry`, `hooks` | [`Pacing`], what is sent again, and who is told of it |
//!
//! # What it does not do
//!
//! It never sends twice what may have been done.

mod auth;
mod builder;
mod caller;
mod connect;
mod detect;
mod download;
#[cfg(feature = "grump")]
pub mod grump;
mod hooks;
#[cfg(feature = "metaforge")]
pub mod metaforge;
#[cfg(feature = "mini-devin")]
pub mod mini_devin;
mod options;
mod pacing;
mod page;
#[cfg(any(feature = "metaforge", feature = "mini-devin"))]
mod part;
mod planes;
#[cfg(feature = "ralpher")]
pub mod ralpher;
mod raw;
mod request;
mod retry;
#[cfg(feature = "steward")]
mod steward;
pub mod stream;
#[cfg(test)]
mod testing;
mod wire_socket;
mod wire_stream;

pub use self::{
    auth::{Abilities, Credential, Token},
    builder::{ClientBuilder, DialectClient},
    connect::{connect, connect_from_env, connect_with, connect_with_patience, connect_with_token},
    detect::detect,
    download::Download,
    hooks::{Reconnecting, Retrying},
    pacing::Pacing,
    page::Pages,
    raw::Raw,
    wire_socket::WireSocket,
    wire_stream::WireStream,
};
#[cfg(feature = "grump")]
pub use self::{grump::GrumpClient, planes::GrumpPlane};
#[cfg(feature = "metaforge")]
pub use self::{
    metaforge::client::{MetaForgeBuilder, MetaForgeClient},
    planes::MetaForgePlane,
};
#[cfg(feature = "mini-devin")]
pub use self::{
    mini_devin::client::{MiniDevinBuilder, MiniDevinClient},
    planes::MiniDevinPlane,
};
#[cfg(feature = "ralpher")]
pub use self::{
    planes::RalpherPlane,
    ralpher::{LoopOptions, RalpherBuilder, RalpherClient},
};
#[cfg(feature = "steward")]
pub use self::{
    planes::StewardPlane,
    steward::{
        EventFilter, ProjectOptions, StewardAuth, StewardBuilder, StewardClient, StewardDevices,
        StewardDocs, StewardProjects, StewardReviews, StewardRunOptions, StewardRuns,
        StewardSettings, StewardSnapshots, StewardStream,
    },
};
