//! [`Follower`]: one subscriber.

use std::sync::Arc;

use bytes::Bytes;
use grump_core::{Cursor, Result, RunRef, Since};
use tokio::sync::watch;

use super::{
    Limits, Place, Source,
    beat::Beat,
    hub::Hub,
    own::{Next, Own, Said},
    ring::At,
};

/// The first frame. Some proxies and browsers hold back the first kilobytes of an answer, so it is
/// padded.
static CONNECTED: &[u8] = {
    const HEAD: &[u8] = b": connected\n:";
    const FRAME: [u8; 2 << 10] = {
        let mut frame = [b' '; 2 << 10];
        let mut at = 0;
        while at < HEAD.len() {
            frame[at] = HEAD[at];
            at += 1;
        }
        frame[(2 << 10) - 2] = b'\n';
        frame[(2 << 10) - 1] = b'\n';
        frame
    };
    &FRAME
};
static LIVE: &[u8] = b": live\n\n";
static HEARTBEAT: &[u8] = b": heartbeat\n\n";

/// One subscriber.
pub(super) struct Follower {
    source: Arc<Source>,
    hub: Arc<Hub>,
    news: watch::Receiver<()>,
    /// Only this run; all where there is none.
    run: Option<RunRef>,
    standing: Standing,
    beat: Beat,
    burst_bytes: usize,
    greeting: Greeting,
}

/// Where a subscriber reads.
enum Standing {
    /// What all others read, from this place on; the position before it.
    Hub(Place, Option<Cursor>),
    /// A stream of its own.
    Own(Box<Own>),
    /// Nowhere any more.
    Over,
}

/// What is still to be said beside events.
enum Greeting {
    Connected,
    Live,
    Done,
}

impl Follower {
    /// One that reads with all others, from this place on.
    pub(super) fn live(
        source: Arc<Source>,
        hub: Arc<Hub>,
        run: Option<RunRef>,
        place: Place,
        cursor: Option<Cursor>,
        limits: Limits,
    ) -> Self {
        Self {
            source,
            news: hub.ring().subscribe(),
            hub,
            run,
            standing: Standing::Hub(place, cursor),
            beat: Beat::new(limits.heartbeat),
            burst_bytes: limits.burst_bytes,
            greeting: Greeting::Connected,
        }
    }

    /// One that begins with a stream of its own.
    pub(super) async fn behind(
        source: Arc<Source>,
        hub: Arc<Hub>,
        run: Option<RunRef>,
        since: Since,
        limits: Limits,
    ) -> Result<Self> {
        let own = Own::open(&source, &hub, run.as_ref(), since).await?;
        let nowhere = Place { burst: 0, skip: 0 };
        let mut follower = Self::live(source, hub, run, nowhere, None, limits);
        follower.standing = Standing::Own(Box::new(own));
        Ok(follower)
    }

