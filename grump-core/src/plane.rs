//! [`ControlPlane`]: who a plane is, and which facets it has.

use std::{borrow::Cow, collections::BTreeSet, fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    account::Accounts,
    agent::Agents,
    chat::Chats,
    code_bundle::CodeBundles,
    delivery::Deliveries,
    design::Designs,
    device::Devices,
    error::{Error, ErrorKind, Result},
    event::Events,
    evidence::Evidence,
    folder::Folders,
    loops::Loops,
    model::Models,
    payload::EventKind,
    project::Projects,
    project_doc::ProjectDocs,
    review::Reviews,
    run::Runs,
    settings::Settings,
    ship::Ships,
    snapshot::Snapshots,
    system::System,
    task::Tasks,
    webhook::Webhooks,
};

/// Writes every operation of every facet down once.
macro_rules! operations {
    ($($name:literal $operation:ident)*) => {
        /// An operation of a facet: what a plane can do, or refuses with
        /// [`Unsupported`](crate::ErrorKind::Unsupported) before any I/O.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Operation {
            $(#[doc = concat!("`", $name, "`")] $operation,)*
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$operation),*];

            /// The operation's name: facet, full stop, method.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$operation => $name,)* }
            }
        }
    };
}

operations! {
    "runs.list" RunsList
    "runs.open" RunsOpen
    "runs.start" RunsStart
    "runs.stop" RunsStop
    "runs.remove" RunsRemove
    "runs.pause" RunsPause
    "runs.resume" RunsResume
    "runs.retry" RunsRetry
    "loops.create" LoopsCreate
    "loops.edit" LoopsEdit
    "loops.set_pending_prompt" LoopsSetPendingPrompt
    "loops.clear_pending_prompt" LoopsClearPendingPrompt
    "loops.plan" LoopsPlan
    "loops.status_file" LoopsStatusFile
    "loops.check_planning_dir" LoopsCheckPlanningDir
    "tasks.create" TasksCreate
    "tasks.create_and_start" TasksCreateAndStart
    "tasks.send_input" TasksSendInput
    "ships.create" ShipsCreate
    "ships.start_and_watch" ShipsStartAndWatch
    "chats.send" ChatsSend
    "code_bundles.build" CodeBundlesBuild
    "code_bundles.download" CodeBundlesDownload
    "designs.generate_architecture" DesignsGenerateArchitecture
    "designs.analyze_workspace" DesignsAnalyzeWorkspace
    "designs.generate_prd" DesignsGeneratePrd
    "designs.compile_intent" DesignsCompileIntent
    "agents.list" AgentsList
    "agents.run" AgentsRun
    "reviews.pending" ReviewsPending
    "reviews.approve" ReviewsApprove
    "reviews.reject" ReviewsReject
    "reviews.answer" ReviewsAnswer
    "deliveries.diff" DeliveriesDiff
    "deliveries.accept" DeliveriesAccept
    "deliveries.discard" DeliveriesDiscard
    "deliveries.undo" DeliveriesUndo
    "deliveries.purge" DeliveriesPurge
    "deliveries.commit" DeliveriesCommit
    "deliveries.push" DeliveriesPush
    "evidence.files" EvidenceFiles
    "evidence.file" EvidenceFile
    "evidence.commands" EvidenceCommands
    "evidence.command" EvidenceCommand
    "evidence.summary" EvidenceSummary
    "evidence.artifacts" EvidenceArtifacts
    "evidence.artifact" EvidenceArtifact
    "snapshots.create" SnapshotsCreate
    "snapshots.list_of_run" SnapshotsListOfRun
    "snapshots.list_of_project" SnapshotsListOfProject
    "snapshots.open" SnapshotsOpen
    "snapshots.restore" SnapshotsRestore
    "snapshots.compare" SnapshotsCompare
    "projects.list" ProjectsList
    "projects.create" ProjectsCreate
    "projects.open" ProjectsOpen
    "projects.edit" ProjectsEdit
    "projects.archive" ProjectsArchive
    "projects.clone" ProjectsClone
    "projects.pull" ProjectsPull
    "projects.index" ProjectsIndex
    "project_docs.list" ProjectDocsList
    "project_docs.open" ProjectDocsOpen
    "project_docs.map" ProjectDocsMap
    "project_docs.schema" ProjectDocsSchema
    "project_docs.diagrams" ProjectDocsDiagrams
    "project_docs.changelog" ProjectDocsChangelog
    "project_docs.regenerate" ProjectDocsRegenerate
    "folders.list" FoldersList
    "folders.create" FoldersCreate
    "folders.open" FoldersOpen
    "folders.remove" FoldersRemove
    "events.history" EventsHistory
    "events.watch" EventsWatch
    "events.watch_all" EventsWatchAll
    "models.list" ModelsList
    "models.providers" ModelsProviders
    "models.last_used" ModelsLastUsed
    "models.set_last_used" ModelsSetLastUsed
    "accounts.register" AccountsRegister
    "accounts.login" AccountsLogin
    "accounts.logout" AccountsLogout
    "accounts.whoami" AccountsWhoami
    "accounts.create_key" AccountsCreateKey
    "accounts.tiers" AccountsTiers
    "accounts.usage" AccountsUsage
    "settings.read" SettingsRead
    "settings.edit" SettingsEdit
    "settings.providers" SettingsProviders
    "settings.edit_provider" SettingsEditProvider
    "webhooks.register" WebhooksRegister
    "webhooks.list" WebhooksList
    "webhooks.remove" WebhooksRemove
    "devices.register" DevicesRegister
    "devices.remove" DevicesRemove
    "system.health" SystemHealth
    "system.metrics" SystemMetrics
    "system.status" SystemStatus
}

