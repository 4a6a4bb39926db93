//! [`Run`]: one supervised piece of agent work; [`Runs`]: the trait that acts on it.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    delivery::Integration,
    error::Result,
    event::Cursor,
    id::id,
    loops::Loop,
    status::{RunStatus, Status},
    time::Timestamp,
};

id! {
    /// The id of a run: opaque text, unique within its kind and plane.
    RunId
}

impl From<&RunId> for RunId {
    fn from(id: &RunId) -> Self {
        id.clone()
    }
}

impl From<&Run> for RunId {
    fn from(run: &Run) -> Self {
        run.name.id.clone()
    }
}

/// What sort of work a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunKind {
    /// The same prompt again and again in a worktree, until a stop pattern matches.
    Loop,
    /// A SHIP session: design, spec, plan, code.
    Ship,
    /// A background job.
    Job,
    /// One task: a Steward run, a `MetaForge` session, a Mini-Devin task.
    Task,
    /// One turn of a chat.
    Chat,
}

impl RunKind {
    /// The kind in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loop => "loop",
            Self::Ship => "ship",
            Self::Job => "job",
            Self::Task => "task",
            Self::Chat => "chat",
        }
    }
}

impl fmt::Display for RunKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names a run: what sort it is, and its id. The plane knows its dialect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunRef {
    /// What sort of work it is.
    pub kind: RunKind,
    /// Its id.
    pub id: RunId,
}

impl RunRef {
    /// The run of this kind and id.
    #[must_use]
    pub fn new(kind: RunKind, id: impl Into<RunId>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// The loop of this id.
    #[must_use]
    pub fn of_loop(id: impl Into<RunId>) -> Self {
        Self::new(RunKind::Loop, id)
    }
}

impl fmt::Display for RunRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// Why a run's work ended. Set once when it ends, and cleared when the run is started anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The stop pattern matched, and whatever else was asked for holds.
    Matched,
    /// The work finished with success; there is no stop pattern in this kind of run.
    Succeeded,
    /// The limit of iterations was reached. Not a success.
    LimitReached,
    /// The budget of time or tokens was used up. Not a success.
    Budget,
    /// Too many errors one after the other, or one that cannot be worked around.
    Errors,
    /// A person stopped it.
    Stopped,
    /// A crash cut it off, and it was not resumed.
    Interrupted,
}

impl Outcome {
    /// The outcome in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Succeeded => "succeeded",
            Self::LimitReached => "limit_reached",
            Self::Budget => "budget",
            Self::Errors => "errors",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One supervised piece of agent work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Run {
    /// Its name in the plane.
    #[serde(flatten)]
    pub name: RunRef,
    /// What people call it.
    pub title: String,
    /// Where it is.
    pub status: Status,
    /// Why its work ended; `None` while it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The last error that matters, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// A crash cut it off, and starting it goes on where it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resumable: bool,
    /// What became of its work.
    #[serde(default)]
    pub integration: Integration,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// When its work last began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its work last ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What only runs of its kind have.
    pub detail: RunDetail,
}

impl Run {
    /// A run of this kind that was created now and has not begun.
    #[must_use]
    pub fn new(name: RunRef, title: impl Into<String>, detail: RunDetail) -> Self {
        let now = Timestamp::now();
        Self {
            name,
            title: title.into(),
            status: RunStatus::Draft.into(),
            outcome: None,
            error: None,
            resumable: false,
            integration: Integration::None,
            created_at: now.clone(),
            updated_at: now,
            started_at: None,
            ended_at: None,
            detail,
        }
    }

    /// What only loops have.
    #[must_use]
    pub const fn as_loop(&self) -> Option<&Loop> {
        match &self.detail {
            RunDetail::Loop(detail) => Some(detail),
            RunDetail::None => None,
        }
    }

    /// As [`as_loop`](Self::as_loop), to change it.
    #[must_use]
    pub const fn as_loop_mut(&mut self) -> Option<&mut Loop> {
        match &mut self.detail {
            RunDetail::Loop(detail) => Some(detail),
            RunDetail::None => None,
        }
    }
}

/// What only runs of one kind have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunDetail {
    /// Nothing more.
    None,
    /// A loop's configuration and iterations.
    Loop(Box<Loop>),
}

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunFilter {
    /// Only of this kind.
    pub kind: Option<RunKind>,
    /// Only in one of these statuses; all where it is empty.
    pub statuses: Vec<RunStatus>,
}

impl RunFilter {
    /// Only runs of this kind.
    #[must_use]
    pub const fn kind(kind: RunKind) -> Self {
        Self {
            kind: Some(kind),
            statuses: Vec::new(),
        }
    }

    /// Whether the run is one of those asked for.
    #[must_use]
    pub fn matches(&self, run: &Run) -> bool {
        self.kind.is_none_or(|kind| kind == run.name.kind)
            && (self.statuses.is_empty() || self.statuses.contains(&run.status.unified))
    }
}

/// What to do about uncommitted changes in the user's folder before a run starts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Uncommitted {
    /// Commit them on the current branch.
    Commit,
    /// Put them on git's stash.
    Stash,
}

/// How to start a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartRun {
    /// Which.
    pub run: RunRef,
    /// What to do about uncommitted changes; refused where there are some and this is `None`.
    pub uncommitted: Option<Uncommitted>,
}

impl StartRun {
    /// Starts this run, and refuses if there are uncommitted changes.
    #[must_use]
    pub const fn new(run: RunRef) -> Self {
        Self {
            run,
            uncommitted: None,
        }
    }

    /// Says what to do about uncommitted changes.
    #[must_use]
    pub const fn uncommitted(mut self, choice: Uncommitted) -> Self {
        self.uncommitted = Some(choice);
        self
    }
}

/// A run was started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Started {
    /// The position before the first event of this start, where the plane has positions: watching
    /// from here misses nothing.
    pub cursor: Option<Cursor>,
}

impl Started {
    /// A start whose first event follows this position.
    #[must_use]
    pub const fn new(cursor: Option<Cursor>) -> Self {
        Self { cursor }
    }
}

/// The facet that lists, opens, starts, stops and removes runs of any kind.
#[async_trait]
pub trait Runs: Send + Sync + fmt::Debug {
    /// Lists runs, the newest first.
    ///
    /// # Errors
    /// `Storage`, or what the wire says.
    async fn list(&self, filter: RunFilter) -> Result<Vec<Run>>;

    /// Reads one run.
    ///
    /// # Errors
    /// `NotFound` for a run that is not there.
    async fn open(&self, run: &RunRef) -> Result<Run>;

    /// Starts a run's work and answers when it is under way, not when it is done.
    ///
    /// # Behaviour
    /// - The answer's cursor lies before the first event of this start.
    /// - A run whose work ended (and is not merged, rejected or discarded) may be started again:
    ///   branch and numbering go on, limits count from there.
    /// - Cancelling the call may leave the run started: read it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `already_running`, `uncommitted_changes` (with the files and the
    /// options) or `not_startable`; `InvalidInput` for a folder that cannot be worked in.
    async fn start(&self, request: StartRun) -> Result<Started>;

    /// Stops a run's work and answers when nothing of it is left running.
    ///
    /// # Behaviour
    /// - Half-done work stays where it is.
    /// - Two calls at once both answer when it is stopped.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `not_running`; `Agent` if something could not be stopped.
    async fn stop(&self, run: &RunRef) -> Result<()>;

    /// Marks a run as deleted; one that is running is stopped first. What it made is kept until it
    /// is purged.
    ///
    /// # Errors
    /// `NotFound`.
    async fn remove(&self, run: &RunRef) -> Result<()>;
}