    /// The position behind what was told.
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        match &self.standing {
            Standing::Hub(_, cursor) => cursor.as_ref(),
            Standing::Own(own) => own.cursor(),
            Standing::Over => None,
        }
    }

    /// The next frames; `None` when the stream is over.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(comment) = self.greet().await {
                return Some(comment);
            }
            self.news.mark_unchanged();
            let frames = match self.standing {
                Standing::Hub(..) => self.with_all().await?,
                Standing::Own(_) => self.alone().await?,
                Standing::Over => return None,
            };
            if !frames.is_empty() {
                self.beat.spoke();
                return Some(frames);
            }
        }
    }

    /// What is to be said before the next events. A plane without positions cannot tell that
    /// everything was told.
    async fn greet(&mut self) -> Option<Bytes> {
        let (comment, next) = match self.greeting {
            Greeting::Done => return None,
            Greeting::Connected => (CONNECTED, Greeting::Live),
            Greeting::Live => {
                if !self.has_told_all().await {
                    return None;
                }
                (LIVE, Greeting::Done)
            }
        };
        self.greeting = next;
        Some(Bytes::from_static(comment))
    }

    /// Whether everything that is stored was told: the hub may be behind its plane.
    async fn has_told_all(&mut self) -> bool {
        let cursor = match &self.standing {
            Standing::Hub(place, Some(cursor)) => match self.hub.ring().read(*place) {
                At::End => cursor.clone(),
                _ => return false,
            },
            Standing::Own(own) => return own.told_all() && own.cursor().is_some(),
            _ => return false,
        };
        self.source.is_last(self.run.as_ref(), cursor).await
    }

    /// Whether this one may read with all others where it meets them. A plane that cannot say what
    /// is stored tells by the end of a run's own stream that all was told.
    fn may_join(&self) -> bool {
        let waits = matches!(self.greeting, Greeting::Live) && self.run.is_some();
        !waits || self.source.has_history()
    }

    /// The next of what all are told; empty where it does not concern this one.
    async fn with_all(&mut self) -> Option<Bytes> {
        let Standing::Hub(place, cursor) = &mut self.standing else {
            return None;
        };
        match self.hub.ring().read(*place) {
            At::Told(burst) => {
                let frames = burst.select(place.skip, self.run.as_ref());
                *cursor = burst.cursor().cloned().or_else(|| cursor.take());
                *place = Place {
                    burst: place.burst + 1,
                    skip: 0,
                };
                Some(frames)
            }
            At::End => {
                tokio::select! {
                    _ = self.news.changed() => Some(Bytes::new()),
                    () = self.beat.silence() => Some(Bytes::from_static(HEARTBEAT)),
                }
            }
            At::Lost => self.fall_back().await,
            At::Closed => None,
        }
    }

    /// Reads on from the last position, as the hub went on without this one. Without a position
    /// the stream ends: it cannot be told what was missed.
    async fn fall_back(&mut self) -> Option<Bytes> {
        let since = Since::Cursor(self.cursor()?.clone());
        let own = Own::open(&self.source, &self.hub, self.run.as_ref(), since).await;
        let own = own.inspect_err(|error| tracing::debug!(%error, "a subscriber is lost"));
        self.standing = Standing::Own(Box::new(own.ok()?));
        Some(Bytes::new())
    }

    /// The next of this one's own stream; empty where it meets the hub.
    async fn alone(&mut self) -> Option<Bytes> {
        match self.replay().await {
            Ok(None) => self.on_its_own().await,
            Ok(stored) => stored,
            Err(error) => {
                tracing::debug!(%error, "the history of a subscriber broke off");
                None
            }
        }
    }

    /// The next page of what is stored, if there is one to read.
    async fn replay(&mut self) -> Result<Option<Bytes>> {
        let Standing::Own(own) = &mut self.standing else {
            return Ok(None);
        };
        own.replay(&self.source, self.run.as_ref()).await
    }

    async fn on_its_own(&mut self) -> Option<Bytes> {
        let may_join = self.may_join();
        let Standing::Own(own) = &mut self.standing else {
            return None;
        };
        let mut frames = Vec::new();
        let said = own.gather(
            &self.source,
            self.run.as_ref(),
            self.burst_bytes,
            &mut frames,
        );
        match said {
            Said::Nothing if frames.is_empty() => {}
            said => return Some(self.say(said, frames)),
        }
        if let Some(place) = own.meet(&self.hub).filter(|_| may_join) {
            self.join(place);
            return Some(Bytes::new());
        }
        if self.hub.ring().is_closed() {
            return None;
        }
        own.go_on(&self.source).await.ok()?;
        self.wait_alone().await
    }

    async fn wait_alone(&mut self) -> Option<Bytes> {
        let Standing::Own(own) = &mut self.standing else {
            return None;
        };
        let run = self.run.as_ref();
        let mut frames = Vec::new();
        tokio::select! {
            biased;
            next = own.next(&self.source, &self.hub, run) => match next {
                Next::Update(update) => {
                    let said = own.take(update, &self.source, run, &mut frames);
                    return Some(self.say(said, frames));
                }
                Next::CaughtUp(place) => self.join(place),
                Next::Unknown => own.ask_again(),
            },
            _ = self.news.changed() => own.hear_news(),
            () = self.beat.silence() => frames.extend_from_slice(HEARTBEAT),
        }
        Some(frames.into())
    }

    fn say(&mut self, said: Said, frames: Vec<u8>) -> Bytes {
        if let Said::Gap = said {
            self.standing = Standing::Over;
        }
        frames.into()
    }

    fn join(&mut self, place: Place) {
        let cursor = self.cursor().cloned();
        self.standing = Standing::Hub(place, cursor);
    }
}
