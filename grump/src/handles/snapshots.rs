//! Handle of the facet `Snapshots`.

use grump_core::{
    CompareSnapshots, Comparison, NewSnapshot, Page, PageRequest, ProjectId, Restored, RunRef,
    Snapshot, SnapshotId,
};

use super::handle;

handle! {
    /// How projects were.
    Snapshots snapshots {
        /// Lists the snapshots that a run took.
        SnapshotsListOfRun list_of_run(run: &RunRef, page: PageRequest) -> Page<Snapshot>;
        /// Lists the snapshots of a project.
        SnapshotsListOfProject list_of_project(project: &ProjectId, page: PageRequest) -> Page<Snapshot>;
        /// Reads one snapshot.
        SnapshotsOpen open(snapshot: &SnapshotId) -> Snapshot;
        /// Takes a snapshot.
        SnapshotsCreate create(new: NewSnapshot) -> Snapshot;
        /// Brings a project back to how it was.
        SnapshotsRestore restore(snapshot: &SnapshotId) -> Restored;
        /// Compares two states of a project.
        SnapshotsCompare compare(request: CompareSnapshots) -> Comparison;
    }
}
