//! The domain of grump: runs and loops of coding agents, their reviews, deliveries and event
//! streams, and the traits that act on them. No I/O, no runtime.
//!
//! Users call the handles of the `grump` crate, which re-exports everything here. Implementers of a
//! control plane implement [`ControlPlane`] and the facets it has.
//!
//! ```
//! use grump_core::{NewLoop, Run, RunDetail, RunRef, Loop, RunStatus};
//!
//! let new = NewLoop::new("dark mode", "/home/me/app", "Add dark mode").max_iterations(10);
//! let run = Run::new(RunRef::of_loop("l-1"), new.title, RunDetail::Loop(Box::new(Loop::new(new.config))));
//! assert_eq!(run.status.unified, RunStatus::Draft);
//! assert!(!run.status.unified.is_executing());
//! ```
//!
//! # Where things are
//!
//! One file per noun, holding the noun, its lifecycle and the trait that acts on it:
//!
//! | noun | file | facet |
//! |---|---|---|
//! | [`Run`], [`RunRef`], [`Outcome`] | `run` | [`Runs`] |
//! | [`Loop`], [`NewLoop`] | `loops` | [`Loops`] |
//! | [`Task`], [`NewTask`] | `task` | [`Tasks`] |
//! | [`ShipSession`], [`Phase`] | `ship` | [`Ships`] |
//! | [`Chat`], [`ChatRequest`] | `chat` | [`Chats`] |
//! | [`Job`] | `job` | |
//! | [`Building`], [`BundleFormat`] | `code_bundle` | [`CodeBundles`] |
//! | [`Architecture`], [`Prd`] | `design` | [`Designs`] |
//! | [`AgentInfo`] | `agent` | [`Agents`] |
//! | [`Approval`], [`Review`], [`Policy`] | `review` | [`Reviews`] |
//! | [`Integration`], [`Accepted`] | `delivery` | [`Deliveries`] |
//! | [`WorkFile`], [`CommandRun`], [`Summary`] | `evidence`, with [`Artifact`] in `artifact` and [`Download`] in `download` | [`Evidence`] |
//! | [`Snapshot`] | `snapshot` | [`Snapshots`] |
//! | [`Project`] | `project` | [`Projects`] |
//! | [`ProjectDoc`] | `project_doc` | [`ProjectDocs`] |
//! | [`Folder`] | `folder` | [`Folders`] |
//! | [`Event`], [`Update`], [`Cursor`] | `event`, with [`EventStream`] in `stream`, [`Payload`] in `payload`, [`StoredPage`] in `stored` | [`Events`] |
//! | [`FileDiff`] | `change` | |
//! | [`Model`] | `model` | [`Models`] |
//! | [`Account`], [`Tier`] | `account`, with [`Secret`] in `secret` | [`Accounts`] |
//! | [`ServerParams`], [`AgentProvider`] | `settings` | [`Settings`] |
//! | [`Webhook`] | `webhook` | [`Webhooks`] |
//! | [`Device`] | `device` | [`Devices`] |
//! | [`Health`], [`SystemStatus`] | `system` | [`System`] |
//! | [`Status`] | `status` | |
//! | [`Progress`] | `progress` | |
//! | [`Usage`], [`Budget`] | `usage` | |
//! | [`Page`] | `page` | |
//! | [`PlaneInfo`], [`Facets`] | `plane` | [`ControlPlane`] |
//! | [`Error`] | `error` | |
//!
//! A facet's methods answer `Unsupported` unless its implementer writes them: it writes what its
//! plane has, and says so in its [`PlaneInfo`].
//!
//! # What it does not do
//!
//! It runs nothing, stores nothing and speaks no protocol: `grump-engine` runs agents here,
//! `grump-client` speaks to planes elsewhere.

