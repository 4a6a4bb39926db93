//! [`RalpherClient`]: the Ralpher dialect, one method per endpoint, grouped by noun.

mod builder;
mod events;
pub(crate) mod loops;
mod models;
mod options;

use grump_core::{Result, Retry, RunId};
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, NoPath, NoQuery, Whole},
    headers,
    ralpher::{
        CreateLoop, Health, HealthReport, Loop, LoopEvent, LoopRequest, StartLoop, StartRequest,
        Success,
    },
};
use http::Response;
use uuid::Uuid;

pub use self::{
    builder::RalpherBuilder,
    events::Events,
    loops::Loops,
    models::{Models, Preferences},
    options::LoopOptions,
};
use crate::{
    builder::client,
    caller::{Asking, Caller, Value, not_done},
    wire_stream::WireStream,
};

/// Speaks the Ralpher dialect with one server: one method per endpoint, grouped by noun, with
/// the dialect's own types. Clones share their connections.
///
/// [`RalpherPlane`](crate::RalpherPlane) is the same as a control plane, with streams that resume.
///
/// ```no_run
/// use grump_client::{LoopOptions, RalpherClient};
///
/// # async fn example() -> grump_core::Result<()> {
/// let client = RalpherClient::new("http://localhost:3000")?;
/// let options = LoopOptions::new().max_iterations(10);
/// let made = client.loops().create("dark mode", "/home/me/app", "Add dark mode", options).await?;
/// client.loops().start(&made.config.id).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Every method fails by what the server answers; with `Timeout`; with `Transport` where no answer
/// comes; with `Protocol` where the answer is none of the dialect's. What is safe to repeat was
/// repeated; what may have been done says so ([`Retry::MaybeApplied`]).
#[derive(Clone, Debug)]
pub struct RalpherClient {
    pub(crate) caller: Caller,
}

client!(
    RalpherClient,
    "http://localhost:3000",
    "with or without `/api`"
);

impl RalpherClient {
    /// Check if the server is running.
    pub async fn health(&self) -> Result<HealthReport> {
        self.get::<Health>(NoPath {}, NoQuery {}).await
    }

    /// Loops: what they are told, what becomes of them, what they did.
    #[must_use]
    pub const fn loops(&self) -> Loops<'_> {
        Loops(self)
    }

    /// Models that a loop may be given.
    #[must_use]
    pub const fn models(&self) -> Models<'_> {
        Models(self)
    }

    /// What the server remembers for its user.
    #[must_use]
    pub const fn preferences(&self) -> Preferences<'_> {
        Preferences(self)
    }

    /// What happens, as it happens.
    #[must_use]
    pub const fn events(&self) -> Events<'_> {
        Events(self)
    }
}

impl RalpherClient {
    /// Creates a loop. Where the answer is lost and the server honours keys, the request is repeated
    /// with the same one; whether it does is asked where it was not said yet. A key that is made up
    /// here is lost with the call: who has none to repeat is told that the loop may have been made.
    pub(crate) async fn create(&self, request: LoopRequest, key: Option<String>) -> Result<Loop> {
        let has_key = key.is_some();
        let key = key.unwrap_or_else(|| Uuid::now_v7().to_string());
        let ask = || {
            self.caller.call::<CreateLoop>(Asking {
                path: NoPath {},
                query: NoQuery {},
                body: request.clone(),
                header: Some((headers::IDEMPOTENCY_KEY, &*key)),
                has_key,
            })
        };
        let knows = || self.caller.honours_keys();
        match ask().await {
            Err(error) if error.retry() == Retry::MaybeApplied && !knows() => {
                let _ = self.health().await;
                if !knows() {
                    return Err(error);
                }
                ask().await.map_err(|again| match again.retry() {
                    Retry::Never => again,
                    _ if has_key => again,
                    _ => again.retryable(Retry::MaybeApplied),
                })
            }
            answer => answer,
        }
        .map(Response::into_body)
    }

    /// Starts a loop; the answer's headers may hold the position before the start.
    pub(crate) async fn start(
        &self,
        id: impl Into<RunId>,
        request: StartRequest,
    ) -> Result<Response<Success>> {
        self.call::<StartLoop>(loops::at(id)?, NoQuery {}, request, None)
            .await
    }

    async fn get<E: Endpoint<Body = NoBody>>(
        &self,
        path: E::Path,
        query: E::Query,
    ) -> Result<Value<E>>
    where
        E::Response: Whole,
    {
        let answer = self.call::<E>(path, query, NoBody, None).await;
        answer.map(Response::into_body)
    }

    async fn send<E: Endpoint<Query = NoQuery>>(
        &self,
        path: E::Path,
        body: E::Body,
    ) -> Result<Value<E>>
    where
        E::Response: Whole,
    {
        let answer = self.call::<E>(path, NoQuery {}, body, None).await;
        answer.map(Response::into_body)
    }

    async fn call<E: Endpoint>(
        &self,
        path: E::Path,
        query: E::Query,
        body: E::Body,
        header: Option<(&'static str, &str)>,
    ) -> Result<Response<Value<E>>>
    where
        E::Response: Whole,
    {
        let asking = Asking::<E> {
            path,
            query,
            body,
            header,
            has_key: false,
        };
        self.caller.call(asking).await
    }

    async fn listen<E>(&self, path: E::Path) -> Result<WireStream<LoopEvent>>
    where
        E: Endpoint<Query = NoQuery, Body = NoBody>,
    {
        let asking = Asking::<E>::of(path, NoQuery {}, NoBody);
        let told = self.caller.listen(asking).await?;
        Ok(WireStream::new(told, events::event))
    }
}

/// `success: false` in an answer of success is an error. (ambiguity R-22)
pub(crate) fn done(told: &Success) -> Result<()> {
    if told.success {
        Ok(())
    } else {
        Err(not_done())
    }
}
