//! Our transport as the one that `eventsource-client` wants, and errors back out of its own.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use grump_core::{Error, ErrorKind, Result, Retry};
use http::{HeaderMap, Request, Response, header};
use launchdarkly_sdk_transport as theirs;
use sync_wrapper::{SyncFuture, SyncStream};
use tokio::time::timeout;

use super::{
    Limits,
    sanitise::{Sanitiser, TooLong},
};
use crate::{
    client::refused,
    transport::{ByteStream, HttpTransport},
};

/// Sends one request over our transport, and lets nothing but a sanitised event stream through.
#[derive(Clone)]
pub(super) struct Seam {
    pub(super) transport: Arc<dyn HttpTransport>,
    pub(super) request: Request<Bytes>,
    pub(super) limits: Limits,
}

impl theirs::HttpTransport for Seam {
    /// Theirs is a copy of our request without what marks headers as secret: ours is sent.
    fn request(&self, _: Request<Option<Bytes>>) -> theirs::ResponseFuture {
        let connecting = connect(self.clone());
        Box::pin(SyncFuture::new(async move {
            connecting.await.map_err(Carried::wrap)
        }))
    }
}

async fn connect(seam: Seam) -> Result<Response<theirs::ByteStream>> {
    let response = seam.transport.send(seam.request).await?;
    if !response.status().is_success() {
        return Err(refused(response).await);
    }
    content_type(response.headers())?;
    Ok(response.map(|body| {
        let clean = sanitised(body, seam.limits).map(|piece| piece.map_err(Carried::wrap));
        Box::pin(SyncStream::new(clean)) as theirs::ByteStream
    }))
}

/// A server that answers 200 with something else would otherwise look like one that hung up.
fn content_type(headers: &HeaderMap) -> Result<()> {
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

fn sanitised(body: ByteStream, limits: Limits) -> impl Stream<Item = Result<Bytes>> + Send {
    let state = (body, Sanitiser::new(limits.event));
    stream::try_unfold(state, move |(mut body, mut sanitiser)| async move {
        // Made anew for each piece, and asked only after the body: a slow reader is not silence.
        match timeout(limits.idle, body.next()).await {
            Err(_) => Err(silent(limits)),
            Ok(None) => Ok(None),
            Ok(Some(piece)) => {
                let clean = sanitiser
                    .push(&piece?)
                    .map_err(|TooLong| too_long(limits))?;
                Ok(Some((clean.into(), (body, sanitiser))))
            }
        }
    })
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
