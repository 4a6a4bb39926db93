//! The event stream of a Steward run, as what a resuming stream needs.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use async_trait::async_trait;
use futures::{Stream, StreamExt};
use grump_core::{Cursor, Error, ErrorKind, Result, Run, RunId, RunKind, RunRef, Since};
use grump_http::{Text, sse::SseEvent};
use grump_wire::steward::{EventId, events, map};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::steward::id;
use crate::{
    hooks::Hooks,
    steward::{Line, Start, StewardClient, Told},
    stream::{Connection, Frame, Frames, Source},
};

/// The events of a server's runs, one run at a time: the dialect has no stream of all.
#[derive(Debug)]
pub(super) struct RunEventSource(StewardClient);

impl RunEventSource {
    pub(super) const fn new(client: StewardClient) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Source for RunEventSource {
    async fn open(&self, run: Option<&RunRef>, since: &Since) -> Result<Connection> {
        let run = run.ok_or_else(|| Error::unsupported("events.watch_all"))?;
        let line = Line::open(&self.0, id(run)?, start(since)?).await?;
        let start = line.start().map(EventId::as_str).map(Cursor::new);
        let frames = RunFrames {
            line,
            run: run.id.clone(),
            last: None,
            is_next_look: false,
        };
        Ok(Connection {
            start,
            frames: Box::new(frames),
        })
    }

    async fn read(&self, run: &RunRef) -> Result<Run> {
        self.0.runs().open(id(run)?).await.map(map::run)
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        Err(Error::unsupported("runs.list"))
    }

    fn closed(&self) -> CancellationToken {
        self.0.caller.closed().clone()
    }

    fn hooks(&self) -> Hooks {
        self.0.caller.hooks.clone()
    }
}

/// Where a line begins.
///
/// # Errors
/// `CursorExpired` for a position that is none of this dialect's.
fn start(since: &Since) -> Result<Start> {
    match since {
        Since::Beginning => Ok(Start::beginning()),
        Since::Cursor(cursor) => after(cursor).map(Start::After),
        _ => Ok(Start::Now),
    }
}

/// The event behind which a position is.
///
/// # Errors
/// As for [`start`].
pub(super) fn after(cursor: &Cursor) -> Result<EventId> {
    let event = EventId::new(cursor.as_str());
    if event.number().is_some() {
        return Ok(event);
    }
    let message = "this is no position in a Steward run's events";
    Err(Error::new(ErrorKind::CursorExpired, message)
        .with("cursor", cursor)
        .advise("read the run, then watch from now"))
}

/// What one line tells.
struct RunFrames {
    line: Line,
    run: RunId,
    /// The id of the last frame, which one without an id has too.
    last: Option<Text>,
    /// What was told makes the run worth a look.
    is_next_look: bool,
}

impl RunFrames {
    fn frame(&mut self, told: Told) -> Frame {
        let decoded = match told {
            Told::Live => return Frame::Live,
            Told::Alive => return Frame::Alive,
            Told::Stored(event) => events::of_list(&event, &self.run),
            Told::Frame(event) => self.decode(&event),
        };
        self.is_next_look = decoded.look;
        Frame::Event {
            cursor: decoded.event.seq.as_deref().map(Cursor::new),
            event: Arc::new(decoded.event),
            doubtful: false,
        }
    }

    fn decode(&mut self, event: &SseEvent) -> events::Decoded {
        let id = event.id.as_deref().filter(|_| event.id != self.last);
        let received = events::Received {
            name: &event.name,
            id,
            data: &event.data,
        };
        let decoded = events::decode(received, &self.run);
        self.last.clone_from(&event.id);
        decoded
    }
}

impl Frames for RunFrames {
    fn last_byte(&self) -> Instant {
        self.line.last_byte()
    }
}

impl Stream for RunFrames {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.is_next_look) {
            let run = RunRef::new(RunKind::Task, &self.run);
            return Poll::Ready(Some(Ok(Frame::Look(run))));
        }
        let told = ready!(self.line.poll_next_unpin(context));
        Poll::Ready(told.map(|told| told.map(|told| self.frame(told))))
    }
}

impl fmt::Debug for RunFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunFrames")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}
