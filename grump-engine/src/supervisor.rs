//! What all facets of the engine share: the journal, the loops, the agents, and what runs.

use std::{
    collections::HashMap,
    future::Future,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use grump_core::{Backend, Error, ErrorKind, Policy, Result, Run, RunId, RunRef};
use tokio::sync::{Semaphore, watch};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    agent::{Agent, hosts::Hosts, registry::Agents},
    check,
    data::DataFolder,
    facets,
    flow::{driver::Driver, questions::Questions, state::LoopRecord, states::is_at_work},
    journal::Journal,
    owner::{Attach, EngineIdentity, Owner, Ownership},
    process::Launcher,
    store::{Cell, Store},
    workspace::{Git, Repository, Workspace, WorkspaceRecord},
};

/// What an engine does about loops that a crash cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// Goes on with them from their last committed iteration, as a server does.
    #[default]
    Continue,
    /// Ends them as Cancelled with outcome Interrupted. Starting one goes on with it.
    GiveUp,
    /// Leaves them as they are, as a command does that is about something else. They are shown as
    /// interrupted; starting one goes on with it.
    Leave,
}

/// How an engine behaves.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) max_running: usize,
    pub(crate) resume: Resume,
    pub(crate) pause_after_error: Duration,
    pub(crate) inline_agents: bool,
    pub(crate) hosts: Hosts,
    pub(crate) default_policy: Policy,
}

/// The shared part of an engine. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    data: DataFolder,
    identity: Option<EngineIdentity>,
    journal: Journal,
    launcher: Launcher,
    agents: Agents,
    settings: Settings,
    git: Git,
    store: Store,
    questions: Questions,
    slots: Arc<Semaphore>,
    /// Held while a loop is made that must be made once.
    creating: tokio::sync::Mutex<()>,
    running: Mutex<HashMap<RunId, Running>>,
    serial: AtomicU64,
    ready: watch::Sender<Option<Recovered>>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    /// `None` in an engine that only looks. Last, so that the journal is closed before another
    /// engine may open it.
    ownership: Mutex<Option<Ownership>>,
}

/// How the recovery went; an error's kind and text, for everybody who asks.
type Recovered = std::result::Result<(), (ErrorKind, String)>;

/// A loop's task.
#[derive(Clone, Debug)]
struct Running {
    /// Tells it from a later task of the same loop.
    serial: u64,
    /// A person's wish to stop it.
    stop: CancellationToken,
    /// Ends its work, whoever wishes so.
    halt: CancellationToken,
    /// Its task has ended.
    done: CancellationToken,
}

/// A loop's place among those that run. Dropping it frees the place, also when its task panics.
#[derive(Debug)]
pub(crate) struct Reserved {
    supervisor: Supervisor,
    name: RunRef,
    running: Running,
    /// Those who wait for the task are told when all else is done.
    _done: DropGuard,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        // A start that came right after the end may have put another task in its place.
        let mut tasks = self.supervisor.running();
        let current = tasks.get(&self.name.id);
        if current.is_some_and(|task| task.serial == self.running.serial) {
            tasks.remove(&self.name.id);
        }
    }
}

