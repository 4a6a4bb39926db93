//! [`MetaForgeClient`]: the MetaForge dialect, grouped by noun.

use std::sync::Arc;

use grump_core::Result;
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, NoPath, NoQuery, Whole},
    metaforge::{self, GatewayEvent, GatewayEvents, NoMessage, SessionStatus},
};
use http::Response;

use super::{Agents, Approvals, Hub, Sessions, SkillOptions, SkillRun, System};
use crate::{
    builder::{ClientBuilder, Spoken, client},
    caller::{Asking, Caller, Dialect, Value},
    stream::Echoes,
    wire_socket::WireSocket,
};

/// How a [`MetaForgeClient`] speaks with its server.
pub type MetaForgeBuilder = ClientBuilder<MetaForgeClient>;

/// Speaks the MetaForge dialect with one gateway: one method per endpoint, grouped by noun, with the
/// dialect's own types. Clones share their connections.
///
/// [`MetaForgePlane`](crate::MetaForgePlane) is the same as a control plane, with streams that
/// resume.
///
/// ```
/// use grump_client::{MetaForgeClient, metaforge::SkillOptions};
/// # use grump_testkit::contract::Contract;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> grump_core::Result<()> {
/// # let gateway = Contract::start("metaforge").await;
/// # let url = gateway.url(); // http://localhost:3000
/// let client = MetaForgeClient::new(&url)?;
/// let mut session = client.run_skill("spec", SkillOptions::new().file("PRD.md")).await?;
/// # gateway.advance(session.id().as_str());
/// session.wait_for_completion().await?;
/// if *session.status() == "pending_approval" {
///     session.approve().await?;
/// }
/// assert_eq!(*session.status(), "approved");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Every method fails by what the server answers; with `Timeout`; with `Transport` where no answer
/// comes; with `Protocol` where the answer is none of the dialect's. What is safe to repeat was
/// repeated; what may have been done says so
/// ([`Retry::MaybeApplied`](grump_core::Retry::MaybeApplied)).
#[derive(Clone, Debug)]
pub struct MetaForgeClient {
    pub(crate) caller: Caller,
    /// The socket that all who watch share.
    pub(crate) hub: Arc<Hub>,
    /// What follows from commands that were given here.
    pub(crate) echoes: Echoes,
}

client!(
    MetaForgeClient,
    "http://localhost:3000",
    "with or without `/api/v1`"
);

impl Spoken for MetaForgeClient {
    const DIALECT: Dialect = Dialect::new(metaforge::NAME, metaforge::error::read);

    /// The document gives a base that ends in `/api/v1`, and its client library one that does not;
    /// the socket is below the latter. (ambiguities M-12, M-13)
    fn base(given: &str) -> &str {
        given.strip_suffix("/api/v1").unwrap_or(given)
    }

    fn over(caller: Caller) -> Self {
        Self {
            hub: Arc::new(Hub::new(caller.clone())),
            echoes: Echoes::default(),
            caller,
        }
    }
}

impl MetaForgeClient {
    /// Sessions: what an agent does once. (MetaForge, "Session Management")
    #[must_use]
    pub const fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }

    /// Agents, which run skills. (MetaForge, "Agent Execution")
    #[must_use]
    pub const fn agents(&self) -> Agents<'_> {
        Agents(self)
    }

    /// What waits for a person. (MetaForge, "Approval Workflow")
    #[must_use]
    pub const fn approvals(&self) -> Approvals<'_> {
        Approvals(self)
    }

    /// The gateway itself. (MetaForge, "System Status")
    #[must_use]
    pub const fn system(&self) -> System<'_> {
        System(self)
    }

    /// Runs a skill, and gives a handle on its session that knows where it is. (MetaForge, "Client
    /// Libraries")
    pub async fn run_skill(
        &self,
        skill: impl Into<String>,
        options: SkillOptions,
    ) -> Result<SkillRun> {
        let started = self.agents().run(skill, options).await?;
        Ok(SkillRun::of(self.clone(), started))
    }

    /// A handle on a session that runs already, or ran.
    pub async fn skill_run(&self, session: impl Into<metaforge::SessionId>) -> Result<SkillRun> {
        let told = self.agents().status(session).await?;
        let started = metaforge::AgentStarted {
            session_id: told.session_id,
            status: SessionStatus::default(),
            agent: told.agent,
            extra: told.extra,
        };
        let mut run = SkillRun::of(self.clone(), started);
        run.refresh().await?;
        Ok(run)
    }

    /// What happens in all sessions, from now on, over a socket of its own. (MetaForge, "WebSocket
    /// API")
    pub async fn events(&self) -> Result<WireSocket<GatewayEvent, NoMessage>> {
        let asking = Asking::<GatewayEvents>::of(NoPath {}, NoQuery {}, NoBody);
        let socket = self.caller.converse(asking).await?;
        Ok(WireSocket::new(socket, GatewayEvent::read))
    }

    pub(super) async fn get<E>(&self, path: E::Path, query: E::Query) -> Result<Value<E>>
    where
        E: Endpoint<Body = NoBody>,
        E::Response: Whole,
    {
        let asking = Asking::<E>::of(path, query, NoBody);
        self.caller.call(asking).await.map(Response::into_body)
    }

    pub(super) async fn send<E>(&self, path: E::Path, body: E::Body) -> Result<Value<E>>
    where
        E: Endpoint<Query = NoQuery>,
        E::Response: Whole,
    {
        let asking = Asking::<E>::of(path, NoQuery {}, body);
        self.caller.call(asking).await.map(Response::into_body)
    }
}
