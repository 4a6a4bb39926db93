//! The dialects of coding agents' control planes as data: every endpoint, body, event and error,
//! and how each maps to the domain of `grump-core`. No I/O, no runtime.
//!
//! An endpoint is written once, in its dialect's `endpoints.rs`; client, server, OpenAPI document
//! and coverage follow from it. What the contract's tables list and the endpoints lack, or the
//! other way round, does not compile.
//!
//! ```
//! use grump_wire::{Endpoint, ralpher::{LoopPath, StartLoop}, endpoint};
//!
//! let path = LoopPath { id: "abc 123".into() };
//! assert_eq!(endpoint::path::<StartLoop>(&path), "/api/loops/abc%20123/start");
//! assert_eq!((StartLoop::METHOD, StartLoop::STATUS), ("POST", 200));
//! assert_eq!(StartLoop::ERRORS[1].code, "already_running");
//! ```
//!
//! # Where things are
//!
//! | module | holds |
//! |---|---|
//! | [`endpoint`] | [`Endpoint`], the kinds of bodies, and how a request's target is written |
//! | [`grump`] | the G-Rump dialect |
//! | [`headers`] | the headers that only grump knows |
//! | [`metaforge`] | the MetaForge dialect |
//! | [`mini_devin`] | the Mini-Devin dialect |
//! | [`ralpher`] | the Ralpher dialect |
//! | [`steward`] | the Steward dialect |
//!
//! Each dialect's folder has the same rooms: `endpoints`, `types`, `events`, `error`, `map`, `docs.md`
//! and `fixtures/`. Reading is tolerant: what is not known is kept, what is missing has a default.
//! Writing is strict: what the document shows, and nothing else.
//!
//! # Features
//!
//! One for each dialect (`grump`, `steward`, `ralpher`, `metaforge`, `mini-devin`), all on unless told.
//!
//! # What it does not do
//!
//! It opens no connection: `grump-client` and `grump-server` do.

mod answer;
mod contract;
pub mod endpoint;
#[cfg(feature = "grump")]
pub mod grump;
pub mod headers;
mod lenient;
#[cfg(feature = "metaforge")]
pub mod metaforge;
#[cfg(feature = "mini-devin")]
pub mod mini_devin;
#[cfg(feature = "ralpher")]
pub mod ralpher;
#[cfg(any(feature = "metaforge", feature = "mini-devin"))]
mod refusal;
#[cfg(any(feature = "grump", feature = "metaforge", feature = "mini-devin"))]
mod shapes;
#[cfg(feature = "steward")]
pub mod steward;
#[cfg(feature = "ralpher")]
mod text;

pub use endpoint::{Endpoint, Visitor};
