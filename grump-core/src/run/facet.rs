//! [`Runs`]: the trait that acts on runs of any kind, and what it is asked for.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Run, RunKind, RunRef};
use crate::{
    error::Result,
    event::Cursor,
    folder::FolderId,
    page::{Page, PageMark, PageRequest},
    plane::{Operation, unsupported},
    status::RunStatus,
};

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunFilter {
    /// Only of this kind.
    pub kind: Option<RunKind>,
    /// Only in one of these statuses; all where it is empty.
    pub statuses: Vec<RunStatus>,
    /// Only those in this folder; a plane that has none takes no notice.
    pub folder: Option<FolderId>,
    /// Which part of the list.
    pub page: PageRequest,
}

impl RunFilter {
    /// Only runs of this kind.
    #[must_use]
    pub fn kind(kind: RunKind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::default()
        }
    }

    /// Only runs in one of these statuses.
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = RunStatus>) -> Self {
        self.statuses.extend(statuses);
        self
    }

    /// Only runs in this folder.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<FolderId>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The part of the list that begins here.
    #[must_use]
    pub fn at(mut self, at: Option<PageMark>) -> Self {
        self.page = self.page.at(at);
        self
    }

    /// At most so many at a time.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.page = self.page.limit(limit);
        self
    }

    /// Whether the run is one of those asked for, whatever its folder.
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
    /// The run that does the work, where it is not the one that was started: the job of a SHIP
    /// session, the new run that a retry made.
    pub run: Option<RunRef>,
}

impl Started {
    /// A start whose first event follows this position.
    #[must_use]
    pub const fn new(cursor: Option<Cursor>) -> Self {
        Self { cursor, run: None }
    }

    /// Names the run that does the work.
    #[must_use]
    pub fn run(mut self, run: RunRef) -> Self {
        self.run = Some(run);
        self
    }
}

/// The facet that lists, opens, starts, pauses, stops and removes runs of any kind.
#[async_trait]
pub trait Runs: Send + Sync + fmt::Debug {
    /// Lists runs, the newest first: the part of the list that is asked for.
    ///
    /// # Errors
    /// `Storage`, or what the wire says.
    async fn list(&self, filter: RunFilter) -> Result<Page<Run>> {
        unsupported(Operation::RunsList, filter)
    }

    /// Reads one run.
    ///
    /// # Errors
    /// `NotFound` for a run that is not there.
    async fn open(&self, run: &RunRef) -> Result<Run> {
        unsupported(Operation::RunsOpen, run)
    }

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
    async fn start(&self, request: StartRun) -> Result<Started> {
        unsupported(Operation::RunsStart, request)
    }

    /// Stops a run's work and answers when nothing of it is left running.
    ///
    /// # Behaviour
    /// - Half-done work stays where it is.
    /// - Two calls at once both answer when it is stopped.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `not_running`; `Agent` if something could not be stopped.
    async fn stop(&self, run: &RunRef) -> Result<()> {
        unsupported(Operation::RunsStop, run)
    }

    /// Marks a run as deleted; one that is running is stopped first. What it made is kept until it
    /// is purged.
    ///
    /// # Errors
    /// `NotFound`.
    async fn remove(&self, run: &RunRef) -> Result<()> {
        unsupported(Operation::RunsRemove, run)
    }

    /// Suspends a run's work. What is under way ends first, where the plane works in steps.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `not_running`.
    async fn pause(&self, run: &RunRef) -> Result<()> {
        unsupported(Operation::RunsPause, run)
    }

    /// Goes on with a run that was paused, or that waits for a person.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for one that is in another state.
    async fn resume(&self, run: &RunRef) -> Result<Started> {
        unsupported(Operation::RunsResume, run)
    }

    /// Works on a failed run's task anew, on a branch of its own.
    ///
    /// # Behaviour
    /// - The answer names the run that does it, where the plane makes a new one.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for one that has not failed.
    async fn retry(&self, run: &RunRef) -> Result<Started> {
        unsupported(Operation::RunsRetry, run)
    }
}
