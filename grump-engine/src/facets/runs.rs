use std::sync::Arc;

use async_trait::async_trait;
use grump_core::{
    Conflict, Error, ErrorKind, Models as _, Outcome, Page, Payload, Result, Run, RunFilter,
    RunKind, RunRef, RunStatus, Runs, StartRun, Started, Timestamp, Uncommitted,
    payload::{RunDeleted, RunStarted},
};

use crate::{
    flow::{
        driver::{detail, detail_mut},
        state::{Before, LoopRecord, Step},
        states::{enter, has_open_result, is_at_work, refuse},
    },
    journal::Record,
    owner::EngineIdentity,
    store::{Cell, Told, missing},
    supervisor::Supervisor,
    workspace::{self, Head, MergeTarget, Repository, WorkspacePlan, WorkspaceRecord},
};

#[async_trait]
impl Runs for Supervisor {
    async fn list(&self, filter: RunFilter) -> Result<Page<Run>> {
        self.ready().await?;
        let stored = self.journal().runs().await?;
        let mut runs = Vec::with_capacity(stored.len());
        for record in stored {
            let run = self.shown_now(record).await?;
            if filter.matches(&run) {
                runs.push(run);
            }
        }
        Page::part_of(runs, &filter.page)
    }

    async fn open(&self, run: &RunRef) -> Result<Run> {
        self.ready().await?;
        let stored = self.journal().run(run).await?.ok_or_else(|| missing(run))?;
        self.shown_now(stored).await
    }

    async fn start(&self, request: StartRun) -> Result<Started> {
        self.own().await?;
        let supervisor = self.clone();
        self.detached(async move { supervisor.start_loop(request).await })
            .await
    }

    async fn stop(&self, run: &RunRef) -> Result<()> {
        self.own().await?;
        let cell = self.loop_cell(run).await?;
        let was_over = cell.read().await.run.status.unified.is_terminal();
        let halted = self.halt(run).await || self.halt_behind_commands(run, &cell).await?;
        let record = cell.read().await;
        // A task may outlive its loop's end by a moment.
        let was_over = was_over && record.run.outcome != Some(Outcome::Stopped);
        if !halted || was_over {
            let shown = self.shown(record);
            return Err(refuse(&shown, "not_running", "the loop is not running"));
        }
        let after = record.run;
        match (after.status.unified, after.error) {
            (RunStatus::Failed, Some(error)) if after.outcome == Some(Outcome::Errors) => {
                Err(Error::new(
                    ErrorKind::Agent,
                    "the loop ended with an error while it was stopped",
                )
                .with("error", error))
            }
            (status, _) if is_at_work(status) && !self.is_running(&run.id) => Err(Error::new(
                ErrorKind::Storage,
                "the loop has ended, which could not be stored yet",
            )
            .with("run", run)
            .advise("see that its disk has space; it is stored as soon as that works")),
            _ => Ok(()),
        }
    }

    async fn remove(&self, run: &RunRef) -> Result<()> {
        self.own().await?;
        let (supervisor, run) = (self.clone(), run.clone());
        self.detached(async move { supervisor.remove_loop(&run).await })
            .await
    }
}

impl Supervisor {
    /// The run as it is shown, of a record that may be out of date by now.
    async fn shown_now(&self, stored: Record) -> Result<Run> {
        let record = self.now(LoopRecord::read(stored)?).await?;
        Ok(self.shown(record))
    }

    /// A record read again, if it says that the loop was cut off: a task that ends stores that
    /// before it is gone, which may have been since.
    pub(crate) async fn now(&self, record: LoopRecord) -> Result<LoopRecord> {
        if !self.is_cut_off(&record) {
            return Ok(record);
        }
        match self.journal().run(&record.run.name).await? {
            Some(stored) => LoopRecord::read(stored),
            None => Ok(record),
        }
    }

    /// The loop as it is now, and whether it was cut off; looked at twice for the same reason.
    pub(crate) async fn look(&self, cell: &Cell) -> (LoopRecord, bool) {
        let mut record = cell.read().await;
        if self.is_cut_off(&record) {
            record = cell.read().await;
        }
        let is_cut_off = self.is_cut_off(&record);
        (record, is_cut_off)
    }

    /// The loop of this name.
    ///
    /// # Errors
    /// `NotFound` if there is none, or if the name is that of another kind of run.
    pub(crate) async fn loop_cell(&self, run: &RunRef) -> Result<Arc<Cell>> {
        match run.kind {
            RunKind::Loop => self.store().cell(run).await,
            _ => Err(missing(run)),
        }
    }

    /// As [`halt`](Supervisor::halt), once no command is under way: a start may be about to put the
    /// loop to work.
    async fn halt_behind_commands(&self, run: &RunRef, cell: &Cell) -> Result<bool> {
        let _alone = cell.command().await?;
        Ok(self.halt(run).await)
    }

    async fn start_loop(&self, request: StartRun) -> Result<Started> {
        let own = self.own().await?.clone();
        let cell = self.loop_cell(&request.run).await?;
        let _alone = cell.command().await?;
        let (record, cut_off) = self.look(&cell).await;
        refuse_start(&record, cut_off)?;
        self.agent(&detail(&record.run)?.config.backend.agent)?;
        let (workspace, notes) = match record.state.workspace.clone() {
            Some(workspace) => (workspace, Vec::new()),
            None => {
                self.plan_workspace(&record.run, request.uncommitted)
                    .await?
            }
        };
        let before = self.journal().position();
        let reserved = self.reserve(&request.run);
        let started = cell.update(|record, told| {
            begin(record, told, own, workspace, cut_off)?;
            notes.into_iter().for_each(|note| told.push(note));
            Ok(())
        });
        started.await?;
        self.drive(reserved, cell.clone());
        if let Some(model) = detail(&record.run)?.config.model.clone()
            && let Err(error) = self.set_last_used(model).await
        {
            // Only a convenience: the loop runs.
            tracing::warn!(%error, "the last model that was used could not be stored");
        }
        Ok(Started::new(Some(self.journal().cursor(before))))
    }

