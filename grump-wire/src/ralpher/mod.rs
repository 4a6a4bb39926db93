#![doc = include_str!("docs.md")]

mod endpoints;
pub mod error;
pub mod events;
pub mod map;
pub mod stored;
#[cfg(test)]
mod tests;
mod types;

// Whole, so that whoever adds an endpoint or a body cannot forget it here.
pub use endpoints::*;
pub use types::*;

use grump_core::{EventKind, Member};

/// The dialect's name, as it stands in a plane's address.
pub const NAME: &str = "ralpher";

/// The port where nothing is said. (Ralpher, "Base URL".)
pub const PORT: u16 = 3000;

/// The kinds of events that its streams tell of. (Ralpher, "Events (SSE)".)
pub const KINDS: &[EventKind] = events::KINDS;

/// The members beyond operations and kinds that it can say: none, but for the positions that grump
/// writes beside the document.
pub const MEMBERS: &[Member] = &[Member::EventsCursor];
