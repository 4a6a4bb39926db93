//! [`GrumpPlane`]: a server of the G-Rump dialect as a control plane.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use grump_core::{
    Conflict, ControlPlane, Error, ErrorKind, EventStream, Events, Facets, NewShip, Operation,
    Page, PageMark, PlaneInfo, Result, Run, RunDetail, RunFilter, RunId, RunKind, RunRef,
    RunStatus, Runs, Ships, Since, StartRun, StartShip, Started,
};
use grump_wire::{
    endpoint::NoPath,
    grump::{self, BundleFormat, JobFilter, JobQuery, StartShip as Start, map},
};
use tokio::time::sleep;

use super::{grump_session, grump_socket::SocketSource};
use crate::{grump::GrumpClient, stream::watch};

/// A server of the G-Rump dialect as a control plane: the same calls as for an embedded engine.
///
/// What the dialect cannot say is refused before anything is sent; see [`PlaneInfo`]. Sessions are
/// not listed, only jobs are; a session is stopped by the job that it was started with here.
///
/// ```
/// use futures::StreamExt;
/// use grump_client::{GrumpClient, GrumpPlane};
/// use grump_core::{ControlPlane, NewShip, StartShip};
/// # use grump_testkit::contract::Contract;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> grump_core::Result<()> {
/// # let server = Contract::start("grump").await;
/// # let (base, key) = (server.url(), server.token());
/// let plane = GrumpPlane::new(GrumpClient::builder(&base).token(key).build()?);
/// let ships = plane.facets().ships.as_ref().unwrap();
/// let session = ships.create(NewShip::new("Build a React app")).await?;
/// let updates = ships.start_and_watch(StartShip::new(&session)).await?;
/// assert_eq!(updates.count().await, 10);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct GrumpPlane {
    client: GrumpClient,
    info: Arc<PlaneInfo>,
    facets: Facets,
}

impl GrumpPlane {
    /// The plane that this client speaks with.
    #[must_use]
    pub fn new(client: GrumpClient) -> Self {
        let info = PlaneInfo::new(grump::NAME)
            .operations(grump::OPERATIONS.iter().copied())
            .kinds(grump::KINDS.iter().copied())
            .members(grump::MEMBERS.iter().copied());
        let remote = Arc::new(Remote {
            client: client.clone(),
            begun: Mutex::default(),
        });
        let mut facets = Facets::default();
        facets.runs = Some(remote.clone());
        facets.ships = Some(remote.clone());
        facets.chats = Some(remote.clone());
        facets.code_bundles = Some(remote.clone());
        facets.designs = Some(remote.clone());
        facets.agents = Some(remote.clone());
        facets.accounts = Some(remote.clone());
        facets.webhooks = Some(remote.clone());
        facets.events = Some(remote.clone());
        facets.system = Some(remote);
        Self {
            client,
            info: Arc::new(info),
            facets,
        }
    }

    /// The client that it speaks through.
    #[must_use]
    pub const fn client(&self) -> &GrumpClient {
        &self.client
    }
}

impl From<GrumpClient> for GrumpPlane {
    fn from(client: GrumpClient) -> Self {
        Self::new(client)
    }
}

#[async_trait]
impl ControlPlane for GrumpPlane {
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
pub(super) struct Remote {
    pub(super) client: GrumpClient,
    begun: Mutex<HashMap<RunId, Begun>>,
}

/// What was begun here for a session, and the server does not say again.
#[derive(Clone, Debug, Default)]
pub(super) struct Begun {
    /// The job that works on it: what stops it. (ambiguity G-09)
    job: Option<RunRef>,
    /// The form that its code was asked for in. (ambiguity G-12)
    pub(super) format: Option<BundleFormat>,
}

#[async_trait]
impl Runs for Remote {
    async fn list(&self, filter: RunFilter) -> Result<Page<Run>> {
        match filter.kind {
            None | Some(RunKind::Job) => self.jobs(&filter).await,
            Some(RunKind::Ship) => Err(Error::unsupported(Operation::RunsList.as_str())
                .with("kind", RunKind::Ship)
                .advise("open a session by its id; only jobs are listed")),
            Some(_) => Ok(Page::last(Vec::new())),
        }
    }

