//! [`Line`]: the events of one run, over one stream, or by asking again and again.
//!
//! ```text
//!   open ──► Catching ──► Streaming ──► Ended
//!               ▲  │          ▲
//!               │  └► Polling ┘ a place is free
//!               └───────┘ there is more
//! ```
//!
//! A stream is opened first and read last: what is stored is asked for in between, so that nothing
//! falls between the two. What comes by both ways is told twice; it has an id.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{FutureExt, Stream, future::BoxFuture};
use grump_core::{Error, ErrorKind, Result, Retry};
use grump_http::sse::{SseEvent, SseFrame, SseStream};
use grump_wire::{
    endpoint::{NoBody, NoQuery},
    headers,
    steward::{
        AgentEvent, EventId, EventsQuery, ListEvents, OpenRun, Page, RunEvents, RunId, RunPath,
        events::PING,
    },
};
use sync_wrapper::SyncFuture;
use tokio::time::Instant;

use super::{StewardClient, slots::Slot};
use crate::caller::Asking;

/// How many stored events are asked for at a time.
const LIMIT: u64 = 500;

/// How many parts are read to find the end of what is stored, where the run does not say it.
const PARTS: usize = 20;

/// For how long no stream is asked for after one was refused by a server that does not say.
const REFUSED: Duration = Duration::from_secs(30);

/// What is before the first event.
const BEGINNING: &str = headers::BEGINNING;

/// Where a line begins.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// With what happens once there is a stream.
    Live,
    /// With what happens from now on, so that it can be gone back to.
    Now,
    /// Behind this event.
    After(EventId),
}

impl Start {
    /// With the first event there is.
    pub(crate) fn beginning() -> Self {
        Self::After(BEGINNING.into())
    }
}

/// What a line tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// An event of a stream.
    Frame(SseEvent),
    /// An event that is stored.
    Stored(Box<AgentEvent>),
    /// Everything that was stored has been told.
    Live,
    /// The server lives.
    Alive,
}

/// The events of one run.
pub(crate) struct Line {
    way: Way,
    /// The position that it begins behind, where that is known.
    start: Option<EventId>,
    is_grumps: bool,
    told: VecDeque<Told>,
    state: State,
    /// When asking last brought something.
    heard: Instant,
}

/// Which events are asked for.
#[derive(Clone, Debug)]
struct Way {
    client: StewardClient,
    run: RunId,
    /// The last event that is known to have been told.
    after: Option<EventId>,
}

enum State {
    /// What is stored is asked for, part by part; the stream, if there is one, waits.
    Catching(Option<Open>, Chase, Asked),
    /// What happens is told as it comes.
    Streaming(Open),
    /// There is no place for a stream: when it is one's turn, one is asked for, or else new events.
    Polling(Asked),
    /// Nothing follows.
    Ended,
}

/// An open stream, and its place.
struct Open {
    events: SseStream,
    _slot: Slot,
}

/// How far the parts of a list were followed.
#[derive(Clone, Debug, Default)]
struct Chase {
    /// The same for all parts: a cursor is one of the list that was asked for first.
    since: Option<EventId>,
    cursor: Option<String>,
    /// Parts of a list that has the newest event first: they are told when all are there.
    backwards: Vec<AgentEvent>,
}

type Asked = SyncFuture<BoxFuture<'static, Result<Answer>>>;

enum Answer {
    Page(Page<AgentEvent>),
    Open(Open),
}

impl Line {
    /// Opens a stream, or asks for events where there is no place for one.
    ///
    /// # Errors
    /// `NotFound`; `CursorExpired`; whatever else the wire says.
    pub(crate) async fn open(client: &StewardClient, run: RunId, start: Start) -> Result<Self> {
        let mut way = Way {
            client: client.clone(),
            run,
            after: None,
        };
        way.after = match &start {
            Start::Live => None,
            Start::Now => way.end().await?,
            Start::After(event) => Some(event.clone()),
        };
        let open = way.open().await?;
        if open.is_none() && way.after.is_none() {
            way.after = way.end().await?;
        }
        let is_grumps = open.as_ref().is_some_and(Open::is_grumps);
        let mut line = Self {
            start: way.after.clone(),
            is_grumps,
            told: VecDeque::new(),
            state: State::Ended,
            heard: Instant::now(),
            way,
        };
        line.state = match open {
            Some(open) if is_grumps || line.way.after.is_none() => State::Streaming(open),
            // Whether the run is there is known before there is a line.
            None => {
                let chase = line.way.chase();
                let page = line.way.clone().page(chase.clone()).await?;
                line.on_page(None, chase, page)
            }
            open => line.catching(open, line.way.chase()),
        };
        Ok(line)
    }

