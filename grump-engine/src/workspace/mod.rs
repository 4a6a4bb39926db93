//! Workspaces: a git worktree and a branch for each run, outside the user's checkout.
//!
//! A [`Repository`] is the user's; a [`Workspace`] is a run's, described by a [`WorkspaceRecord`]
//! that is journaled before anything exists. Everything is done by the `git` program, so hooks,
//! filters, signing and credentials stay what the user made them, except where a commit is grump's
//! own: those run no hooks and are not signed.
//!
//! The user's checkout is touched in two cases only: on accepting, and when
//! [`Repository::save_uncommitted`] is asked for. Whatever removes something leaves a backup under
//! `refs/grump/backup/<run>/` first; only purging removes those.
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
mod explain;
mod git;
mod lock;
mod raw;
mod record;
mod repository;
mod secrets;
mod stage;

pub use commit::Committed;
pub use create::Workspace;
pub use git::{CommitId, Git};
pub use record::{MergeTarget, PLANNING, WorkspacePlan, WorkspaceRecord};
pub use repository::{Head, Repository, Saved, Uncommitted};
pub use stage::{LeftOut, LeftOutReason};