/// What a facet answers of itself where its plane cannot do what it is asked: every default body.
pub(crate) fn unsupported<T, A>(operation: Operation, _asked: A) -> Result<T> {
    Err(Error::unsupported(operation.as_str()))
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Writes every member down once that not every dialect can say.
macro_rules! members {
    ($($name:literal $member:ident: $doc:literal)*) => {
        /// Something that runs, requests and answers hold and that not every dialect can say.
        ///
        /// Where a plane lacks a member, what it answers leaves it out, and a request that sets it
        /// is refused with [`Unsupported`](crate::ErrorKind::Unsupported) before any I/O.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Member {
            $(#[doc = concat!("`", $name, "`: ", $doc)] $member,)*
        }

        impl Member {
            /// Every member.
            pub const ALL: &[Self] = &[$(Self::$member),*];

            /// The member's name: noun, full stop, member.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$member => $name,)* }
            }
        }
    };
}

members! {
    "run.outcome" RunOutcome: "why the work ended, beyond what the status says"
    "run.error" RunError: "what went wrong, in full"
    "run.times" RunTimes: "when the work began and ended"
    "run.integration" RunIntegration: "what became of the work, and by which commit"
    "run.resumable" RunResumable: "whether a crash cut it off and it can go on"
    "loop.branch" LoopBranch: "its own branch and the one it is merged into"
    "loop.worktree" LoopWorktree: "the folder it works in"
    "loop.pending_prompt" LoopPendingPrompt: "the prompt of the next iteration, read back"
    "loop.usage" LoopUsage: "tokens, time and errors so far"
    "loop.budget" LoopBudget: "limits of time and tokens"
    "loop.policy" LoopPolicy: "what the agent may do without asking"
    "loop.require_changes" LoopRequireChanges: "a match counts only with a change"
    "loop.verify" LoopVerify: "a command that must succeed for a match to count"
    "loop.idempotency_key" LoopIdempotencyKey: "a create that is sent twice with one key makes one loop"
    "task.prompt" TaskPrompt: "what the agent is told, in words"
    "task.skill" TaskSkill: "what the agent is to do, by name"
    "task.input" TaskInput: "files and arguments of a skill"
    "task.options" TaskOptions: "how the agent is set"
    "task.project" TaskProject: "the project to work on"
    "task.folder" TaskFolder: "the folder to put it in"
    "task.agent" TaskAgent: "the agent to do it"
    "task.model" TaskModel: "the model to do it with"
    "task.rag" TaskRag: "whether the project's index is searched"
    "task.safe_mode" TaskSafeMode: "whether the agent is held back"
    "task.run_mode" TaskRunMode: "how far the agent may reach"
    "task.idempotency_key" TaskIdempotencyKey: "a create that is sent twice with one key makes one task"
    "review.expected" ReviewExpected: "an approval counts only for what was looked at"
    "review.commit" ReviewCommit: "an approval commits the work too"
    "review.note" ReviewNote: "a word with an approval"
    "events.filter" EventsFilter: "history by kind, severity and path"
    "diff.whole" DiffWhole: "patches with their headers, file types, modes and old paths"
    "accepted.left_out" AcceptedLeftOut: "files that a merge left out"
    "conflict.detail" ConflictDetail: "the fine reason of a conflict, the status, the files in the way"
    "events.cursor" EventsCursor: "positions that a stream is resumed from, where the server has them"
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who a plane is and what it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlaneInfo {
    /// What it is: `engine`, or the name of a dialect.
    pub name: Cow<'static, str>,
    /// Its version, where it is known without asking.
    pub version: Option<String>,
    /// The operations it can do.
    pub operations: BTreeSet<Operation>,
    /// The kinds of events its streams tell of.
    pub kinds: BTreeSet<EventKind>,
    /// What its answers hold and its requests take beyond what every plane has.
    pub members: BTreeSet<Member>,
}

impl PlaneInfo {
    /// A plane of this name that can do nothing yet.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            version: None,
            operations: BTreeSet::new(),
            kinds: BTreeSet::new(),
            members: BTreeSet::new(),
        }
    }

    /// Names its version.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Adds operations it can do.
    #[must_use]
    pub fn operations(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        self.operations.extend(operations);
        self
    }

    /// Adds kinds of events its streams tell of.
    #[must_use]
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = EventKind>) -> Self {
        self.kinds.extend(kinds);
        self
    }

    /// Adds members that its answers hold and its requests take.
    #[must_use]
    pub fn members(mut self, members: impl IntoIterator<Item = Member>) -> Self {
        self.members.extend(members);
        self
    }

    /// Refuses a request that sets members which the plane cannot be told, before any I/O.
    ///
    /// # Errors
    /// `Unsupported`, naming the first such member and the plane.
    pub fn require_members(&self, members: impl IntoIterator<Item = Member>) -> Result<()> {
        let missing = members
            .into_iter()
            .find(|member| !self.members.contains(member));
        missing.map_or(Ok(()), |member| {
            Err(
                Error::new(ErrorKind::Unsupported, "this plane cannot be told that")
                    .with("member", member)
                    .with("plane", &self.name)
                    .advise("leave it out, or use a plane that has it"),
            )
        })
    }

    /// Refuses to wait for a kind of event that the plane never tells of.
    ///
    /// # Errors
    /// `Unsupported`, naming kind and plane.
    pub fn require_kind(&self, kind: EventKind) -> Result<()> {
        if kind == EventKind::Unknown || self.kinds.contains(&kind) {
            return Ok(());
        }
        Err(
            Error::new(ErrorKind::Unsupported, "this plane never tells of that")
                .with("kind", kind)
                .with("plane", &self.name)
                .advise("leave it out, or read the run's status instead"),
        )
    }

    /// Refuses an operation that the plane cannot do, before any I/O.
    ///
    /// # Errors
    /// `Unsupported`, naming operation and plane.
    pub fn require(&self, operation: Operation) -> Result<()> {
        if self.operations.contains(&operation) {
            return Ok(());
        }
        Err(Error::unsupported(operation.as_str()).with("plane", &self.name))
    }
}

