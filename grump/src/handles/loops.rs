//! Handle of the facet `Loops`.

use grump_core::{
    Accepted, Error, ErrorKind, EventStream, FileDiff, LoopEdit, Member, NewLoop, Operation,
    PlanningFile, PlanningFolder, Result, Run, RunFilter, RunId, RunKind, RunRef, Since, StartRun,
    Started, Uncommitted,
};

use super::named;
use crate::plane::Plane;

/// Loops. Each call that names one takes its id, or the [`Run`] itself by reference.
#[derive(Clone, Debug)]
pub struct Loops(Plane);

impl Loops {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// Creates a loop; nothing runs yet.
    ///
    /// # Errors
    /// See [`grump_core::Loops::create`].
    pub async fn create(&self, new: NewLoop) -> Result<Run> {
        let loops = self
            .0
            .facet(Operation::LoopsCreate, |facets| &facets.loops)?;
        self.0
            .can_be_told(Operation::LoopsCreate, new.config.members())?;
        loops
            .create(new)
            .await
            .map_err(named(Operation::LoopsCreate))
    }

    /// Lists the loops, the newest first.
    ///
    /// # Errors
    /// See [`grump_core::Runs::list`].
    pub async fn list(&self) -> Result<Vec<Run>> {
        self.0.runs().list(RunFilter::kind(RunKind::Loop)).await
    }

    /// Reads one loop.
    ///
    /// # Errors
    /// See [`grump_core::Runs::open`].
    pub async fn open(&self, id: impl Into<RunId>) -> Result<Run> {
        self.0.runs().open(&RunRef::of_loop(id)).await
    }

    /// Starts a loop; refused if the folder has uncommitted changes.
    ///
    /// # Errors
    /// See [`grump_core::Runs::start`].
    pub async fn start(&self, id: impl Into<RunId>) -> Result<Started> {
        self.0
            .runs()
            .start(StartRun::new(RunRef::of_loop(id)))
            .await
    }

    /// Starts a loop, committing or stashing the folder's uncommitted changes first.
    ///
    /// # Errors
    /// See [`grump_core::Runs::start`].
    pub async fn start_with(
        &self,
        id: impl Into<RunId>,
        uncommitted: Uncommitted,
    ) -> Result<Started> {
        let request = StartRun::new(RunRef::of_loop(id)).uncommitted(uncommitted);
        self.0.runs().start(request).await
    }

    /// Stops a loop; answers when nothing of it is left running.
    ///
    /// # Errors
    /// See [`grump_core::Runs::stop`].
    pub async fn stop(&self, id: impl Into<RunId>) -> Result<()> {
        self.0.runs().stop(&RunRef::of_loop(id)).await
    }

    /// Waits until a loop's work is over.
    ///
    /// # Errors
    /// See [`Runs::wait`](super::Runs::wait).
    pub async fn wait(&self, id: impl Into<RunId>) -> Result<Run> {
        self.0.runs().wait(&RunRef::of_loop(id)).await
    }

    /// Watches a loop.
    ///
    /// # Errors
    /// See [`grump_core::Events::watch`].
    pub async fn watch(
        &self,
        id: impl Into<RunId>,
        since: impl Into<Since>,
    ) -> Result<EventStream> {
        self.0.events().watch(&RunRef::of_loop(id), since).await
    }

    /// Changes a loop's configuration.
    ///
    /// # Errors
    /// See [`grump_core::Loops::edit`].
    pub async fn edit(&self, id: impl Into<RunId>, edit: LoopEdit) -> Result<Run> {
        let loops = self.0.facet(Operation::LoopsEdit, |facets| &facets.loops)?;
        let budget = edit.budget.map(|_| Member::LoopBudget);
        self.0.can_be_told(Operation::LoopsEdit, budget)?;
        let edited = loops.edit(&RunRef::of_loop(id), edit).await;
        edited.map_err(named(Operation::LoopsEdit))
    }

    /// Sets the prompt of the next iteration.
    ///
    /// # Errors
    /// See [`grump_core::Loops::set_pending_prompt`].
    pub async fn set_pending_prompt(
        &self,
        id: impl Into<RunId>,
        prompt: impl Into<String>,
    ) -> Result<()> {
        let loops = self
            .0
            .facet(Operation::LoopsSetPendingPrompt, |facets| &facets.loops)?;
        let set = loops
            .set_pending_prompt(&RunRef::of_loop(id), prompt.into())
            .await;
        set.map_err(named(Operation::LoopsSetPendingPrompt))
    }

