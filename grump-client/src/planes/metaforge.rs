//! [`MetaForgePlane`]: a gateway of the MetaForge dialect as a control plane.

use std::{cmp::Reverse, sync::Arc};

use async_trait::async_trait;
use grump_core::Json;
use grump_core::{
    Approval, ApproveRun, Conflict, ControlPlane, Error, ErrorKind, EventStream, Events, Facets,
    Health, NewTask, Operation, Page, PageMark, PlaneInfo, RejectRun, Result, Reviewed, Reviews,
    Run, RunFilter, RunKind, RunRef, RunStatus, Runs, Since, System, SystemStatus, Tasks,
    payload::{ApprovalResolved, RunDeleted, RunMerged, RunStatusChanged},
};
use grump_wire::metaforge::{self, SessionsQuery, map};

use super::metaforge_events::GatewaySockets;
use crate::{
    MetaForgeClient,
    metaforge::SkillOptions,
    stream::{SocketSource, watch},
};

/// What the dialect's tables do not say: one run is watched by what is told of all.
const OWN: [Operation; 1] = [Operation::EventsWatch];

/// A gateway of the MetaForge dialect as a control plane: the same calls as for an embedded engine.
/// Its sessions are runs of kind [`Task`](RunKind::Task).
///
/// What the dialect cannot say is refused before anything is sent; see [`PlaneInfo`].
#[derive(Clone, Debug)]
pub struct MetaForgePlane {
    client: MetaForgeClient,
    info: Arc<PlaneInfo>,
    facets: Facets,
}

impl MetaForgePlane {
    /// The plane that this client speaks with.
    #[must_use]
    pub fn new(client: MetaForgeClient) -> Self {
        let info = PlaneInfo::new(metaforge::NAME)
            .operations(metaforge::OPERATIONS.iter().copied())
            .operations(OWN)
            .kinds(metaforge::KINDS.iter().copied())
            .members(metaforge::MEMBERS.iter().copied());
        let info = Arc::new(info);
        let remote = Arc::new(Remote {
            client: client.clone(),
            info: info.clone(),
        });
        let mut facets = Facets::default();
        facets.runs = Some(remote.clone());
        facets.tasks = Some(remote.clone());
        facets.reviews = Some(remote.clone());
        facets.events = Some(remote.clone());
        facets.system = Some(remote);
        Self {
            client,
            info,
            facets,
        }
    }

    /// The client that it speaks through.
    #[must_use]
    pub const fn client(&self) -> &MetaForgeClient {
        &self.client
    }
}

impl From<MetaForgeClient> for MetaForgePlane {
    fn from(client: MetaForgeClient) -> Self {
        Self::new(client)
    }
}

#[async_trait]
impl ControlPlane for MetaForgePlane {
    fn info(&self) -> &PlaneInfo {
        &self.info
    }

    fn facets(&self) -> &Facets {
        &self.facets
    }

    /// What runs on the gateway goes on; streams end with an error of kind
    /// [`Truncated`](ErrorKind::Truncated).
    async fn close(&self) {
        self.client.caller.close();
    }
}

/// The facets of a plane.
#[derive(Debug)]
struct Remote {
    client: MetaForgeClient,
    info: Arc<PlaneInfo>,
}

#[async_trait]
impl Runs for Remote {
    /// A page is as the gateway gives it, the newest first within it.
    async fn list(&self, filter: RunFilter) -> Result<Page<Run>> {
        if filter.kind.is_some_and(|kind| kind != RunKind::Task) {
            return Ok(Page::last(Vec::new()));
        }
        let query = query(&filter)?;
        let offset = query.offset.unwrap_or_default();
        let told = self.client.sessions().list(query).await?;
        let mut page = Page::of_offset(told.sessions, offset, told.total).map(map::run);
        page.items.retain(|run| filter.matches(run));
        page.items
            .sort_by_key(|run| Reverse(run.created_at.as_millis()));
        Ok(page)
    }

    async fn open(&self, run: &RunRef) -> Result<Run> {
        read(&self.client, run).await
    }

    async fn remove(&self, run: &RunRef) -> Result<()> {
        self.client.sessions().delete(id(run)?).await?;
        self.client.echoes.tell(run, RunDeleted {});
        Ok(())
    }
}

#[async_trait]
impl Tasks for Remote {
    async fn create(&self, new: NewTask) -> Result<Run> {
        self.info.require_members(new.members())?;
        let request = map::wire_create(new)?;
        let made = self.client.sessions().create(request.skill, request.input);
        made.await.map(map::run)
    }

    async fn create_and_start(&self, new: NewTask) -> Result<Run> {
        self.info.require_members(new.members())?;
        let request = map::wire_run(new)?;
        let skill = request.skill.clone();
        let started = self
            .client
            .agents()
            .run(skill.clone(), SkillOptions::from(request));
        Ok(map::run_started(started.await?, &skill))
    }
}

#[async_trait]
impl Reviews for Remote {
    async fn pending(&self) -> Result<Vec<Approval>> {
        let pending = self.client.approvals().pending().await?;
        let mut approvals: Vec<_> = pending.into_iter().map(map::approval).collect();
        approvals.sort_by_key(|approval| approval.requested_at.as_millis());
        Ok(approvals)
    }