    /// The position that it begins behind, where that is known: who goes on from there misses
    /// nothing.
    pub(crate) const fn start(&self) -> Option<&EventId> {
        self.start.as_ref()
    }

    /// When something last came.
    pub(crate) fn last_byte(&self) -> Instant {
        match &self.state {
            State::Streaming(open) => open.events.last_byte(),
            _ => self.heard,
        }
    }

    fn catching(&self, open: Option<Open>, chase: Chase) -> State {
        let page = self.way.clone().page(chase.clone());
        State::Catching(open, chase, asked(async { page.await.map(Answer::Page) }))
    }

    /// Takes in a part of what is stored.
    fn on_page(&mut self, open: Option<Open>, mut chase: Chase, page: Page<AgentEvent>) -> State {
        let next = page.next_cursor().map(str::to_owned);
        let is_full = page.data.len() as u64 >= LIMIT;
        if !page.data.is_empty() {
            self.heard = Instant::now();
        }
        let goes_on = next.is_some() && next != chase.cursor;
        match is_backwards(&page.data) || !chase.backwards.is_empty() {
            true => chase.backwards.extend(page.data),
            false => self.tell(page.data),
        }
        if goes_on {
            chase.cursor = next;
            return self.catching(open, chase);
        }
        let is_forwards = chase.backwards.is_empty();
        self.tell(chase.backwards);
        // A server that names no cursor may have more all the same.
        let got_on = self.way.after != chase.since;
        if is_full && is_forwards && next.is_none() && got_on {
            return self.catching(open, self.way.chase());
        }
        self.caught_up(open)
    }

    fn tell(&mut self, mut events: Vec<AgentEvent>) {
        if events.iter().all(|event| event.id.is_some()) {
            events.sort_by(|one, other| one.id.cmp(&other.id));
        }
        let last = events.iter().filter_map(|event| event.id.clone()).max();
        self.way.after = last.max(self.way.after.take());
        let told = events.into_iter().map(Box::new).map(Told::Stored);
        self.told.extend(told);
    }

    fn caught_up(&mut self, open: Option<Open>) -> State {
        self.told.push_back(Told::Live);
        match open {
            Some(open) => State::Streaming(open),
            None => State::Polling(asked(self.way.clone().turn())),
        }
    }

