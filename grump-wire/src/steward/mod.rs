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
pub const NAME: &str = "steward";

/// How many event streams a user may have open at once. ("Rate limits")
pub const STREAMS: usize = 4;

/// The kinds of events that its streams tell of: all of ours travel as `eventType`.
pub const KINDS: &[EventKind] = events::KINDS;

/// The members beyond operations and kinds that it can say.
pub const MEMBERS: &[Member] = &[
    Member::RunError,
    Member::RunTimes,
    Member::TaskPrompt,
    Member::TaskProject,
    Member::TaskAgent,
    Member::TaskModel,
    Member::TaskRag,
    Member::TaskSafeMode,
    Member::ReviewNote,
    Member::ReviewCommit,
    Member::EventsFilter,
    Member::ConflictDetail,
    Member::DiffWhole,
    Member::EventsCursor,
];
