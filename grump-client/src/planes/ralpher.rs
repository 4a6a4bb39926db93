//! [`RalpherPlane`]: a server of the Ralpher dialect as a control plane.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use grump_core::{
    Accepted, ControlPlane, Cursor, Deliveries, Error, ErrorKind, EventPage, EventQuery,
    EventStream, Events, Facets, FileDiff, Health, LoopEdit, Loops, Model, ModelRef, Models,
    NewLoop, Operation, Page, PlaneInfo, PlanningFile, PlanningFolder, Result, Run, RunFilter,
    RunKind, RunRef, Runs, Since, StartRun, Started, System,
};
use grump_wire::{
    headers,
    ralpher::{self, map},
};
use tokio::time::sleep;

use super::ralpher_events::LoopEventSource;
use crate::{
    ralpher::{RalpherClient, done},
    stream::watch,
};

/// A server of the Ralpher dialect as a control plane: the same calls as for an embedded engine.
///
/// What the dialect cannot say is refused before anything is sent; see [`PlaneInfo`].
#[derive(Clone, Debug)]
pub struct RalpherPlane {
    client: RalpherClient,
    info: Arc<PlaneInfo>,
    facets: Facets,
}

impl RalpherPlane {
    /// The plane that this client speaks with.
    #[must_use]
    pub fn new(client: RalpherClient) -> Self {
        let info = PlaneInfo::new(ralpher::NAME)
            .operations(ralpher::OPERATIONS.iter().copied())
            .kinds(ralpher::KINDS.iter().copied())
            .members(ralpher::MEMBERS.iter().copied());
        let remote = Arc::new(Remote(client.clone()));
        let mut facets = Facets::default();
        facets.runs = Some(remote.clone());
        facets.loops = Some(remote.clone());
        facets.deliveries = Some(remote.clone());
        facets.events = Some(remote.clone());
        facets.models = Some(remote.clone());
        facets.system = Some(remote);
        Self {
            client,
            info: Arc::new(info),
            facets,
        }
    }

    /// The client that it speaks through.
    #[must_use]
    pub const fn client(&self) -> &RalpherClient {
        &self.client
    }
}

impl From<RalpherClient> for RalpherPlane {
    fn from(client: RalpherClient) -> Self {
        Self::new(client)
    }
}

#[async_trait]
impl ControlPlane for RalpherPlane {
    fn info(&self) -> &PlaneInfo {
        &self.info
    }

    fn facets(&self) -> &Facets {
        &self.facets
    }

    /// What runs on the server goes on; streams end with an error of kind
    /// [`Truncated`](ErrorKind::Truncated).
    async fn close(&self) {
        self.client.caller.close();
    }
}

/// The facets of a plane.
#[derive(Debug)]
struct Remote(RalpherClient);

#[async_trait]
impl Runs for Remote {
    async fn list(&self, filter: RunFilter) -> Result<Page<Run>> {
        let mut runs: Vec<_> = self
            .0
            .loops()
            .list()
            .await?
            .into_iter()
            .map(map::run)
            .collect();
        runs.retain(|run| filter.matches(run));
        runs.sort_by_key(|run| Reverse(run.created_at.as_millis()));
        Page::part_of(runs, &filter.page)
    }

    async fn open(&self, run: &RunRef) -> Result<Run> {
        self.0.loops().open(id(run)?).await.map(map::run)
    }

    async fn start(&self, request: StartRun) -> Result<Started> {
        let answer = self
            .0
            .start(id(&request.run)?, map::wire_start(&request))
            .await?;
        let before = answer.headers().get(headers::CURSOR);
        let before = before
            .and_then(|cursor| cursor.to_str().ok())
            .map(Cursor::new);
        done(answer.body())?;
        Ok(Started::new(before))
    }

    async fn stop(&self, run: &RunRef) -> Result<()> {
        self.0.loops().stop(id(run)?).await?;
        let still = self.until_still(run).await;
        still.map_err(step_of(Operation::RunsStop))
    }

    async fn remove(&self, run: &RunRef) -> Result<()> {
        self.0.loops().delete(id(run)?).await
    }
}

#[async_trait]
impl Loops for Remote {
    async fn create(&self, mut new: NewLoop) -> Result<Run> {
        let key = new.idempotency_key.take();
        let made = self.0.create(map::wire_new_loop(new), key).await;
        made.map(map::run)
    }

