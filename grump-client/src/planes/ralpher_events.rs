//! The event streams of the Ralpher dialect, as what a resuming stream needs.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use async_trait::async_trait;
use futures::Stream;
use grump_core::{Cursor, Result, Run, RunId, RunRef, Since};
use grump_http::sse::{SseEvent, SseFrame, SseStream};
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, NoPath, NoQuery},
    headers,
    ralpher::{AllEvents, LoopEvents, events, map},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    caller::Asking,
    hooks::Hooks,
    ralpher::{RalpherClient, loops::at},
    stream::{Connection, Frame, Frames, Source},
};

/// The events of a server's loops.
#[derive(Debug)]
pub(super) struct LoopEventSource(RalpherClient);

impl LoopEventSource {
    pub(super) const fn new(client: RalpherClient) -> Self {
        Self(client)
    }

    async fn connect<E>(&self, path: E::Path, since: &Since) -> Result<SseStream>
    where
        E: Endpoint<Query = NoQuery, Body = NoBody>,
    {
        let asking = Asking::<E> {
            path,
            query: NoQuery {},
            body: NoBody,
            header: match since {
                Since::Beginning => Some((headers::LAST_EVENT_ID, headers::BEGINNING)),
                Since::Cursor(cursor) => Some((headers::LAST_EVENT_ID, cursor.as_str())),
                _ => None,
            },
            has_key: false,
        };
        // Silence is judged by who resumes.
        self.0.caller.open(asking, Duration::MAX).await
    }
}

#[async_trait]
impl Source for LoopEventSource {
    async fn open(&self, run: Option<&RunRef>, since: &Since) -> Result<Connection> {
        let events = match run {
            Some(run) => {
                self.connect::<LoopEvents>(at(run.id.as_str())?, since)
                    .await?
            }
            None => self.connect::<AllEvents>(NoPath {}, since).await?,
        };
        let start = events.headers().get(headers::CURSOR);
        let start = start
            .and_then(|cursor| cursor.to_str().ok())
            .map(Cursor::new);
        let frames = LoopFrames {
            events,
            run: run.map(|run| run.id.clone()),
            has_positions: start.is_some(),
        };
        Ok(Connection {
            start,
            frames: Box::new(frames),
        })
    }

    async fn read(&self, run: &RunRef) -> Result<Run> {
        self.0.loops().open(run.id.as_str()).await.map(map::run)
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        let loops = self.0.loops().list().await?;
        Ok(loops.into_iter().map(map::run).collect())
    }

    fn closed(&self) -> CancellationToken {
        self.0.caller.closed().clone()
    }

    fn hooks(&self) -> Hooks {
        self.0.caller.hooks.clone()
    }
}

/// The frames of one connection.
struct LoopFrames {
    events: SseStream,
    /// The one loop whose events these are.
    run: Option<RunId>,
    has_positions: bool,
}

impl LoopFrames {
    /// What an event's data tells; nothing where it is of no loop, or of another one.
    fn told(&self, told: SseEvent) -> Option<Frame> {
        let decoded = events::decode(&told.data, self.run.as_ref())?;
        let is_wanted = self
            .run
            .as_ref()
            .is_none_or(|run| *run == decoded.event.run.id);
        is_wanted.then(|| Frame::Event {
            cursor: told.id.filter(|_| self.has_positions).map(Cursor::new),
            event: Arc::new(decoded.event),
            doubtful: decoded.look && !self.has_positions,
        })
    }

    /// What a comment tells. Every server greets; of those that live is told again and again.
    fn said(&self, comment: &str) -> Option<Frame> {
        match comment {
            headers::LIVE if self.has_positions => Some(Frame::Live),
            // The rest of the greeting: padding against proxies that wait for more.
            "" => None,
            greeting if greeting.starts_with("connected") => None,
            _ => Some(Frame::Alive),
        }
    }
}

impl Frames for LoopFrames {
    fn last_byte(&self) -> Instant {
        self.events.last_byte()
    }
}

impl Stream for LoopFrames {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = match ready!(self.events.poll_frame(context)) {
                Some(Ok(SseFrame::Event(event))) => self.told(event),
                Some(Ok(SseFrame::Comment(text))) => self.said(&text),
                Some(Ok(_)) => None,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            if frame.is_some() {
                return Poll::Ready(frame.map(Ok));
            }
        }
    }
}

impl fmt::Debug for LoopFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopFrames")
            .field("events", &self.events)
            .field("has_positions", &self.has_positions)
            .finish_non_exhaustive()
    }
}
