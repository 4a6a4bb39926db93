//! The nouns of the MetaForge dialect: one method per endpoint.

use grump_core::Result;
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    metaforge::{
        AgentStarted, AgentStatus, ApproveRequest, ApproveSession, Approved, CheckAgent,
        CreateRequest, CreateSession, DeleteSession, Health, HealthReport, ListPending,
        ListSessions, OpenSession, PendingPath, PendingSession, RejectRequest, RejectSession,
        Rejected, RunAgent, Session, SessionId, SessionPage, SessionPath, SessionsQuery,
        SkillInput, Status, SystemReport,
    },
};

use super::SkillOptions;
use crate::{
    MetaForgeClient, Pages,
    caller::not_done,
    page::{Next, Page},
    part::part,
};

/// Sessions: what an agent does once. (MetaForge, "Session Management")
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'c>(pub(super) &'c MetaForgeClient);

impl Sessions<'_> {
    /// Create a new execution session. It stays `created`: what starts is a session of
    /// [`Agents::run`]. (ambiguity M-01)
    pub async fn create(self, skill: impl Into<String>, input: SkillInput) -> Result<Session> {
        let skill = skill.into();
        let request = CreateRequest { skill, input };
        self.0.send::<CreateSession>(NoPath {}, request).await
    }

    /// Retrieve session details.
    pub async fn open(self, id: impl Into<SessionId>) -> Result<Session> {
        self.0.get::<OpenSession>(at(id)?, NoQuery {}).await
    }

    /// One page of the sessions.
    pub async fn list(self, query: SessionsQuery) -> Result<SessionPage> {
        self.0.get::<ListSessions>(NoPath {}, query).await
    }

    /// All sessions from `query.offset` on, page by page, each asked for when it is needed.
    pub fn all(self, query: SessionsQuery) -> Pages<Session> {
        let client = self.0.clone();
        let first = query.offset.unwrap_or_default();
        Pages::of(move |place| {
            let (client, mut query) = (client.clone(), query.clone());
            if place.offset > 0 {
                query.offset = Some(first + place.offset);
            }
            async move {
                let told = client.sessions().list(query).await?;
                Ok(Page {
                    items: told.sessions,
                    next: Next::Offset(told.total.map(|total| total.saturating_sub(first))),
                })
            }
        })
    }

    /// Delete a session and its artifacts.
    pub async fn delete(self, id: impl Into<SessionId>) -> Result<()> {
        let told = self.0.get::<DeleteSession>(at(id)?, NoQuery {}).await?;
        told.success.then_some(()).ok_or_else(not_done)
    }
}

/// Agents, which run skills. (MetaForge, "Agent Execution")
#[derive(Clone, Copy, Debug)]
pub struct Agents<'c>(pub(super) &'c MetaForgeClient);

impl Agents<'_> {
    /// Execute an agent workflow, in a session that is made for it: the answer names it.
    pub async fn run(
        self,
        skill: impl Into<String>,
        options: SkillOptions,
    ) -> Result<AgentStarted> {
        let request = options.request(skill.into());
        self.0.send::<RunAgent>(NoPath {}, request).await
    }

    /// Check agent execution status, by the id of its session. (ambiguity M-02)
    pub async fn status(self, session: impl Into<SessionId>) -> Result<AgentStatus> {
        self.0.get::<CheckAgent>(at(session)?, NoQuery {}).await
    }
}

/// What waits for a person. (MetaForge, "Approval Workflow")
#[derive(Clone, Copy, Debug)]
pub struct Approvals<'c>(pub(super) &'c MetaForgeClient);

impl Approvals<'_> {
    /// Get all pending approvals.
    pub async fn pending(self) -> Result<Vec<PendingSession>> {
        let told = self.0.get::<ListPending>(NoPath {}, NoQuery {}).await?;
        Ok(told.pending)
    }

    /// Approve pending changes.
    pub async fn approve(self, session: impl Into<SessionId>) -> Result<Approved> {
        self.decide(session, ApproveRequest::default()).await
    }

    /// Approve pending changes, with a word about them.
    pub async fn approve_with(
        self,
        session: impl Into<SessionId>,
        comment: impl Into<String>,
    ) -> Result<Approved> {
        let comment = Some(comment.into());
        self.decide(session, ApproveRequest { comment }).await
    }

    /// Reject pending changes.
    pub async fn reject(
        self,
        session: impl Into<SessionId>,
        reason: impl Into<String>,
    ) -> Result<Rejected> {
        let reason = reason.into();
        let request = RejectRequest { reason };
        self.0
            .send::<RejectSession>(pending(session)?, request)
            .await
    }

    async fn decide(
        self,
        session: impl Into<SessionId>,
        request: ApproveRequest,
    ) -> Result<Approved> {
        self.0
            .send::<ApproveSession>(pending(session)?, request)
            .await
    }
}

/// The gateway itself. (MetaForge, "System Status")
#[derive(Clone, Copy, Debug)]
pub struct System<'c>(pub(super) &'c MetaForgeClient);

impl System<'_> {
    /// Check gateway health.
    pub async fn health(self) -> Result<HealthReport> {
        self.0.get::<Health>(NoPath {}, NoQuery {}).await
    }

    /// Get detailed system status.
    pub async fn status(self) -> Result<SystemReport> {
        self.0.get::<Status>(NoPath {}, NoQuery {}).await
    }
}

fn at(id: impl Into<SessionId>) -> Result<SessionPath> {
    let id = part("session", id)?;
    Ok(SessionPath { id })
}

fn pending(id: impl Into<SessionId>) -> Result<PendingPath> {
    let session = part("session", id)?;
    Ok(PendingPath { session })
}
