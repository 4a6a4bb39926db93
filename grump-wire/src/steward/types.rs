//! The bodies, spelled as the document spells them, area by area. Where it shows none they are ours:
//! the fixtures say which.

mod accounts;
mod answers;
mod documentation;
mod ids;
mod open;
mod pages;
mod projects;
mod reviews;
mod runs;
mod settings;
mod snapshots;
mod telemetry;

pub(super) use self::answers::Extra;
pub use self::{
    accounts::{ABILITIES, Device, DevicePath, DeviceRequest, LoginRequest, Token, User, grants},
    answers::Problem,
    documentation::{ChangelogEntry, DocPath, ManagedDoc},
    ids::{CommandId, DeviceId, EventId, FileId, ProjectId, ReviewId, RunId, SnapshotId, UserId},
    open::{AgentRole, ProjectStatus, ReviewStatus, RunStatus, Severity},
    pages::{EventsQuery, Page, PageMeta, PageQuery},
    projects::{Project, ProjectChange, ProjectPath, ProjectRequest, Queued},
    reviews::{ApproveRequest, Committed, Pushed, RejectRequest, Review},
    runs::{Run, RunPath, RunRequest, Timeline},
    settings::{Provider, ProviderChange, ProviderPath, ServerParams, is_masked},
    snapshots::{
        Against, CompareRequest, Compared, Comparison, Restored, Snapshot, SnapshotPath,
        SnapshotRequest,
    },
    telemetry::{
        AgentEvent, CommandExecution, CommandPath, FilePath, RunSummary, SignedUrl, WorkspaceFile,
    },
};
