//! Our answer as the one of a transport that `eventsource-client` wants, and errors back out of its own.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use grump_core::{Error, ErrorKind, Result, Retry};
use http::{HeaderMap, Request, Response, header};
use launchdarkly_sdk_transport as theirs;
use sync_wrapper::SyncStream;
use tokio::time::{Instant, timeout};

use super::{
    Limits,
    sanitise::{Sanitiser, TooLong},
};
use crate::transport::ByteStream;

/// Hands the one answer that is there already on, sanitised, whatever is asked.
#[derive(Clone)]
pub(super) struct Seam(Arc<Mutex<Option<theirs::ByteStream>>>);

impl Seam {
    pub(super) fn new(body: ByteStream, limits: Limits, last_byte: LastByte) -> Self {
        let clean = sanitised(body, limits, last_byte).map(|piece| piece.map_err(Carried::wrap));
        Self(Arc::new(Mutex::new(Some(Box::pin(SyncStream::new(clean))))))
    }
}

impl theirs::HttpTransport for Seam {
    fn request(&self, _: Request<Option<Bytes>>) -> theirs::ResponseFuture {
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

/// When the last byte came.
#[derive(Clone, Debug)]
pub(super) struct LastByte(Arc<Mutex<Instant>>);

impl LastByte {
    pub(super) fn now() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(super) fn get(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renew(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

/// A server that answers 200 with something else would otherwise look like one that hung up.
pub(super) fn content_type(headers: &HeaderMap) -> Result<()> {
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

fn sanitised(
    body: ByteStream,
    limits: Limits,
    last_byte: LastByte,
) -> impl Stream<Item = Result<Bytes>> + Send {
    let state = (body, Sanitiser::new(limits.event), last_byte);
    stream::try_unfold(
        state,
        move |(mut body, mut sanitiser, last_byte)| async move {
            // Made anew for each piece, and asked only after the body: a slow reader is not silence.
            match timeout(limits.idle, body.next()).await {
                Err(_) => Err(silent(limits)),
                Ok(None) => Ok(None),
                Ok(Some(piece)) => {
                    last_byte.renew();
                    let clean = sanitiser
                        .push(&piece?)
                        .map_err(|TooLong| too_long(limits))?;
                    Ok(Some((clean.into(), (body, sanitiser, last_byte))))
                }
            }
        },
    )
}

fn silent(limits: Limits) -> Error {
    Error::new(ErrorKind::Timeout, "the event stream fell silent")
        .retryable(Retry::Safe)
        .with("limit", format_args!("{:?}", limits.idle))
}

fn too_long(limits: Limits) -> Error {
    Error::new(ErrorKind::Protocol, "an event is too long")
        .with("limit", format_args!("{} bytes", limits.event))
}

/// An error of ours on its way through theirs, which lends its inside but never gives it back.
#[derive(Debug)]
struct Carried(Mutex<Option<Error>>);

impl Carried {
    fn wrap(error: Error) -> theirs::TransportError {
        theirs::TransportError::new(Self(Mutex::new(Some(error))))
    }

    fn unwrap(error: &theirs::TransportError) -> Option<Error> {
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
pub(super) fn failure(error: eventsource_client::Error) -> Option<Error> {
    use eventsource_client::Error as Theirs;
    match &error {
        Theirs::Eof | Theirs::UnexpectedEof => return None,
        Theirs::Transport(carrier) => {
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
