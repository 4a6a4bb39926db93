//! [`MiniDevinPlane`]: a server of the Mini-Devin dialect as a control plane.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use futures::{StreamExt, TryStreamExt, stream};
use grump_core::{
    Account, Accounts, ApiKey, Artifact, ArtifactId, ControlPlane, Download, Error, ErrorKind,
    EventStream, Events, Evidence, Facets, Folder, FolderId, Folders, Health, LoggedIn, Login,
    Model, ModelProviders, Models, NewAccount, NewFolder, NewKey, NewTask, Operation, Page,
    PlaneInfo, Result, Run, RunFilter, RunKind, RunRef, Runs, SendInput, Since, System, Tasks,
};
use grump_wire::mini_devin::{self, ClientMessage, SessionId, map};
use tokio::time::sleep;

use super::mini_devin_events::TaskSockets;
use crate::{
    MiniDevinClient,
    mini_devin::{ApiKeyOptions, RegisterOptions, SessionOptions, TaskOptions, say},
    stream::{SocketSource, watch},
};

/// What the dialect's tables do not say: a message of the client's is an operation.
const OWN: [Operation; 1] = [Operation::TasksSendInput];

/// How many folders' tasks are read at once where all are asked for.
const FOLDERS_AT_ONCE: usize = 4;

/// A server of the Mini-Devin dialect as a control plane: the same calls as for an embedded engine.
/// Its tasks are runs of kind [`Task`](RunKind::Task), its sessions are folders.
///
/// What the dialect cannot say is refused before anything is sent; see [`PlaneInfo`].
#[derive(Clone, Debug)]
pub struct MiniDevinPlane {
    client: MiniDevinClient,
    info: Arc<PlaneInfo>,
    facets: Facets,
}

impl MiniDevinPlane {
    /// The plane that this client speaks with.
    #[must_use]
    pub fn new(client: MiniDevinClient) -> Self {
        let info = PlaneInfo::new(mini_devin::NAME)
            .operations(mini_devin::OPERATIONS.iter().copied())
            .operations(OWN)
            .kinds(mini_devin::KINDS.iter().copied())
            .members(mini_devin::MEMBERS.iter().copied());
        let info = Arc::new(info);
        let remote = Arc::new(Remote {
            client: client.clone(),
            info: info.clone(),
        });
        let mut facets = Facets::default();
        facets.runs = Some(remote.clone());
        facets.tasks = Some(remote.clone());
        facets.folders = Some(remote.clone());
        facets.evidence = Some(remote.clone());
        facets.events = Some(remote.clone());
        facets.models = Some(remote.clone());
        facets.accounts = Some(remote.clone());
        facets.system = Some(remote);
        Self {
            client,
            info,
            facets,
        }
    }

    /// The client that it speaks through.
    #[must_use]
    pub const fn client(&self) -> &MiniDevinClient {
        &self.client
    }
}

impl From<MiniDevinClient> for MiniDevinPlane {
    fn from(client: MiniDevinClient) -> Self {
        Self::new(client)
    }
}

#[async_trait]
impl ControlPlane for MiniDevinPlane {
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
struct Remote {
    client: MiniDevinClient,
    info: Arc<PlaneInfo>,
}

#[async_trait]
impl Runs for Remote {
    /// The server lists the tasks of one folder; all are those of all folders.
    async fn list(&self, filter: RunFilter) -> Result<Page<Run>> {
        if filter.kind.is_some_and(|kind| kind != RunKind::Task) {
            return Ok(Page::last(Vec::new()));
        }
        let mut runs = match &filter.folder {
            Some(folder) => self.tasks_of(map::session_id(folder)).await?,
            None => self.all_tasks().await?,
        };
        runs.retain(|run| filter.matches(run));
        runs.sort_by_key(|run| Reverse(run.created_at.as_millis()));
        Page::part_of(runs, &filter.page)
    }

    async fn open(&self, run: &RunRef) -> Result<Run> {
        self.client.tasks().open(id(run)?).await.map(map::run)
    }

    async fn stop(&self, run: &RunRef) -> Result<()> {
        self.client.tasks().stop(id(run)?).await?;
        // Servers in the field send nothing to those who watch.
        self.client.echoes.look(run);
        let still = self.until_still(run).await;
        still.map_err(|error| error.step_of(Operation::RunsStop.as_str()))
    }
}

#[async_trait]
impl Tasks for Remote {
    async fn create_and_start(&self, new: NewTask) -> Result<Run> {
        self.info.require_members(new.members())?;
        let (session, request) = map::wire_new_task(new)?;
        let mut options = TaskOptions::new();
        if let Some(model) = request.model {
            options = options.model(model);
        }
        if let Some(mode) = request.run_mode {
            options = options.run_mode(mode);
        }
        let made = self
            .client
            .tasks()
            .create(&session, request.description, options);
        Ok(map::run_in(made.await?, &session))
    }

