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
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use futures::{Stream, StreamExt, ready};
use grump_core::{Error, ErrorKind, Result};
use http::{HeaderValue, Request, header};

use self::seam::{Seam, failure};
use crate::transport::HttpTransport;

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
#[must_use = "a stream does nothing unless it is read"]
pub struct SseStream {
    /// None once it ended.
    inner: Option<eventsource_client::BoxStream<eventsource_client::Result<SSE>>>,
}

impl SseStream {
    pub(crate) async fn open(
        transport: Arc<dyn HttpTransport>,
        mut request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Self> {
        let accept = HeaderValue::from_static("text/event-stream");
        request.headers_mut().insert(header::ACCEPT, accept);
        let once = ReconnectOptions::reconnect(false)
            .retry_initial(false)
            .build();
        let builder = ClientBuilder::for_url(&request.uri().to_string());
        let mut inner = builder
            .map_err(unopened)?
            .reconnect(once)
            .redirect_limit(0)
            .build_with_transport(Seam {
                transport,
                request,
                limits,
            })
            .stream();
        match inner.next().await {
            Some(Err(error)) => Err(unopened(error)),
            // The framer says that it is connected before it says anything else.
            _ => Ok(Self { inner: Some(inner) }),
        }
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
        while let Some(inner) = &mut self.inner {
            match ready!(inner.poll_next_unpin(context)) {
                Some(Ok(SSE::Event(event))) => return Poll::Ready(Some(Ok(event.into()))),
                Some(Ok(SSE::Connected(_) | SSE::Comment(_))) => {}
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