    async fn approve(&self, request: ApproveRun) -> Result<Reviewed> {
        self.info.require_members(request.members())?;
        let run = request.run.clone();
        let note = request.note.clone();
        let session = id(&run)?;
        let approvals = self.client.approvals();
        let answer = match request.note {
            Some(comment) => approvals.approve_with(session, comment).await,
            None => approvals.approve(session).await,
        };
        let reviewed = map::approved(self.decided(&run, answer).await?);
        self.resolved(&run, "approved", note, &reviewed);
        Ok(reviewed)
    }

    async fn reject(&self, request: RejectRun) -> Result<Reviewed> {
        let run = request.run.clone();
        let reason = map::wire_reject(request)?.reason;
        let session = id(&run)?;
        let answer = self
            .client
            .approvals()
            .reject(session, reason.clone())
            .await;
        let reviewed = map::rejected(self.decided(&run, answer).await?);
        self.resolved(&run, "rejected", Some(reason), &reviewed);
        Ok(reviewed)
    }
}

impl Remote {
    /// The gateway refuses to decide about what does not wait by the code of a bad request: the
    /// session says which it is. (ambiguity M-06)
    async fn decided<T>(&self, run: &RunRef, answer: Result<T>) -> Result<T> {
        let error = match answer {
            Err(error) if is_doubtful(error.kind()) => error,
            answer => return answer,
        };
        match read(&self.client, run).await {
            Ok(now) if now.status.unified != RunStatus::AwaitingApproval => {
                let conflict = Conflict::new("not_pending").current(now.status);
                let refused = Error::new(ErrorKind::Conflict, "nothing waits for a decision")
                    .conflicting(conflict)
                    .with("run", run)
                    .advise("read the run: it was decided about, or is not done yet");
                let remote = error.remote_detail().cloned().unwrap_or_default();
                Err(refused.remote(remote).caused_by(error))
            }
            _ => Err(error),
        }
    }

    /// Tells those who watch: the gateway has no event for it.
    fn resolved(&self, run: &RunRef, decision: &str, note: Option<String>, reviewed: &Reviewed) {
        let paths: Vec<_> = reviewed
            .artifacts
            .iter()
            .map(|artifact| &artifact.path)
            .collect();
        let resolved = ApprovalResolved {
            decision: decision.to_owned(),
            note,
            applied: reviewed.applied,
            artifacts: Json::of(&paths).ok().filter(|_| !paths.is_empty()),
        };
        self.client.echoes.tell(run, resolved);
        match &reviewed.status {
            Some(status) if status.unified == RunStatus::Merged => {
                self.client.echoes.tell(run, RunMerged { commit: None });
            }
            Some(status) if status.unified == RunStatus::Rejected => {
                let changed = RunStatusChanged {
                    status: Some(status.clone()),
                    message: None,
                    artifacts: None,
                };
                self.client.echoes.tell(run, changed);
            }
            _ => self.client.echoes.look(run),
        }
    }

    fn source(&self) -> Arc<SocketSource<GatewaySockets>> {
        Arc::new(SocketSource(GatewaySockets::new(self.client.clone())))
    }
}

#[async_trait]
impl Events for Remote {
    async fn watch(&self, run: &RunRef, since: Since) -> Result<EventStream> {
        id(run)?;
        let patience = self.client.caller.stream;
        let watched = watch(self.source(), Some(run), since, patience).await;
        watched.map_err(|error| error.step_of(Operation::EventsWatch.as_str()))
    }

    async fn watch_all(&self, since: Since) -> Result<EventStream> {
        let patience = self.client.caller.stream;
        let watched = watch(self.source(), None, since, patience).await;
        watched.map_err(|error| error.step_of(Operation::EventsWatchAll.as_str()))
    }
}

#[async_trait]
impl System for Remote {
    async fn health(&self) -> Result<Health> {
        self.client.system().health().await.map(map::health)
    }

    async fn status(&self) -> Result<SystemStatus> {
        self.client.system().status().await.map(map::system_status)
    }
}

const fn is_doubtful(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidInput | ErrorKind::Conflict)
}

/// A session as it is. One that only its agent knows is read there; what waits for a decision is
/// shown by the agent alone.
pub(super) async fn read(client: &MetaForgeClient, run: &RunRef) -> Result<Run> {
    let session = id(run)?;
    let mut found = match client.sessions().open(session).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let told = client.agents().status(session).await;
            return told.map(map::run_of_agent).map_err(|_| error);
        }
        found => map::run(found?),
    };
    let shows_all = found
        .as_task()
        .is_none_or(|task| !task.artifacts.is_empty());
    if found.status.unified == RunStatus::AwaitingApproval && !shows_all {
        let told = client.agents().status(session).await?;
        found.detail = map::run_of_agent(told).detail;
    }
    Ok(found)
}

/// What asks for this part of the list.
fn query(filter: &RunFilter) -> Result<SessionsQuery> {
    let offset = match &filter.page.at {
        None => None,
        Some(PageMark::Offset(offset)) => Some(*offset),
        Some(_) => {
            return Err(
                Error::new(ErrorKind::CursorExpired, "this list knows no such position")
                    .advise("read the list from its beginning"),
            );
        }
    };
    let status = match &*filter.statuses {
        [one] => map::status_filter(*one),
        _ => None,
    };
    Ok(SessionsQuery {
        limit: filter.page.limit,
        offset,
        status,
    })
}

/// The id of a session. A run of another kind is none of this dialect's.
pub(super) fn id(run: &RunRef) -> Result<&str> {
    if run.kind == RunKind::Task {
        return Ok(run.id.as_str());
    }
    Err(Error::new(ErrorKind::NotFound, "this plane has tasks only").with("run", run))
}
