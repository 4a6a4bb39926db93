//! [`SocketSource`]: the source of a dialect whose events come over sockets: without positions,
//! without heartbeats, and not always to the end.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use async_trait::async_trait;
use futures::{Stream, StreamExt, stream::BoxStream};
use grump_core::{Error, ErrorKind, Result, Retry, Run, RunRef, Since};
use grump_http::Message;
use sync_wrapper::SyncStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    echo::Echoes,
    source::{Connection, Frame, Frames, Source},
};
use crate::{caller::Caller, hooks::Hooks, wire_socket::closed};

/// What a dialect with sockets says of them.
#[async_trait]
pub(crate) trait Sockets: fmt::Debug + Send + Sync + 'static {
    /// What one run's socket tells, or that of all, from now on.
    ///
    /// # Errors
    /// Whatever the wire says where there is no socket.
    async fn open(&self, run: Option<&RunRef>) -> Result<BoxStream<'static, Result<Frame>>>;

    /// Reads one run.
    ///
    /// # Errors
    /// `NotFound`; whatever else the wire says.
    async fn read(&self, run: &RunRef) -> Result<Run>;

    /// Reads all runs.
    ///
    /// # Errors
    /// Whatever the wire says.
    async fn read_all(&self) -> Result<Vec<Run>>;

    /// What sends the requests.
    fn caller(&self) -> &Caller;

    /// What follows from commands that were given here.
    fn echoes(&self) -> &Echoes;
}

/// A server that tells what happens over sockets.
#[derive(Debug)]
pub(crate) struct SocketSource<S>(pub(crate) S);

#[async_trait]
impl<S: Sockets> Source for SocketSource<S> {
    async fn open(&self, run: Option<&RunRef>, _: &Since) -> Result<Connection> {
        // Before the socket: what is done meanwhile is heard.
        let echoes = self.0.echoes().of(run);
        let wire = self.0.open(run).await?;
        let frames = SocketFrames {
            wire: SyncStream::new(wire),
            echoes: SyncStream::new(echoes),
            last: Instant::now(),
        };
        Ok(Connection {
            start: None,
            frames: Box::new(frames),
        })
    }

    async fn read(&self, run: &RunRef) -> Result<Run> {
        self.0.read(run).await
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        self.0.read_all().await
    }

    fn closed(&self) -> CancellationToken {
        self.0.caller().closed().clone()
    }

    fn hooks(&self) -> Hooks {
        self.0.caller().hooks.clone()
    }
}

/// What one connection tells, and what follows from commands.
struct SocketFrames {
    wire: SyncStream<BoxStream<'static, Result<Frame>>>,
    echoes: SyncStream<BoxStream<'static, Frame>>,
    /// When the wire last told something. Pings are answered elsewhere, and say nothing of whether
    /// the run is told of.
    last: Instant,
}

impl Frames for SocketFrames {
    fn last_byte(&self) -> Instant {
        self.last
    }
}

impl Stream for SocketFrames {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(frame) = self.wire.poll_next_unpin(context) {
            self.last = Instant::now();
            return Poll::Ready(frame);
        }
        match self.echoes.poll_next_unpin(context) {
            Poll::Ready(Some(echo)) => Poll::Ready(Some(Ok(echo))),
            _ => Poll::Pending,
        }
    }
}

/// What a message of a socket is.
pub(crate) enum Told {
    /// A text. What is binary is taken for one.
    Text(String),
    /// Nothing that says anything.
    Other,
    /// The end, and why.
    End(Error),
}

/// What a message says, for who connects again: only a refusal of the socket itself is an end that
/// another one would have too. (ambiguities X-08, D-15)
pub(crate) fn told(message: Option<Result<Message>>, has_spoken: bool) -> Told {
    let error = match message {
        Some(Ok(Message::Text(text))) => return Told::Text(text.as_str().to_owned()),
        Some(Ok(Message::Binary(bytes))) => {
            return Told::Text(String::from_utf8_lossy(&bytes).into_owned());
        }
        Some(Ok(Message::Close { code, reason })) => closed(code, &reason, has_spoken),
        Some(Ok(_)) => return Told::Other,
        Some(Err(error)) => error,
        None => closed(1006, "", has_spoken),
    };
    Told::End(broken(error))
}

/// The error of a socket that ended with this one, for who connects again.
pub(crate) fn broken(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => error,
        _ => Error::new(ErrorKind::Transport, "the socket was lost")
            .retryable(Retry::Safe)
            .caused_by(error),
    }
}
