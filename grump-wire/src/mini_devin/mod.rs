#![doc = include_str!("docs.md")]

mod endpoints;
pub mod error;
pub mod events;
pub mod map;
#[cfg(test)]
mod tests;
mod types;

// Whole, so that whoever adds an endpoint or a body cannot forget it here.
pub use crate::shapes::{Listed, Secret};
pub use endpoints::*;
pub use events::{
    ClientMessage, ErrorMessage, PlanUpdate, StatusMessage, TaskMessage, Token, ToolCall,
    ToolResult, UnknownMessage,
};
pub use types::*;

use grump_core::{EventKind, Member};

/// The dialect's name, as it stands in a plane's address.
pub const NAME: &str = "mini-devin";

/// The port where nothing is said. (Mini-Devin, "Base URL")
pub const PORT: u16 = 8000;

/// The kinds of events that its sockets tell of. (Mini-Devin, "Message Types")
pub const KINDS: &[EventKind] = events::KINDS;

/// The members beyond operations and kinds that it can say.
pub const MEMBERS: &[Member] = &[
    Member::TaskPrompt,
    Member::TaskFolder,
    Member::TaskModel,
    Member::TaskRunMode,
];
