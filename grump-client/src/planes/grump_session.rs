//! A SHIP session, started and watched to its end.
//!
//! The request is what starts the work, and is never sent again: where its stream is cut, the session
//! is read until it is over. Servers in the field do one phase a call: where a stream ends in good
//! order before the session does, the phase that was said to be next is started by another call.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use async_trait::async_trait;
use futures::{FutureExt, Stream, future::BoxFuture};
use grump_core::{
    Error, ErrorKind, Event, EventStream, Payload, Phase, Result, Run, RunDetail, RunRef,
    RunStatus, Since, StartShip,
};
use grump_http::sse::{SseFrame, SseStream};
use grump_wire::{
    endpoint::NoQuery,
    grump::{ResumePhase, StreamRequest, StreamShip, events, map},
};
use sync_wrapper::SyncFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    grump::read,
    grump_polling::{Polling, Told, frame},
};
use crate::{
    caller::Asking,
    grump::{GrumpClient, ship_path},
    hooks::Hooks,
    stream::{Connection, Frame, Frames, Source, Standing, arrival, watch_begun},
};

/// Starts a session and watches it.
pub(super) async fn start(client: &GrumpClient, request: &StartShip) -> Result<EventStream> {
    let body = map::wire_start(request)?;
    // Whether there is such a session is asked first: servers in the field answer a start of none
    // with a stream.
    let before = read(client, &request.run).await?;
    let before = begun(before, request.resume_from.as_ref());
    let events = call(client, &request.run, body).await?;
    let connection = Connection {
        start: None,
        frames: Box::new(SessionFrames::new(client, &before, events)),
    };
    let source = Arc::new(SessionSource {
        client: client.clone(),
        run: request.run.clone(),
        told: Told::default(),
    });
    Ok(watch_begun(
        source,
        &before,
        connection,
        client.caller.stream,
    ))
}

/// The session as it is when its work has begun: what is done anew is not done.
fn begun(mut run: Run, from: Option<&Phase>) -> Run {
    run.status = RunStatus::Starting.into();
    if let (Some(from), RunDetail::Ship(detail)) = (from, &mut run.detail) {
        let place = |phase: &Phase| Phase::ALL.iter().position(|known| known == phase);
        detail
            .results
            .retain(|result| place(&result.phase) < place(from));
    }
    run
}

/// Makes the call that starts the work.
async fn call(client: &GrumpClient, run: &RunRef, body: StreamRequest) -> Result<SseStream> {
    let path = ship_path(run.id.clone())?;
    let asking = Asking::<StreamShip>::of(path, NoQuery {}, body);
    // Silence is judged by who watches.
    client.caller.open(asking, Duration::MAX).await
}

/// A session that was started: after the first connection, which is the call itself, it can only be
/// read.
#[derive(Debug)]
struct SessionSource {
    client: GrumpClient,
    run: RunRef,
    told: Told,
}

#[async_trait]
impl Source for SessionSource {
    async fn open(&self, _: Option<&RunRef>, _: &Since) -> Result<Connection> {
        self.told.forget();
        let frames = Polling::new(&self.client, &self.run, self.told.clone());
        Ok(Connection {
            start: None,
            frames: Box::new(frames),
        })
    }

    async fn read(&self, run: &RunRef) -> Result<Run> {
        let run = read(&self.client, run).await?;
        self.told.first(|| Standing::of(&run));
        Ok(run)
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        self.read(&self.run).await.map(|run| vec![run])
    }

    fn closed(&self) -> CancellationToken {
        self.client.caller.closed().clone()
    }

    fn hooks(&self) -> Hooks {
        self.client.caller.hooks.clone()
    }
}

type Asked<T> = SyncFuture<BoxFuture<'static, Result<T>>>;

/// What is being done to know what happens.
enum Now {
    /// The call tells.
    Listening(Box<SseStream>),
    /// It ended in good order, or after an error: the session is read.
    Asking(Asked<Run>),
    /// The phase that was said to be next is started.
    Calling(Asked<SseStream>),
    /// Nobody tells: the session is read again and again.
    Polling(Box<Polling>),
    /// Nothing follows.
    Over,
}

/// What the calls that do a session's work tell.
struct SessionFrames {
    now: Now,
    client: GrumpClient,
    run: RunRef,
    /// What was told so far.
    standing: Standing,
    has_begun: bool,
    /// The phase that was said to be next, and did not begin.
    next: Option<ResumePhase>,
    /// The end of the call, which is that of the session if that is over.
    end: Option<Event>,
    has_failed: bool,
    queue: VecDeque<Event>,
}

impl SessionFrames {
    fn new(client: &GrumpClient, before: &Run, events: SseStream) -> Self {
        Self {
            now: Now::Listening(Box::new(events)),
            client: client.clone(),
            run: before.name.clone(),
            standing: Standing::of(before),
            has_begun: false,
            next: None,
            end: None,
            has_failed: false,
            queue: VecDeque::new(),
        }
    }