pub mod account;
pub mod agent;
pub mod artifact;
pub mod change;
pub mod chat;
pub mod code_bundle;
pub mod delivery;
pub mod design;
pub mod device;
pub mod download;
pub mod error;
pub mod event;
pub mod evidence;
pub mod folder;
mod id;
pub mod job;
pub mod json;
pub mod loops;
pub mod model;
mod noun;
pub mod page;
pub mod payload;
pub mod plane;
mod progress;
pub mod project;
pub mod project_doc;
pub mod review;
pub mod run;
mod secret;
pub mod settings;
pub mod ship;
pub mod snapshot;
pub mod status;
pub mod stored;
pub mod stream;
pub mod system;
pub mod task;
mod time;
pub mod usage;
pub mod webhook;

pub use account::{
    Account, AccountId, AccountUsage, Accounts, Allowance, ApiKey, KeyId, LoggedIn, Login,
    MonthlyUsage, NewAccount, NewKey, Tier,
};
pub use agent::{AgentAnswer, AgentId, AgentInfo, Agents, RunAgent};
pub use artifact::{Artifact, ArtifactId};
pub use change::{DiffStatus, FileDiff, FileType, RepoPath};
pub use chat::{Chat, ChatMessage, ChatMode, ChatRequest, Chats, Role};
pub use code_bundle::{BuildBundle, Building, BundleFormat, CodeBundles};
pub use delivery::{Accepted, Committed, Deliveries, Integration, Pushed};
pub use design::{
    AnalyzeWorkspace, Architecture, CompileIntent, Component, Designs, NewArchitecture, NewPrd, Prd,
};
pub use device::{Device, DeviceId, Devices, NewDevice};
pub use download::Download;
pub use error::{Conflict, Error, ErrorKind, Remote, Result, Retry};
pub use event::{Cursor, Event, EventPage, EventQuery, Events, Gap, Native, Origin, Since, Update};
pub use evidence::{CommandId, CommandRun, Evidence, FileId, SignedUrl, Summary, WorkFile};
pub use folder::{Folder, FolderId, FolderStatus, Folders, NewFolder};
pub use job::{Job, JobType};
pub use json::{Ext, Json};
pub use loops::{
    Backend, Endpoint, GitConfig, Iteration, IterationOutcome, Loop, LoopConfig, LoopEdit, Loops,
    NewLoop, PlanningFile, PlanningFolder,
};
pub use model::{Model, ModelProvider, ModelProviders, ModelRef, Models};
pub use page::{Page, PageMark, PageRequest};
pub use payload::{EventKind, Payload};
pub use plane::{ControlPlane, Facets, Member, Operation, PlaneInfo};
pub use progress::{Progress, Scale};
pub use project::{NewProject, Project, ProjectEdit, ProjectId, ProjectStatus, Projects};
pub use project_doc::{ChangelogEntry, ProjectDoc, ProjectDocs};
pub use review::{
    Answer, Approval, ApprovalId, ApproveRun, Decision, Policy, RejectRun, Review, ReviewVersion,
    Reviewed, Reviews,
};
pub use run::{
    Outcome, Run, RunDetail, RunFilter, RunId, RunKind, RunRef, Runs, StartRun, Started,
    Uncommitted,
};
pub use secret::Secret;
pub use settings::{AgentProvider, EditProvider, EditSettings, ServerParams, Settings};
pub use ship::{NewShip, Phase, PhaseResult, PhaseStatus, ShipSession, Ships, StartShip};
pub use snapshot::{
    Against, CompareSnapshots, Comparison, NewSnapshot, Restored, Snapshot, SnapshotId, Snapshots,
};
pub use status::{RunStatus, Status};
pub use stored::{StoredEvent, StoredPage};
pub use stream::EventStream;
pub use system::{Health, System, SystemPart, SystemStatus};
pub use task::{NewTask, SendInput, Task, TaskResult, Tasks};
pub use time::Timestamp;
pub use usage::{Budget, Usage};
pub use webhook::{NewWebhook, Webhook, WebhookEvent, WebhookId, Webhooks};
