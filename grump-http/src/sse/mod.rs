//! Server-sent events off a stream of bytes.
//!
//! Where the bytes come off the socket themselves ([`DirectTransport`](crate::DirectTransport)) they
//! are framed here; over any other transport by `eventsource-client`, behind a filter for where it
//! departs from the standard. Both say the same of the same bytes. Connecting again is left to the
//! caller, who knows what was missed.
//!
//! # Recovery
//! `None` means that the server ended the answer; an `Err` that it broke, fell silent or is not to be
//! understood. Neither says that whatever the stream tells of has ended. One `Err` is not the end:
//! an event that is too long is passed over, and the next one is told
//! ([`has_ended`](SseStream::has_ended)).

pub(crate) mod framer;
mod ours;
mod sanitise;
#[cfg(test)]
mod tests;
mod theirs;

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::Stream;
use grump_core::{Error, ErrorKind, Result, Retry};
use http::{HeaderMap, Response, header};
use tokio::time::Instant;

use self::{ours::Ours, theirs::Theirs};
use crate::{direct::Direct, text::Text, transport::ByteStream};

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseEvent {
    /// Its name; `message` where the server gives none.
    pub name: Text,
    /// Its data, the lines joined.
    pub data: Text,
    /// The last id that the server gave, with this event or an earlier one.
    pub id: Option<Text>,
}

/// What comes on an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SseFrame {
    /// An event.
    Event(SseEvent),
    /// A comment, the white space around it trimmed. Servers send them to show that they live.
    Comment(Text),
}

/// What a stream may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long no byte may come.
    pub(crate) idle: Duration,
    /// The longest event, in bytes.
    pub(crate) event: usize,
}

/// What came instead of a frame.
enum Trouble {
    /// An event that is too long. The stream lives.
    TooLong,
    /// The end.
    Broken(Error),
}

enum Framing {
    Ours(Box<Ours>),
    Theirs(Theirs),
}

/// The events of one connection. Dropping it closes the connection.
///
/// As a stream it yields the events; [`frame`](Self::frame) yields the comments too.
#[must_use = "a stream does nothing unless it is read"]
pub struct SseStream {
    /// None once it ended.
    frames: Option<Framing>,
    headers: HeaderMap,
    limits: Limits,
    last_byte: LastByte,
    /// What the stream said until it ended.
    retry: Option<Duration>,
}

impl SseStream {
    /// The events of this answer.
    pub(crate) async fn over(answer: Response<ByteStream>, limits: Limits) -> Result<Self> {
        let (head, body) = answer.into_parts();
        check_content_type(&head.headers)?;
        let last_byte = LastByte::now();
        let frames = if head.extensions.get::<Direct>().is_some() {
            Framing::Ours(Box::new(Ours::new(body, limits, last_byte.clone())))
        } else {
            Framing::Theirs(Theirs::new(body, limits, last_byte.clone()).await?)
        };
        Ok(Self {
            frames: Some(frames),
            headers: head.headers,
            limits,
            last_byte,
            retry: None,
        })
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

    /// How long to wait before connecting again, if the server said so. (`retry:`)
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        match &self.frames {
            Some(Framing::Ours(ours)) => ours.retry(),
            Some(Framing::Theirs(theirs)) => theirs.retry(),
            None => self.retry,
        }
    }

    /// Whether nothing more comes.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.frames.is_none()
    }

    /// The next event or comment. Cancelling the call loses nothing.
    pub async fn frame(&mut self) -> Option<Result<SseFrame>> {
        std::future::poll_fn(|context| self.poll_frame(context)).await
    }

    /// As [`frame`](Self::frame), for those who poll.
    pub fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<SseFrame>>> {
        let frame = match &mut self.frames {
            Some(Framing::Ours(ours)) => ready!(ours.poll_frame(context)),
            Some(Framing::Theirs(theirs)) => ready!(theirs.poll_frame(context)),
            None => None,
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(Ok(frame)),
            Some(Err(Trouble::TooLong)) => Some(Err(too_long(self.limits))),
            Some(Err(Trouble::Broken(error))) => {
                self.end();
                Some(Err(error))
            }
            None => {
                self.end();
                None
            }
        })
    }

    fn end(&mut self) {
        self.retry = self.retry();
        self.frames = None;
    }
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

impl fmt::Debug for SseStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseStream")
            .field("ended", &self.has_ended())
            .finish_non_exhaustive()
    }
}

/// When the last byte came.
#[derive(Clone, Debug)]
struct LastByte(Arc<Mutex<Instant>>);

impl LastByte {
    fn now() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn get(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renew(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

/// A server that answers 200 with something else would otherwise look like one that hung up.
fn check_content_type(headers: &HeaderMap) -> Result<()> {
    let given = headers.get(header::CONTENT_TYPE);
    let given = given
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/event-stream") {
        return Ok(());
    }
    Err(
        Error::new(ErrorKind::Protocol, "the answer is not an event stream")
            .advise("check that the address is that of the server meant")
            .with("content-type", given),
    )
}

fn silent(limits: Limits) -> Error {
    Error::new(ErrorKind::Timeout, "the event stream fell silent")
        .retryable(Retry::Safe)
        .with("limit", format_args!("{:?}", limits.idle))
}

fn too_long(limits: Limits) -> Error {
    Error::new(ErrorKind::Protocol, "an event is too long")
        .advise("allow longer ones, if such events are meant")
        .with("limit", format_args!("{} bytes", limits.event))
}