impl Supervisor {
    pub(crate) fn new(
        data: DataFolder,
        ownership: Option<Ownership>,
        journal: Journal,
        launcher: Launcher,
        agents: Agents,
        settings: Settings,
    ) -> Self {
        let identity = ownership
            .as_ref()
            .map(|ownership| ownership.identity().clone());
        Self(Arc::new(Inner {
            data,
            identity,
            ownership: Mutex::new(ownership),
            store: Store::new(journal.clone()),
            questions: Questions::new(journal.clone()),
            slots: Arc::new(Semaphore::new(settings.max_running)),
            creating: tokio::sync::Mutex::default(),
            journal,
            launcher,
            agents,
            settings,
            git: Git::default(),
            running: Mutex::default(),
            serial: AtomicU64::new(0),
            ready: watch::Sender::new(None),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }

    pub(crate) fn data(&self) -> &DataFolder {
        &self.0.data
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.0.journal
    }

    pub(crate) fn launcher(&self) -> &Launcher {
        &self.0.launcher
    }

    pub(crate) fn questions(&self) -> &Questions {
        &self.0.questions
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn agents(&self) -> &Agents {
        &self.0.agents
    }

    /// Keeps others from making a loop with a key meanwhile.
    pub(crate) async fn creating(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.creating.lock().await
    }

    pub(crate) fn slots(&self) -> Arc<Semaphore> {
        self.0.slots.clone()
    }

    pub(crate) fn resume(&self) -> Resume {
        self.0.settings.resume
    }

    /// The agent of a loop that was let in.
    pub(crate) fn agent(&self, name: &str) -> Result<Arc<dyn Agent>> {
        self.0.agents.resolve(name, true)
    }

    /// What an agent may do in a loop that does not say.
    pub(crate) fn default_policy(&self) -> Policy {
        self.0.settings.default_policy
    }

    /// Refuses a backend that a loop which is created here may not have. Whoever may bring a
    /// command line may connect to anything too.
    pub(crate) fn admit(&self, backend: &Backend) -> Result<()> {
        let settings = &self.0.settings;
        self.0
            .agents
            .resolve(&backend.agent, settings.inline_agents)?;
        match &backend.connect {
            Some(endpoint) if !settings.inline_agents => settings.hosts.admit(endpoint),
            _ => Ok(()),
        }
    }

    /// Which engine this is; `None` if it only looks.
    pub(crate) fn identity(&self) -> Option<&EngineIdentity> {
        self.0.identity.as_ref()
    }

    /// The engine that works on this folder now: this one, or the one this one looks at.
    pub(crate) fn engine_at_work(&self) -> Option<EngineIdentity> {
        match &self.0.identity {
            Some(own) => Some(own.clone()),
            None => Owner::of(&self.0.data).map(|owner| owner.identity),
        }
    }

    /// Says how to reach this engine.
    pub(crate) fn publish(&self, attach: Option<Attach>) -> Result<()> {
        match self.ownership().as_mut() {
            Some(ownership) => ownership.publish(attach),
            None => Err(self.only_looks()),
        }
    }

    pub(crate) fn loops_at_work(&self) -> usize {
        self.running().len()
    }

    pub(crate) fn loops_begun(&self) -> u64 {
        self.0.serial.load(Ordering::Relaxed)
    }

    /// Whether nobody works on a loop although it says so: its engine is gone, or its task ended
    /// without being able to store that.
    pub(crate) fn is_cut_off(&self, record: &LoopRecord) -> bool {
        if !is_at_work(record.run.status.unified) {
            return false;
        }
        let engine = record.state.engine.as_ref();
        match &self.0.identity {
            Some(own) => engine != Some(own) || !self.is_running(&record.run.name.id),
            None => engine != self.engine_at_work().as_ref(),
        }
    }

    /// The run as it is shown.
    pub(crate) fn shown(&self, record: LoopRecord) -> Run {
        let is_cut_off = self.is_cut_off(&record);
        facets::shown(record, is_cut_off)
    }

    /// Whether a task of this engine's works on a loop.
    pub(crate) fn is_running(&self, id: &RunId) -> bool {
        self.running().contains_key(id)
    }

    /// Refuses what an engine that only looks cannot do, and waits until what a crash left behind
    /// is in order.
    pub(crate) async fn own(&self) -> Result<&EngineIdentity> {
        let identity = self.identity().ok_or_else(|| self.only_looks())?;
        self.ready().await?;
        if self.0.shutdown.is_cancelled() {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "the engine is shutting down",
            ));
        }
        Ok(identity)
    }

    fn only_looks(&self) -> Error {
        Error::new(
            ErrorKind::Unsupported,
            "this engine only looks at the data folder",
        )
        .with("folder", self.0.data.path().display())
    }

    /// Puts what a crash left behind in order, once, in a task of its own.
    pub(crate) fn begin_recovery(&self) {
        let supervisor = self.clone();
        self.0.tasks.spawn(async move {
            let recovered = supervisor.recover().await;
            if let Err(error) = &recovered {
                tracing::error!(%error, "what a crash left behind could not be put in order");
            }
            let outcome = recovered.map_err(|error| (error.kind(), error.to_string()));
            supervisor.0.ready.send_replace(Some(outcome));
        });
    }

    /// Waits until what a crash left behind is in order.
    pub(crate) async fn ready(&self) -> Result<()> {
        if self.0.identity.is_none() {
            return Ok(());
        }
        let mut ready = self.0.ready.subscribe();
        let outcome = ready.wait_for(Option::is_some).await.ok();
        match outcome.as_deref() {
            Some(Some(Err((kind, why)))) => Err(Error::new(
                *kind,
                "what a crash left behind could not be put in order",
            )
            .with("cause", why)),
            _ => Ok(()),
        }
    }

    /// Does something to its end, also if nobody waits for it any more.
    pub(crate) async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let done = self.0.tasks.spawn(work).await;
        done.unwrap_or_else(|error| {
            Err(Error::new(ErrorKind::Internal, "the engine failed").caused_by(error))
        })
    }

    /// Does something that nobody waits for but the engine's close.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(work);
    }

