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
pub use events::{
    AgentProgress, GatewayEvent, NoMessage, SessionComplete, SessionStarted, UnknownEvent,
};
pub use types::*;

use grump_core::{EventKind, Member};

/// The dialect's name, as it stands in a plane's address.
pub const NAME: &str = "metaforge";

/// The port where nothing is said. (MetaForge, "Base URL")
pub const PORT: u16 = 3000;

/// The kinds of events that its socket tells of. (MetaForge, "Events")
pub const KINDS: &[EventKind] = events::KINDS;

/// The members beyond operations and kinds that it can say.
pub const MEMBERS: &[Member] = &[
    Member::TaskSkill,
    Member::TaskInput,
    Member::TaskOptions,
    Member::ReviewNote,
];
