//! States of a project's files. ("Snapshots")

use grump_core::Result;
use grump_wire::{
    endpoint::{NoBody, NoQuery},
    steward::{
        Against, CompareRequest, CompareSnapshot, Comparison, CreateSnapshot, ListSnapshots,
        OpenSnapshot, ProjectId, RestoreSnapshot, Restored, RunId, RunSnapshots, Snapshot,
        SnapshotId, SnapshotPath, SnapshotRequest,
    },
};

use super::{StewardClient, pages::pages, part, projects, runs};
use crate::page::Pages;

/// States of a project's files. ("Snapshots")
#[derive(Clone, Copy, Debug)]
pub struct StewardSnapshots<'c>(pub(super) &'c StewardClient);

impl StewardSnapshots<'_> {
    /// List all snapshots for a project, part by part as they are read.
    pub fn of_project(self, project: impl Into<ProjectId>) -> Result<Pages<Snapshot>> {
        Ok(pages::<ListSnapshots, _>(self.0, projects::at(project)?))
    }

    /// Snapshots created by this run. ("Run telemetry")
    pub fn of_run(self, run: impl Into<RunId>) -> Result<Pages<Snapshot>> {
        Ok(pages::<RunSnapshots, _>(self.0, runs::at(run)?))
    }

    /// Snapshot detail.
    pub async fn open(self, snapshot: impl Into<SnapshotId>) -> Result<Snapshot> {
        self.0.get::<OpenSnapshot>(at(snapshot)?, NoQuery {}).await
    }

    /// Create a manual snapshot.
    pub async fn create(
        self,
        project: impl Into<ProjectId>,
        description: impl Into<String>,
    ) -> Result<Snapshot> {
        let body = SnapshotRequest {
            description: description.into(),
        };
        let path = projects::at(project)?;
        self.0.send::<CreateSnapshot>(path, body).await
    }

    /// Restore; how the files are now is kept in a snapshot first.
    pub async fn restore(self, snapshot: impl Into<SnapshotId>) -> Result<Restored> {
        self.0.send::<RestoreSnapshot>(at(snapshot)?, NoBody).await
    }

    /// Compare with what is there now, or with another snapshot.
    pub async fn compare(
        self,
        snapshot: impl Into<SnapshotId>,
        against: Against,
    ) -> Result<Comparison> {
        let body = CompareRequest { against };
        self.0.send::<CompareSnapshot>(at(snapshot)?, body).await
    }
}

fn at(snapshot: impl Into<SnapshotId>) -> Result<SnapshotPath> {
    let snapshot = part("snapshot", snapshot.into())?;
    Ok(SnapshotPath { snapshot })
}