    fn heard(&mut self, data: &str) {
        let event = events::decode_ship(data, &self.run.id);
        match &event.payload {
            // Another call for the same work.
            Payload::RunStarted(_) if self.has_begun => return,
            Payload::RunStarted(_) => self.has_begun = true,
            Payload::PhaseStarted(_) => self.next = None,
            Payload::PhaseCompleted(done) => {
                let next = done.next_phase.clone().map(Phase::from);
                self.next = next.as_ref().and_then(ResumePhase::of);
            }
            Payload::RunCompleted(_) => {
                self.end = Some(event);
                return self.ask();
            }
            Payload::ErrorReported(_) => self.has_failed = true,
            _ => {}
        }
        self.tell(event);
    }

    fn tell(&mut self, event: Event) {
        self.standing.follow(&event);
        self.queue.push_back(event);
    }

    fn ask(&mut self) {
        let (client, run) = (self.client.clone(), self.run.clone());
        let asked = async move { read(&client, &run).await };
        self.now = Now::Asking(SyncFuture::new(asked.boxed()));
    }

    fn call(&mut self, phase: ResumePhase) {
        let (client, run) = (self.client.clone(), self.run.clone());
        let body = StreamRequest {
            resume_from_phase: Some(phase),
        };
        let asked = async move {
            let called = call(&client, &run, body).await;
            called.map_err(|error| not_begun(phase, error))
        };
        self.now = Now::Calling(SyncFuture::new(asked.boxed()));
    }

    /// What the session shows when its call has ended in good order, or after an error.
    fn found(&mut self, run: &Run) {
        let (status, end) = (run.status.unified, self.end.take());
        let next = self
            .next
            .take()
            .filter(|_| end.is_some() && !self.has_failed);
        match (end, next) {
            (Some(end), _) if status == RunStatus::Completed => self.over(Some(end)),
            _ if status.is_terminal() => self.over(arrival(run)),
            (_, Some(next)) => self.call(next),
            _ => {
                let polling = Polling::behind(&self.client, &self.run, self.standing);
                self.now = Now::Polling(Box::new(polling));
            }
        }
    }

    fn over(&mut self, end: Option<Event>) {
        self.now = Now::Over;
        if let Some(end) = end {
            self.tell(end);
        }
    }

    /// Has something done to know more. `Some` is a frame that is no event, an error, or the end.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Option<Result<Frame>>>> {
        match &mut self.now {
            Now::Listening(events) => {
                let heard = ready!(events.poll_frame(context));
                return Poll::Ready(self.listened(heard));
            }
            Now::Asking(asked) => match ready!(asked.poll_unpin(context)) {
                Ok(run) => self.found(&run),
                Err(error) => return self.broken(error),
            },
            Now::Calling(asked) => match ready!(asked.poll_unpin(context)) {
                Ok(events) => self.now = Now::Listening(Box::new(events)),
                Err(error) => return self.broken(error),
            },
            Now::Polling(polling) => {
                return Pin::new(polling).poll_next(context).map(Some);
            }
            Now::Over => return Poll::Ready(Some(None)),
        }
        Poll::Ready(None)
    }

    fn broken(&mut self, error: Error) -> Poll<Option<Option<Result<Frame>>>> {
        self.now = Now::Over;
        Poll::Ready(Some(Some(Err(error))))
    }

    fn listened(&mut self, heard: Option<Result<SseFrame>>) -> Option<Option<Result<Frame>>> {
        match heard {
            Some(Ok(SseFrame::Event(event))) => self.heard(&event.data),
            Some(Ok(SseFrame::Comment(text))) if text.is_empty() => {}
            Some(Ok(SseFrame::Comment(text))) if text.starts_with("connected") => {}
            Some(Ok(SseFrame::Comment(_))) => return Some(Some(Ok(Frame::Alive))),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Some(Some(Err(error))),
            None if self.has_failed => self.ask(),
            None => return Some(None),
        }
        None
    }
}

/// The next phase could not be started, which only a person can mend.
fn not_begun(phase: ResumePhase, error: Error) -> Error {
    Error::new(ErrorKind::Truncated, "the next phase could not be started")
        .with("phase", phase)
        .retryable(error.retry())
        .advise("read the session, then start it from this phase")
        .caused_by(error)
}

impl Frames for SessionFrames {
    /// While the session is read, that has a time limit of its own.
    fn last_byte(&self) -> Instant {
        match &self.now {
            Now::Listening(events) => events.last_byte(),
            _ => Instant::now(),
        }
    }
}

impl Stream for SessionFrames {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Poll::Ready(Some(Ok(frame(event))));
            }
            if let Some(last) = ready!(self.poll(context)) {
                return Poll::Ready(last);
            }
        }
    }
}
