//! [`Follow`]: what is stored behind a position, then what is committed.

use std::sync::Arc;

use grump_core::{Error, ErrorKind, Result, RunRef, RunStatus};
use tokio::sync::watch;

use super::{
    Position, Shared,
    change::Stored,
    read,
    tail::{News, Slice},
};

/// Follows a journal from a position on, one batch at a time.
///
/// It holds no queue: what it has not taken yet is read from the journal's tail in memory, or from
/// the table where it is further back. Dropping it touches nothing.
#[derive(Debug)]
pub struct Follow {
    shared: Arc<Shared>,
    news: watch::Receiver<News>,
    run: Option<RunRef>,
    position: Position,
    /// The last revision that was looked at; `None` while it is behind what memory holds.
    revision: Option<u64>,
    status: Option<RunStatus>,
    /// The status that the last complete batch told.
    told: Option<Option<RunStatus>>,
}

/// What a [`Follow`] tells at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The next events, in order. There may be none: then the followed run's status changed without
    /// an event, or the end of what is stored was reached.
    pub events: Vec<Stored>,
    /// Everything up to here has been told.
    pub position: Position,
    /// With this batch, everything that was committed has been told.
    pub complete: bool,
    /// Where the followed run was at the very moment of `position`, if `complete`; `None` where no
    /// single run is followed, or it has no record any more.
    pub status: Option<RunStatus>,
}

impl Follow {
    pub(super) fn new(shared: Arc<Shared>, run: Option<RunRef>, after: Position) -> Self {
        let news = shared.tail.subscribe();
        let now = *news.borrow();
        // The status of a single run is only known from its table.
        let up_to_date = run.is_none() && after == now.position;
        Self {
            shared,
            news,
            run,
            position: after,
            revision: up_to_date.then_some(now.revision),
            status: None,
            told: None,
        }
    }

    /// Everything up to here has been told.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Waits for the next batch. Cancelling the call loses nothing.
    ///
    /// # Errors
    /// `Truncated` when the journal was closed; `Storage` if it cannot be read.
    pub async fn next(&mut self) -> Result<Batch> {
        loop {
            let now = *self.news.borrow_and_update();
            let batch = match self.revision {
                Some(revision) if revision == now.revision => {
                    self.wait(now).await?;
                    continue;
                }
                Some(revision) => self.recent(revision),
                None => None,
            };
            let batch = match batch {
                Some(batch) => batch,
                None => self.stored(now).await?,
            };
            if self.is_news(&batch) {
                return Ok(batch);
            }
        }
    }

    async fn wait(&mut self, now: News) -> Result<()> {
        if now.closed || self.news.changed().await.is_err() {
            return Err(self.truncated());
        }
        Ok(())
    }

    /// What the tail in memory has.
    fn recent(&mut self, revision: u64) -> Option<Batch> {
        let slice = self
            .shared
            .tail
            .read(self.run.as_ref(), self.position, revision)?;
        let Slice {
            events,
            state,
            position,
            revision,
        } = slice;
        self.position = position;
        self.revision = Some(revision);
        self.status = state.unwrap_or(self.status);
        let complete = revision == self.shared.tail.news().revision;
        Some(self.batch(events, complete))
    }

    /// What the table has. It holds at least what `now` tells of.
    async fn stored(&mut self, now: News) -> Result<Batch> {
        let (run, after) = (self.run.clone(), self.position);
        let limits = self.shared.tail.limits();
        let page = self
            .shared
            .readers
            .read("cannot read the events", move |connection| {
                read::page(connection, run.as_ref(), after, limits)
            })
            .await
            .map_err(|error| if now.closed { self.truncated() } else { error })?;
        self.position = page.position;
        self.revision = page.complete.then_some(now.revision);
        self.status = page.status;
        Ok(self.batch(page.events, page.complete))
    }

    fn batch(&self, events: Vec<Stored>, complete: bool) -> Batch {
        Batch {
            events,
            position: self.position,
            complete,
            status: self.status.filter(|_| complete),
        }
    }

    fn is_news(&mut self, batch: &Batch) -> bool {
        let changed = self.run.is_some() && batch.complete && self.told != Some(batch.status);
        if batch.complete {
            self.told = Some(batch.status);
        }
        changed || !batch.events.is_empty()
    }

    fn truncated(&self) -> Error {
        Error::new(ErrorKind::Truncated, "the journal was closed")
            .advise("open it again and go on from the cursor")
            .with("file", self.shared.file.display())
            .with("position", self.position)
    }
}
