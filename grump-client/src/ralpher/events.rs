//! [`Events`]: what happens, as it happens.

use grump_core::{Result, RunId};
use grump_wire::{
    endpoint::NoPath,
    ralpher::{AllEvents, LoopEvent, LoopEvents},
};
use serde_json::json;

use super::{RalpherClient, loops::at};
use crate::wire_stream::WireStream;

/// Server-Sent Events, from now on. They have no positions: after a break nothing is told again.
/// (Ralpher, "Events (SSE)")
#[derive(Clone, Copy, Debug)]
pub struct Events<'c>(pub(super) &'c RalpherClient);

impl Events<'_> {
    /// Server-Sent Events stream for all loop events.
    pub async fn all(self) -> Result<WireStream<LoopEvent>> {
        self.0.listen::<AllEvents>(NoPath {}).await
    }

    /// Server-Sent Events stream filtered to a specific loop.
    pub async fn of_loop(self, id: impl Into<RunId>) -> Result<WireStream<LoopEvent>> {
        self.0.listen::<LoopEvents>(at(id)?).await
    }
}

/// An event as it came; what is none is of type `unknown`, with its text as `data`.
pub(super) fn event(data: &str) -> LoopEvent {
    serde_json::from_str(data).unwrap_or_else(|_| LoopEvent {
        kind: "unknown".to_owned(),
        loop_id: None,
        iteration: None,
        timestamp: None,
        members: [("data".to_owned(), json!(data))].into_iter().collect(),
    })
}
