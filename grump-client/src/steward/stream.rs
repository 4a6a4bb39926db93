//! [`StewardStream`]: the events of a run, in the dialect's own terms.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{Stream, StreamExt, stream::FusedStream};
use grump_core::{Error, ErrorKind, Result};
use grump_http::sse::SseEvent;
use grump_wire::steward::{AgentEvent, EventId, events::AGENT_EVENT};
use serde_json::{Map, Value};

use super::{Line, Told};

/// The events of a run, in the dialect's own terms, each once and in order. Dropping it closes the
/// connection and gives its place to another one.
///
/// # Recovery
/// None: the stream ends with an error, of kind [`Truncated`](ErrorKind::Truncated) where the
/// server ended it, whatever became of the run. Read the run, then go on with
/// [`stream_since`](super::StewardRuns::stream_since) and [`last_id`](Self::last_id). A plane's
/// [`EventStream`](grump_core::EventStream) does all that.
#[must_use = "a stream does nothing unless it is read"]
pub struct StewardStream {
    line: Option<Line>,
    last: Option<EventId>,
}

impl StewardStream {
    pub(super) fn new(line: Line) -> Self {
        let last = line.start().cloned();
        Self {
            line: Some(line),
            last,
        }
    }

    /// The event behind which to go on.
    #[must_use]
    pub const fn last_id(&self) -> Option<&EventId> {
        self.last.as_ref()
    }

    /// The event, unless it was told already.
    fn fresh(&mut self, event: AgentEvent) -> Option<AgentEvent> {
        let Some(id) = &event.id else {
            return Some(event);
        };
        if self.last.as_ref().is_some_and(|last| id <= last) {
            return None;
        }
        self.last = Some(id.clone());
        Some(event)
    }
}

/// An event as it came; what is none has its frame's name for a type and its text as `data`.
fn event(frame: &SseEvent, last: Option<&EventId>) -> AgentEvent {
    let read = serde_json::from_str::<AgentEvent>(&frame.data);
    // A frame without an id has that of the one before.
    let id = frame.id.as_deref().map(EventId::new);
    let id = id.filter(|id| Some(id) != last);
    match read {
        Ok(event) if !event.event_type.is_empty() => AgentEvent {
            id: event.id.or(id),
            ..event
        },
        _ => AgentEvent {
            event_type: match &*frame.name {
                "" | "message" | AGENT_EVENT => "unknown".to_owned(),
                name => name.to_owned(),
            },
            extra: Map::from_iter([("data".to_owned(), Value::from(&*frame.data))]),
            ..AgentEvent::default()
        },
    }
}

impl Stream for StewardStream {
    type Item = Result<AgentEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(line) = &mut self.line else {
                return Poll::Ready(None);
            };
            let told = match ready!(line.poll_next_unpin(context)) {
                Some(Ok(Told::Frame(frame))) => event(&frame, self.last.as_ref()),
                Some(Ok(Told::Stored(event))) => *event,
                Some(Ok(Told::Live | Told::Alive)) => continue,
                Some(Err(error)) => {
                    self.line = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.line = None;
                    return Poll::Ready(Some(Err(ended())));
                }
            };
            if let Some(event) = self.fresh(told) {
                return Poll::Ready(Some(Ok(event)));
            }
        }
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::Truncated, "the server ended the event stream")
        .advise("read the run, then go on behind the last event")
}

impl FusedStream for StewardStream {
    fn is_terminated(&self) -> bool {
        self.line.is_none()
    }
}

impl fmt::Debug for StewardStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StewardStream")
            .field("line", &self.line)
            .field("last", &self.last)
            .finish()
    }
}
