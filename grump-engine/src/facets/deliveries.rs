use std::{future::Future, sync::Arc};

use async_trait::async_trait;
use grump_core::{
    Accepted, Deliveries, Error, ErrorKind, FileDiff, Integration, Payload, RepoPath, Result,
    RunRef, RunStatus,
    payload::{RunDiscarded, RunMerged, RunStatusChanged},
};

use crate::{
    flow::{
        state::{Before, Delivery, LoopRecord},
        states::{enter, has_open_result, refuse},
    },
    store::Cell,
    supervisor::Supervisor,
    workspace::{MergePlan, Repaired, Workspace},
};

#[async_trait]
impl Deliveries for Supervisor {
    async fn diff(&self, run: &RunRef) -> Result<Vec<FileDiff>> {
        self.ready().await?;
        let record = self.stored(run).await?;
        match self.work_of(&record).filter(|_| has_begun(&record)) {
            Some(workspace) => workspace.diff().await,
            None => Err(refuse(
                &record.run,
                "no_git_branch",
                "there is no branch with its work",
            )
            .advise("start it first, or bring it back with `grump loop undo`")),
        }
    }

    async fn accept(&self, run: &RunRef) -> Result<Accepted> {
        self.own().await?;
        let (supervisor, run) = (self.clone(), run.clone());
        self.detached(async move { supervisor.accept_loop(&run).await })
            .await
    }

    async fn discard(&self, run: &RunRef) -> Result<()> {
        self.own().await?;
        let (supervisor, run) = (self.clone(), run.clone());
        self.detached(async move { supervisor.discard_loop(&run).await })
            .await
    }

    async fn undo(&self, run: &RunRef) -> Result<()> {
        self.own().await?;
        let (supervisor, run) = (self.clone(), run.clone());
        self.detached(async move { supervisor.undo_removal(&run).await })
            .await
    }

    async fn purge(&self, run: &RunRef) -> Result<()> {
        self.own().await?;
        let (supervisor, run) = (self.clone(), run.clone());
        self.detached(async move { supervisor.purge_loop(&run).await })
            .await
    }
}

impl Supervisor {
    async fn stored(&self, run: &RunRef) -> Result<LoopRecord> {
        let stored = self.journal().run(run).await?;
        LoopRecord::read(stored.ok_or_else(|| crate::store::missing(run))?)
    }

    /// The workspace with a loop's work; `None` if it has none, or its branch was deleted.
    fn work_of(&self, record: &LoopRecord) -> Option<Workspace> {
        let workspace = record.state.workspace.clone()?;
        let deleted = record.run.integration == Integration::BranchDeleted;
        (!deleted).then(|| self.workspace(workspace))
    }

    async fn accept_loop(&self, name: &RunRef) -> Result<Accepted> {
        let cell = self.loop_cell(name).await?;
        let _alone = cell.command().await?;
        self.settle(&cell).await?;
        let record = cell.read().await;
        if let (RunStatus::Merged, Integration::Merged(commit)) =
            (record.run.status.unified, &record.run.integration)
        {
            return Ok(Accepted::new(commit.clone()));
        }
        let workspace = self
            .work_of(&record)
            .filter(|_| has_open_result(record.run.status.unified) && has_begun(&record));
        let Some(workspace) = workspace else {
            let message = "there is no finished work to accept";
            return Err(refuse(&record.run, "accept_failed", message)
                .advise("start the loop, or wait until it is done, or stop it"));
        };
        let left_out = workspace.left_out().await.unwrap_or_default();
        let message = format!("Merge loop: {}", record.run.title);
        let plan = workspace.plan_merge(&message).await?;
        self.merge(&cell, &workspace, plan, left_out).await
    }

    async fn merge(
        &self,
        cell: &Cell,
        workspace: &Workspace,
        plan: MergePlan,
        left_out: Vec<RepoPath>,
    ) -> Result<Accepted> {
        let noted = Delivery::Merging { plan: plan.clone() };
        let merging = workspace.execute_merge(&plan);
        self.deliver(cell, noted, merging).await?;
        self.record_merge(cell, &plan).await?;
        self.clean_up(cell).await;
        Ok(Accepted::new(plan.new.as_str()).left_out(left_out))
    }

    async fn record_merge(&self, cell: &Cell, plan: &MergePlan) -> Result<()> {
        let commit = plan.new.as_str().to_owned();
        let recorded = cell.update(|record, told| {
            enter(&mut record.run, RunStatus::Merged)?;
            record.run.integration = Integration::Merged(commit.clone());
            record.state.delivery = None;
            told.push(RunMerged {
                commit: Some(commit),
            });
            Ok(())
        });
        recorded.await.map(drop)
    }

    /// Removes the worktree of a loop that is done with. What cannot be removed is found by the
    /// doctor; the merge itself stands.
    pub(crate) async fn clean_up(&self, cell: &Cell) {
        if let Err(error) = self.remove_worktree(cell).await {
            let note = Payload::log(
                "warn",
                format!("the worktree could not be removed: {error}"),
            );
            if let Err(error) = cell.tell(vec![note]).await {
                tracing::warn!(%error, "a worktree could not be removed");
            }
        }
    }

    async fn discard_loop(&self, name: &RunRef) -> Result<()> {
        let cell = self.loop_cell(name).await?;
        let _alone = cell.command().await?;
        self.settle(&cell).await?;
        let record = cell.read().await;
        if !has_open_result(record.run.status.unified) {
            return Err(refuse(
                &record.run,
                "discard_failed",
                "there is no finished work to discard",
            )
            .advise("stop the loop first; `grump loop rm` removes one that never ran"));
        }
        let begun = cell.update(|record, _| {
            let has_branch = has_begun(record);
            record.state.before_removal = Some(Box::new(Before::of(record, has_branch)));
            Ok(())
        });
        begun.await?;
        self.deliver(&cell, Delivery::Discarding, self.finish_discard(&cell))
            .await
    }

