//! What a server says on its WebSocket, as what a resuming stream needs.

use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use async_trait::async_trait;
use futures::{Stream, StreamExt, TryStreamExt};
use grump_core::{
    Error, ErrorKind, Event, Result, Run, RunDetail, RunKind, RunRef, RunStatus, Since,
};
use grump_http::{Message, Socket};
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    grump::{self, events::SocketReader, map},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::grump::read;
use crate::{
    caller::Asking,
    grump::{GrumpClient, JobOptions},
    hooks::Hooks,
    stream::{Connection, Frame, Frames, Source, broken},
    wire_socket::closed,
};

/// What a server says on its WebSocket, and its jobs.
#[derive(Debug)]
pub(super) struct SocketSource {
    client: GrumpClient,
    seen: Arc<Seen>,
}

/// The runs that were told of and are not listed: sessions and chats; whether each is at work.
#[derive(Debug, Default)]
struct Seen(Mutex<BTreeMap<RunRef, bool>>);

/// How many such runs are remembered.
const SEEN: usize = 1024;

impl Seen {
    fn note(&self, event: &Event) {
        if event.run.kind == RunKind::Job {
            return;
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN && !seen.contains_key(&event.run) {
            let over = seen
                .iter()
                .find(|(_, works)| !**works)
                .or(seen.iter().next());
            if let Some(over) = over.map(|(run, _)| run.clone()) {
                seen.remove(&over);
            }
        }
        seen.insert(event.run.clone(), !event.kind().ends_work());
    }

    fn all(&self) -> Vec<(RunRef, bool)> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter()
            .map(|(run, works)| (run.clone(), *works))
            .collect()
    }
}

impl SocketSource {
    pub(super) fn new(client: GrumpClient) -> Self {
        Self {
            client,
            seen: Arc::default(),
        }
    }

    /// A run that was told of: as it is, if it is a session at work. Of the others nothing more can
    /// be read, or is worth it.
    async fn seen(&self, run: RunRef, works: bool) -> Result<Option<Run>> {
        if !works || run.kind != RunKind::Ship || run.id.as_str().is_empty() {
            let mut unread = Run::new(run, "", RunDetail::None);
            unread.status = RunStatus::Unknown.into();
            return Ok(Some(unread));
        }
        match read(&self.client, &run).await {
            Ok(run) => Ok(Some(run)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Source for SocketSource {
    async fn open(&self, _: Option<&RunRef>, _: &Since) -> Result<Connection> {
        let asking = Asking::<grump::Socket>::of(NoPath {}, NoQuery {}, NoBody);
        let frames = SocketFrames {
            socket: self.client.caller.socket(asking).await?,
            reader: SocketReader::default(),
            seen: self.seen.clone(),
            has_spoken: false,
            last: Instant::now(),
        };
        Ok(Connection {
            start: None,
            frames: Box::new(frames),
        })
    }

    async fn read(&self, run: &RunRef) -> Result<Run> {
        read(&self.client, run).await
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        let jobs = self.client.jobs().list(JobOptions::new());
        let mut runs: Vec<_> = jobs.map_ok(map::job).try_collect().await?;
        for (run, works) in self.seen.all() {
            runs.extend(self.seen(run, works).await?);
        }
        Ok(runs)
    }

    fn closed(&self) -> CancellationToken {
        self.client.caller.closed().clone()
    }

    fn hooks(&self) -> Hooks {
        self.client.caller.hooks.clone()
    }
}

/// The messages of one connection.
struct SocketFrames {
    socket: Socket,
    reader: SocketReader,
    seen: Arc<Seen>,
    has_spoken: bool,
    last: Instant,
}

impl SocketFrames {
    fn told(&mut self, text: &str) -> Frame {
        self.has_spoken = true;
        let event = self.reader.decode(text);
        self.seen.note(&event);
        // One call may have run one phase: only the session says whether it is done.
        let doubtful = event.run.kind == RunKind::Ship && event.kind().ends_work();
        Frame::Event {
            cursor: None,
            event: Arc::new(event),
            doubtful,
        }
    }

    /// A connection that is refused before it says anything is refused for good.
    fn closed(&self, code: u16, reason: &str) -> Option<Error> {
        let error = closed(code, reason, self.has_spoken);
        (error.kind() != ErrorKind::Truncated).then_some(error)
    }
}

impl Frames for SocketFrames {
    fn last_byte(&self) -> Instant {
        self.last
    }
}

impl Stream for SocketFrames {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let message = ready!(self.socket.poll_next_unpin(context));
            self.last = Instant::now();
            return Poll::Ready(match message {
                Some(Ok(Message::Text(text))) => Some(Ok(self.told(&text))),
                Some(Ok(Message::Close { code, reason })) => self.closed(code, &reason).map(Err),
                // The dialect has no other kind of message.
                Some(Ok(_)) => continue,
                // Another connection may live: silence, too, ends only this one.
                Some(Err(error)) => Some(Err(broken(error))),
                None => None,
            });
        }
    }
}

impl fmt::Debug for SocketFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketFrames").finish_non_exhaustive()
    }
}
