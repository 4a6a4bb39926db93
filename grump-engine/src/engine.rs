//! [`Engine`]: a control plane that runs agents right here.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use grump_core::{
    ControlPlane, Error, ErrorKind, EventKind, Facets, Member, Operation, PlaneInfo, Policy, Result,
};
use tokio::runtime::Handle;

use crate::{
    agent::{hosts::Hosts, registry::Agents},
    data::DataFolder,
    journal::Journal,
    owner::{Attach, Ownership},
    process::{KeeperCommand, Launcher},
    supervisor::{Resume, Settings, Supervisor},
};

/// A control plane that runs agents right here, on a data folder of its own.
///
/// While it is open it owns the folder: there is no second engine on it. Dropping the engine ends
/// all work in its own time and leaves what ran to be resumed; [`close`](ControlPlane::close) waits
/// for it.
#[derive(Debug)]
pub struct Engine {
    supervisor: Supervisor,
    info: PlaneInfo,
    facets: Facets,
}

impl Engine {
    /// An engine on this folder, to be configured.
    pub fn builder(data: DataFolder) -> EngineBuilder {
        EngineBuilder {
            data,
            agents: Agents::default(),
            keeper: None,
            settings: Settings {
                max_running: EngineBuilder::MAX_RUNNING,
                resume: Resume::default(),
                pause_after_error: Duration::from_secs(1),
                inline_agents: true,
                hosts: Hosts::default(),
                default_policy: Policy::default(),
            },
        }
    }

    /// An engine that only looks: beside one that owns the folder, or without one. It changes
    /// nothing, and does not offer what would.
    ///
    /// # Errors
    /// `NotFound` if there is no journal yet; `Storage` if it is damaged or of a newer version;
    /// `Internal` outside of a tokio runtime.
    pub fn view(data: DataFolder) -> Result<Self> {
        in_runtime()?;
        if !data.has_journal() {
            return Err(Error::new(
                ErrorKind::NotFound,
                "there is nothing in this data folder yet",
            )
            .with("folder", data.path().display())
            .advise("begin with `grump loop run --help`"));
        }
        let journal = Journal::open_read_only(&data.journal())?;
        let builder = Self::builder(data);
        let launcher = Launcher::new(None, journal.id());
        let supervisor = Supervisor::new(
            builder.data,
            None,
            journal,
            launcher,
            builder.agents,
            builder.settings,
        );
        Ok(Self::new(supervisor, VIEWING))
    }

    fn new(supervisor: Supervisor, operations: &[Operation]) -> Self {
        let info = PlaneInfo::new("engine")
            .version(env!("CARGO_PKG_VERSION"))
            .operations(operations.iter().copied())
            .kinds(KINDS.iter().copied())
            .members(MEMBERS.iter().copied());
        let shared = Arc::new(supervisor.clone());
        let mut facets = Facets::default();
        facets.runs = Some(shared.clone());
        facets.loops = Some(shared.clone());
        facets.reviews = Some(shared.clone());
        facets.deliveries = Some(shared.clone());
        facets.events = Some(shared.clone());
        facets.models = Some(shared.clone());
        facets.system = Some(shared);
        Self {
            supervisor,
            info,
            facets,
        }
    }

    /// Says in `owner.json` how other programs of this user reach a server that serves this engine,
    /// or with `None`, that they cannot any more. Closing the engine says so too.
    ///
    /// # Errors
    /// `Unsupported` for an engine that only looks, or is closed; `Storage` if it cannot be written.
    pub fn publish(&self, attach: Option<Attach>) -> Result<()> {
        self.supervisor.publish(attach)
    }

    /// Goes on with loops that a crash cut off and that [`Resume::Leave`] left alone: for a program
    /// that first has something else to do, such as to listen.
    ///
    /// # Errors
    /// `Unsupported` for an engine that only looks; `Unavailable` for one that is closed; `Storage`
    /// if the journal cannot be read.
    pub async fn resume_interrupted(&self) -> Result<()> {
        self.supervisor.resume_all().await
    }

    /// How many loops it works on, or has waiting for their turn.
    #[must_use]
    pub fn loops_at_work(&self) -> usize {
        self.supervisor.loops_at_work()
    }

    /// How many loops it has put to work since it was opened.
    #[must_use]
    pub fn loops_begun(&self) -> u64 {
        self.supervisor.loops_begun()
    }

    /// The folder it works on.
    #[must_use]
    pub fn data(&self) -> &DataFolder {
        self.supervisor.data()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.supervisor.begin_shutdown();
    }
}

#[async_trait]
impl ControlPlane for Engine {
    fn info(&self) -> &PlaneInfo {
        &self.info
    }

    fn facets(&self) -> &Facets {
        &self.facets
    }

    /// Ends all work, leaving what ran to be resumed, and frees the folder. Nothing that was
    /// started is left.
    async fn close(&self) {
        self.supervisor.close().await;
    }
}

/// Configures an [`Engine`].
#[derive(Debug)]
#[must_use = "nothing runs before `open`"]
pub struct EngineBuilder {
    data: DataFolder,
    agents: Agents,
    keeper: Option<KeeperCommand>,
    settings: Settings,
}

impl EngineBuilder {
    /// How many loops run at once where nothing is said.
    pub const MAX_RUNNING: usize = 4;

    /// Sets the agents that loops may name.
    pub fn agents(mut self, agents: Agents) -> Self {
        self.agents = agents;
        self
    }

    /// Sets the command that starts the keeper, the tiny process that sees to it that nothing is
    /// left when this process is killed. Without one, what is left is found at the next start.
    pub fn keeper(mut self, keeper: KeeperCommand) -> Self {
        self.keeper = Some(keeper);
        self
    }

