//! The traits of grump-core over each dialect's client.

#[cfg(feature = "ralpher")]
mod ralpher;
#[cfg(feature = "ralpher")]
mod ralpher_events;

#[cfg(feature = "ralpher")]
pub use self::ralpher::RalpherPlane;
