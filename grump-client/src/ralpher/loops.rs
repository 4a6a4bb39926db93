//! [`Loops`]: what they are told, what becomes of them, what they did.

use grump_core::{Error, ErrorKind, Result, RunId};
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    ralpher::{
        AcceptLoop, Accepted, CheckPlanningDir, ClearPendingPrompt, DeleteLoop, DiffLoop,
        DirectoryQuery, DiscardLoop, EditLoop, FileDiff, ListLoops, Loop, LoopChange, LoopPath,
        OpenLoop, PendingPrompt, Plan, PlanningFile, PlanningFolder, PurgeLoop, SetPendingPrompt,
        StartRequest, StatusFile, StopLoop,
    },
};

use super::{LoopOptions, RalpherClient, done};
use crate::caller::not_done;

/// Loops. (Ralpher, "Loops CRUD", "Loop Control", "Pending Prompt", "Loop Data" and "Utilities")
#[derive(Clone, Copy, Debug)]
pub struct Loops<'c>(pub(super) &'c RalpherClient);

impl Loops<'_> {
    /// List all loops.
    pub async fn list(self) -> Result<Vec<Loop>> {
        self.0.get::<ListLoops>(NoPath {}, NoQuery {}).await
    }

    /// Create a new loop.
    pub async fn create(
        self,
        name: impl Into<String>,
        directory: impl Into<String>,
        prompt: impl Into<String>,
        options: LoopOptions,
    ) -> Result<Loop> {
        let (request, key) = options.request(name.into(), directory.into(), prompt.into());
        self.0.create(request, key).await
    }

    /// Get a specific loop by ID.
    pub async fn open(self, id: impl Into<RunId>) -> Result<Loop> {
        self.0.get::<OpenLoop>(at(id)?, NoQuery {}).await
    }

    /// Update a loop's configuration.
    pub async fn edit(self, id: impl Into<RunId>, change: LoopChange) -> Result<Loop> {
        self.0.send::<EditLoop>(at(id)?, change).await
    }

    /// Delete a loop.
    pub async fn delete(self, id: impl Into<RunId>) -> Result<()> {
        done(&self.0.get::<DeleteLoop>(at(id)?, NoQuery {}).await?)
    }

    /// Start loop execution.
    ///
    /// # Errors
    /// `Conflict` with the code `uncommitted_changes` where the directory has changes that nobody
    /// committed: [`start_with`](Self::start_with) says what becomes of them.
    pub async fn start(self, id: impl Into<RunId>) -> Result<()> {
        self.start_with(id, StartRequest::default()).await
    }

    /// Start loop execution, and say what becomes of changes that nobody committed.
    pub async fn start_with(self, id: impl Into<RunId>, request: StartRequest) -> Result<()> {
        done(&self.0.start(id, request).await?.into_body())
    }

    /// Stop a running loop.
    pub async fn stop(self, id: impl Into<RunId>) -> Result<()> {
        done(&self.0.send::<StopLoop>(at(id)?, NoBody).await?)
    }

    /// Accept a completed loop and merge its branch.
    pub async fn accept(self, id: impl Into<RunId>) -> Result<Accepted> {
        let accepted = self.0.send::<AcceptLoop>(at(id)?, NoBody).await?;
        accepted.success.then_some(accepted).ok_or_else(not_done)
    }

    /// Discard a loop and delete its git branch.
    pub async fn discard(self, id: impl Into<RunId>) -> Result<()> {
        done(&self.0.send::<DiscardLoop>(at(id)?, NoBody).await?)
    }

    /// Permanently delete a merged or deleted loop from storage.
    pub async fn purge(self, id: impl Into<RunId>) -> Result<()> {
        done(&self.0.send::<PurgeLoop>(at(id)?, NoBody).await?)
    }

    /// Set the pending prompt for the next iteration.
    pub async fn set_pending_prompt(
        self,
        id: impl Into<RunId>,
        prompt: impl Into<String>,
    ) -> Result<()> {
        let prompt = prompt.into();
        let body = PendingPrompt { prompt };
        done(&self.0.send::<SetPendingPrompt>(at(id)?, body).await?)
    }

    /// Clear the pending prompt.
    pub async fn clear_pending_prompt(self, id: impl Into<RunId>) -> Result<()> {
        let cleared = self.0.get::<ClearPendingPrompt>(at(id)?, NoQuery {});
        done(&cleared.await?)
    }

    /// Get the git diff for a loop's changes.
    pub async fn diff(self, id: impl Into<RunId>) -> Result<Vec<FileDiff>> {
        self.0.get::<DiffLoop>(at(id)?, NoQuery {}).await
    }

    /// Get the contents of `.planning/plan.md` from the loop's directory.
    pub async fn plan(self, id: impl Into<RunId>) -> Result<PlanningFile> {
        self.0.get::<Plan>(at(id)?, NoQuery {}).await
    }

    /// Get the contents of `.planning/status.md` from the loop's directory.
    pub async fn status_file(self, id: impl Into<RunId>) -> Result<PlanningFile> {
        self.0.get::<StatusFile>(at(id)?, NoQuery {}).await
    }

    /// Check if a directory has a `.planning` folder with files.
    pub async fn check_planning_dir(self, directory: impl Into<String>) -> Result<PlanningFolder> {
        let found = self.0.get::<CheckPlanningDir>(NoPath {}, of(directory));
        found.await
    }
}

/// The path of a loop. An id that would be another path is that of no loop.
pub(crate) fn at(id: impl Into<RunId>) -> Result<LoopPath> {
    let id = id.into();
    if ["", ".", ".."].contains(&id.as_str()) {
        return Err(Error::new(ErrorKind::NotFound, "there is no such loop").with("loop", id));
    }
    let id = id.as_str().to_owned();
    Ok(LoopPath { id })
}

pub(super) fn of(directory: impl Into<String>) -> DirectoryQuery {
    DirectoryQuery {
        directory: directory.into(),
    }
}