    fn poll_state(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<()>>> {
        let state = match std::mem::replace(&mut self.state, State::Ended) {
            State::Catching(open, chase, asked) => self.on_catching(context, open, chase, asked),
            State::Streaming(open) => self.on_streaming(context, open),
            State::Polling(asked) => self.on_polling(context, asked),
            State::Ended => return Poll::Ready(None),
        };
        match state {
            Ok((state, polled)) => {
                self.state = state;
                polled.map(|()| Some(Ok(())))
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn on_catching(
        &mut self,
        context: &mut Context<'_>,
        open: Option<Open>,
        chase: Chase,
        mut asked: Asked,
    ) -> Result<(State, Poll<()>)> {
        let answer = match asked.poll_unpin(context) {
            Poll::Pending => return Ok((State::Catching(open, chase, asked), Poll::Pending)),
            Poll::Ready(answer) => answer,
        };
        let state = match answer {
            Ok(Answer::Page(page)) => self.on_page(open, chase, page),
            Ok(Answer::Open(open)) => self.catching(Some(open), chase),
            // A server that stores nothing, and has a stream.
            Err(error) if open.is_some() && has_no_list(&error) => self.caught_up(open),
            Err(error) => return Err(error),
        };
        Ok((state, Poll::Ready(())))
    }

    fn on_streaming(
        &mut self,
        context: &mut Context<'_>,
        mut open: Open,
    ) -> Result<(State, Poll<()>)> {
        match open.events.poll_frame(context) {
            Poll::Pending => return Ok((State::Streaming(open), Poll::Pending)),
            Poll::Ready(None) => return Ok((State::Ended, Poll::Ready(()))),
            Poll::Ready(Some(frame)) => match frame? {
                SseFrame::Event(event) => self.told.push_back(Told::Frame(event)),
                SseFrame::Comment(words) => self.told.extend(self.said(&words)),
                _ => {}
            },
        }
        Ok((State::Streaming(open), Poll::Ready(())))
    }

    fn on_polling(
        &mut self,
        context: &mut Context<'_>,
        mut asked: Asked,
    ) -> Result<(State, Poll<()>)> {
        let answer = match asked.poll_unpin(context) {
            Poll::Pending => return Ok((State::Polling(asked), Poll::Pending)),
            Poll::Ready(answer) => answer?,
        };
        let state = match answer {
            Answer::Page(page) => self.on_page(None, self.way.chase(), page),
            Answer::Open(open) => {
                self.is_grumps = open.is_grumps();
                self.catching(Some(open), self.way.chase())
            }
        };
        Ok((state, Poll::Ready(())))
    }

    /// What a comment says: `ping` that the server lives, and of ours that all was told.
    fn said(&self, words: &str) -> Option<Told> {
        match words {
            headers::LIVE if self.is_grumps => Some(Told::Live),
            PING | "heartbeat" | "keepalive" | "keep-alive" => Some(Told::Alive),
            _ => None,
        }
    }
}

impl Stream for Line {
    type Item = Result<Told>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Poll::Ready(Some(Ok(told)));
            }
            match ready!(self.poll_state(context)) {
                Some(Ok(())) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Way {
    /// A stream behind what was told, if there is a place for it.
    async fn open(&self) -> Result<Option<Open>> {
        let Some(slot) = self.client.slots.take() else {
            return Ok(None);
        };
        let after = self.after.as_ref().map(EventId::as_str);
        let asking = Asking::<RunEvents> {
            header: after.map(|after| (headers::LAST_EVENT_ID, after)),
            ..Asking::of(self.path(), NoQuery {}, NoBody)
        };
        // Silence is judged by who resumes.
        match self.client.caller.open(asking, Duration::MAX).await {
            Ok(events) => Ok(Some(Open {
                events,
                _slot: slot,
            })),
            Err(error) if error.kind() == ErrorKind::RateLimited => {
                self.client.slots.refuse(wait(&error));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What is stored behind what was told.
    fn chase(&self) -> Chase {
        Chase {
            since: self.after.clone(),
            ..Chase::default()
        }
    }

    /// A part of what is stored.
    async fn page(self, chase: Chase) -> Result<Page<AgentEvent>> {
        let query = EventsQuery {
            since: chase.since.filter(|since| since.as_str() != BEGINNING),
            limit: Some(LIMIT),
            cursor: chase.cursor,
            ..EventsQuery::default()
        };
        self.client.get::<ListEvents>(self.path(), query).await
    }

    /// Waits for one's turn, then opens a stream or asks for what is new.
    async fn turn(self) -> Result<Answer> {
        self.client.slots.turn().await;
        match self.open().await? {
            Some(open) => Ok(Answer::Open(open)),
            None => {
                let chase = self.chase();
                self.page(chase).await.map(Answer::Page)
            }
        }
    }

    /// The last event there is, or what is before the first; `None` where that takes too long.
    async fn end(&self) -> Result<Option<EventId>> {
        let run = self.client.get::<OpenRun>(self.path(), NoQuery {}).await?;
        if let Some(last) = run.timeline().and_then(|timeline| timeline.last_event_id) {
            return Ok(Some(last));
        }
        let (mut end, mut chase) = (None, Chase::default());
        for _ in 0..PARTS {
            let page = match self.clone().page(chase.clone()).await {
                Err(error) if has_no_list(&error) => return Ok(None),
                page => page?,
            };
            let last = page.data.iter().filter_map(|event| event.id.clone()).max();
            let is_backwards = is_backwards(&page.data);
            end = last.max(end);
            let next = page.next_cursor().map(str::to_owned);
            if is_backwards || next.is_none() || next == chase.cursor {
                return Ok(Some(end.unwrap_or_else(|| BEGINNING.into())));
            }
            chase.cursor = next;
        }
        Ok(None)
    }

    fn path(&self) -> RunPath {
        RunPath {
            run: self.run.clone(),
        }
    }
}

impl Open {
    /// Whether the server goes on behind `Last-Event-ID` by itself, and says when all was told.
    fn is_grumps(&self) -> bool {
        self.events.headers().contains_key(headers::CURSOR)
    }
}

fn asked(answer: impl Future<Output = Result<Answer>> + Send + 'static) -> Asked {
    SyncFuture::new(answer.boxed())
}

/// Whether a list has its newest event first.
pub(super) fn is_backwards(events: &[AgentEvent]) -> bool {
    let id = |event: Option<&AgentEvent>| event.and_then(|event| event.id.clone());
    let ends = id(events.first()).zip(id(events.last()));
    ends.is_some_and(|(first, last)| first > last)
}

/// A list that is there and cannot be read is none: what it holds would be lost in silence.
fn has_no_list(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported)
}

fn wait(error: &Error) -> Duration {
    match error.retry() {
        Retry::After(wait) => wait,
        _ => REFUSED,
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Catching(..) => "catching",
            State::Streaming(_) => "streaming",
            State::Polling(_) => "polling",
            State::Ended => "ended",
        };
        f.debug_struct("Line")
            .field("run", &self.way.run)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
