//! [`GrumpClient`]: the G-Rump dialect, its endpoints grouped by noun as the document groups them.

mod agents;
mod billing;
mod chat;
mod codegen;
mod design;
mod jobs;
mod options;
mod ship;
mod stream;
mod webhooks;

use grump_core::{Error, ErrorKind, Result};
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, NoPath, NoQuery, Whole},
    grump::{self, ClientMessage, Health, HealthReport, Metrics, ServerMessage, Socket},
};
use http::Response;

pub(crate) use self::ship::at as ship_path;
pub use self::{
    agents::Agents,
    billing::Billing,
    chat::{Chat, ChatOptions},
    codegen::{Bundle, Codegen},
    design::{Architecture, Intent, Prd},
    jobs::Jobs,
    options::{
        AgentOptions, AnalyzeOptions, ArchitectureOptions, CodegenOptions, CompileOptions,
        JobOptions, PrdOptions,
    },
    ship::{Ship, ShipOptions},
    stream::CallStream,
    webhooks::Webhooks,
};
use crate::{
    builder::{Spoken, client},
    caller::{Asking, Caller, Dialect, Value},
    wire_socket::WireSocket,
};

/// Speaks the G-Rump dialect with one server: one method per endpoint, grouped by noun, with the
/// dialect's own types. Clones share their connections.
///
/// [`GrumpPlane`](crate::GrumpPlane) is the same as a control plane, whose streams follow a session
/// to its end.
///
/// ```
/// use futures::StreamExt;
/// use grump_client::GrumpClient;
/// # use grump_testkit::contract::Contract;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> grump_core::Result<()> {
/// # let server = Contract::start("grump").await;
/// # let (base, key) = (server.url(), server.token());
/// // The base and the key: "https://api.grump.dev", "grump_api_xxxxxx".
/// let client = GrumpClient::builder(&base).token(key).build()?;
/// let session = client.ship().start("Build a React app", Default::default()).await?;
/// let mut events = client.ship().stream(&session.session_id, None).await?;
/// while let Some(event) = events.next().await {
///     println!("{}", event?.kind());
/// }
/// let status = client.ship().get_status(&session.session_id).await?;
/// assert_eq!(status.status.as_str(), "completed");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Every method fails by what the server answers; with `Timeout`; with `Transport` where no answer
/// comes; with `Protocol` where the answer is none of the dialect's. What is safe to repeat was
/// repeated; what may have been done says so ([`Retry::MaybeApplied`](grump_core::Retry)).
#[derive(Clone, Debug)]
pub struct GrumpClient {
    pub(crate) caller: Caller,
}

client!(
    GrumpClient,
    "https://api.grump.dev",
    "or `http://localhost:3000` for one's own"
);

impl Spoken for GrumpClient {
    const DIALECT: Dialect = Dialect::new(grump::NAME, grump::error::read)
        .with_auth()
        .with_first_message(authenticate);

    /// The document's paths begin with `/api`, but for those of the server itself.
    fn base(given: &str) -> &str {
        given.strip_suffix("/api").unwrap_or(given)
    }

    fn over(caller: Caller) -> Self {
        Self { caller }
    }
}

/// What is said first on the WebSocket, and only then. (G-Rump, "WebSocket API")
fn authenticate(key: &str) -> String {
    let message = ClientMessage::Authenticate {
        api_key: key.to_owned(),
    };
    serde_json::to_string(&message).expect("a message has text for keys")
}

