use async_trait::async_trait;
use grump_core::{EventPage, EventQuery, EventStream, Events, Result, RunRef, Since};

use super::beside::beside;
use crate::{journal::Position, store::missing, supervisor::Supervisor};

/// How many events one page holds at most.
const PAGE: usize = 10_000;

#[async_trait]
impl Events for Supervisor {
    async fn history(&self, query: EventQuery) -> Result<EventPage> {
        self.ready().await?;
        let journal = self.journal();
        if let Some(run) = &query.run {
            journal.run(run).await?.ok_or_else(|| missing(run))?;
        }
        let after = match &query.after {
            Some(cursor) => journal.resolve(cursor)?,
            None => Position::default(),
        };
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

    async fn watch(&self, run: &RunRef, since: Since) -> Result<EventStream> {
        self.ready().await?;
        let updates = self.journal().watch(Some(run.clone()), since).await?;
        Ok(match self.identity() {
            Some(_) => updates,
            None => beside(self.clone(), run.clone(), updates),
        })
    }

    async fn watch_all(&self, since: Since) -> Result<EventStream> {
        self.ready().await?;
        self.journal().watch(None, since).await
    }
}