    /// Plans branch and worktree, after dealing with what is uncommitted in the user's folder.
    async fn plan_workspace(
        &self,
        run: &Run,
        uncommitted: Option<Uncommitted>,
    ) -> Result<(WorkspaceRecord, Vec<Payload>)> {
        let config = &detail(run)?.config;
        let repository = self.repository(&config.directory).await?;
        let files = repository.uncommitted().await?;
        let mut plan = WorkspacePlan {
            data: self.data().path(),
            run: run.name.id.as_str(),
            title: &run.title,
            branch_prefix: &config.git.branch_prefix,
            now: jiff::Timestamp::now(),
        };
        // What cannot be planned is refused before the user's checkout is touched.
        if !files.is_empty() && uncommitted.is_some() {
            check_plan(&repository, &plan).await?;
        }
        let mut notes = Vec::new();
        if !files.is_empty() {
            let (how, done) = match uncommitted {
                Some(Uncommitted::Commit) => (workspace::Uncommitted::Commit, "committed"),
                Some(Uncommitted::Stash) => (workspace::Uncommitted::Stash, "stashed"),
                _ => return Err(uncommitted_changes(run, &files)),
            };
            let message = format!("before grump loop: {}", run.title);
            let saved = repository.save_uncommitted(how, &message).await?;
            if let Some(commit) = saved.commit {
                let note = format!("uncommitted changes were {done}: {}", commit.as_str());
                notes.push(Payload::log("info", note));
            }
        }
        plan.now = jiff::Timestamp::now();
        Ok((repository.plan(&plan).await?, notes))
    }

    async fn remove_loop(&self, name: &RunRef) -> Result<()> {
        let cell = self.loop_cell(name).await?;
        // First the lock: a start that is under way is over then, and its work is found and ended.
        let _alone = cell.command().await?;
        self.halt(name).await;
        let record = cell.read().await;
        if record.run.status.unified == RunStatus::Discarded {
            return Ok(());
        }
        if self.is_cut_off(&record) {
            self.give_up(&cell).await?;
        }
        let removed = cell.update(|record, told| {
            record.state.before_removal = Some(Box::new(Before::of(record, false)));
            record.run.status = RunStatus::Discarded.into();
            told.push(RunDeleted {});
            Ok(())
        });
        removed.await?;
        self.remove_worktree(&cell).await
    }

    /// Removes a loop's worktree, keeping what no commit holds in a backup. The branch stays.
    pub(crate) async fn remove_worktree(&self, cell: &Cell) -> Result<()> {
        let Some(record) = cell.read().await.state.workspace else {
            return Ok(());
        };
        self.workspace(record).remove_worktree().await
    }
}

/// Plans, for the errors only. An empty repository may still get its first commit.
async fn check_plan(repository: &Repository, plan: &WorkspacePlan<'_>) -> Result<()> {
    match repository.head().await? {
        Head::Unborn { .. } => Ok(()),
        _ => repository.plan(plan).await.map(drop),
    }
}

fn refuse_start(record: &LoopRecord, cut_off: bool) -> Result<()> {
    let status = record.run.status.unified;
    if status == RunStatus::Draft || has_open_result(status) || cut_off {
        return Ok(());
    }
    Err(if is_at_work(status) {
        refuse(
            &record.run,
            "already_running",
            "the loop is running already",
        )
    } else {
        refuse(
            &record.run,
            "not_startable",
            "the loop is done with and cannot be started",
        )
        .advise("`grump loop undo` brings a discarded one back; or create another one")
    })
}

/// Puts a loop at work: on the journal, before anything is started.
fn begin(
    record: &mut LoopRecord,
    told: &mut Told,
    own: EngineIdentity,
    workspace: WorkspaceRecord,
    cut_off: bool,
) -> Result<()> {
    let goes_on = cut_off || record.run.resumable || record.state.step.is_under_way();
    if cut_off {
        record.run.status = RunStatus::Starting.into();
    } else {
        enter(&mut record.run, RunStatus::Starting)?;
    }
    let run = &mut record.run;
    (run.outcome, run.error, run.ended_at, run.resumable) = (None, None, None, false);
    run.started_at = Some(Timestamp::now());
    let detail = detail_mut(run)?;
    detail.branch = Some(workspace.branch.clone());
    detail.worktree = Some(workspace.path.display().to_string());
    detail.target_branch = match &workspace.target {
        MergeTarget::Branch(name) => Some(name.clone()),
        MergeTarget::Detached => None,
    };
    if !goes_on {
        detail.consecutive_errors = 0;
        record.state.started_after = detail.iteration;
        record.state.step = Step::None;
    }
    record.state.engine = Some(own);
    record.state.workspace = Some(workspace);
    told.push(RunStarted { skill: None });
    Ok(())
}

fn uncommitted_changes(run: &Run, files: &[grump_core::RepoPath]) -> Error {
    let conflict = Conflict::new("uncommitted_changes")
        .current(run.status.clone())
        .changed_files(files.iter().map(ToString::to_string).collect())
        .options(&["commit", "stash", "cancel"]);
    Error::new(ErrorKind::Conflict, "the folder has uncommitted changes")
        .with("run", &run.name)
        .with("files", files.len())
        .advise("start it with `commit` or `stash`, or deal with them yourself")
        .conflicting(conflict)
}