    async fn open(&self, run: &RunRef) -> Result<Run> {
        let mut opened = read(&self.client, run).await?;
        if let RunDetail::Ship(detail) = &mut opened.detail
            && detail.job.is_none()
        {
            detail.job = self.begun(&run.id).job;
        }
        Ok(opened)
    }

    async fn start(&self, request: StartRun) -> Result<Started> {
        let run = &request.run;
        if request.uncommitted.is_some() {
            return Err(Error::unsupported(Operation::RunsStart.as_str())
                .with("member", "uncommitted")
                .advise("leave it out: this plane works on no folder of yours"));
        }
        if run.kind == RunKind::Job {
            return Err(Error::unsupported(Operation::RunsStart.as_str())
                .with("run", run)
                .advise("jobs begin by themselves: start what they are for"));
        }
        let id = session(run)?;
        let begun = self.client.ship().execute(id).await;
        let begun = match begun {
            Ok(begun) => begun,
            Err(error) => return Err(self.explained(error, run, RunStatus::is_executing).await),
        };
        let job = begun.job_id.map(|job| RunRef::new(RunKind::Job, job));
        self.note(&run.id, |noted| noted.job.clone_from(&job));
        Ok(job.map_or(Started::new(None), |job| Started::new(None).run(job)))
    }

    async fn stop(&self, run: &RunRef) -> Result<()> {
        let job = match run.kind {
            RunKind::Job => run.clone(),
            _ => self.job_of(run).await?,
        };
        if let Err(error) = self.client.jobs().cancel(job.id.clone()).await {
            return Err(self.explained(error, &job, RunStatus::is_terminal).await);
        }
        let over = self.until_over(&job).await;
        over.map_err(step_of(Operation::RunsStop))
    }
}

#[async_trait]
impl Ships for Remote {
    async fn create(&self, new: NewShip) -> Result<Run> {
        let request = map::wire_new_ship(new.clone())?;
        let started = self.client.send::<Start>(NoPath {}, request).await?;
        Ok(map::started(started, new))
    }

    async fn start_and_watch(&self, request: StartShip) -> Result<EventStream> {
        session(&request.run)?;
        let watched = grump_session::start(&self.client, &request).await;
        match watched {
            Ok(watched) => Ok(watched),
            Err(error) => {
                let error = self.explained(error, &request.run, RunStatus::is_executing);
                Err(error.await.step_of(Operation::ShipsStartAndWatch.as_str()))
            }
        }
    }
}

#[async_trait]
impl Events for Remote {
    async fn watch_all(&self, since: Since) -> Result<EventStream> {
        let source = Arc::new(SocketSource::new(self.client.clone()));
        let watched = watch(source, None, since, self.client.caller.stream).await;
        watched.map_err(step_of(Operation::EventsWatchAll))
    }
}

impl Remote {
    /// The part of the jobs that is asked for. What the server cannot filter is filtered here: the
    /// part is shorter then, and goes on where the server's does.
    async fn jobs(&self, filter: &RunFilter) -> Result<Page<Run>> {
        let offset = match &filter.page.at {
            None => None,
            Some(PageMark::Offset(offset)) => Some(*offset),
            Some(_) => return Err(no_position()),
        };
        let query = JobQuery {
            status: only(&filter.statuses),
            limit: filter.page.limit,
            offset,
        };
        let told = self.client.jobs().part(query).await?;
        let jobs = told.jobs.into_iter().map(map::job).collect();
        let mut page = Page::of_offset(jobs, offset.unwrap_or_default(), told.total);
        page.items.retain(|run| filter.matches(run));
        Ok(page)
    }

    pub(super) fn begun(&self, session: &RunId) -> Begun {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.get(session).cloned().unwrap_or_default()
    }

