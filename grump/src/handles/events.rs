//! Handle of the facet `Events`.

use grump_core::{EventPage, EventQuery, EventStream, Operation, Result, RunRef, Since};

use super::named;
use crate::plane::Plane;

/// What happened and happens.
#[derive(Clone, Debug)]
pub struct Events(Plane);

impl Events {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// Reads stored events in order.
    ///
    /// # Errors
    /// See [`grump_core::Events::history`].
    pub async fn history(&self, query: EventQuery) -> Result<EventPage> {
        let events = self
            .0
            .facet(Operation::EventsHistory, |facets| &facets.events)?;
        self.0
            .can_be_told(Operation::EventsHistory, query.members())?;
        events
            .history(query)
            .await
            .map_err(named(Operation::EventsHistory))
    }

    /// Watches one run.
    ///
    /// # Errors
    /// See [`grump_core::Events::watch`].
    pub async fn watch(&self, run: &RunRef, since: impl Into<Since>) -> Result<EventStream> {
        let events = self
            .0
            .facet(Operation::EventsWatch, |facets| &facets.events)?;
        events
            .watch(run, since.into())
            .await
            .map_err(named(Operation::EventsWatch))
    }

    /// Watches all runs.
    ///
    /// # Errors
    /// See [`grump_core::Events::watch_all`].
    pub async fn watch_all(&self, since: impl Into<Since>) -> Result<EventStream> {
        let events = self
            .0
            .facet(Operation::EventsWatchAll, |facets| &facets.events)?;
        events
            .watch_all(since.into())
            .await
            .map_err(named(Operation::EventsWatchAll))
    }
}
