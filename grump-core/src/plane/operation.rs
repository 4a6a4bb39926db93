//! [`Operation`]: what a plane can do, one by one.

use std::fmt;

use crate::error::{Error, Result};

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

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a facet answers of itself where its plane cannot do what it is asked: every default body.
pub(crate) fn unsupported<T, A>(operation: Operation, _asked: A) -> Result<T> {
    Err(Error::unsupported(operation.as_str()))
}
