use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use grump_core::{
    Cursor, EventPage, EventQuery, EventStream, Events, Result, Run, RunRef, Since, StoredPage,
    Update, stream::Step,
};
use tokio::time::timeout;

use super::shown;
use crate::{flow::state::LoopRecord, journal::Position, store::missing, supervisor::Supervisor};

/// How many events one page holds at most.
const PAGE: usize = 10_000;
/// How long a run is quiet before it is looked at whether its engine still lives.
const QUIET: Duration = Duration::from_millis(500);

#[async_trait]
impl Events for Supervisor {
    async fn history(&self, query: EventQuery) -> Result<EventPage> {
        self.ready().await?;
        let journal = self.journal();
        if let Some(run) = &query.run {
            journal.run(run).await?.ok_or_else(|| missing(run))?;
        }
        let after = self.position(query.after.as_ref())?;
        let limit = query.limit.min(PAGE);
        let mut stored = journal.events(after, query.run.as_ref(), limit + 1).await?;
        let has_more = stored.len() > limit;
        stored.truncate(limit);
        let last = stored.last().map(|stored| stored.position);
        let cursor = last
            .map(|position| journal.cursor(position))
            .or(query.after);
        let events = stored
            .into_iter()
            .map(|stored| (*stored.event).clone())
            .collect();
        Ok(EventPage::new(events, cursor, has_more))
    }

    async fn stored(&self, query: EventQuery) -> Result<Option<StoredPage>> {
        self.ready().await?;
        let after = self.position(query.after.as_ref())?;
        let limit = query.limit.min(PAGE);
        let page = self.journal().stored(after, query.run.as_ref(), limit);
        let mut page = match (page.await?, &query.run) {
            (Some(page), _) => page,
            (None, Some(run)) => return Err(missing(run)),
            (None, None) => return Ok(None),
        };
        page.cursor = page.cursor.or(query.after);
        Ok(Some(page))
    }

    async fn watch(&self, run: &RunRef, since: Since) -> Result<EventStream> {
        self.ready().await?;
        let updates = self.journal().watch(Some(run.clone()), since).await?;
        Ok(until_cut_off(self.clone(), run.clone(), updates))
    }

    async fn watch_all(&self, since: Since) -> Result<EventStream> {
        self.ready().await?;
        self.journal().watch(None, since).await
    }
}

impl Supervisor {
    /// The position to read from, behind `after` or at the beginning.
    fn position(&self, after: Option<&Cursor>) -> Result<Position> {
        after.map_or(Ok(Position::START), |cursor| self.journal().resolve(cursor))
    }

    /// The run as it is shown, if the engine that worked on it is gone.
    async fn cut_off(&self, run: &RunRef) -> Result<Option<Run>> {
        if self.is_running(&run.id) {
            return Ok(None);
        }
        let stored = self.journal().run(run).await?.ok_or_else(|| missing(run))?;
        let record = self.now(LoopRecord::read(stored)?).await?;
        let is_cut_off = self.is_cut_off(&record);
        Ok(is_cut_off.then(|| shown(record, true)))
    }
}

/// The updates of a run whose engine may die, or has died: then everything it told is followed by
/// the run as it is shown, and by the end.
fn until_cut_off(supervisor: Supervisor, run: RunRef, updates: EventStream) -> EventStream {
    let from = updates.cursor().cloned();
    let watch = Watch {
        supervisor,
        run,
        updates,
        over: false,
    };
    let steps = stream::unfold(watch, |mut watch| async move {
        let step = watch.step().await?;
        Some((step, watch))
    });
    EventStream::new(steps).starting_at(from)
}

struct Watch {
    supervisor: Supervisor,
    run: RunRef,
    updates: EventStream,
    over: bool,
}

impl Watch {
    async fn step(&mut self) -> Option<Result<Step>> {
        while !self.over {
            if let Ok(next) = timeout(QUIET, self.updates.next()).await {
                let cursor = self.updates.cursor().cloned();
                return next.map(|update| update.map(|update| (cursor, update)));
            }
            let cut_off = self.supervisor.cut_off(&self.run).await;
            if let Some(run) = cut_off.transpose() {
                self.over = true;
                let cursor = self.updates.cursor().cloned();
                return Some(run.map(|run| (cursor, Update::Resync(Box::new(run)))));
            }
        }
        None
    }
}