/// The facets of a plane: which nouns it has. A facet that is `None` answers
/// [`Unsupported`](crate::ErrorKind::Unsupported).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Facets {
    /// Runs of any kind.
    pub runs: Option<Arc<dyn Runs>>,
    /// Loops.
    pub loops: Option<Arc<dyn Loops>>,
    /// Tasks.
    pub tasks: Option<Arc<dyn Tasks>>,
    /// SHIP sessions.
    pub ships: Option<Arc<dyn Ships>>,
    /// Talks with a model.
    pub chats: Option<Arc<dyn Chats>>,
    /// The code of SHIP sessions, to be taken away.
    pub code_bundles: Option<Arc<dyn CodeBundles>>,
    /// Architectures, requirements, intent.
    pub designs: Option<Arc<dyn Designs>>,
    /// Agents that the plane offers.
    pub agents: Option<Arc<dyn Agents>>,
    /// Approvals.
    pub reviews: Option<Arc<dyn Reviews>>,
    /// Diff, accept, discard, undo, purge, commit, push.
    pub deliveries: Option<Arc<dyn Deliveries>>,
    /// What runs did and made.
    pub evidence: Option<Arc<dyn Evidence>>,
    /// How projects were.
    pub snapshots: Option<Arc<dyn Snapshots>>,
    /// Repositories that the plane keeps a copy of.
    pub projects: Option<Arc<dyn Projects>>,
    /// What the plane knows about projects.
    pub project_docs: Option<Arc<dyn ProjectDocs>>,
    /// What tasks are put into.
    pub folders: Option<Arc<dyn Folders>>,
    /// Event streams and their history.
    pub events: Option<Arc<dyn Events>>,
    /// Models.
    pub models: Option<Arc<dyn Models>>,
    /// Users, keys, limits.
    pub accounts: Option<Arc<dyn Accounts>>,
    /// How the plane is set.
    pub settings: Option<Arc<dyn Settings>>,
    /// Addresses that the plane tells of what happens.
    pub webhooks: Option<Arc<dyn Webhooks>>,
    /// Telephones that the plane notifies.
    pub devices: Option<Arc<dyn Devices>>,
    /// The plane itself.
    pub system: Option<Arc<dyn System>>,
}

