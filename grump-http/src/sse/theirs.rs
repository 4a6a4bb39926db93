//! The framing of `eventsource-client`, over a body that is made fit for it; and errors back out of its
//! own.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use eventsource_client::{
    BoxStream, Client, ClientBuilder, Error as Failure, ReconnectOptions, SSE,
};
use futures::{Stream, StreamExt, stream};
use grump_core::{Error, ErrorKind, Result, Retry};
use http::{Request, Response};
use launchdarkly_sdk_transport as transport;
use sync_wrapper::SyncStream;
use tokio::time::timeout;

use super::{
    LastByte, Limits, SseEvent, SseFrame, Trouble,
    sanitise::{Sanitiser, TOO_LONG},
    silent,
};
use crate::transport::ByteStream;

/// The frames of one body.
pub(super) struct Theirs {
    frames: BoxStream<eventsource_client::Result<SSE>>,
    retry: LastRetry,
}

/// How long to wait before connecting again, as the stream last said.
type LastRetry = Arc<Mutex<Option<Duration>>>;

impl Theirs {
    pub(super) async fn new(body: ByteStream, limits: Limits, last_byte: LastByte) -> Result<Self> {
        let once = ReconnectOptions::reconnect(false)
            .retry_initial(false)
            .build();
        let retry = LastRetry::default();
        let body = sanitised(body, limits, last_byte, retry.clone());
        // The framer wants an address, and asks none: the answer is there.
        let builder = ClientBuilder::for_url("http://localhost").map_err(unopened)?;
        let mut frames = builder
            .reconnect(once)
            .redirect_limit(0)
            .build_with_transport(Seam::new(body))
            .stream();
        match frames.next().await {
            Some(Err(error)) => Err(unopened(error)),
            // The framer says that it is connected before it says anything else.
            _ => Ok(Self { frames, retry }),
        }
    }

    pub(super) fn retry(&self) -> Option<Duration> {
        *self.retry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next frame; none at the end.
    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<SseFrame, Trouble>>> {
        loop {
            let frame = match ready!(self.frames.poll_next_unpin(context)) {
                Some(Ok(SSE::Event(event))) => Ok(SseFrame::Event(event.into())),
                Some(Ok(SSE::Comment(text))) if text == TOO_LONG => Err(Trouble::TooLong),
                Some(Ok(SSE::Comment(text))) => Ok(SseFrame::Comment(text.trim_ascii().into())),
                Some(Ok(SSE::Connected(_))) => continue,
                Some(Err(error)) => match failure(error) {
                    Some(error) => Err(Trouble::Broken(error)),
                    None => return Poll::Ready(None),
                },
                None => return Poll::Ready(None),
            };
            return Poll::Ready(Some(frame));
        }
    }
}

impl From<eventsource_client::Event> for SseEvent {
    fn from(event: eventsource_client::Event) -> Self {
        Self {
            name: event.event_type.into(),
            data: event.data.into(),
            id: event.id.filter(|id| !id.is_empty()).map(Into::into),
        }
    }
}

/// Hands the one answer that is there already on, whatever is asked.
#[derive(Clone)]
struct Seam(Arc<Mutex<Option<transport::ByteStream>>>);

impl Seam {
    fn new(body: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        let body = body.map(|piece| piece.map_err(Carried::wrap));
        Self(Arc::new(Mutex::new(Some(Box::pin(SyncStream::new(body))))))
    }
}

impl transport::HttpTransport for Seam {
    fn request(&self, _: Request<Option<Bytes>>) -> transport::ResponseFuture {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let again = || {
            Error::new(
                ErrorKind::Internal,
                "the framer asked for a second connection",
            )
        };
        let answer = body
            .map(Response::new)
            .ok_or_else(|| Carried::wrap(again()));
        Box::pin(std::future::ready(answer))
    }
}

fn sanitised(
    body: ByteStream,
    limits: Limits,
    last_byte: LastByte,
    retry: LastRetry,
) -> impl Stream<Item = Result<Bytes>> + Send {
    let state = (body, Sanitiser::new(limits.event));
    stream::try_unfold(state, move |(mut body, mut sanitiser)| {
        let (last_byte, retry) = (last_byte.clone(), retry.clone());
        async move {
            // Made anew for each piece, and asked only after the body: a slow reader is not silence.
            match timeout(limits.idle, body.next()).await {
                Err(_) => Err(silent(limits)),
                Ok(None) => Ok(None),
                Ok(Some(piece)) => {
                    last_byte.renew();
                    let clean = sanitiser.push(&piece?);
                    *retry.lock().unwrap_or_else(PoisonError::into_inner) = sanitiser.retry();
                    Ok(Some((clean.into(), (body, sanitiser))))
                }
            }
        }
    })
}

/// An error of ours on its way through theirs, which lends its inside but never gives it back.
#[derive(Debug)]
struct Carried(Mutex<Option<Error>>);

impl Carried {
    fn wrap(error: Error) -> transport::TransportError {
        transport::TransportError::new(Self(Mutex::new(Some(error))))
    }

    fn unwrap(error: &transport::TransportError) -> Option<Error> {
        let carried = error.inner().downcast_ref::<Self>()?;
        carried
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("see the error of grump's own")
    }
}

impl std::error::Error for Carried {}

/// Why the stream ended, or none when the server ended it.
fn failure(error: Failure) -> Option<Error> {
    match &error {
        Failure::Eof | Failure::UnexpectedEof => return None,
        Failure::Transport(carrier) => {
            if let Some(ours) = Carried::unwrap(carrier) {
                return Some(ours);
            }
        }
        _ => {}
    }
    Some(
        Error::new(ErrorKind::Protocol, "the event stream cannot be understood")
            .retryable(Retry::Safe)
            .caused_by(error),
    )
}

fn unopened(error: Failure) -> Error {
    failure(error).unwrap_or_else(|| {
        Error::new(
            ErrorKind::Internal,
            "the event stream ended before it began",
        )
    })
}
