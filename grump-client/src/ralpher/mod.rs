//! [`RalpherClient`]: the Ralpher dialect, one method per endpoint.

mod builder;
mod options;

use grump_core::{Error, ErrorKind, Result, Retry};
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, NoPath, NoQuery, Whole},
    headers,
    ralpher::{
        AcceptLoop, Accepted, AllEvents, CheckPlanningDir, ClearPendingPrompt, CreateLoop,
        DeleteLoop, DiffLoop, DirectoryQuery, DiscardLoop, EditLoop, FileDiff, Health,
        HealthReport, LastModel, ListLoops, ListModels, Loop, LoopChange, LoopEvent, LoopEvents,
        LoopPath, LoopRequest, Model, ModelRef, OpenLoop, PendingPrompt, Plan, PlanningFile,
        PlanningFolder, PurgeLoop, SetLastModel, SetPendingPrompt, StartLoop, StartRequest,
        StatusFile, StopLoop, Success,
    },
};
use http::Response;
use serde_json::json;
use uuid::Uuid;

pub use self::{builder::RalpherBuilder, options::LoopOptions};
use crate::{
    builder::client,
    caller::{Asking, Caller, Value, not_done},
    wire_stream::WireStream,
};

/// Speaks the Ralpher dialect with one server: one method per endpoint, in the document's order,
/// with the dialect's own types. Clones share their connections.
///
/// [`RalpherPlane`](crate::RalpherPlane) is the same as a control plane, with streams that resume.
///
/// ```no_run
/// use grump_client::{LoopOptions, RalpherClient};
///
/// # async fn example() -> grump_core::Result<()> {
/// let client = RalpherClient::new("http://localhost:3000")?;
/// let options = LoopOptions::new().max_iterations(10);
/// let made = client.create_loop("dark mode", "/home/me/app", "Add dark mode", options).await?;
/// client.start_loop(made.config.id.as_str(), Default::default()).await?;
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

    /// List all loops.
    pub async fn list_loops(&self) -> Result<Vec<Loop>> {
        self.get::<ListLoops>(NoPath {}, NoQuery {}).await
    }

    /// Create a new loop.
    pub async fn create_loop(
        &self,
        name: impl Into<String>,
        directory: impl Into<String>,
        prompt: impl Into<String>,
        options: LoopOptions,
    ) -> Result<Loop> {
        let (request, key) = options.request(name.into(), directory.into(), prompt.into());
        self.create(request, key).await
    }

    /// Get a specific loop by ID.
    pub async fn open_loop(&self, id: &str) -> Result<Loop> {
        self.get::<OpenLoop>(at(id)?, NoQuery {}).await
    }

    /// Update a loop's configuration.
    pub async fn edit_loop(&self, id: &str, change: LoopChange) -> Result<Loop> {
        self.send::<EditLoop>(at(id)?, change).await
    }

    /// Delete a loop.
    pub async fn delete_loop(&self, id: &str) -> Result<()> {
        done(&self.get::<DeleteLoop>(at(id)?, NoQuery {}).await?)
    }

    /// Start loop execution.
    pub async fn start_loop(&self, id: &str, request: StartRequest) -> Result<()> {
        done(&self.start(id, request).await?.into_body())
    }

    /// Stop a running loop.
    pub async fn stop_loop(&self, id: &str) -> Result<()> {
        done(&self.send::<StopLoop>(at(id)?, NoBody).await?)
    }

    /// Accept a completed loop and merge its branch.
    pub async fn accept_loop(&self, id: &str) -> Result<Accepted> {
        let accepted = self.send::<AcceptLoop>(at(id)?, NoBody).await?;
        accepted.success.then_some(accepted).ok_or_else(not_done)
    }

    /// Discard a loop and delete its git branch.
    pub async fn discard_loop(&self, id: &str) -> Result<()> {
        done(&self.send::<DiscardLoop>(at(id)?, NoBody).await?)
    }

    /// Permanently delete a merged or deleted loop from storage.
    pub async fn purge_loop(&self, id: &str) -> Result<()> {
        done(&self.send::<PurgeLoop>(at(id)?, NoBody).await?)
    }

    /// Set the pending prompt for the next iteration.
    pub async fn set_pending_prompt(&self, id: &str, prompt: impl Into<String>) -> Result<()> {
        let prompt = prompt.into();
        let body = PendingPrompt { prompt };
        done(&self.send::<SetPendingPrompt>(at(id)?, body).await?)
    }

    /// Clear the pending prompt.
    pub async fn clear_pending_prompt(&self, id: &str) -> Result<()> {
        done(&self.get::<ClearPendingPrompt>(at(id)?, NoQuery {}).await?)
    }

    /// Get the git diff for a loop's changes.
    pub async fn diff_loop(&self, id: &str) -> Result<Vec<FileDiff>> {
        self.get::<DiffLoop>(at(id)?, NoQuery {}).await
    }

    /// Get the contents of `.planning/plan.md` from the loop's directory.
    pub async fn plan(&self, id: &str) -> Result<PlanningFile> {
        self.get::<Plan>(at(id)?, NoQuery {}).await
    }

    /// Get the contents of `.planning/status.md` from the loop's directory.
    pub async fn status_file(&self, id: &str) -> Result<PlanningFile> {
        self.get::<StatusFile>(at(id)?, NoQuery {}).await
    }

    /// Get available AI models for a directory.
    pub async fn list_models(&self, directory: impl Into<String>) -> Result<Vec<Model>> {
        self.get::<ListModels>(NoPath {}, of(directory)).await
    }

    /// Get the last used model; `None` if no model has been used.
    pub async fn last_model(&self) -> Result<Option<ModelRef>> {
        let told = self.get::<LastModel>(NoPath {}, NoQuery {}).await?;
        // `{}` says no more than `null`. (ambiguity R-23)
        Ok(told.filter(|model| *model != ModelRef::default()))
    }

    /// Set the last used model.
    pub async fn set_last_model(
        &self,
        provider: impl Into<String>,
        model: impl Into<String>,
    ) -> Result<()> {
        let body = ModelRef {
            provider_id: Some(provider.into()),
            model_id: Some(model.into()),
            ..ModelRef::default()
        };
        done(&self.send::<SetLastModel>(NoPath {}, body).await?)
    }

    /// Check if a directory has a `.planning` folder with files.
    pub async fn check_planning_dir(&self, directory: impl Into<String>) -> Result<PlanningFolder> {
        self.get::<CheckPlanningDir>(NoPath {}, of(directory)).await
    }

    /// Server-Sent Events stream for all loop events, from now on.
    pub async fn events(&self) -> Result<WireStream<LoopEvent>> {
        self.listen::<AllEvents>(NoPath {}).await
    }

    /// Server-Sent Events stream filtered to a specific loop, from now on.
    pub async fn loop_events(&self, id: &str) -> Result<WireStream<LoopEvent>> {
        self.listen::<LoopEvents>(at(id)?).await
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
    pub(crate) async fn start(&self, id: &str, request: StartRequest) -> Result<Response<Success>> {
        self.call::<StartLoop>(at(id)?, NoQuery {}, request, None)
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
        let events = self.caller.listen(asking).await?;
        Ok(WireStream::new(events, event))
    }
}

/// An event as it came; what is none is of type `unknown`, with its text as `data`.
fn event(data: &str) -> LoopEvent {
    serde_json::from_str(data).unwrap_or_else(|_| LoopEvent {
        kind: "unknown".to_owned(),
        loop_id: None,
        iteration: None,
        timestamp: None,
        members: [("data".to_owned(), json!(data))].into_iter().collect(),
    })
}

/// The path of a loop. An id that would be another path is that of no loop.
pub(crate) fn at(id: &str) -> Result<LoopPath> {
    if ["", ".", ".."].contains(&id) {
        return Err(Error::new(ErrorKind::NotFound, "there is no such loop").with("loop", id));
    }
    Ok(LoopPath { id: id.to_owned() })
}

fn of(directory: impl Into<String>) -> DirectoryQuery {
    DirectoryQuery {
        directory: directory.into(),
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
