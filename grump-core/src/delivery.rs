//! What becomes of a run's work: [`Deliveries`] shows it, merges it, or throws it away.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    change::{FileDiff, RepoPath},
    error::Result,
    json::Ext,
    noun::noun,
    plane::{Operation, unsupported},
    run::RunRef,
};

/// What became of a run's work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Integration {
    /// Nothing yet.
    #[default]
    None,
    /// It is on a branch of its own, up to this commit.
    Committed(String),
    /// It is on a branch of its own, and the branch is where the repository came from.
    Pushed,
    /// It was written into the folder, without a commit.
    Applied,
    /// It was merged by this commit.
    Merged(String),
    /// Its branch was deleted.
    BranchDeleted,
}

/// A run's work was merged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// The commit that holds it on the target branch.
    pub merge_commit: String,
    /// Files that were changed in the worktree but not committed, and so were left out.
    pub left_out: Vec<RepoPath>,
}

impl Accepted {
    /// Merged by this commit, with nothing left out.
    #[must_use]
    pub fn new(merge_commit: impl Into<String>) -> Self {
        Self {
            merge_commit: merge_commit.into(),
            left_out: Vec::new(),
        }
    }

    /// Names what was left out.
    #[must_use]
    pub fn left_out(mut self, files: Vec<RepoPath>) -> Self {
        self.left_out = files;
        self
    }
}

noun! {
    /// A run's work was committed on its branch. (Steward, "Run approval & Git actions".)
    Committed {
        ;
        /// The commit, where the plane names it.
        commit: String,
        /// The branch it is on.
        branch: String,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

noun! {
    /// A run's branch was pushed. (Steward, "Run approval & Git actions".)
    Pushed {
        ;
        /// The branch.
        branch: String,
        /// Where to.
        remote: String,
        /// The commit that it ends with.
        commit: String,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

/// The facet that delivers a run's work, or throws it away.
#[async_trait]
pub trait Deliveries: Send + Sync + fmt::Debug {
    /// What the run changed since it began, file by file; while it runs, up to its last commit.
    ///
    /// # Behaviour
    /// - The patches, one after the other, are what `git apply` takes.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `no_git_branch` where it has no branch (yet, or any more).
    async fn diff(&self, run: &RunRef) -> Result<Vec<FileDiff>> {
        unsupported(Operation::DeliveriesDiff, run)
    }

    /// Merges the run's work into the branch it was started from.
    ///
    /// # Behaviour
    /// - All or nothing: where it does not merge, branch, index and files are as they were.
    /// - A second call answers with the same commit.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `accept_failed` (running, or in a state without a result),
    /// `merge_conflict` (naming the files), `checkout_in_the_way` (naming the user's files).
    async fn accept(&self, run: &RunRef) -> Result<Accepted> {
        unsupported(Operation::DeliveriesAccept, run)
    }

    /// Throws the run's branch and worktree away, keeping a backup that [`undo`](Self::undo) takes.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `discard_failed` where it is running or was merged.
    async fn discard(&self, run: &RunRef) -> Result<()> {
        unsupported(Operation::DeliveriesDiscard, run)
    }

    /// Brings a discarded or removed run back to the status it had.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `nothing_to_undo`.
    async fn undo(&self, run: &RunRef) -> Result<()> {
        unsupported(Operation::DeliveriesUndo, run)
    }

    /// Forgets a merged or discarded run: its record, its events, its backups.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `purge_failed` where it is in another state.
    async fn purge(&self, run: &RunRef) -> Result<()> {
        unsupported(Operation::DeliveriesPurge, run)
    }

    /// Commits what is outstanding of the run's work on its branch.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where it was not approved; `Forbidden`, naming the ability that is
    /// missing.
    async fn commit(&self, run: &RunRef) -> Result<Committed> {
        unsupported(Operation::DeliveriesCommit, run)
    }

    /// Pushes the run's branch to where the repository came from.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where it was not approved; `Forbidden` where the plane's settings or
    /// the caller's abilities do not allow it, naming which.
    async fn push(&self, run: &RunRef) -> Result<Pushed> {
        unsupported(Operation::DeliveriesPush, run)
    }
}
