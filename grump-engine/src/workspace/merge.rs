//! Accepting a run: its branch into the user's, all or nothing, in steps that survive a kill.

use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use grump_core::{Conflict, Error, ErrorKind, RepoPath, Result, Retry};
use serde::{Deserialize, Serialize};

use super::{
    MergeTarget, Repaired, Workspace, explain,
    git::{CommitId, Ended},
    lock::RepositoryLock,
    raw,
    stage::Tree,
};

/// A merge that is made but not yet in place. Write it to the journal before
/// [`Workspace::execute_merge`]: so what a kill leaves half done can be
/// [repaired](Workspace::repair_merge).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MergePlan {
    /// The branch that is merged into, with `refs/heads/`.
    pub target: String,
    /// Its last commit before.
    pub old: CommitId,
    /// Its last commit afterwards; the same where there is nothing to merge.
    pub new: CommitId,
    /// The reference that keeps `old`.
    pub backup: String,
}

impl Workspace {
    /// Makes the merge commit without touching any branch, index or file. The commit is the
    /// user's, by name and message.
    ///
    /// The target is the branch that was checked out when the run started. If none was, it is the
    /// one that is checked out now, provided that it holds the commit that the run started from:
    /// what the user did not name is never guessed.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], with the code `merge_conflict` and the files that do not merge;
    /// `no_git_branch` if the run's branch is gone; `target_gone` if the target is; and
    /// `detached_head` if there is no branch to merge to.
    pub async fn plan_merge(&self, message: &str) -> Result<MergePlan> {
        let tip = self.tip().await?;
        let (target, old) = self.target().await?;
        let home = self.home();
        let new = if home.contains(&old, &tip).await? {
            old.clone()
        } else {
            let tree = self.merged_tree(&target, &old, &tip).await?;
            let call = home.identified().await?;
            call.args(["commit-tree", &tree, "-p", old.as_str(), "-p", tip.as_str()])
                .args(["-F", "-"])
                .input(message)
                .id()
                .await?
        };
        Ok(MergePlan {
            backup: self.backup_ref(&format!("before-merge-{}", old.short())),
            target,
            old,
            new,
        })
    }

    async fn target(&self) -> Result<(String, CommitId)> {
        let target = match &self.record.target {
            MergeTarget::Branch(name) => format!("refs/heads/{name}"),
            MergeTarget::Detached => self.current_branch().await?,
        };
        match self.home().resolve(&target).await? {
            Some(commit) => Ok((target, commit)),
            None => Err(conflict("target_gone", "the branch to merge to is gone")
                .advise("make it again with `git branch`, then accept again")
                .with("branch", target)),
        }
    }

    /// The branch that the user has checked out now, if it goes on from the run's base.
    async fn current_branch(&self) -> Result<String> {
        let home = self.home();
        let call = home.git().args(["symbolic-ref", "-q", "HEAD"]);
        let base = &self.record.base;
        if let Some(branch) = call.found().await?
            && let Some(commit) = home.resolve(&branch).await?
            && home.contains(&commit, base).await?
        {
            return Ok(branch);
        }
        let advice = format!(
            "make and check out one with `git switch -c NAME {}`, then accept again",
            base.short()
        );
        Err(conflict("detached_head", "the run was started from no branch").advise(advice))
    }

    async fn merged_tree(&self, target: &str, old: &CommitId, tip: &CommitId) -> Result<String> {
        let call = self.home().git().changes();
        let ended = call
            .args([
                "merge-tree",
                "--write-tree",
                "-z",
                "--name-only",
                "--no-messages",
            ])
            .args([old, tip])
            .end()
            .await?;
        if ended.status.code() == Some(1) {
            let files = raw::field(&ended.stdout).map(|(_, files)| raw::paths(files));
            return Err(conflict("merge_conflict", "the run's work does not merge")
                .conflicting(in_the_way("merge_conflict", &files.unwrap_or_default()))
                .advise(format!(
                    "merge {} by hand, or let a new run start from the branch as it is now",
                    self.record.branch
                ))
                .with("branch", target));
        }
        let output = ended.output()?;
        let (tree, _) = raw::field(&output).ok_or_else(|| raw::garbled("merge-tree"))?;
        Ok(String::from_utf8_lossy(tree).into_owned())
    }

    /// Puts a planned merge in place. Where the target branch is checked out, its files follow;
    /// the user's edits to other files are kept. It may be repeated, also after a kill in the
    /// middle: what that left is [repaired](Self::repair_merge) first. If it fails, nothing
    /// happened, except where git was killed: then call it again.
    ///
    /// Pitfall 33: the old commit is kept in a backup first, ignored files are not overwritten
    /// either, and the branch is looked at again before this says that it worked.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], with the code `checkout_in_the_way` and the user's uncommitted
    /// files that the merge would overwrite; `target_moved` if the branch has other commits by
    /// now (plan again); `repository_locked` if another git is at work.
    pub async fn execute_merge(&self, plan: &MergePlan) -> Result<()> {
        let lock = RepositoryLock::acquire(&self.record.common_dir).await?;
        match self.repair(&lock, plan).await? {
            Repaired::Done => return Ok(()),
            Repaired::RolledBack => {}
            Repaired::Superseded => return Err(moved(plan)),
        }
        self.set_ref(&lock, &plan.backup, &plan.old, None).await?;
        self.refuse_if_rebased(plan)?;
        let checkout = self.checkout_of(&plan.target).await?;
        self.mark(plan)?;
        let ended = match &checkout {
            Some(directory) => self.fast_forward(&lock, directory, plan).await?,
            None => self.move_branch(&lock, plan).await?,
        };
        if !ended.was_killed() {
            self.unmark();
        }
        if !ended.status.success() {
            return Err(refused(&ended));
        }
        self.verify(plan).await
    }

