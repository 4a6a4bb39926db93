//! The traits of grump-core over each dialect's client.

mod ralpher;
mod ralpher_events;

pub use self::ralpher::RalpherPlane;
