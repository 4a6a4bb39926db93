//! [`StewardPlane`]: a server of the Steward dialect as a control plane.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use grump_core::{
    ApproveRun, Committed, ControlPlane, Cursor, Deliveries, Error, ErrorKind, Event, EventPage,
    EventQuery, EventStream, Events, Facets, FileDiff, NewTask, Operation, PlaneInfo, Pushed,
    RejectRun, Result, Reviewed, Reviews, Run, RunKind, RunRef, Runs, Since, StartRun, Started,
    Tasks,
};
use grump_wire::{
    headers,
    steward::{self, ApproveRequest, EventId, RejectRequest, RunId, map},
};
use tokio::time::sleep;

use super::steward_events::{RunEventSource, after};
use crate::{steward::StewardClient, stream::watch};

/// A server of the Steward dialect as a control plane: the same calls as for an embedded engine.
///
/// What the dialect cannot say is refused before anything is sent; see [`PlaneInfo`]. It has no list
/// of runs and no stream of all of them.
///
/// ```
/// use grump_client::{StewardClient, StewardPlane};
/// use grump_core::{ControlPlane, Operation};
///
/// let client = StewardClient::new("https://steward.example.com")?;
/// let plane = StewardPlane::new(client);
/// assert!(plane.info().require(Operation::RunsPause).is_ok());
/// assert!(plane.info().require(Operation::RunsList).is_err());
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StewardPlane {
    client: StewardClient,
    info: Arc<PlaneInfo>,
    facets: Facets,
}

impl StewardPlane {
    /// The plane that this client speaks with.
    #[must_use]
    pub fn new(client: StewardClient) -> Self {
        let info = PlaneInfo::new(steward::NAME)
            .operations(steward::OPERATIONS.iter().copied())
            .kinds(steward::KINDS.iter().copied())
            .members(steward::MEMBERS.iter().copied());
        let remote = Arc::new(Remote(client.clone()));
        let mut facets = Facets::default();
        facets.runs = Some(remote.clone());
        facets.tasks = Some(remote.clone());
        facets.events = Some(remote.clone());
        facets.deliveries = Some(remote.clone());
        facets.reviews = Some(remote.clone());
        facets.evidence = Some(remote.clone());
        facets.snapshots = Some(remote.clone());
        facets.projects = Some(remote.clone());
        facets.project_docs = Some(remote.clone());
        facets.settings = Some(remote.clone());
        facets.devices = Some(remote.clone());
        facets.accounts = Some(remote);
        Self {
            client,
            info: Arc::new(info),
            facets,
        }
    }

    /// The client that it speaks through.
    #[must_use]
    pub const fn client(&self) -> &StewardClient {
        &self.client
    }
}

impl From<StewardClient> for StewardPlane {
    fn from(client: StewardClient) -> Self {
        Self::new(client)
    }
}

#[async_trait]
impl ControlPlane for StewardPlane {
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

/// The facets of a plane: what a run is and does here, the rest in `steward_evidence` and
/// `steward_projects`.
#[derive(Debug)]
pub(super) struct Remote(pub(super) StewardClient);

#[async_trait]
impl Runs for Remote {
    async fn open(&self, run: &RunRef) -> Result<Run> {
        self.0.runs().open(id(run)?).await.map(map::run)
    }

    async fn start(&self, request: StartRun) -> Result<Started> {
        let before = self.position(&request.run).await?;
        let started = self.0.runs().start(id(&request.run)?).await;
        started.map_err(step_of(Operation::RunsStart))?;
        Ok(Started::new(before))
    }

    async fn stop(&self, run: &RunRef) -> Result<()> {
        self.0.runs().cancel(id(run)?).await?;
        let over = self.until_over(run).await;
        over.map_err(|error| error.step_of(Operation::RunsStop.as_str()))
    }

    async fn pause(&self, run: &RunRef) -> Result<()> {
        self.0.runs().pause(id(run)?).await.map(drop)
    }

    async fn resume(&self, run: &RunRef) -> Result<Started> {
        let before = self.position(run).await?;
        self.0.runs().resume(id(run)?).await?;
        Ok(Started::new(before))
    }

