//! [`WireStream`]: the events of one connection, in the dialect's own terms.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{Stream, StreamExt, stream::FusedStream};
use grump_core::{Error, ErrorKind, Result};
use grump_http::sse::SseStream;

/// The events of one connection, in the dialect's own terms. Dropping it closes the connection.
///
/// # Recovery
/// None: the stream ends with an error, of kind [`Truncated`](ErrorKind::Truncated) where the
/// server ended it. What was missed is for the caller to find out. A plane's
/// [`EventStream`](grump_core::EventStream) does all that.
#[must_use = "a stream does nothing unless it is read"]
pub struct WireStream<T> {
    events: Option<SseStream>,
    decode: fn(&str) -> T,
}

impl<T> WireStream<T> {
    pub(crate) const fn new(events: SseStream, decode: fn(&str) -> T) -> Self {
        Self {
            events: Some(events),
            decode,
        }
    }
}

impl<T> Stream for WireStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(events) = &mut self.events else {
            return Poll::Ready(None);
        };
        let error = match ready!(events.poll_next_unpin(context)) {
            Some(Ok(event)) => return Poll::Ready(Some(Ok((self.decode)(&event.data)))),
            Some(Err(error)) => error,
            None => Error::new(ErrorKind::Truncated, "the server ended the event stream")
                .advise("read the state, then open the stream again"),
        };
        self.events = None;
        Poll::Ready(Some(Err(error)))
    }
}

impl<T> FusedStream for WireStream<T> {
    fn is_terminated(&self) -> bool {
        self.events.is_none()
    }
}

impl<T> fmt::Debug for WireStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireStream")
            .field("ended", &self.is_terminated())
            .finish_non_exhaustive()
    }
}
