//! The nouns of the Mini-Devin dialect: one method per endpoint.

use grump_core::Result;
use grump_http::Socket;
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    mini_devin::{
        AccessToken, ApiKey, Artifact, ArtifactId, ArtifactPath, CreateApiKey, CreateSession,
        CreateTask, DeleteSession, DownloadArtifact, ListArtifacts, ListModels, ListProviders,
        ListSessions, ListTasks, Model, ModelsQuery, OpenSession, OpenTask, ProviderList,
        ProviderName, Register, Session, SessionId, SessionPath, StopTask, StoppedTask, Task,
        TaskEvents, TaskId, TaskPath, TokenQuery, User,
    },
};

use super::{
    ApiKeyOptions, RegisterOptions, SessionOptions, TaskOptions, TaskSocket, client::log_in,
};
use crate::{Download, MiniDevinClient, caller::Asking, part::part};

/// Users, tokens and keys. (Mini-Devin, "Authentication")
///
/// A client that is built with a login needs none of it to log in: it does so by itself.
#[derive(Clone, Copy, Debug)]
pub struct Auth<'c>(pub(super) &'c MiniDevinClient);

impl Auth<'_> {
    /// Register a new user.
    pub async fn register(
        self,
        email: impl Into<String>,
        password: impl Into<String>,
        options: RegisterOptions,
    ) -> Result<User> {
        let request = options.request(email.into(), password.into());
        self.0.send::<Register>(NoPath {}, request).await
    }

    /// Authenticate and receive a JWT token. It is the caller's: this client goes on as it was
    /// built.
    pub async fn login(
        self,
        email: impl AsRef<str>,
        password: impl AsRef<str>,
    ) -> Result<AccessToken> {
        log_in(&self.0.caller, email.as_ref(), password.as_ref()).await
    }

    /// Create a new API key, which is shown this once.
    pub async fn create_api_key(
        self,
        name: impl Into<String>,
        options: ApiKeyOptions,
    ) -> Result<ApiKey> {
        let request = options.request(name.into());
        self.0.send::<CreateApiKey>(NoPath {}, request).await
    }
}

/// Models, and who serves them. (Mini-Devin, "Models and Providers")
#[derive(Clone, Copy, Debug)]
pub struct Models<'c>(pub(super) &'c MiniDevinClient);

impl Models<'_> {
    /// List available LLM models.
    pub async fn list(self) -> Result<Vec<Model>> {
        self.asked(ModelsQuery::default()).await
    }

    /// List one provider's models.
    pub async fn list_of(self, provider: impl Into<ProviderName>) -> Result<Vec<Model>> {
        let provider = Some(provider.into());
        self.asked(ModelsQuery { provider }).await
    }

    /// List available LLM providers.
    pub async fn providers(self) -> Result<ProviderList> {
        self.0.get::<ListProviders>(NoPath {}, NoQuery {}).await
    }

    async fn asked(self, query: ModelsQuery) -> Result<Vec<Model>> {
        let told = self.0.get::<ListModels>(NoPath {}, query).await?;
        Ok(told.models)
    }
}

/// Sessions: what tasks work in. (Mini-Devin, "Sessions")
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'c>(pub(super) &'c MiniDevinClient);

impl Sessions<'_> {
    /// List all sessions.
    pub async fn list(self) -> Result<Vec<Session>> {
        let told = self.0.get::<ListSessions>(NoPath {}, NoQuery {}).await?;
        Ok(told.0)
    }

    /// Create a new session.
    pub async fn create(self, options: SessionOptions) -> Result<Session> {
        let request = options.request();
        self.0.send::<CreateSession>(NoPath {}, request).await
    }

    /// Get session details, with its tasks in short.
    pub async fn open(self, id: impl Into<SessionId>) -> Result<Session> {
        self.0.get::<OpenSession>(session(id)?, NoQuery {}).await
    }

    /// Delete a session.
    pub async fn delete(self, id: impl Into<SessionId>) -> Result<()> {
        self.0.get::<DeleteSession>(session(id)?, NoQuery {}).await
    }
}

/// Tasks: what agents do. (Mini-Devin, "Tasks")
#[derive(Clone, Copy, Debug)]
pub struct Tasks<'c>(pub(super) &'c MiniDevinClient);

impl Tasks<'_> {
    /// List tasks in a session.
    pub async fn list(self, of: impl Into<SessionId>) -> Result<Vec<Task>> {
        let told = self.0.get::<ListTasks>(session(of)?, NoQuery {}).await?;
        Ok(told.0)
    }

    /// Create and start a new task.
    pub async fn create(
        self,
        within: impl Into<SessionId>,
        description: impl Into<String>,
        options: TaskOptions,
    ) -> Result<Task> {
        let request = options.request(description.into());
        self.0.send::<CreateTask>(session(within)?, request).await
    }

    /// Get task details.
    pub async fn open(self, id: impl Into<TaskId>) -> Result<Task> {
        self.0.get::<OpenTask>(task(id)?, NoQuery {}).await
    }

    /// Stop a running task. Some servers answer before it has stopped.
    pub async fn stop(self, id: impl Into<TaskId>) -> Result<StoppedTask> {
        self.0.send::<StopTask>(task(id)?, NoBody).await
    }

    /// Connect to receive real-time updates for a task, from now on; by it the task can be stopped
    /// and told something. (Mini-Devin, "Task Streaming")
    pub async fn connect(self, id: impl Into<TaskId>) -> Result<TaskSocket> {
        let socket = self.0.caller.converse(events(id)?).await?;
        Ok(TaskSocket::over(socket))
    }

    /// A task's socket, once: for whoever connects again by himself.
    pub(crate) async fn socket(self, id: impl Into<TaskId>) -> Result<Socket> {
        self.0.caller.socket(events(id)?).await
    }
}

/// What tasks made. (Mini-Devin, "Artifacts")
#[derive(Clone, Copy, Debug)]
pub struct Artifacts<'c>(pub(super) &'c MiniDevinClient);

impl Artifacts<'_> {
    /// List artifacts for a task.
    pub async fn list(self, of: impl Into<TaskId>) -> Result<Vec<Artifact>> {
        let told = self.0.get::<ListArtifacts>(task(of)?, NoQuery {}).await?;
        Ok(told.0)
    }

    /// Download an artifact, piece by piece.
    pub async fn download(
        self,
        of: impl Into<TaskId>,
        id: impl Into<ArtifactId>,
    ) -> Result<Download> {
        let path = ArtifactPath {
            task_id: part("task", of)?,
            artifact_id: part("artifact", id)?,
        };
        let asking = Asking::<DownloadArtifact>::of(path, NoQuery {}, NoBody);
        self.0.caller.download(asking).await
    }
}

fn events(id: impl Into<TaskId>) -> Result<Asking<'static, TaskEvents>> {
    // The token is added where credentials are shown.
    Ok(Asking::of(task(id)?, TokenQuery::default(), NoBody))
}

fn session(id: impl Into<SessionId>) -> Result<SessionPath> {
    let session_id = part("session", id)?;
    Ok(SessionPath { session_id })
}

fn task(id: impl Into<TaskId>) -> Result<TaskPath> {
    let task_id = part("task", id)?;
    Ok(TaskPath { task_id })
}
