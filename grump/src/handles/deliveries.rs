//! Handle of the facet `Deliveries`.

use grump_core::{Accepted, Committed, FileDiff, Pushed, RunRef};

use super::handle;

handle! {
    /// What becomes of a run's work.
    Deliveries deliveries {
        /// What a run changed.
        DeliveriesDiff diff(run: &RunRef) -> Vec<FileDiff>;
        /// Merges a run's work.
        DeliveriesAccept accept(run: &RunRef) -> Accepted;
        /// Throws a run's work away, keeping a backup.
        DeliveriesDiscard discard(run: &RunRef) -> ();
        /// Brings a discarded or removed run back.
        DeliveriesUndo undo(run: &RunRef) -> ();
        /// Forgets a merged or discarded run.
        DeliveriesPurge purge(run: &RunRef) -> ();
        /// Commits what is outstanding of a run's work on its branch.
        DeliveriesCommit commit(run: &RunRef) -> Committed;
        /// Pushes a run's branch.
        DeliveriesPush push(run: &RunRef) -> Pushed;
    }
}
