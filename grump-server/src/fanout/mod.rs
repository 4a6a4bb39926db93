//! The events of a plane for many subscribers.
//!
//! One task per plane, for as long as somebody listens, reads the plane's events from now on, frames
//! each once and keeps the last of them as [`Bytes`] that all subscribers share. Who asks for what
//! lies further back reads the plane for itself until it meets what all others read: page by page
//! as text where the plane keeps that, so that nothing is read into the domain only to be written
//! again, else as a stream.
//!
//! # Behaviour
//!
//! - Every subscriber is told every event once and in order, or its stream ends.
//! - A stream begins with the comment `: connected`, padded so that proxies pass it on, and says
//!   `: live` once everything stored was told (where the plane has positions to tell that by), and
//!   `: heartbeat` after each [`Limits::heartbeat`] of silence.
//! - Where the plane behind loses events (it tells a gap, or fails), streams end, as no frame can
//!   say so; the client learns of it when it comes back.
//! - A slow subscriber slows nobody, and holds no more than one burst or one page. One that leaves touches
//!   nothing.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use grump_core::{
    ControlPlane, Cursor, Error, ErrorKind, EventQuery, EventStream, Events, Operation, Result,
    Retry, RunRef, Since, StoredPage,
};

mod beat;
mod burst;
mod follower;
mod hub;
mod own;
mod replay;
mod ring;
mod shelf;

pub use burst::Encode;
pub(crate) use burst::no_event;
use follower::Follower;
use hub::Hub;
use ring::Place;
use shelf::Shelf;

/// How much is kept, and for how long there is silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many of the last events are kept for all subscribers.
    pub events: usize,
    /// How many bytes of frames those may have.
    pub bytes: usize,
    /// How many events are told at once.
    pub burst_events: usize,
    /// From how many bytes on a burst takes no more events.
    pub burst_bytes: usize,
    /// How many stored events are read at once, of a plane that keeps their text.
    pub page_events: usize,
    /// How many bytes of framed pages are kept, for a minute, for others who read the same.
    pub page_bytes: usize,
    /// After how much silence a comment is sent.
    pub heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events: 65_536,
            bytes: 16 << 20,
            burst_events: 256,
            burst_bytes: 64 << 10,
            page_events: 512,
            page_bytes: 64 << 20,
            heartbeat: Duration::from_secs(5),
        }
    }
}

/// The events of one plane, in the frames of one dialect, for any number of subscribers.
pub struct Fanout {
    source: Arc<Source>,
    limits: Limits,
    hub: Mutex<Weak<Hub>>,
    /// Held by who opens a hub: there is one at a time.
    opening: tokio::sync::Mutex<()>,
    closed: AtomicBool,
}

/// A plane whose events are told, and how.
struct Source {
    plane: Arc<dyn ControlPlane>,
    encode: Arc<dyn Encode>,
    page_events: usize,
    shelf: Arc<Shelf>,
}

/// A stream of frames.
pub struct Subscription {
    /// The position at which it begins; `None` for a plane without positions.
    pub cursor: Option<Cursor>,
    follower: Follower,
}

impl Fanout {
    /// The events of this plane, as `encode` writes them.
    pub fn new(plane: Arc<dyn ControlPlane>, encode: impl Encode, limits: Limits) -> Self {
        let source = Source {
            plane,
            encode: Arc::new(encode),
            page_events: limits.page_events,
            shelf: Arc::new(Shelf::new(limits.page_bytes)),
        };
        Self {
            source: Arc::new(source),
            limits,
            hub: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// The events of all runs from `since` on. A plane without positions keeps no history: then the
    /// stream begins now, whatever was asked for.
    ///
    /// # Errors
    /// `Unsupported` if the plane does not tell of all runs; `CursorExpired`; `Unavailable` once
    /// [`close`](Self::close) was called; what else the plane says.
    pub async fn all(&self, since: Since) -> Result<Subscription> {
        let hub = self.hub().await?;
        if !hub.has_plane() {
            return Err(Error::unsupported(Operation::EventsWatchAll.as_str()));
        }
        self.subscribe(hub, None, since).await
    }

    /// The events of one run from `since` on; as for [`all`](Self::all). The stream does not end
    /// with the run's work.
    ///
    /// # Errors
    /// As for [`all`](Self::all); `NotFound` for a run that is not there.
    pub async fn one(&self, run: RunRef, since: Since) -> Result<Subscription> {
        let hub = self.hub().await?;
        self.subscribe(hub, Some(run), since).await
    }

    /// Ends all streams, and opens no more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        if let Some(hub) = self.current().upgrade() {
            hub.ring().close();
        }
    }

