#![doc = include_str!("docs.md")]

mod endpoints;
pub mod error;
pub mod events;
pub mod map;
#[cfg(test)]
mod tests;
mod types;

// Whole, so that whoever adds an endpoint or a body cannot forget it here.
pub use endpoints::*;
pub use types::*;

use grump_core::{EventKind, Member};

/// The dialect's name, as it stands in a plane's address.
pub const NAME: &str = "grump";

/// The port where nothing is said and the server is one's own. (G-Rump, "Base URL".)
pub const PORT: u16 = 3000;

/// The server of those who host none. (G-Rump, "Base URL".)
pub const PRODUCTION: &str = "https://api.grump.dev";

/// The kinds of events that a plane of this dialect tells of: those of the streams, and those that
/// reading sessions and jobs shows.
pub const KINDS: &[EventKind] = &[
    EventKind::RunCreated,
    EventKind::RunStarted,
    EventKind::RunStatusChanged,
    EventKind::PhaseStarted,
    EventKind::PhaseCompleted,
    EventKind::TextDelta,
    EventKind::ToolCalled,
    EventKind::ToolResult,
    EventKind::ErrorReported,
    EventKind::RunCompleted,
    EventKind::RunFailed,
    EventKind::RunCancelled,
    EventKind::RunDeleted,
];

/// The members beyond operations and kinds that it can say.
pub const MEMBERS: &[Member] = &[];
