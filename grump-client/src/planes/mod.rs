//! The traits of grump-core over each dialect's client.

#[cfg(feature = "grump")]
mod grump;
#[cfg(feature = "grump")]
mod grump_chat;
#[cfg(feature = "grump")]
mod grump_polling;
#[cfg(feature = "grump")]
mod grump_rest;
#[cfg(feature = "grump")]
mod grump_session;
#[cfg(feature = "grump")]
mod grump_socket;
#[cfg(feature = "metaforge")]
mod metaforge;
#[cfg(feature = "metaforge")]
mod metaforge_events;
#[cfg(feature = "mini-devin")]
mod mini_devin;
#[cfg(feature = "mini-devin")]
mod mini_devin_events;
#[cfg(feature = "ralpher")]
mod ralpher;
#[cfg(feature = "ralpher")]
mod ralpher_events;
#[cfg(feature = "steward")]
mod steward;
#[cfg(feature = "steward")]
mod steward_events;
#[cfg(feature = "steward")]
mod steward_evidence;
#[cfg(feature = "steward")]
mod steward_projects;

#[cfg(feature = "grump")]
pub use self::grump::GrumpPlane;
#[cfg(feature = "metaforge")]
pub use self::metaforge::MetaForgePlane;
#[cfg(feature = "mini-devin")]
pub use self::mini_devin::MiniDevinPlane;
#[cfg(feature = "ralpher")]
pub use self::ralpher::RalpherPlane;
#[cfg(feature = "steward")]
pub use self::steward::StewardPlane;