/// A control plane: something that runs agents, here or elsewhere.
///
/// For implementers. Users call the handles of the `grump` crate, which ask
/// [`info`](Self::info) before they call a facet.
#[async_trait]
pub trait ControlPlane: Send + Sync + fmt::Debug + 'static {
    /// Who the plane is and what it can do. Known without asking it.
    fn info(&self) -> &PlaneInfo;

    /// The facets it has.
    fn facets(&self) -> &Facets;

    /// Ends what the plane does in this process, and answers when it has: agents that run here are
    /// ended and their runs left to be resumed, connections are closed. Calls that follow are
    /// refused; closing twice does no harm.
    async fn close(&self);
}

/// A plane that somebody else holds too.
#[async_trait]
impl<P: ControlPlane + ?Sized> ControlPlane for Arc<P> {
    fn info(&self) -> &PlaneInfo {
        (**self).info()
    }

    fn facets(&self) -> &Facets {
        (**self).facets()
    }

    async fn close(&self) {
        (**self).close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plane_cannot_do_is_refused_by_name() {
        let info = PlaneInfo::new("engine").operations([Operation::RunsList]);
        assert!(info.require(Operation::RunsList).is_ok());
        let refused = info.require(Operation::LoopsEdit).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert_eq!(
            refused.to_string(),
            "loops.edit: this plane cannot do that (plane: engine)"
        );
    }

    #[test]
    fn what_a_plane_cannot_be_told_is_refused_by_name() {
        let info = PlaneInfo::new("ralpher").members([Member::LoopBranch]);
        assert!(info.require_members([Member::LoopBranch]).is_ok());
        let refused = info.require_members([Member::LoopBranch, Member::LoopPolicy]);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "this plane cannot be told that; leave it out, or use a plane that has it \
             (member: loop.policy, plane: ralpher)"
        );
    }
}
