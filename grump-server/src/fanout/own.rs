//! [`Own`]: a stream of one subscriber's own, until it meets what all others read.

use std::sync::Arc;

use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Fuse, FusedFuture},
};
use grump_core::{Cursor, EventQuery, EventStream, Operation, Result, RunRef, Since, Update};

use super::{Place, Source, burst, hub::Hub, replay::Replay};

/// A stream of one subscriber's own: first what is stored, page by page, if the plane keeps its
/// text, then the plane's updates.
pub(super) struct Own {
    updates: EventStream,
    /// What is told before the updates go on behind it.
    replay: Option<Replay>,
    /// It is over, and so is the run's work.
    ended: bool,
    /// It was over once: everything stored was told.
    told_all: bool,
    /// Where the ring was when this stream was opened: what lies before that is not met there.
    opened: u64,
    /// The question whether everything stored was told, while it is open.
    asking: Option<Fuse<BoxFuture<'static, Option<Place>>>>,
    /// The hub told something since the question was put.
    has_news: bool,
}

/// What comes next on an own stream.
pub(super) enum Next {
    /// This, or the end.
    Update(Option<Result<Update>>),
    /// The hub tells the rest, from here on.
    CaughtUp(Place),
    /// The plane cannot say now whether the hub tells the rest.
    Unknown,
}

/// What an own stream said last.
#[derive(Clone, Copy)]
pub(super) enum Said {
    /// There may be more.
    Something,
    /// There is no more for now.
    Nothing,
    /// Something that a frame cannot say.
    Gap,
}

impl Own {
    /// Opens a stream from `since` on, of one run or of all.
    pub(super) async fn open(
        source: &Source,
        hub: &Hub,
        run: Option<&RunRef>,
        since: Since,
    ) -> Result<Self> {
        let opened = hub.ring().end().0.burst;
        let begins_now = since == Since::Now;
        let updates = source.watch(run, since).await?;
        let from = updates.cursor().filter(|_| !begins_now);
        Ok(Self {
            replay: from.map(|from| Replay::new(run.cloned(), from.clone())),
            updates,
            ended: false,
            told_all: false,
            opened,
            asking: None,
            has_news: false,
        })
    }

    /// The position behind what was told.
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        let replayed = self.replay.as_ref().map(Replay::cursor);
        replayed.or(self.updates.cursor())
    }

    /// The next page of what is stored; `None` where the plane keeps no text, or all of it was
    /// told: then the updates go on.
    pub(super) async fn replay(
        &mut self,
        source: &Source,
        run: Option<&RunRef>,
    ) -> Result<Option<Bytes>> {
        let Some(replay) = &mut self.replay else {
            return Ok(None);
        };
        let page = replay.next(source).await?;
        if !page.as_ref().is_some_and(|page| page.has_more) {
            let told = replay.cursor().clone();
            if self.updates.cursor() != Some(&told) {
                self.updates = source.watch(run, Since::Cursor(told)).await?;
            }
            self.replay = None;
        }
        Ok(page.map(|page| page.frames))
    }

    /// Waits until its plane tells something, or says that everything stored was told.
    pub(super) async fn next(
        &mut self,
        source: &Arc<Source>,
        hub: &Arc<Hub>,
        run: Option<&RunRef>,
    ) -> Next {
        let told = self.updates.cursor();
        let has_news = &mut self.has_news;
        let asking = self.asking.get_or_insert_with(|| {
            *has_news = false;
            let (source, hub) = (source.clone(), hub.clone());
            let (run, told) = (run.cloned(), told.cloned());
            async move { ask(&source, &hub, run, told?).await }
                .boxed()
                .fuse()
        });
        tokio::select! {
            biased;
            update = self.updates.next(), if !self.ended => Next::Update(update),
            place = asking => place.map_or(Next::Unknown, Next::CaughtUp),
        }
    }

    /// The hub has told something: if the plane could not say, it may be able to now.
    pub(super) fn hear_news(&mut self) {
        self.has_news = true;
        self.ask_again();
    }

    /// Puts the question again that was answered in vain, if anything has changed since.
    pub(super) fn ask_again(&mut self) {
        if self.has_news && self.asking.as_ref().is_some_and(Fuse::is_terminated) {
            self.asking = None;
        }
    }

    /// Goes on with all runs, where the one it was opened for has ended and the plane cannot say
    /// whether there is more of it.
    pub(super) async fn go_on(&mut self, source: &Source) -> Result<()> {
        if !self.ended || source.all(Operation::EventsHistory).is_ok() {
            return Ok(());
        }
        let (Ok(events), Some(cursor)) = (source.all(Operation::EventsWatchAll), self.cursor())
        else {
            return Ok(());
        };
        self.updates = events.watch_all(Since::Cursor(cursor.clone())).await?;
        self.ended = false;
        Ok(())
    }

    /// Whether everything stored was told, as the stream's end said.
    pub(super) const fn told_all(&self) -> bool {
        self.told_all
    }

    /// Writes what is there already, up to so many bytes.
    pub(super) fn gather(
        &mut self,
        source: &Source,
        run: Option<&RunRef>,
        limit: usize,
        to: &mut Vec<u8>,
    ) -> Said {
        while to.len() < limit && !self.ended {
            let Some(update) = self.updates.next().now_or_never() else {
                return Said::Nothing;
            };
            if let Said::Gap = self.take(update, source, run, to) {
                return Said::Gap;
            }
        }
        if self.ended {
            Said::Nothing
        } else {
            Said::Something
        }
    }

    /// Writes what came next.
    pub(super) fn take(
        &mut self,
        update: Option<Result<Update>>,
        source: &Source,
        run: Option<&RunRef>,
        to: &mut Vec<u8>,
    ) -> Said {
        self.asking = None;
        match update {
            Some(Ok(Update::Event(event))) => {
                if run.is_none_or(|run| *run == event.run) {
                    burst::write(&*source.encode, &event, self.updates.cursor(), to);
                }
                Said::Something
            }
            Some(Ok(Update::Gap(_))) => Said::Gap,
            // The run as it ended, which whoever asks can read.
            Some(Ok(_)) => Said::Something,
            Some(Err(error)) => {
                tracing::debug!(%error, "the stream of a subscriber broke off");
                Said::Gap
            }
            None => {
                self.ended = true;
                self.told_all = true;
                Said::Nothing
            }
        }
    }

    /// The place at which the hub goes on exactly where this stream is.
    pub(super) fn meet(&self, hub: &Hub) -> Option<Place> {
        hub.ring().find(self.cursor()?, self.opened)
    }
}

/// The place from which on the hub tells the rest of what lies behind `told`; `None` where that
/// cannot be said now.
///
/// Positions are opaque, so of two of them nobody knows which comes first. But where the same event
/// comes next behind both, nothing lies between them.
async fn ask(source: &Source, hub: &Hub, run: Option<RunRef>, told: Cursor) -> Option<Place> {
    let (place, end) = hub.ring().end();
    let events = source.all(Operation::EventsHistory).ok()?;
    let next = async |after| {
        let mut behind = EventQuery::default().after(after).limit(1);
        behind.run.clone_from(&run);
        let page = events.history(behind).await.ok()?;
        Some(page.cursor.filter(|_| !page.events.is_empty()))
    };
    let (of_hub, of_own) = (next(end?).await?, next(told).await?);
    (of_hub == of_own).then_some(place)
}