    /// Clears the prompt of the next iteration.
    ///
    /// # Errors
    /// See [`grump_core::Loops::clear_pending_prompt`].
    pub async fn clear_pending_prompt(&self, id: impl Into<RunId>) -> Result<()> {
        let loops = self
            .0
            .facet(Operation::LoopsClearPendingPrompt, |facets| &facets.loops)?;
        let cleared = loops.clear_pending_prompt(&RunRef::of_loop(id)).await;
        cleared.map_err(named(Operation::LoopsClearPendingPrompt))
    }

    /// Reads `.planning/plan.md`.
    ///
    /// # Errors
    /// See [`grump_core::Loops::plan`].
    pub async fn plan(&self, id: impl Into<RunId>) -> Result<PlanningFile> {
        let loops = self.0.facet(Operation::LoopsPlan, |facets| &facets.loops)?;
        loops
            .plan(&RunRef::of_loop(id))
            .await
            .map_err(named(Operation::LoopsPlan))
    }

    /// Reads `.planning/status.md`.
    ///
    /// # Errors
    /// See [`grump_core::Loops::plan`].
    pub async fn status_file(&self, id: impl Into<RunId>) -> Result<PlanningFile> {
        let loops = self
            .0
            .facet(Operation::LoopsStatusFile, |facets| &facets.loops)?;
        loops
            .status_file(&RunRef::of_loop(id))
            .await
            .map_err(named(Operation::LoopsStatusFile))
    }

    /// Looks into a folder's `.planning`.
    ///
    /// # Errors
    /// See [`grump_core::Loops::check_planning_dir`].
    pub async fn check_planning_dir(&self, directory: &str) -> Result<PlanningFolder> {
        let loops = self
            .0
            .facet(Operation::LoopsCheckPlanningDir, |facets| &facets.loops)?;
        let found = loops.check_planning_dir(directory).await;
        found.map_err(named(Operation::LoopsCheckPlanningDir))
    }

    /// What a loop changed.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::diff`].
    pub async fn diff(&self, id: impl Into<RunId>) -> Result<Vec<FileDiff>> {
        self.0.deliveries().diff(&RunRef::of_loop(id)).await
    }

    /// Merges a loop's work.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::accept`].
    pub async fn accept(&self, id: impl Into<RunId>) -> Result<Accepted> {
        self.0.deliveries().accept(&RunRef::of_loop(id)).await
    }

    /// Throws a loop's work away, keeping a backup.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::discard`].
    pub async fn discard(&self, id: impl Into<RunId>) -> Result<()> {
        self.0.deliveries().discard(&RunRef::of_loop(id)).await
    }

    /// Brings a discarded or removed loop back.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::undo`].
    pub async fn undo(&self, id: impl Into<RunId>) -> Result<()> {
        self.0.deliveries().undo(&RunRef::of_loop(id)).await
    }

    /// Marks a loop as deleted, stopping it first.
    ///
    /// # Errors
    /// See [`grump_core::Runs::remove`].
    pub async fn remove(&self, id: impl Into<RunId>) -> Result<()> {
        self.0.runs().remove(&RunRef::of_loop(id)).await
    }

    /// Forgets a merged or deleted loop.
    ///
    /// # Errors
    /// See [`grump_core::Deliveries::purge`].
    pub async fn purge(&self, id: impl Into<RunId>) -> Result<()> {
        self.0.deliveries().purge(&RunRef::of_loop(id)).await
    }

    /// Finds the one loop whose id holds `text`, or whose title is `text`.
    ///
    /// # Errors
    /// `NotFound` if there is none; `InvalidInput` if there are several, naming them.
    pub async fn find(&self, text: &str) -> Result<Run> {
        let loops = self.list().await?;
        if let Some(exact) = loops.iter().find(|run| run.name.id.as_str() == text) {
            return Ok(exact.clone());
        }
        let fits = |run: &&Run| {
            !text.is_empty() && (run.name.id.as_str().contains(text) || run.title == text)
        };
        let mut found: Vec<_> = loops.iter().filter(fits).collect();
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only.clone()),
            (None, _) => Err(Error::new(ErrorKind::NotFound, "there is no such loop")
                .with("loop", text)
                .advise("list them with `grump loop ls`")),
            (Some(last), false) => {
                found.push(last);
                let ids: Vec<_> = found.iter().map(|run| run.name.id.as_str()).collect();
                Err(Error::new(ErrorKind::InvalidInput, "several loops fit")
                    .with("text", text)
                    .with("loops", ids.join(", "))
                    .advise("write more of the id"))
            }
        }
    }
}