    async fn edit(&self, run: &RunRef, edit: LoopEdit) -> Result<Run> {
        let edited = self.0.loops().edit(id(run)?, map::wire_edit(edit)).await;
        edited.map(map::run)
    }

    async fn set_pending_prompt(&self, run: &RunRef, prompt: String) -> Result<()> {
        self.0.loops().set_pending_prompt(id(run)?, prompt).await
    }

    async fn clear_pending_prompt(&self, run: &RunRef) -> Result<()> {
        self.0.loops().clear_pending_prompt(id(run)?).await
    }

    async fn plan(&self, run: &RunRef) -> Result<PlanningFile> {
        self.0.loops().plan(id(run)?).await.map(map::planning_file)
    }

    async fn status_file(&self, run: &RunRef) -> Result<PlanningFile> {
        self.0
            .loops()
            .status_file(id(run)?)
            .await
            .map(map::planning_file)
    }

    async fn check_planning_dir(&self, directory: &str) -> Result<PlanningFolder> {
        let found = self.0.loops().check_planning_dir(directory).await;
        found.map(map::planning_folder)
    }
}

#[async_trait]
impl Deliveries for Remote {
    async fn diff(&self, run: &RunRef) -> Result<Vec<FileDiff>> {
        let files = self.0.loops().diff(id(run)?).await?;
        Ok(files.into_iter().map(map::file_diff).collect())
    }

    async fn accept(&self, run: &RunRef) -> Result<Accepted> {
        let accepted = self.0.loops().accept(id(run)?).await?;
        Ok(Accepted::new(accepted.merge_commit))
    }

    async fn discard(&self, run: &RunRef) -> Result<()> {
        self.0.loops().discard(id(run)?).await
    }

    async fn undo(&self, _: &RunRef) -> Result<()> {
        Err(Error::unsupported("deliveries.undo"))
    }

    async fn purge(&self, run: &RunRef) -> Result<()> {
        self.0.loops().purge(id(run)?).await
    }
}

#[async_trait]
impl Events for Remote {
    async fn history(&self, _: EventQuery) -> Result<EventPage> {
        Err(Error::unsupported("events.history"))
    }

    async fn watch(&self, run: &RunRef, since: Since) -> Result<EventStream> {
        id(run)?;
        let watched = watch(self.source(), Some(run), since, self.0.caller.stream).await;
        watched.map_err(step_of(Operation::EventsWatch))
    }

    async fn watch_all(&self, since: Since) -> Result<EventStream> {
        let watched = watch(self.source(), None, since, self.0.caller.stream).await;
        watched.map_err(step_of(Operation::EventsWatchAll))
    }
}

#[async_trait]
impl Models for Remote {
    async fn list(&self, directory: &str) -> Result<Vec<Model>> {
        let models = self.0.models().list(directory).await?;
        Ok(models.into_iter().map(map::model).collect())
    }

    async fn last_used(&self) -> Result<Option<ModelRef>> {
        Ok(self
            .0
            .preferences()
            .last_model()
            .await?
            .and_then(map::complete))
    }

    async fn set_last_used(&self, model: ModelRef) -> Result<()> {
        self.0
            .preferences()
            .set_last_model(model.provider, model.model)
            .await
    }
}

#[async_trait]
impl System for Remote {
    async fn health(&self) -> Result<Health> {
        self.0.health().await.map(map::health)
    }
}

impl Remote {
    fn source(&self) -> Arc<LoopEventSource> {
        Arc::new(LoopEventSource::new(self.0.clone()))
    }

    /// Waits until a loop that was stopped has stopped: servers in the field answer before.
    async fn until_still(&self, run: &RunRef) -> Result<()> {
        let looks = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(Duration::from_secs(1))
            .with_max_times(40)
            .build();
        for wait in looks {
            match self.open(run).await {
                Ok(now) if now.status.unified.is_executing() => sleep(wait).await,
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => return Ok(()),
            }
        }
        Err(
            Error::new(ErrorKind::Timeout, "the loop goes on after it was stopped")
                .with("loop", &run.id),
        )
    }
}

/// Names what was asked for in the error of a step of it.
fn step_of(operation: Operation) -> impl Fn(Error) -> Error {
    move |error| error.step_of(operation.as_str())
}

/// The id of a loop. A run of another kind is none of this dialect's.
fn id(run: &RunRef) -> Result<&str> {
    if run.kind == RunKind::Loop {
        return Ok(run.id.as_str());
    }
    Err(Error::new(ErrorKind::NotFound, "this plane has loops only").with("run", run))
}