    pub(crate) async fn repository(&self, directory: &str) -> Result<Repository> {
        Repository::discover_with(self.0.git.clone(), Path::new(directory)).await
    }

    /// Whether there is a git to call.
    pub(crate) async fn git_works(&self) -> Result<()> {
        self.0
            .git
            .at(self.0.data.path())
            .args(["--version"])
            .output()
            .await
            .map(drop)
    }

    pub(crate) fn workspace(&self, record: WorkspaceRecord) -> Workspace {
        Workspace::new(self.0.git.clone(), record)
    }

    /// How long a loop waits after so many errors in a row.
    pub(crate) fn pause_after(&self, errors: u32) -> Duration {
        const LONGEST: Duration = Duration::from_secs(60);
        let doubled = 2_u32.saturating_pow(errors.saturating_sub(1).min(16));
        self.0
            .settings
            .pause_after_error
            .saturating_mul(doubled)
            .min(LONGEST)
    }

    /// Runs a loop's `verify` command.
    pub(crate) async fn check(
        &self,
        command: &str,
        workspace: &Workspace,
        run: &RunRef,
        halt: &CancellationToken,
    ) -> Result<()> {
        check::run(&self.0.launcher, command, workspace.directory(), run, halt).await
    }

    /// Makes a place for a loop's task, before the journal says that it is at work.
    pub(crate) fn reserve(&self, name: &RunRef) -> Reserved {
        let running = Running {
            serial: self.0.serial.fetch_add(1, Ordering::Relaxed),
            stop: CancellationToken::new(),
            halt: self.0.shutdown.child_token(),
            done: CancellationToken::new(),
        };
        self.running().insert(name.id.clone(), running.clone());
        Reserved {
            supervisor: self.clone(),
            name: name.clone(),
            _done: running.done.clone().drop_guard(),
            running,
        }
    }

    /// Puts a loop to work in a task of its own.
    pub(crate) fn drive(&self, reserved: Reserved, cell: Arc<Cell>) {
        let (name, running) = (reserved.name.clone(), reserved.running.clone());
        let driver = Driver {
            supervisor: self.clone(),
            cell,
            name: name.clone(),
            stop: running.stop.clone(),
            shutdown: self.0.shutdown.clone(),
            halt: running.halt.clone(),
            recovered: AtomicBool::new(false),
            late: AtomicBool::new(false),
        };
        self.0.tasks.spawn(async move {
            driver.drive().await;
            drop(reserved);
        });
    }

    /// Tells a loop's task to stop and waits until it has; `false` if there is none.
    pub(crate) async fn halt(&self, name: &RunRef) -> bool {
        let Some(running) = self.running().get(&name.id).cloned() else {
            return false;
        };
        running.stop.cancel();
        running.halt.cancel();
        running.done.cancelled().await;
        true
    }

    /// Ends all work, leaving what runs to be resumed, and frees the data folder.
    pub(crate) async fn close(&self) {
        self.begin_shutdown();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.journal.clone().close().await;
        self.ownership().take();
    }

    fn ownership(&self) -> MutexGuard<'_, Option<Ownership>> {
        // A panic elsewhere cannot leave it half changed.
        self.0
            .ownership
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all work to end; it does so in its own time.
    pub(crate) fn begin_shutdown(&self) {
        self.0.shutdown.cancel();
    }

    fn running(&self) -> MutexGuard<'_, HashMap<RunId, Running>> {
        // A panic elsewhere cannot leave a map of tokens half changed.
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
