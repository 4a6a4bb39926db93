//! One SDK to supervise coding agents: embedded or remote, the same program.
//!
//! A [`Plane`] is a control plane: something that runs agents. Its handles ([`Plane::loops`],
//! [`Plane::events`], …) are the same whatever stands behind it. One run is started, watched and
//! waited for by [`Plane::run`].
//!
//! # Where things are
//!
//! - [`Plane`] and the [`handles`]: what you call.
//! - The domain, re-exported here from [`domain`]: [`Run`], [`Loop`], [`Event`], [`Update`],
//!   [`Error`] and what belongs to them. The traits in [`domain`] are for those who write a plane
//!   of their own.
//! - [`embedded`]: the plane that runs agents right here. `grump_engine::Engine::builder` is for
//!   those who want more say in it.
//! - [`connect`]: a plane that runs elsewhere. `grump_client` has the dialects themselves.
//!
//! ```no_run
//! use futures::StreamExt;
//! use grump::{NewLoop, Since};
//!
//! # #[tokio::main]
//! # async fn main() -> grump::Result<()> {
//! let plane = grump::embedded("./.grump")?;
//! let new = NewLoop::new("dark mode", "/home/me/app", "Add dark mode").max_iterations(10);
//! let dark_mode = plane.loops().create(new).await?;
//! plane.loops().start(&dark_mode).await?;
//! let mut updates = plane.loops().watch(&dark_mode, Since::Beginning).await?;
//! while let Some(update) = updates.next().await {
//!     println!("{:?}", update?);
//! }
//! for file in plane.loops().diff(&dark_mode).await? {
//!     println!("{} {} +{} -{}", file.status, file.path, file.additions, file.deletions);
//! }
//! plane.loops().accept(&dark_mode).await?;
//! plane.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `client` | yes | planes that run elsewhere: [`connect`] |
//! | `engine` | yes | running agents right here: [`embedded`] |
//!

#[cfg(feature = "engine")]
mod embedded;
pub mod handles;
mod plane;
#[cfg(feature = "client")]
mod remote;

#[cfg(feature = "engine")]
pub use embedded::embedded;

#[cfg(feature = "client")]
pub use grump_client::{Credential, detect};
pub use grump_core as domain;
pub use grump_core::{
    Accepted, Account, AccountId, AccountUsage, Against, AgentAnswer, AgentId, AgentInfo,
    AgentProvider, Allowance, AnalyzeWorkspace, Answer, ApiKey, Approval, ApprovalId, ApproveRun,
    Architecture, Artifact, ArtifactId, Backend, Budget, BuildBundle, Building, BundleFormat,
    ChangelogEntry, Chat, ChatMessage, ChatMode, ChatRequest, CommandId, CommandRun, Committed,
    CompareSnapshots, Comparison, CompileIntent, Component, Conflict, ControlPlane, Cursor,
    Decision, Device, DeviceId, DiffStatus, Download, EditProvider, EditSettings, Endpoint, Error,
    ErrorKind, Event, EventKind, EventPage, EventQuery, EventStream, Ext, FileDiff, FileId,
    FileType, Folder, FolderId, FolderStatus, Gap, GitConfig, Health, Integration, Iteration,
    IterationOutcome, Job, JobType, Json, KeyId, LoggedIn, Login, Loop, LoopConfig, LoopEdit,
    Member, Model, ModelProvider, ModelProviders, ModelRef, MonthlyUsage, NewAccount,
    NewArchitecture, NewDevice, NewFolder, NewKey, NewLoop, NewPrd, NewProject, NewShip,
    NewSnapshot, NewTask, NewWebhook, Operation, Origin, Outcome, Page, PageMark, PageRequest,
    Payload, Phase, PhaseResult, PhaseStatus, PlaneInfo, PlanningFile, PlanningFolder, Policy, Prd,
    Progress, Project, ProjectDoc, ProjectEdit, ProjectId, ProjectStatus, Pushed, RejectRun,
    RepoPath, Restored, Result, Retry, Review, ReviewVersion, Reviewed, Role, Run, RunAgent,
    RunDetail, RunFilter, RunId, RunKind, RunRef, RunStatus, Scale, Secret, SendInput,
    ServerParams, ShipSession, SignedUrl, Since, Snapshot, SnapshotId, StartRun, StartShip,
    Started, Status, Summary, SystemPart, SystemStatus, Task, TaskResult, Tier, Timestamp,
    Uncommitted, Update, Usage, Webhook, WebhookEvent, WebhookId, WorkFile, payload,
};
pub use plane::Plane;
#[cfg(feature = "client")]
pub use remote::{connect, connect_from_env, connect_with};