impl GrumpClient {
    /// SHIP sessions. (G-Rump, "SHIP Workflow Endpoints")
    #[must_use]
    pub const fn ship(&self) -> Ship<'_> {
        Ship(self)
    }

    /// Chats. (G-Rump, "Chat Endpoints")
    #[must_use]
    pub const fn chat(&self) -> Chat<'_> {
        Chat(self)
    }

    /// Code to take away. (G-Rump, "Code Generation Endpoints")
    #[must_use]
    pub const fn codegen(&self) -> Codegen<'_> {
        Codegen(self)
    }

    /// Architectures. (G-Rump, "Architecture Endpoints")
    #[must_use]
    pub const fn architecture(&self) -> Architecture<'_> {
        Architecture(self)
    }

    /// Product requirements. (G-Rump, "PRD Endpoints")
    #[must_use]
    pub const fn prd(&self) -> Prd<'_> {
        Prd(self)
    }

    /// Intent files. (G-Rump, "Intent Compiler Endpoints")
    #[must_use]
    pub const fn intent(&self) -> Intent<'_> {
        Intent(self)
    }

    /// Background jobs. (G-Rump, "Job Management Endpoints")
    #[must_use]
    pub const fn jobs(&self) -> Jobs<'_> {
        Jobs(self)
    }

    /// Agents. (G-Rump, "Agent Endpoints")
    #[must_use]
    pub const fn agents(&self) -> Agents<'_> {
        Agents(self)
    }

    /// Subscriptions and what they used. (G-Rump, "Billing Endpoints")
    #[must_use]
    pub const fn billing(&self) -> Billing<'_> {
        Billing(self)
    }

    /// Webhooks. (G-Rump, "Webhook Endpoints")
    #[must_use]
    pub const fn webhooks(&self) -> Webhooks<'_> {
        Webhooks(self)
    }

    /// Check API health status. No credential is shown. (G-Rump, "Health Check")
    pub async fn health(&self) -> Result<HealthReport> {
        self.get::<Health>(NoPath {}, NoQuery {}).await
    }

    /// Get Prometheus-compatible metrics, as text. (G-Rump, "Metrics")
    pub async fn metrics(&self) -> Result<String> {
        let mut asking = Asking::<Metrics>::of(NoPath {}, NoQuery {}, NoBody);
        asking.header = Some(("accept", "text/plain"));
        self.caller.call(asking).await.map(Response::into_body)
    }

    /// Real-time bidirectional communication: authenticates, then yields what the server says. What
    /// that is, the document does not show. (G-Rump, "WebSocket API")
    pub async fn socket(&self) -> Result<WireSocket<ServerMessage, ClientMessage>> {
        let asking = Asking::<Socket>::of(NoPath {}, NoQuery {}, NoBody);
        let socket = self.caller.converse(asking).await?;
        Ok(WireSocket::new(socket, ServerMessage::read))
    }
}

impl GrumpClient {
    async fn get<E: Endpoint<Body = NoBody>>(
        &self,
        path: E::Path,
        query: E::Query,
    ) -> Result<Value<E>>
    where
        E::Response: Whole,
    {
        let answer = self.caller.call(Asking::<E>::of(path, query, NoBody)).await;
        answer.map(Response::into_body)
    }

    pub(crate) async fn send<E: Endpoint<Query = NoQuery>>(
        &self,
        path: E::Path,
        body: E::Body,
    ) -> Result<Value<E>>
    where
        E::Response: Whole,
    {
        let asking = Asking::<E>::of(path, NoQuery {}, body);
        self.caller.call(asking).await.map(Response::into_body)
    }

    /// As [`send`](Self::send), where a model works on the answer.
    pub(crate) async fn work<E: Endpoint<Query = NoQuery>>(
        &self,
        path: E::Path,
        body: E::Body,
    ) -> Result<Value<E>>
    where
        E::Response: Whole,
    {
        let asking = Asking::<E>::of(path, NoQuery {}, body);
        let answer = self.caller.patient().call(asking).await;
        answer.map(Response::into_body)
    }
}

/// Refuses an id that would be another path: it is that of nothing.
pub(crate) fn check(noun: &'static str, id: &str) -> Result<()> {
    match id {
        "" | "." | ".." => Err(Error::new(ErrorKind::NotFound, "there is no such thing")
            .with("noun", noun)
            .with("id", id)),
        _ => Ok(()),
    }
}
