//! Handle of the facet `Deliveries`.

use grump_core::{Accepted, FileDiff, Operation, Result, RunRef};

use super::named;
use crate::plane::Plane;

/// What becomes of a run's work.
#[derive(Clone, Debug)]
pub struct Deliveries(Plane);

impl Deliveries {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// What a run changed.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::diff`].
    pub async fn diff(&self, run: &RunRef) -> Result<Vec<FileDiff>> {
        let deliveries = self
            .0
            .facet(Operation::DeliveriesDiff, |facets| &facets.deliveries)?;
        deliveries
            .diff(run)
            .await
            .map_err(named(Operation::DeliveriesDiff))
    }

    /// Merges a run's work.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::accept`].
    pub async fn accept(&self, run: &RunRef) -> Result<Accepted> {
        let deliveries = self
            .0
            .facet(Operation::DeliveriesAccept, |facets| &facets.deliveries)?;
        deliveries
            .accept(run)
            .await
            .map_err(named(Operation::DeliveriesAccept))
    }

    /// Throws a run's work away, keeping a backup.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::discard`].
    pub async fn discard(&self, run: &RunRef) -> Result<()> {
        let deliveries = self
            .0
            .facet(Operation::DeliveriesDiscard, |facets| &facets.deliveries)?;
        deliveries
            .discard(run)
            .await
            .map_err(named(Operation::DeliveriesDiscard))
    }

    /// Brings a discarded or removed run back.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::undo`].
    pub async fn undo(&self, run: &RunRef) -> Result<()> {
        let deliveries = self
            .0
            .facet(Operation::DeliveriesUndo, |facets| &facets.deliveries)?;
        deliveries
            .undo(run)
            .await
            .map_err(named(Operation::DeliveriesUndo))
    }

    /// Forgets a merged or discarded run.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::purge`].
    pub async fn purge(&self, run: &RunRef) -> Result<()> {
        let deliveries = self
            .0
            .facet(Operation::DeliveriesPurge, |facets| &facets.deliveries)?;
        deliveries
            .purge(run)
            .await
            .map_err(named(Operation::DeliveriesPurge))
    }
}