    /// Sets how many loops run at once, at least one; others wait.
    pub fn max_running(mut self, limit: usize) -> Self {
        self.settings.max_running = limit.max(1);
        self
    }

    /// Sets what to do about loops that a crash cut off.
    pub const fn resume(mut self, resume: Resume) -> Self {
        self.settings.resume = resume;
        self
    }

    /// Sets how long a loop waits after an error; twice as long after each further one in a row,
    /// up to a minute.
    pub const fn pause_after_error(mut self, pause: Duration) -> Self {
        self.settings.pause_after_error = pause;
        self
    }

    /// Sets whether loops may name an agent by a specification such as `cmd: claude -p`, beside
    /// the names that are configured. Where loops come over a wire they may not; then they connect
    /// only to [`hosts`](Self::hosts), too. Loops that were created before keep what they name.
    pub const fn inline_agents(mut self, allowed: bool) -> Self {
        self.settings.inline_agents = allowed;
        self
    }

    /// Sets where an agent may listen that a loop asks to connect to, where
    /// [`inline_agents`](Self::inline_agents) are not allowed. Without it, nowhere.
    pub fn hosts(mut self, hosts: Hosts) -> Self {
        self.settings.hosts = hosts;
        self
    }

    /// Sets what agents may do in loops that do not say, which is all that come in a dialect without
    /// a word for it. A loop that says what is the default anyway says nothing.
    pub const fn default_policy(mut self, policy: Policy) -> Self {
        self.settings.default_policy = policy;
        self
    }

    /// Opens the engine and becomes the folder's owner.
    ///
    /// # Errors
    /// `Conflict` `owned` if another process owns the folder, naming it; `Storage` if the journal
    /// is damaged, of a newer version, or cannot be written; `Internal` outside of a tokio runtime.
    pub fn open(self) -> Result<Engine> {
        in_runtime()?;
        let data = self.data.create()?;
        let ownership = Ownership::take(&data)?;
        let journal = Journal::open(&data.journal())?;
        let launcher = Launcher::new(self.keeper, journal.id());
        let supervisor = Supervisor::new(
            data,
            Some(ownership),
            journal,
            launcher,
            self.agents,
            self.settings,
        );
        supervisor.begin_recovery();
        Ok(Engine::new(supervisor, OPERATIONS))
    }
}

fn in_runtime() -> Result<()> {
    Handle::try_current().map(drop).map_err(|error| {
        Error::new(ErrorKind::Internal, "the engine needs a tokio runtime")
            .advise("open it inside of #[tokio::main] or Runtime::block_on")
            .caused_by(error)
    })
}

/// What an engine can do.
const OPERATIONS: &[Operation] = &[
    Operation::RunsList,
    Operation::RunsOpen,
    Operation::RunsStart,
    Operation::RunsStop,
    Operation::RunsRemove,
    Operation::LoopsCreate,
    Operation::LoopsEdit,
    Operation::LoopsSetPendingPrompt,
    Operation::LoopsClearPendingPrompt,
    Operation::LoopsPlan,
    Operation::LoopsStatusFile,
    Operation::LoopsCheckPlanningDir,
    Operation::ReviewsPending,
    Operation::ReviewsAnswer,
    Operation::DeliveriesDiff,
    Operation::DeliveriesAccept,
    Operation::DeliveriesDiscard,
    Operation::DeliveriesUndo,
    Operation::DeliveriesPurge,
    Operation::EventsHistory,
    Operation::EventsWatch,
    Operation::EventsWatchAll,
    Operation::ModelsList,
    Operation::ModelsLastUsed,
    Operation::ModelsSetLastUsed,
    Operation::SystemHealth,
];

/// What an engine that only looks can do.
const VIEWING: &[Operation] = &[
    Operation::RunsList,
    Operation::RunsOpen,
    Operation::LoopsPlan,
    Operation::LoopsStatusFile,
    Operation::LoopsCheckPlanningDir,
    Operation::ReviewsPending,
    Operation::DeliveriesDiff,
    Operation::EventsHistory,
    Operation::EventsWatch,
    Operation::EventsWatchAll,
    Operation::ModelsLastUsed,
    Operation::SystemHealth,
];

/// What its runs hold, and what it can be told.
const MEMBERS: &[Member] = &[
    Member::RunOutcome,
    Member::RunError,
    Member::RunTimes,
    Member::RunIntegration,
    Member::RunResumable,
    Member::LoopBranch,
    Member::LoopWorktree,
    Member::LoopPendingPrompt,
    Member::LoopUsage,
    Member::LoopBudget,
    Member::LoopPolicy,
    Member::LoopRequireChanges,
    Member::LoopVerify,
    Member::LoopIdempotencyKey,
    Member::DiffWhole,
    Member::AcceptedLeftOut,
    Member::ConflictDetail,
    Member::EventsCursor,
];

/// What an engine tells of.
const KINDS: &[EventKind] = &[
    EventKind::RunCreated,
    EventKind::RunQueued,
    EventKind::RunStarted,
    EventKind::RunStatusChanged,
    EventKind::RunCompleted,
    EventKind::RunLimitReached,
    EventKind::RunFailed,
    EventKind::RunCancelled,
    EventKind::RunMerged,
    EventKind::RunDiscarded,
    EventKind::RunDeleted,
    EventKind::IterationStarted,
    EventKind::IterationEnded,
    EventKind::TextDelta,
    EventKind::Message,
    EventKind::ToolCalled,
    EventKind::ToolResult,
    EventKind::FileChanged,
    EventKind::Log,
    EventKind::PlanUpdated,
    EventKind::CommitCreated,
    EventKind::ErrorReported,
    EventKind::UsageReported,
    EventKind::PermissionRequested,
    EventKind::PermissionResolved,
    EventKind::Retrying,
];
