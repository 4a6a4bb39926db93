//! Workspaces: a git worktree and a branch for each run, outside the user's checkout.
//!
//! A [`Repository`] is the user's; a [`Workspace`] is a run's, described by a [`WorkspaceRecord`]
//! that is journaled before anything exists. Everything is done by the `git` program, so hooks,
//! filters, signing and credentials stay what the user made them, except where a commit is grump's
//! own: those run no hooks and are not signed.
//!
//! The user's checkout is touched in two cases only: on [`Workspace::execute_merge`], and when
//! [`Repository::save_uncommitted`] is asked for. Whatever removes something leaves a backup under
//! `refs/grump/backup/<run>/` first; only [`Workspace::purge`] removes those.
//!
//! | file | holds |
//! |---|---|
//! | `git`, `explain`, `raw` | running git, what its failures mean, reading what it prints |
//! | `lock` | one grump at a time changes a repository |
//! | `repository`, `record` | the user's repository; planning a workspace |
//! | `create`, `copy` | making the worktree; the untracked files that it gets |
//! | `stage`, `secrets`, `commit` | commits, and what is left out of them; snapshots |
//! | `diff` | what an agent changed |
//! | `merge`, `repair` | accepting; putting a half-done merge right |
//! | `discard`, `leftover` | discarding, undoing it, purging; what crashes left behind |
//! | `outside` | what an agent did beyond its worktree |

mod commit;
mod copy;
mod create;
mod diff;
mod discard;
mod explain;
mod git;
mod leftover;
mod lock;
mod merge;
mod outside;
mod raw;
mod record;
mod repair;
mod repository;
mod secrets;
mod stage;

pub use commit::Committed;
pub use create::Workspace;
pub use git::{CommitId, Git};
pub use leftover::{Leftover, leftovers, prune};
pub use merge::MergePlan;
pub use outside::Outside;
pub use record::{MergeTarget, PLANNING, WorkspacePlan, WorkspaceRecord};
pub use repair::Repaired;
pub use repository::{Head, Repository, Saved, Uncommitted};
pub use stage::{LeftOut, LeftOutReason};