    async fn move_branch(&self, lock: &RepositoryLock, plan: &MergePlan) -> Result<Ended> {
        let call = self.home().git().holding(lock)?;
        call.args(["update-ref", "-m", "grump: accept", &plan.target])
            .args([&plan.new, &plan.old])
            .end()
            .await
    }

    fn refuse_if_rebased(&self, plan: &MergePlan) -> Result<()> {
        if is_rebased(&self.record.common_dir, &plan.target) {
            return Err(
                conflict("rebase_in_progress", "the branch is being rebased")
                    .advise("finish the rebase or run `git rebase --abort`, then accept again")
                    .with("branch", &plan.target),
            );
        }
        Ok(())
    }

    async fn fast_forward(
        &self,
        lock: &RepositoryLock,
        directory: &Path,
        plan: &MergePlan,
    ) -> Result<Ended> {
        let call = Tree::checkout(&self.git, directory).git().holding(lock)?;
        call.args([
            "merge",
            "--ff-only",
            "-q",
            "--no-stat",
            "--no-autostash",
            "--no-squash",
        ])
        .args(["--no-verify-signatures", "--no-overwrite-ignore"])
        .arg(&plan.new)
        .end()
        .await
    }

    async fn verify(&self, plan: &MergePlan) -> Result<()> {
        let home = self.home();
        if let Some(now) = home.resolve(&plan.target).await?
            && home.contains(&now, &plan.new).await?
        {
            return Ok(());
        }
        Err(moved(plan))
    }

    /// Sets a reference; where it must be is `expected`, or else anywhere.
    pub(crate) async fn set_ref(
        &self,
        lock: &RepositoryLock,
        name: &str,
        new: &CommitId,
        expected: Option<&str>,
    ) -> Result<()> {
        let call = self.home().git().holding(lock)?;
        call.args(["update-ref", "-m", "grump", name, new.as_str()])
            .args(expected)
            .output()
            .await
            .map(drop)
    }

    /// The worktree that has a branch checked out, if there is one.
    pub(crate) async fn checkout_of(&self, branch: &str) -> Result<Option<PathBuf>> {
        let call = self.home().git();
        let call = call.args(["for-each-ref", "--format=%(worktreepath)", branch]);
        let mut path = call.output().await?;
        path.pop();
        let path = PathBuf::from(OsString::from_vec(path));
        Ok(Some(path).filter(|path| path.is_dir()))
    }

    /// Notes, for the repair, that git is about to touch the target branch.
    fn mark(&self, plan: &MergePlan) -> Result<()> {
        let path = self.mark_path();
        let note = serde_json::to_vec(plan).map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot write a merge's state").caused_by(error)
        })?;
        fs::write(&path, note).map_err(|error| explain::unwritable(&path, error))
    }

    pub(crate) fn unmark(&self) {
        // One that stays makes a repair look at files that are as they should be.
        let _ = fs::remove_file(self.mark_path());
    }

    pub(crate) fn mark_path(&self) -> PathBuf {
        let name = format!("grump-merge-{}", self.record.run);
        self.record.common_dir.join(name)
    }
}

/// The error of a merge into files that the user changed: git names them, each after a tab.
fn refused(ended: &Ended) -> Error {
    let error = ended.failure();
    if error
        .conflict()
        .is_none_or(|conflict| conflict.code != "uncommitted_changes")
    {
        return error;
    }
    let stderr = ended.stderr();
    let named = stderr
        .split(|&byte| byte == b'\n')
        .filter_map(|line| line.strip_prefix(b"\t"));
    let files: Vec<_> = named.map(RepoPath::from_bytes).collect();
    checkout_in_the_way(&files).caused_by(error)
}

/// The error of the user's files that the merge would overwrite.
pub(crate) fn checkout_in_the_way(files: &[RepoPath]) -> Error {
    conflict(
        "checkout_in_the_way",
        "uncommitted files are in the way of the merge",
    )
    .conflicting(in_the_way("checkout_in_the_way", files))
    .advise("commit, stash or move them, then accept again")
    .with("files", shown(files))
}

fn in_the_way(code: &'static str, files: &[RepoPath]) -> Conflict {
    Conflict::new(code).changed_files(files.iter().map(ToString::to_string).collect())
}

fn shown(files: &[RepoPath]) -> String {
    const SHOWN: usize = 5;
    let names: Vec<_> = files.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = files.len().saturating_sub(SHOWN);
    if more == 0 {
        return names.join(" ");
    }
    format!("{} and {more} more", names.join(" "))
}

pub(crate) fn conflict(code: &'static str, message: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, message).conflicting(Conflict::new(code))
}

fn moved(plan: &MergePlan) -> Error {
    conflict(
        "target_moved",
        "the branch to merge to has changed meanwhile",
    )
    .advise("accept again: the merge is made anew")
    .retryable(Retry::Safe)
    .with("branch", &plan.target)
}

/// Whether a worktree is in the middle of rebasing a branch, which git does without having it
/// checked out.
fn is_rebased(common_dir: &Path, branch: &str) -> bool {
    let linked = super::create::registered(common_dir);
    let folders = linked.into_iter().map(|worktree| worktree.git_dir);
    folders.chain([common_dir.to_owned()]).any(|folder| {
        ["rebase-merge", "rebase-apply"].iter().any(|kind| {
            let name = fs::read_to_string(folder.join(kind).join("head-name"));
            name.is_ok_and(|name| name.trim_end() == branch)
        })
    })
}