    async fn send_input(&self, input: SendInput) -> Result<()> {
        let said = async {
            let socket = self.client.tasks().socket(id(&input.run)?).await?;
            let content = input.text;
            say(socket, &ClientMessage::Input { content }).await
        };
        said.await
            .map_err(|error: Error| error.step_of(Operation::TasksSendInput.as_str()))
    }
}

#[async_trait]
impl Folders for Remote {
    async fn list(&self) -> Result<Vec<Folder>> {
        let sessions = self.client.sessions().list().await?;
        Ok(sessions.into_iter().map(map::folder).collect())
    }

    async fn create(&self, new: NewFolder) -> Result<Folder> {
        let request = map::wire_new_folder(new);
        let made = self.client.sessions().create(SessionOptions::from(request));
        made.await.map(map::folder)
    }

    async fn open(&self, folder: &FolderId) -> Result<Folder> {
        let session = map::session_id(folder);
        self.client.sessions().open(session).await.map(map::folder)
    }

    async fn remove(&self, folder: &FolderId) -> Result<()> {
        self.client.sessions().delete(map::session_id(folder)).await
    }
}

#[async_trait]
impl Evidence for Remote {
    async fn artifacts(&self, run: &RunRef) -> Result<Vec<Artifact>> {
        let artifacts = self.client.artifacts().list(id(run)?).await?;
        Ok(artifacts.into_iter().map(map::artifact).collect())
    }

    async fn artifact(&self, run: &RunRef, artifact: &ArtifactId) -> Result<Download> {
        let download = self
            .client
            .artifacts()
            .download(id(run)?, artifact.as_str())
            .await?;
        Ok(download.into_domain())
    }
}

#[async_trait]
impl Events for Remote {
    async fn watch(&self, run: &RunRef, since: Since) -> Result<EventStream> {
        id(run)?;
        let source = Arc::new(SocketSource(TaskSockets::new(self.client.clone(), run)));
        let watched = watch(source, Some(run), since, self.client.caller.stream).await;
        watched.map_err(|error| error.step_of(Operation::EventsWatch.as_str()))
    }
}

#[async_trait]
impl Models for Remote {
    /// The models are the same in every folder.
    async fn list(&self, _: &str) -> Result<Vec<Model>> {
        let models = self.client.models().list().await?;
        Ok(models.into_iter().map(map::model).collect())
    }

    async fn providers(&self) -> Result<ModelProviders> {
        self.client.models().providers().await.map(map::providers)
    }
}

#[async_trait]
impl Accounts for Remote {
    async fn register(&self, new: NewAccount) -> Result<Account> {
        let mut options = RegisterOptions::new();
        if let Some(name) = &new.name {
            options = options.name(name);
        }
        let auth = self.client.auth();
        let made = auth.register(new.email, new.password.reveal(), options);
        made.await.map(map::account)
    }

    async fn login(&self, login: Login) -> Result<LoggedIn> {
        let auth = self.client.auth();
        let told = auth.login(&login.email, login.password.reveal()).await?;
        Ok(map::logged_in(told))
    }

    async fn create_key(&self, new: NewKey) -> Result<ApiKey> {
        let mut options = ApiKeyOptions::new();
        if let Some(end) = new.expires_at {
            options = options.expires_at(end);
        }
        let made = self.client.auth().create_api_key(new.name, options).await;
        made.map(map::api_key)
    }
}

#[async_trait]
impl System for Remote {
    async fn health(&self) -> Result<Health> {
        self.client.health().await.map(map::health)
    }
}

impl Remote {
    async fn tasks_of(&self, session: SessionId) -> Result<Vec<Run>> {
        let tasks = self.client.tasks().list(&session).await?;
        let runs = tasks.into_iter().map(|task| map::run_in(task, &session));
        Ok(runs.collect())
    }

    async fn all_tasks(&self) -> Result<Vec<Run>> {
        let sessions = self.client.sessions().list().await?;
        let reads = sessions
            .into_iter()
            .map(|session| self.tasks_of(session.id));
        let lists = stream::iter(reads).buffered(FOLDERS_AT_ONCE);
        let lists: Vec<_> = lists.try_collect().await?;
        Ok(lists.into_iter().flatten().collect())
    }

    /// Waits until a task that was stopped has stopped: servers in the field answer before.
    async fn until_still(&self, run: &RunRef) -> Result<()> {
        let looks = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(Duration::from_secs(1))
            .with_max_times(40)
            .build();
        for wait in looks {
            match Runs::open(self, run).await {
                Ok(now) if now.status.unified.is_executing() => sleep(wait).await,
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => return Ok(()),
            }
        }
        Err(
            Error::new(ErrorKind::Timeout, "the task goes on after it was stopped")
                .with("task", &run.id),
        )
    }
}

/// The id of a task. A run of another kind is none of this dialect's.
pub(super) fn id(run: &RunRef) -> Result<&str> {
    if run.kind == RunKind::Task {
        return Ok(run.id.as_str());
    }
    Err(Error::new(ErrorKind::NotFound, "this plane has tasks only").with("run", run))
}
