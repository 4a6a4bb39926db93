//! [`CallStream`]: what one call that streams its answer tells.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{Stream, StreamExt, stream::FusedStream};
use grump_core::{Error, ErrorKind, Result};
use grump_http::sse::SseStream;
use grump_wire::grump::{ChatEvent, ShipEvent};

/// What one call tells, in the dialect's own terms. Dropping it closes the connection.
///
/// # Recovery
/// None: the call is what starts the work, and is not made again. The stream ends after `complete`
/// (`done` on servers in the field), or where the server ends it after an `error`. Anything else
/// that ends it is an error, of kind [`Truncated`](ErrorKind::Truncated) where the server did:
/// read the session. A plane's [`EventStream`](grump_core::EventStream) does that.
#[must_use = "a stream does nothing unless it is read"]
pub struct CallStream<T> {
    events: Option<SseStream>,
    decode: fn(&str) -> T,
    end: fn(&T) -> End,
    /// Whether the server may end it now.
    may_end: bool,
}

/// What an event says about what follows.
enum End {
    /// Something does.
    No,
    /// Something may.
    Perhaps,
    /// Nothing does.
    Yes,
}

impl CallStream<ShipEvent> {
    pub(super) const fn new(events: SseStream) -> Self {
        Self::of(events, ShipEvent::read, |event| match event {
            ShipEvent::Complete(_) => End::Yes,
            ShipEvent::Error(_) => End::Perhaps,
            _ => End::No,
        })
    }
}

impl CallStream<ChatEvent> {
    pub(super) const fn of_chat(events: SseStream) -> Self {
        Self::of(events, ChatEvent::read, |event| match event {
            ChatEvent::Complete(_) => End::Yes,
            ChatEvent::Error(_) => End::Perhaps,
            _ => End::No,
        })
    }
}

impl<T> CallStream<T> {
    const fn of(events: SseStream, decode: fn(&str) -> T, end: fn(&T) -> End) -> Self {
        Self {
            events: Some(events),
            decode,
            end,
            may_end: false,
        }
    }

    fn told(&mut self, data: &str) -> T {
        let event = (self.decode)(data);
        match (self.end)(&event) {
            End::No => {}
            End::Perhaps => self.may_end = true,
            End::Yes => self.events = None,
        }
        event
    }
}

impl<T> Stream for CallStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(events) = &mut self.events else {
            return Poll::Ready(None);
        };
        let error = match ready!(events.poll_next_unpin(context)) {
            Some(Ok(event)) => return Poll::Ready(Some(Ok(self.told(&event.data)))),
            Some(Err(error)) => Some(error),
            None if self.may_end => None,
            None => Some(
                Error::new(
                    ErrorKind::Truncated,
                    "the server ended the stream too early",
                )
                .advise("read what became of it; the call is not made again by itself"),
            ),
        };
        self.events = None;
        Poll::Ready(error.map(Err))
    }
}

impl<T> FusedStream for CallStream<T> {
    fn is_terminated(&self) -> bool {
        self.events.is_none()
    }
}

impl<T> fmt::Debug for CallStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallStream")
            .field("ended", &self.is_terminated())
            .finish_non_exhaustive()
    }
}
