//! Server-sent events off a stream of bytes.
//!
//! The framing is `eventsource-client`'s, behind a filter for where it departs from the
//! standard. Connecting again is left to the caller, who knows what was missed.
//!
//! # Recovery
//! `None` means that the server ended the answer; an `Err` that it broke, fell silent or is not to be
//! understood. Neither says that whatever the stream tells of has ended.

mod sanitise;
mod seam;

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use futures::{Stream, StreamExt, ready};
use grump_core::{Error, ErrorKind, Result};
use http::{HeaderMap, Response};
use tokio::time::Instant;

use self::seam::{LastByte, Seam, failure};
use crate::transport::ByteStream;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseEvent {
    /// Its name; `message` where the server gives none.
    pub name: String,
    /// Its data, the lines joined.
    pub data: String,
    /// The last id that the server gave, with this event or an earlier one.
    pub id: Option<String>,
}

/// What comes on an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SseFrame {
    /// An event.
    Event(SseEvent),
    /// A comment, the white space around it trimmed. Servers send them to show that they live.
    Comment(String),
}

/// What a stream may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long no byte may come.
    pub(crate) idle: Duration,
    /// The longest event, in bytes.
    pub(crate) event: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            event: 32 << 20,
        }
    }
}

/// The events of one connection. Dropping it closes the connection.
///
/// As a stream it yields the events; [`frame`](Self::frame) yields the comments too.
#[must_use = "a stream does nothing unless it is read"]
pub struct SseStream {
    /// None once it ended.
    inner: Option<eventsource_client::BoxStream<eventsource_client::Result<SSE>>>,
    headers: HeaderMap,
    last_byte: LastByte,
}

impl SseStream {
    /// The events of this answer.
    pub(crate) async fn over(answer: Response<ByteStream>, limits: Limits) -> Result<Self> {
        let (head, body) = answer.into_parts();
        seam::content_type(&head.headers)?;
        let last_byte = LastByte::now();
        let once = ReconnectOptions::reconnect(false)
            .retry_initial(false)
            .build();
        // The framer wants an address, and asks none: the answer is there.
        let builder = ClientBuilder::for_url("http://localhost").map_err(unopened)?;
        let mut inner = builder
            .reconnect(once)
            .redirect_limit(0)
            .build_with_transport(Seam::new(body, limits, last_byte.clone()))
            .stream();
        match inner.next().await {
            Some(Err(error)) => Err(unopened(error)),
            // The framer says that it is connected before it says anything else.
            _ => Ok(Self {
                inner: Some(inner),
                headers: head.headers,
                last_byte,
            }),
        }
    }

    /// The answer's headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// When the last byte came, be it the middle of an event; at first, when the answer began.
    #[must_use]
    pub fn last_byte(&self) -> Instant {
        self.last_byte.get()
    }

    /// The next event or comment. Cancelling the call loses nothing.
    pub async fn frame(&mut self) -> Option<Result<SseFrame>> {
        std::future::poll_fn(|context| self.poll_frame(context)).await
    }

    /// As [`frame`](Self::frame), for those who poll.
    pub fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<SseFrame>>> {
        while let Some(inner) = &mut self.inner {
            match ready!(inner.poll_next_unpin(context)) {
                Some(Ok(SSE::Event(event))) => {
                    return Poll::Ready(Some(Ok(SseFrame::Event(event.into()))));
                }
                Some(Ok(SSE::Comment(text))) => {
                    let text = text.trim().to_owned();
                    return Poll::Ready(Some(Ok(SseFrame::Comment(text))));
                }
                Some(Ok(SSE::Connected(_))) => {}
                // After its first error the framer has nothing more to say that is worth hearing.
                Some(Err(error)) => {
                    self.inner = None;
                    return Poll::Ready(failure(error).map(Err));
                }
                None => self.inner = None,
            }
        }
        Poll::Ready(None)
    }
}

fn unopened(error: eventsource_client::Error) -> Error {
    failure(error).unwrap_or_else(|| {
        Error::new(
            ErrorKind::Internal,
            "the event stream ended before it began",
        )
    })
}

impl Stream for SseStream {
    type Item = Result<SseEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.poll_frame(context)) {
                Some(Ok(SseFrame::Event(event))) => return Poll::Ready(Some(Ok(event))),
                Some(Ok(SseFrame::Comment(_))) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl From<eventsource_client::Event> for SseEvent {
    fn from(event: eventsource_client::Event) -> Self {
        Self {
            name: event.event_type,
            data: event.data,
            id: event.id.filter(|id| !id.is_empty()),
        }
    }
}

impl std::fmt::Debug for SseStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SseStream")
            .field("ended", &self.inner.is_none())
            .finish_non_exhaustive()
    }
}
