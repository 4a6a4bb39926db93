//! What a Steward run did, and how its project was.

use async_trait::async_trait;
use grump_core::{
    CommandRun, CompareSnapshots, Comparison, Evidence, NewSnapshot, Page, PageRequest, Restored,
    Result, RunRef, Snapshot, Snapshots, Summary, WorkFile,
    evidence::{CommandId, FileId},
    project::ProjectId,
    snapshot::SnapshotId,
};
use grump_wire::steward::{self, ListCommands, ListFiles, ListSnapshots, RunSnapshots, map};

use super::steward::{Remote, id};
use crate::steward::{follow, project_path, run_path};

#[async_trait]
impl Evidence for Remote {
    async fn files(&self, run: &RunRef) -> Result<Vec<WorkFile>> {
        let path = run_path(id(run)?)?;
        let files = follow::<ListFiles, _>(&self.0, path).await?;
        Ok(files.into_iter().map(map::file).collect())
    }

    async fn file(&self, run: &RunRef, file: &FileId) -> Result<WorkFile> {
        let told = self.0.runs().file(id(run)?, file.as_str()).await;
        told.map(map::file)
    }

    async fn commands(&self, run: &RunRef) -> Result<Vec<CommandRun>> {
        let path = run_path(id(run)?)?;
        let commands = follow::<ListCommands, _>(&self.0, path).await?;
        Ok(commands.into_iter().map(map::command).collect())
    }

    async fn command(&self, run: &RunRef, command: &CommandId) -> Result<CommandRun> {
        let told = self.0.runs().command(id(run)?, command.as_str()).await;
        told.map(map::command)
    }

    async fn summary(&self, run: &RunRef) -> Result<Summary> {
        self.0.runs().summary(id(run)?).await.map(map::summary)
    }
}

#[async_trait]
impl Snapshots for Remote {
    async fn list_of_run(&self, run: &RunRef, page: PageRequest) -> Result<Page<Snapshot>> {
        let query = map::page_query(page)?;
        let path = run_path(id(run)?)?;
        Ok(snapshots(self.0.get::<RunSnapshots>(path, query).await?))
    }

    async fn list_of_project(
        &self,
        project: &ProjectId,
        page: PageRequest,
    ) -> Result<Page<Snapshot>> {
        let query = map::page_query(page)?;
        let path = project_path(project.as_str())?;
        Ok(snapshots(self.0.get::<ListSnapshots>(path, query).await?))
    }

    async fn open(&self, snapshot: &SnapshotId) -> Result<Snapshot> {
        let told = self.0.snapshots().open(snapshot.as_str()).await;
        told.map(map::snapshot)
    }

    async fn create(&self, new: NewSnapshot) -> Result<Snapshot> {
        let project = new.project.as_str();
        let made = self.0.snapshots().create(project, new.description).await;
        made.map(map::snapshot)
    }

    async fn restore(&self, snapshot: &SnapshotId) -> Result<Restored> {
        let told = self.0.snapshots().restore(snapshot.as_str()).await;
        told.map(map::restored)
    }

    async fn compare(&self, request: CompareSnapshots) -> Result<Comparison> {
        let against = map::against(&request.against);
        let snapshot = request.snapshot.as_str();
        let told = self.0.snapshots().compare(snapshot, against).await;
        told.map(map::comparison)
    }
}

fn snapshots(page: steward::Page<steward::Snapshot>) -> Page<Snapshot> {
    let next = map::mark(&page);
    Page::new(page.data.into_iter().map(map::snapshot).collect(), next)
}
