//! The endpoints, in the document's order. Which ability guards which is inferred where the
//! document does not name it (ambiguity C-15), and every list may come in parts ("Conventions").

use serde_json::Value;

use super::types::{
    AgentEvent, ApproveRequest, ChangelogEntry, CommandExecution, CommandPath, Committed,
    CompareRequest, Compared, Device, DevicePath, DeviceRequest, DocPath, EventsQuery, FilePath,
    LoginRequest, ManagedDoc, Page, PageQuery, Project, ProjectChange, ProjectPath, ProjectRequest,
    Provider, ProviderChange, ProviderPath, Pushed, Queued, RejectRequest, Restored, Review, Run,
    RunPath, RunRequest, RunSummary, ServerParams, Snapshot, SnapshotPath, SnapshotRequest, Token,
    User, WorkspaceFile,
};
use crate::{
    contract,
    endpoint::{Auth, Empty, Json, NoBody, NoPath, NoQuery, Sse, Text, Wrapped, endpoints},
};

const READ: Auth = Auth::Ability("projects:read");
const WRITE: Auth = Auth::Ability("projects:write");
const START: Auth = Auth::Ability("runs:start");
const CONTROL: Auth = Auth::Ability("runs:control");

endpoints! {
    "steward", contract::STEWARD, Auth::Credential;

    /// Get a token for an e-mail address and a password. (14-API-Endpoints, "Auth")
    Login: POST "/api/auth/token" AccountsLogin
        [NoPath] [NoQuery] [LoginRequest] -> 200 Wrapped<Token>, auth Auth::None;

    /// Give the token back. (14-API-Endpoints, "Auth")
    Logout: POST "/api/auth/logout" AccountsLogout
        [NoPath] [NoQuery] [NoBody] -> 204 Empty;

    /// Who is logged in. (14-API-Endpoints, "Auth")
    Me: GET "/api/auth/me" AccountsWhoami
        [NoPath] [NoQuery] [NoBody] -> 200 Wrapped<User>;

    /// List user-accessible projects. (14-API-Endpoints, "Projects")
    ListProjects: GET "/api/projects" ProjectsList
        [NoPath] [PageQuery] [NoBody] -> 200 Json<Page<Project>>, auth READ;

    /// Create a project; queues clone and initial RAG index. (14-API-Endpoints, "Projects")
    CreateProject: POST "/api/projects" ProjectsCreate
        [NoPath] [NoQuery] [ProjectRequest] -> 201 Wrapped<Project>, repeat WithKey, auth WRITE;

    /// Project detail. (14-API-Endpoints, "Projects")
    OpenProject: GET "/api/projects/{project}" ProjectsOpen
        [ProjectPath] [NoQuery] [NoBody] -> 200 Wrapped<Project>, auth READ;

    /// Update name, description, defaults. (14-API-Endpoints, "Projects")
    EditProject: PUT "/api/projects/{project}" ProjectsEdit
        [ProjectPath] [NoQuery] [ProjectChange] -> 200 Wrapped<Project>, auth WRITE;

    /// Soft-delete a project: archive its workspace. (14-API-Endpoints, "Projects")
    ArchiveProject: DELETE "/api/projects/{project}" ProjectsArchive
        [ProjectPath] [NoQuery] [NoBody] -> 204 Empty, auth WRITE;

    /// Clone again; the project must be in error or archived. (14-API-Endpoints, "Projects")
    CloneProject: POST "/api/projects/{project}/clone" ProjectsClone
        [ProjectPath] [NoQuery] [NoBody] -> 202 Wrapped<Queued>, auth WRITE;

    /// Pull the default branch. (14-API-Endpoints, "Projects")
    PullProject: POST "/api/projects/{project}/pull" ProjectsPull
        [ProjectPath] [NoQuery] [NoBody] -> 202 Wrapped<Queued>, auth WRITE;

    /// Force re-index. (14-API-Endpoints, "Projects")
    IndexProject: POST "/api/projects/{project}/index-rag" ProjectsIndex
        [ProjectPath] [NoQuery] [NoBody] -> 202 Wrapped<Queued>, auth WRITE;

    /// The generated `PROJECT_MAP` as JSON rows. (14-API-Endpoints, "Projects")
    ProjectMap: GET "/api/projects/{project}/map" ProjectDocsMap
        [ProjectPath] [PageQuery] [NoBody] -> 200 Json<Page<Value>>, auth READ;

    /// `DATABASE_SCHEMA` as JSON. (14-API-Endpoints, "Projects")
    DatabaseSchema: GET "/api/projects/{project}/schema" ProjectDocsSchema
        [ProjectPath] [NoQuery] [NoBody] -> 200 Wrapped<Value>, auth READ;

    /// `ARCHITECTURE_DIAGRAMS` as markdown. (14-API-Endpoints, "Projects")
    ArchitectureDiagrams: GET "/api/projects/{project}/diagrams" ProjectDocsDiagrams
        [ProjectPath] [NoQuery] [NoBody] -> 200 Text, auth READ;

    /// Create a draft. (14-API-Endpoints, "Runs")
    CreateRun: POST "/api/runs" TasksCreate
        [NoPath] [NoQuery] [RunRequest] -> 201 Wrapped<Run>, repeat WithKey, auth START;

    /// Run detail, with a summary of the timeline. (14-API-Endpoints, "Runs")
    OpenRun: GET "/api/runs/{run}" RunsOpen
        [RunPath] [NoQuery] [NoBody] -> 200 Wrapped<Run>, auth READ;

    /// Start a draft. (14-API-Endpoints, "Runs")
    StartRun: POST "/api/runs/{run}/start" RunsStart
        [RunPath] [NoQuery] [NoBody] -> 200 Wrapped<Run>,
        errors [409 "run-not-startable"], auth START;

    /// Pause a run that is running. (14-API-Endpoints, "Runs")
    PauseRun: POST "/api/runs/{run}/pause" RunsPause
        [RunPath] [NoQuery] [NoBody] -> 200 Wrapped<Run>, auth CONTROL;

    /// Resume a run that is paused. (14-API-Endpoints, "Runs")
    ResumeRun: POST "/api/runs/{run}/resume" RunsResume
        [RunPath] [NoQuery] [NoBody] -> 200 Wrapped<Run>, auth CONTROL;

    /// Cancel a run whose work is not over. (14-API-Endpoints, "Runs")
    CancelRun: POST "/api/runs/{run}/cancel" RunsStop
        [RunPath] [NoQuery] [NoBody] -> 200 Wrapped<Run>, auth CONTROL;

    /// Queue a run again that failed: the same prompt on a new branch. (14-API-Endpoints, "Runs")
    RetryRun: POST "/api/runs/{run}/retry" RunsRetry
        [RunPath] [NoQuery] [NoBody] -> 200 Wrapped<Run>, auth CONTROL;

    /// Stored events, paged. (14-API-Endpoints, "Run telemetry")
    ListEvents: GET "/api/runs/{run}/events" EventsHistory
        [RunPath] [EventsQuery] [NoBody] -> 200 Json<Page<AgentEvent>>, auth READ;

    /// Server-sent events; supports `Last-Event-ID`. (14-API-Endpoints, "Run telemetry")
    RunEvents: GET "/api/runs/{run}/events/stream" EventsWatch
        [RunPath] [NoQuery] [NoBody] -> 200 Sse<AgentEvent>, auth READ;

    /// List of `workspace_files` for the run. (14-API-Endpoints, "Run telemetry")
    ListFiles: GET "/api/runs/{run}/files" EvidenceFiles
        [RunPath] [PageQuery] [NoBody] -> 200 Json<Page<WorkspaceFile>>, auth READ;

    /// A file in detail, with its full diff. (14-API-Endpoints, "Run telemetry")
    OpenFile: GET "/api/runs/{run}/files/{file}" EvidenceFile
        [FilePath] [NoQuery] [NoBody] -> 200 Wrapped<WorkspaceFile>, auth READ;

    /// Aggregate unified diff for the run. (14-API-Endpoints, "Run telemetry")
    DiffRun: GET "/api/runs/{run}/diff" DeliveriesDiff
        [RunPath] [NoQuery] [NoBody] -> 200 Text, auth READ;

    /// Snapshots created by this run. (14-API-Endpoints, "Run telemetry")
    RunSnapshots: GET "/api/runs/{run}/snapshots" SnapshotsListOfRun
        [RunPath] [PageQuery] [NoBody] -> 200 Json<Page<Snapshot>>, auth READ;

    /// The rows of `command_executions`. (14-API-Endpoints, "Run telemetry")
    ListCommands: GET "/api/runs/{run}/commands" EvidenceCommands
        [RunPath] [PageQuery] [NoBody] -> 200 Json<Page<CommandExecution>>, auth READ;

    /// A command in detail, with signed URLs of its output. (14-API-Endpoints, "Run telemetry")
    OpenCommand: GET "/api/runs/{run}/commands/{command}" EvidenceCommand
        [CommandPath] [NoQuery] [NoBody] -> 200 Wrapped<CommandExecution>, auth READ;

    /// Structured final summary: changed files, risks, tests, docs. (14-API-Endpoints, "Run
    /// telemetry")
    Summary: GET "/api/runs/{run}/summary" EvidenceSummary
        [RunPath] [NoQuery] [NoBody] -> 200 Wrapped<RunSummary>, auth READ;

    /// Approve; writes a row of `run_reviews`. (14-API-Endpoints, "Run approval & Git actions")
    ApproveRun: POST "/api/runs/{run}/approve" ReviewsApprove
        [RunPath] [NoQuery] [ApproveRequest] -> 200 Wrapped<Review>;

    /// Reject; writes a row of `run_reviews`. (14-API-Endpoints, "Run approval & Git actions")
    RejectRun: POST "/api/runs/{run}/reject" ReviewsReject
        [RunPath] [NoQuery] [RejectRequest] -> 200 Wrapped<Review>;

    /// Commit outstanding changes on the run's branch; requires approval. (14-API-Endpoints, "Run
    /// approval & Git actions")
    CommitRun: POST "/api/runs/{run}/commit" DeliveriesCommit
        [RunPath] [NoQuery] [NoBody] -> 200 Wrapped<Committed>, auth Auth::Ability("git:commit");

    /// Push; gated by the setting `safety.auto_git_push`, the ability git:push and an approved
    /// review. (14-API-Endpoints, "Run approval & Git actions")
    PushRun: POST "/api/runs/{run}/push" DeliveriesPush
        [RunPath] [NoQuery] [NoBody] -> 200 Wrapped<Pushed>, auth Auth::Ability("git:push");

    /// List all snapshots for a project. (14-API-Endpoints, "Snapshots")
    ListSnapshots: GET "/api/projects/{project}/snapshots" SnapshotsListOfProject
        [ProjectPath] [PageQuery] [NoBody] -> 200 Json<Page<Snapshot>>, auth READ;

    /// Snapshot detail. (14-API-Endpoints, "Snapshots")
    OpenSnapshot: GET "/api/snapshots/{snapshot}" SnapshotsOpen
        [SnapshotPath] [NoQuery] [NoBody] -> 200 Wrapped<Snapshot>, auth READ;

    /// Restore; emits `snapshot_created` with the description "restore checkpoint".
    /// (14-API-Endpoints, "Snapshots")
    RestoreSnapshot: POST "/api/snapshots/{snapshot}/restore" SnapshotsRestore
        [SnapshotPath] [NoQuery] [NoBody] -> 200 Wrapped<Restored>, auth WRITE;

    /// Compare with what is there now, or with another snapshot. (14-API-Endpoints, "Snapshots")
    CompareSnapshot: POST "/api/snapshots/{snapshot}/compare" SnapshotsCompare
        [SnapshotPath] [NoQuery] [CompareRequest] -> 200 Compared, repeat Safe, auth READ;

    /// Create a manual snapshot. (14-API-Endpoints, "Snapshots")
    CreateSnapshot: POST "/api/projects/{project}/snapshots" SnapshotsCreate
        [ProjectPath] [NoQuery] [SnapshotRequest] -> 201 Wrapped<Snapshot>, auth WRITE;

    /// List managed docs and last update timestamps. (14-API-Endpoints, "Documentation")
    ListDocs: GET "/api/projects/{project}/docs" ProjectDocsList
        [ProjectPath] [PageQuery] [NoBody] -> 200 Json<Page<ManagedDoc>>, auth READ;

    /// The markdown body and metadata of a doc. (14-API-Endpoints, "Documentation")
    OpenDoc: GET "/api/projects/{project}/docs/{slug}" ProjectDocsOpen
        [DocPath] [NoQuery] [NoBody] -> 200 Wrapped<ManagedDoc>, auth READ;

    /// The parsed entries of `CHANGELOG_AI.md`. (14-API-Endpoints, "Documentation")
    Changelog: GET "/api/projects/{project}/changelog" ProjectDocsChangelog
        [ProjectPath] [PageQuery] [NoBody] -> 200 Json<Page<ChangelogEntry>>, auth READ;

    /// Force regenerate all auto-blocks. (14-API-Endpoints, "Documentation")
    RegenerateDocs: POST "/api/projects/{project}/docs/regenerate" ProjectDocsRegenerate
        [ProjectPath] [NoQuery] [NoBody] -> 202 Wrapped<Queued>, auth WRITE;

    /// Merged settings; secrets masked. (14-API-Endpoints, "Settings (server params)")
    ReadServerParams: GET "/api/settings/server-params" SettingsRead
        [NoPath] [NoQuery] [NoBody] -> 200 Wrapped<ServerParams>,
        auth Auth::Ability("settings:read");

    /// Partial update; type-checked; never echoes secret values. (14-API-Endpoints, "Settings
    /// (server params)")
    EditServerParams: PUT "/api/settings/server-params" SettingsEdit
        [NoPath] [NoQuery] [ServerParams] -> 200 Wrapped<ServerParams>,
        auth Auth::Ability("settings:write");

    /// List the rows of `agent_providers` and whether each is enabled. (14-API-Endpoints, "Settings
    /// (server params)")
    ListProviders: GET "/api/settings/providers" SettingsProviders
        [NoPath] [PageQuery] [NoBody] -> 200 Json<Page<Provider>>,
        auth Auth::Ability("settings:read");

    /// Enable or disable a provider. (14-API-Endpoints, "Settings (server params)")
    EditProvider: PUT "/api/settings/providers/{key}" SettingsEditProvider
        [ProviderPath] [NoQuery] [ProviderChange] -> 200 Wrapped<Provider>,
        auth Auth::Ability("settings:write");

    /// Register an APNs token. (14-API-Endpoints, "Devices (notifications, v1.1)")
    RegisterDevice: POST "/api/devices" DevicesRegister
        [NoPath] [NoQuery] [DeviceRequest] -> 201 Wrapped<Device>;

    /// Unregister a device. (14-API-Endpoints, "Devices (notifications, v1.1)")
    RemoveDevice: DELETE "/api/devices/{device}" DevicesRemove
        [DevicePath] [NoQuery] [NoBody] -> 204 Empty;
}
