//! [`Snapshot`]: how a project was at a moment; [`Snapshots`]: the trait that takes and restores
//! them.

use std::fmt;

use async_trait::async_trait;

use crate::{
    error::Result,
    id::id,
    json::{Ext, Json},
    noun::{noun, request},
    page::{Page, PageRequest},
    plane::{Operation, unsupported},
    project::ProjectId,
    run::RunRef,
    time::Timestamp,
};

id! {
    /// The id of a snapshot.
    SnapshotId
}

noun! {
    /// How a project was at a moment. (Steward, "Snapshots".)
    Snapshot {
        /// Its id.
        id: SnapshotId,
        ;
        /// The project.
        project: ProjectId,
        /// The run that took it; none where a person did.
        run: RunRef,
        /// What of, or what for: `restore checkpoint` for the one that a restore takes before.
        description: String,
        /// When it was taken.
        created_at: Timestamp,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// A snapshot to take. (Steward, "Snapshots", `POST`.)
    #[derive(PartialEq, Eq)]
    NewSnapshot {
        /// The project.
        project: ProjectId,
        /// What for.
        description: String,
    }
}

/// What a snapshot is compared with. (Steward, "Snapshots", `against`.)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Against {
    /// The project as it is now.
    #[default]
    Current,
    /// Another snapshot.
    Snapshot(SnapshotId),
}

impl From<SnapshotId> for Against {
    fn from(id: SnapshotId) -> Self {
        Self::Snapshot(id)
    }
}

request! {
    /// Two states of a project to compare.
    #[derive(PartialEq, Eq)]
    CompareSnapshots {
        /// The one.
        snapshot: SnapshotId,
        /// The other.
        against: Against,
    }
}

noun! {
    /// How two states of a project differ. No document shows it.
    Comparison {
        ;
        /// What changed, as a patch, where the plane answers with one.
        diff: String,
        /// The answer, as it came, where it is no patch.
        body: Json,
    }
}

noun! {
    /// A snapshot was restored.
    Restored {
        ;
        /// The snapshot of how the project was before, where the plane names it.
        checkpoint: Snapshot,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

/// The facet that takes snapshots of projects, and restores them.
#[async_trait]
pub trait Snapshots: Send + Sync + fmt::Debug {
    /// Lists the snapshots that a run took.
    ///
    /// # Errors
    /// `NotFound`.
    async fn list_of_run(&self, run: &RunRef, page: PageRequest) -> Result<Page<Snapshot>> {
        unsupported(Operation::SnapshotsListOfRun, (run, page))
    }

    /// Lists the snapshots of a project.
    ///
    /// # Errors
    /// `NotFound`.
    async fn list_of_project(
        &self,
        project: &ProjectId,
        page: PageRequest,
    ) -> Result<Page<Snapshot>> {
        unsupported(Operation::SnapshotsListOfProject, (project, page))
    }

    /// Reads one snapshot.
    ///
    /// # Errors
    /// `NotFound`.
    async fn open(&self, snapshot: &SnapshotId) -> Result<Snapshot> {
        unsupported(Operation::SnapshotsOpen, snapshot)
    }

    /// Takes a snapshot.
    ///
    /// # Errors
    /// `NotFound` for a project that is not there; `InvalidInput`.
    async fn create(&self, new: NewSnapshot) -> Result<Snapshot> {
        unsupported(Operation::SnapshotsCreate, new)
    }

    /// Brings a project back to how it was.
    ///
    /// # Behaviour
    /// - How it is now is kept in a snapshot first.
    ///
    /// # Errors
    /// `NotFound`.
    async fn restore(&self, snapshot: &SnapshotId) -> Result<Restored> {
        unsupported(Operation::SnapshotsRestore, snapshot)
    }

    /// Compares two states of a project.
    ///
    /// # Errors
    /// `NotFound`.
    async fn compare(&self, request: CompareSnapshots) -> Result<Comparison> {
        unsupported(Operation::SnapshotsCompare, request)
    }
}