    /// Another run than the one that failed is told, with no position: it has no events yet.
    async fn retry(&self, run: &RunRef) -> Result<Started> {
        let before = self.position(run).await?;
        let retried = self.0.runs().retry(id(run)?).await?;
        let retried = map::run_ref(&retried.id);
        Ok(match retried == *run {
            true => Started::new(before),
            false => Started::new(None).run(retried),
        })
    }
}

#[async_trait]
impl Tasks for Remote {
    async fn create(&self, mut new: NewTask) -> Result<Run> {
        let key = new.idempotency_key.take();
        let request = map::run_request(new)?;
        self.0.runs().make(request, key).await.map(map::run)
    }
}

#[async_trait]
impl Events for Remote {
    async fn history(&self, query: EventQuery) -> Result<EventPage> {
        let Some(run) = &query.run else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "this plane keeps the events of one run together, not those of all",
            )
            .advise("name the run"));
        };
        query.after.as_ref().map(after).transpose()?;
        let asked = self.0.runs().stored(id(run)?, map::events_query(&query));
        let (told, has_more) = asked.await?;
        let events: Vec<Event> = told
            .iter()
            .map(|event| steward::events::of_list(event, &run.id).event)
            .collect();
        let last = events.iter().rev().find_map(|event| event.seq.as_deref());
        let cursor = last.map(Cursor::new).or(query.after);
        Ok(EventPage::new(events, cursor, has_more))
    }

    async fn watch(&self, run: &RunRef, since: Since) -> Result<EventStream> {
        id(run)?;
        let source = Arc::new(RunEventSource::new(self.0.clone()));
        let watched = watch(source, Some(run), since, self.0.caller.stream).await;
        watched.map_err(step_of(Operation::EventsWatch))
    }
}

#[async_trait]
impl Reviews for Remote {
    async fn approve(&self, request: ApproveRun) -> Result<Reviewed> {
        let body = ApproveRequest {
            notes: request.note,
            commit: request.commit,
        };
        let reviewed = self.0.reviews().approve(id(&request.run)?, body).await?;
        Ok(map::reviewed(reviewed))
    }

    async fn reject(&self, request: RejectRun) -> Result<Reviewed> {
        let body = RejectRequest {
            notes: request.note,
        };
        let reviewed = self.0.reviews().reject(id(&request.run)?, body).await?;
        Ok(map::reviewed(reviewed))
    }
}

#[async_trait]
impl Deliveries for Remote {
    async fn diff(&self, run: &RunRef) -> Result<Vec<FileDiff>> {
        let patch = self.0.runs().diff(id(run)?).await?;
        Ok(map::file_diffs(&patch))
    }

    async fn commit(&self, run: &RunRef) -> Result<Committed> {
        let committed = self.0.reviews().commit(id(run)?).await?;
        Ok(map::committed(committed))
    }

    async fn push(&self, run: &RunRef) -> Result<Pushed> {
        self.0.reviews().push(id(run)?).await.map(map::pushed)
    }
}

impl Remote {
    /// Where a run's events end now, where the run says it: what follows is behind.
    async fn position(&self, run: &RunRef) -> Result<Option<Cursor>> {
        let now = self.0.runs().open(id(run)?).await?;
        let last = now.timeline().map(|timeline| timeline.last_event_id);
        let before = |last: Option<EventId>| match last {
            Some(last) => Cursor::new(last.as_str()),
            None => Cursor::new(headers::BEGINNING),
        };
        Ok(last.map(before))
    }

    /// Waits until a run that was cancelled is over.
    async fn until_over(&self, run: &RunRef) -> Result<()> {
        let looks = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(Duration::from_secs(1))
            .with_max_times(40)
            .build();
        for wait in looks {
            let now = self.0.runs().open(id(run)?).await.map(map::run)?;
            if now.status.unified.is_terminal() {
                return Ok(());
            }
            sleep(wait).await;
        }
        Err(
            Error::new(ErrorKind::Timeout, "the run goes on after it was cancelled")
                .with("run", &run.id),
        )
    }
}

/// Names what was asked for in the error of a step of it.
fn step_of(operation: Operation) -> impl Fn(Error) -> Error {
    move |error| error.step_of(operation.as_str())
}

/// The id of a run. One of another kind is none of this dialect's.
pub(super) fn id(run: &RunRef) -> Result<RunId> {
    if run.kind == RunKind::Task {
        return Ok(run.id.as_str().into());
    }
    Err(Error::new(ErrorKind::NotFound, "this plane has tasks only").with("run", run))
}
