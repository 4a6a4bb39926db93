//! What users call: one handle per facet, the same for every plane. Cheap to clone.

use futures::StreamExt;
use grump_core::{
    Accepted, Answer, Approval, Error, ErrorKind, EventPage, EventQuery, EventStream, FileDiff,
    Health, LoopEdit, Model, ModelRef, NewLoop, Operation, PlanningFile, PlanningFolder, Result,
    Run, RunFilter, RunId, RunKind, RunRef, Since, StartRun, Started, Uncommitted,
};

use crate::plane::Plane;

/// Names the operation that failed, in the one place where every call passes.
fn named(operation: Operation) -> impl FnOnce(Error) -> Error {
    move |error| error.operation(operation.as_str())
}

/// Runs of any kind.
#[derive(Clone, Debug)]
pub struct Runs(Plane);

impl Runs {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// Lists runs, the newest first.
    ///
    /// # Errors
    /// See [`grump_core::Runs::list`].
    pub async fn list(&self, filter: RunFilter) -> Result<Vec<Run>> {
        let runs = self.0.facet(Operation::RunsList, |facets| &facets.runs)?;
        runs.list(filter).await.map_err(named(Operation::RunsList))
    }

    /// Reads one run.
    ///
    /// # Errors
    /// See [`grump_core::Runs::open`].
    pub async fn open(&self, run: &RunRef) -> Result<Run> {
        let runs = self.0.facet(Operation::RunsOpen, |facets| &facets.runs)?;
        runs.open(run).await.map_err(named(Operation::RunsOpen))
    }

    /// Starts a run's work; answers when it is under way.
    ///
    /// # Errors
    /// See [`grump_core::Runs::start`].
    pub async fn start(&self, request: StartRun) -> Result<Started> {
        let runs = self.0.facet(Operation::RunsStart, |facets| &facets.runs)?;
        runs.start(request)
            .await
            .map_err(named(Operation::RunsStart))
    }

    /// Stops a run's work; answers when nothing of it is left running.
    ///
    /// # Errors
    /// See [`grump_core::Runs::stop`].
    pub async fn stop(&self, run: &RunRef) -> Result<()> {
        let runs = self.0.facet(Operation::RunsStop, |facets| &facets.runs)?;
        runs.stop(run).await.map_err(named(Operation::RunsStop))
    }

    /// Marks a run as deleted, stopping it first.
    ///
    /// # Errors
    /// See [`grump_core::Runs::remove`].
    pub async fn remove(&self, run: &RunRef) -> Result<()> {
        let runs = self.0.facet(Operation::RunsRemove, |facets| &facets.runs)?;
        runs.remove(run).await.map_err(named(Operation::RunsRemove))
    }

    /// Waits until a run's work is over and answers with the run as it is then. Dropping the
    /// future stops the waiting, not the run.
    ///
    /// # Errors
    /// As for [`Events::watch`], and `NotFound` if the run is purged meanwhile.
    pub async fn wait(&self, run: &RunRef) -> Result<Run> {
        let mut updates = Events::new(self.0.clone()).watch(run, Since::Now).await?;
        while let Some(update) = updates.next().await {
            update?;
        }
        let after = self.open(run).await?;
        if after.status.unified.is_terminal() {
            return Ok(after);
        }
        // Started anew between the end of the stream and the read.
        Box::pin(self.wait(run)).await
    }
}

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
    /// See [`Runs::wait`].
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

    /// Finds the one loop whose id, or whose title, begins with `text`.
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

/// What waits for a person.
#[derive(Clone, Debug)]
pub struct Reviews(Plane);

impl Reviews {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// Lists what waits for an answer, the oldest first.
    ///
    /// # Errors
    /// See [`grump_core::Reviews::pending`].
    pub async fn pending(&self) -> Result<Vec<Approval>> {
        let reviews = self
            .0
            .facet(Operation::ReviewsPending, |facets| &facets.reviews)?;
        reviews
            .pending()
            .await
            .map_err(named(Operation::ReviewsPending))
    }

    /// Answers one approval.
    ///
    /// # Errors
    /// See [`grump_core::Reviews::answer`].
    pub async fn answer(&self, answer: Answer) -> Result<()> {
        let reviews = self
            .0
            .facet(Operation::ReviewsAnswer, |facets| &facets.reviews)?;
        reviews
            .answer(answer)
            .await
            .map_err(named(Operation::ReviewsAnswer))
    }
}

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

/// What happened and happens.
#[derive(Clone, Debug)]
pub struct Events(Plane);

impl Events {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// Reads stored events in order.
    ///
    /// # Errors
    /// See [`grump_core::Events::history`].
    pub async fn history(&self, query: EventQuery) -> Result<EventPage> {
        let events = self
            .0
            .facet(Operation::EventsHistory, |facets| &facets.events)?;
        events
            .history(query)
            .await
            .map_err(named(Operation::EventsHistory))
    }

    /// Watches one run.
    ///
    /// # Errors
    /// See [`grump_core::Events::watch`].
    pub async fn watch(&self, run: &RunRef, since: impl Into<Since>) -> Result<EventStream> {
        let events = self
            .0
            .facet(Operation::EventsWatch, |facets| &facets.events)?;
        events
            .watch(run, since.into())
            .await
            .map_err(named(Operation::EventsWatch))
    }

    /// Watches all runs.
    ///
    /// # Errors
    /// See [`grump_core::Events::watch_all`].
    pub async fn watch_all(&self, since: impl Into<Since>) -> Result<EventStream> {
        let events = self
            .0
            .facet(Operation::EventsWatchAll, |facets| &facets.events)?;
        events
            .watch_all(since.into())
            .await
            .map_err(named(Operation::EventsWatchAll))
    }
}

/// The models that agents can use.
#[derive(Clone, Debug)]
pub struct Models(Plane);

impl Models {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// The models that the agents know in this folder.
    ///
    /// # Errors
    /// See [`grump_core::Models::list`].
    pub async fn list(&self, directory: &str) -> Result<Vec<Model>> {
        let models = self
            .0
            .facet(Operation::ModelsList, |facets| &facets.models)?;
        models
            .list(directory)
            .await
            .map_err(named(Operation::ModelsList))
    }

    /// The last model that was used.
    ///
    /// # Errors
    /// See [`grump_core::Models::last_used`].
    pub async fn last_used(&self) -> Result<Option<ModelRef>> {
        let models = self
            .0
            .facet(Operation::ModelsLastUsed, |facets| &facets.models)?;
        models
            .last_used()
            .await
            .map_err(named(Operation::ModelsLastUsed))
    }

    /// Sets the last model that was used.
    ///
    /// # Errors
    /// See [`grump_core::Models::set_last_used`].
    pub async fn set_last_used(&self, model: ModelRef) -> Result<()> {
        let models = self
            .0
            .facet(Operation::ModelsSetLastUsed, |facets| &facets.models)?;
        models
            .set_last_used(model)
            .await
            .map_err(named(Operation::ModelsSetLastUsed))
    }
}

/// The plane itself.
#[derive(Clone, Debug)]
pub struct System(Plane);

impl System {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// Whether the plane works.
    ///
    /// # Errors
    /// See [`grump_core::System::health`].
    pub async fn health(&self) -> Result<Health> {
        let system = self
            .0
            .facet(Operation::SystemHealth, |facets| &facets.system)?;
        system
            .health()
            .await
            .map_err(named(Operation::SystemHealth))
    }
}