    pub(super) fn note(&self, session: &RunId, change: impl FnOnce(&mut Begun)) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        change(begun.entry(session.clone()).or_default());
    }

    /// The job that works on a session: the one it was started with here, or the one that the server
    /// names, though its document shows none. (ambiguity G-09)
    async fn job_of(&self, run: &RunRef) -> Result<RunRef> {
        session(run)?;
        let job = match self.begun(&run.id).job {
            Some(job) => Some(job),
            None => {
                let session = read(&self.client, run).await?;
                session.as_ship().and_then(|detail| detail.job.clone())
            }
        };
        job.ok_or_else(|| {
            Error::unsupported(Operation::RunsStop.as_str())
                .with("run", run)
                .advise("stop the job that works on it: a session alone cannot be stopped")
        })
    }

    /// The error of a change that the run's state does not allow, where reading the run says so: the
    /// document has no code for that. (ambiguity G-24)
    async fn explained(
        &self,
        error: Error,
        run: &RunRef,
        is_in_the_way: impl Fn(RunStatus) -> bool,
    ) -> Error {
        if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Conflict) {
            return error;
        }
        let Ok(now) = read(&self.client, run).await else {
            return error;
        };
        if !is_in_the_way(now.status.unified) {
            return error;
        }
        let code = match now.status.unified.is_terminal() {
            true => "not_running",
            false => "already_running",
        };
        let remote = error.remote_detail().cloned().unwrap_or_default();
        let message = error.message().to_owned();
        let explained = Error::new(ErrorKind::Conflict, message)
            .conflicting(Conflict::new(code).current(now.status))
            .with("run", run)
            .remote(remote);
        match error.failed_operation() {
            Some(operation) => explained.operation(operation.to_owned()),
            None => explained,
        }
    }

    /// Waits until a job that was cancelled is over: how soon that is, the document does not say.
    async fn until_over(&self, job: &RunRef) -> Result<()> {
        let looks = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(Duration::from_secs(1))
            .with_max_times(40)
            .build();
        for wait in looks {
            match read(&self.client, job).await {
                Ok(now) if !now.status.unified.is_terminal() => sleep(wait).await,
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => return Ok(()),
            }
        }
        Err(
            Error::new(ErrorKind::Timeout, "the job goes on after it was cancelled")
                .with("job", &job.id),
        )
    }
}

/// Reads a session or a job.
pub(super) async fn read(client: &GrumpClient, run: &RunRef) -> Result<Run> {
    let id = run.id.clone();
    match run.kind {
        RunKind::Ship => client.ship().get_status(id).await.map(map::session),
        RunKind::Job => client.jobs().get_status(id).await.map(map::job),
        _ => Err(unknown(run)),
    }
}

/// The id of a session. A run of another kind is none.
pub(super) fn session(run: &RunRef) -> Result<RunId> {
    match run.kind {
        RunKind::Ship => Ok(run.id.clone()),
        _ => Err(unknown(run)),
    }
}

fn unknown(run: &RunRef) -> Error {
    let message = "this plane has SHIP sessions and jobs only";
    Error::new(ErrorKind::NotFound, message).with("run", run)
}

/// The one status that the server can filter by, if that is what is asked for.
fn only(statuses: &[RunStatus]) -> Option<JobFilter> {
    match statuses {
        [RunStatus::Queued] => Some(JobFilter::Queued),
        [RunStatus::Running] => Some(JobFilter::Running),
        [RunStatus::Completed] => Some(JobFilter::Completed),
        [RunStatus::Failed] => Some(JobFilter::Failed),
        _ => None,
    }
}

fn no_position() -> Error {
    Error::new(ErrorKind::CursorExpired, "this list knows no such position")
        .advise("read the list from its beginning")
}

/// Names what was asked for in the error of a step of it.
fn step_of(operation: Operation) -> impl Fn(Error) -> Error {
    move |error| error.step_of(operation.as_str())
}