    async fn subscribe(
        &self,
        hub: Arc<Hub>,
        run: Option<RunRef>,
        since: Since,
    ) -> Result<Subscription> {
        let (end, now) = hub.ring().end();
        let place = match &since {
            _ if !hub.has_plane() => None,
            // Without positions there is nothing to go back to.
            _ if now.is_none() => Some((end, None)),
            Since::Now => Some((end, now)),
            Since::Cursor(cursor) if run.is_none() || self.source.has_history() => {
                let met = hub.ring().find(cursor, 0);
                met.map(|place| (place, Some(cursor.clone())))
            }
            _ => None,
        };
        let Some((place, cursor)) = place else {
            let follower = Follower::behind(self.source.clone(), hub, run, since, self.limits);
            return follower.await.map(Subscription::beginning);
        };
        if let Some(run) = &run {
            self.source.require(run).await?;
        }
        Ok(Subscription {
            follower: Follower::live(
                self.source.clone(),
                hub,
                run,
                place,
                cursor.clone(),
                self.limits,
            ),
            cursor,
        })
    }

    /// The hub that reads the plane, opened where there is none.
    async fn hub(&self) -> Result<Arc<Hub>> {
        let _alone = self.opening.lock().await;
        let current = self.current().upgrade();
        let hub = match current.filter(|hub| !hub.ring().is_closed()) {
            Some(hub) => hub,
            None => self.open().await?,
        };
        *self.current() = Arc::downgrade(&hub);
        if self.closed.load(Ordering::SeqCst) {
            hub.ring().close();
            return Err(
                Error::new(ErrorKind::Unavailable, "the server is shutting down")
                    .retryable(Retry::Safe)
                    .advise("try again when it is back"),
            );
        }
        Ok(hub)
    }

    async fn open(&self) -> Result<Arc<Hub>> {
        let hub = match self.source.all(Operation::EventsWatchAll) {
            Ok(events) => {
                let updates = events.watch_all(Since::Now).await?;
                Hub::start(updates, self.source.encode.clone(), self.limits)
            }
            Err(_) => Hub::without_plane(self.limits),
        };
        Ok(Arc::new(hub))
    }

    fn current(&self) -> MutexGuard<'_, Weak<Hub>> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// The plane's events, if it can do this operation of theirs.
    fn all(&self, operation: Operation) -> Result<&Arc<dyn Events>> {
        self.plane.info().require(operation)?;
        let events = self.plane.facets().events.as_ref();
        events.ok_or_else(|| Error::unsupported(operation.as_str()))
    }

    /// The plane's updates of one run or of all.
    async fn watch(&self, run: Option<&RunRef>, since: Since) -> Result<EventStream> {
        match run {
            Some(run) => {
                let events = self.all(Operation::EventsWatch)?;
                events.watch(run, since).await
            }
            None => {
                let events = self.all(Operation::EventsWatchAll)?;
                events.watch_all(since).await
            }
        }
    }

    /// Whether the plane can say what is stored.
    fn has_history(&self) -> bool {
        self.all(Operation::EventsHistory).is_ok()
    }

    /// Whether nothing is stored behind this position, as far as the plane can say.
    async fn is_last(&self, run: Option<&RunRef>, cursor: Cursor) -> bool {
        let Ok(events) = self.all(Operation::EventsHistory) else {
            return true;
        };
        let mut behind = EventQuery::default().after(cursor).limit(1);
        behind.run = run.cloned();
        let page = events.history(behind).await;
        page.is_ok_and(|page| page.events.is_empty())
    }

    /// What is stored behind this position, if the plane keeps its text.
    async fn stored(&self, run: Option<&RunRef>, after: Cursor) -> Result<Option<StoredPage>> {
        let Ok(events) = self.all(Operation::EventsHistory) else {
            return Ok(None);
        };
        let mut behind = EventQuery::default().after(after).limit(self.page_events);
        behind.run = run.cloned();
        events.stored(behind).await
    }

    /// Refuses a run that is not there.
    async fn require(&self, run: &RunRef) -> Result<()> {
        let events = self.all(Operation::EventsWatch)?;
        let can_open = self.plane.info().require(Operation::RunsOpen).is_ok();
        match self.plane.facets().runs.as_ref().filter(|_| can_open) {
            Some(runs) => runs.open(run).await.map(drop),
            None => events.watch(run, Since::Now).await.map(drop),
        }
    }
}

impl Subscription {
    fn beginning(follower: Follower) -> Self {
        Self {
            cursor: follower.cursor().cloned(),
            follower,
        }
    }

    /// The frames, beginning with the comment that it is connected.
    pub fn into_frames(self) -> impl Stream<Item = Bytes> + Send + 'static {
        stream::unfold(self.follower, |mut follower| async move {
            let frames = follower.next().await?;
            Some((frames, follower))
        })
        .fuse()
    }
}

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fanout")
            .field("plane", &self.source.plane.info().name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}