    async fn finish_discard(&self, cell: &Cell) -> Result<()> {
        let record = cell.read().await;
        if let Some(workspace) = self.work_of(&record)
            && !self.is_orphaned(&workspace).await?
        {
            workspace.discard().await?;
        }
        let discarded = cell.update(|record, told| {
            enter(&mut record.run, RunStatus::Discarded)?;
            record.run.integration = Integration::BranchDeleted;
            record.state.delivery = None;
            told.push(RunDiscarded {});
            Ok(())
        });
        discarded.await.map(drop)
    }

    async fn undo_removal(&self, name: &RunRef) -> Result<()> {
        let cell = self.loop_cell(name).await?;
        let _alone = cell.command().await?;
        let record = cell.read().await;
        let discarded = record.run.status.unified == RunStatus::Discarded;
        if !discarded || record.state.before_removal.is_none() {
            return Err(refuse(
                &record.run,
                "nothing_to_undo",
                "the loop was not discarded or removed",
            ));
        }
        self.deliver(&cell, Delivery::Undoing, self.finish_undo(&cell))
            .await
    }

    async fn finish_undo(&self, cell: &Cell) -> Result<()> {
        let record = cell.read().await;
        let Some(before) = record.state.before_removal.clone() else {
            return Ok(());
        };
        // The worktree of a merged loop is gone for good; one that never began needs none.
        let comes_back = has_open_result(before.status.unified) && has_begun(&record);
        if let Some(workspace) = record.state.workspace
            && (before.branch_deleted || comes_back)
        {
            self.workspace(workspace).undo_discard().await?;
        }
        let restored = cell.update(|record, told| {
            let run = &mut record.run;
            run.status = before.status.clone();
            run.outcome = before.outcome;
            run.integration = before.integration.clone();
            run.resumable = before.resumable;
            record.state.before_removal = None;
            record.state.delivery = None;
            told.push(RunStatusChanged {
                status: Some(before.status),
                message: Some("brought back".to_owned()),
                artifacts: None,
            });
            Ok(())
        });
        restored.await.map(drop)
    }

    async fn purge_loop(&self, name: &RunRef) -> Result<()> {
        let cell = self.loop_cell(name).await?;
        let _alone = cell.command().await?;
        let record = cell.read().await;
        if !record.run.status.unified.is_final() {
            let message = "only a merged or deleted loop can be purged";
            return Err(
                refuse(&record.run, "purge_failed", message).advise("accept or discard it first")
            );
        }
        self.deliver(&cell, Delivery::Purging, self.finish_purge(&cell))
            .await
    }

    async fn finish_purge(&self, cell: &Cell) -> Result<()> {
        let record = cell.read().await;
        if let Some(workspace) = record.state.workspace.map(|record| self.workspace(record))
            && !self.is_orphaned(&workspace).await?
        {
            workspace.purge().await?;
        }
        cell.forget().await?;
        self.store().forget(&record.run.name);
        Ok(())
    }

    /// Whether a workspace's repository is gone. Then nothing but a folder can be left of it, and
    /// that is removed.
    async fn is_orphaned(&self, workspace: &Workspace) -> Result<bool> {
        let record = workspace.record();
        if record.common_dir.exists() {
            return Ok(false);
        }
        match tokio::fs::remove_dir_all(&record.path).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::new(
                ErrorKind::Storage,
                "a worktree cannot be removed",
            )
            .with("path", record.path.display())
            .caused_by(error)),
            _ => Ok(true),
        }
    }

    /// Notes a delivery down, does it, and takes the note back if it fails: what failed is not done
    /// later behind somebody's back.
    async fn deliver<T>(
        &self,
        cell: &Cell,
        delivery: Delivery,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        note(cell, Some(delivery)).await?;
        let done = work.await;
        if done.is_err() {
            note(cell, None).await?;
        }
        done
    }

    /// Goes on with what a crash cut off while a loop's work was delivered or thrown away.
    pub(crate) async fn finish_delivery(&self, cell: &Arc<Cell>) -> Result<()> {
        let record = cell.read().await;
        match &record.state.delivery {
            Some(Delivery::Merging { plan }) => {
                let Some(workspace) = self.work_of(&record) else {
                    return Ok(());
                };
                match workspace.repair_merge(plan).await? {
                    Repaired::Done => {
                        self.record_merge(cell, plan).await?;
                        self.clean_up(cell).await;
                        Ok(())
                    }
                    _ => note(cell, None).await,
                }
            }
            Some(Delivery::Discarding) => self.finish_discard(cell).await,
            Some(Delivery::Undoing) => self.finish_undo(cell).await,
            Some(Delivery::Purging) => self.finish_purge(cell).await,
            None => Ok(()),
        }
    }

    /// Writes down that a loop was cut off, before something is done with what it left.
    async fn settle(&self, cell: &Cell) -> Result<()> {
        let (_, is_cut_off) = self.look(cell).await;
        if is_cut_off {
            self.give_up(cell).await
        } else {
            Ok(())
        }
    }
}

async fn note(cell: &Cell, delivery: Option<Delivery>) -> Result<()> {
    let noted = cell.update(|record, _| {
        record.state.delivery = delivery;
        Ok(())
    });
    noted.await.map(drop)
}

/// Whether an agent ever worked on it: one that was stopped in the queue has no branch, and what
/// branch there may be holds nothing.
fn has_begun(record: &LoopRecord) -> bool {
    let detail = record.run.as_loop();
    detail.is_some_and(|detail| detail.iteration > 0)
}
