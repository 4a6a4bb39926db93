//! Keeping what an agent did: iteration commits, snapshots, and going back to them.

use std::{fs, path::Path};

use grump_core::{RepoPath, Result};

use super::{LeftOut, Workspace, explain, git::CommitId, lock::clear, raw, stage::Tree};

/// What a commit of a run's worktree came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// The branch's new last commit; `None` where nothing changed.
    pub commit: Option<CommitId>,
    /// The files that changed since the branch's last commit before.
    pub files: Vec<RepoPath>,
    /// Changed files that are not in it, and why.
    pub left_out: Vec<LeftOut>,
}

impl Workspace {
    /// Commits everything that changed in the worktree to the run's branch. No hook runs, nothing
    /// is signed, and where the user has no name the author is grump. The agent must have ended.
    ///
    /// Commits that the agent made itself are kept. If it switched the worktree to another branch,
    /// or moved the run's branch elsewhere, its files are committed to the run's branch all the
    /// same, and the worktree is switched back.
    ///
    /// # Errors
    /// [`NotFound`](grump_core::ErrorKind::NotFound) if the worktree is gone, and those of git.
    pub async fn commit_iteration(&self, message: &str) -> Result<Committed> {
        let tip = self.home().resolve(&self.branch_ref()).await?;
        let before = tip.unwrap_or_else(|| self.record.base.clone());
        self.commit_since(&before, message).await
    }

    /// As [`commit_iteration`](Self::commit_iteration), telling what changed since the commit
    /// `before`: the last one that the journal knows. So a repetition after a kill between the
    /// commit and the journal finds the commit that is there, and does not make another one.
    ///
    /// # Errors
    /// As [`commit_iteration`](Self::commit_iteration).
    pub async fn commit_since(&self, before: &CommitId, message: &str) -> Result<Committed> {
        let tree = self.tree()?;
        self.clear_stale_locks(tree.git_dir()).await?;
        let tip = tree.resolve(&self.branch_ref()).await?;
        let parent = self.parent(&tree, tip.as_ref()).await?;
        let staged = tree.stage(Some(&parent), &self.private()?).await?;
        let commit = if staged.changed.is_empty() {
            parent
        } else {
            self.commit_tree(&tree, &parent, message).await?
        };
        self.attach(&tree, &commit).await?;
        Ok(Committed {
            files: changed_files(&tree, before, &commit).await?,
            commit: Some(commit).filter(|commit| commit != before),
            left_out: staged.left_out,
        })
    }

    /// What the agent has checked out, if it goes on from the run's branch; else the branch.
    async fn parent(&self, tree: &Tree<'_>, tip: Option<&CommitId>) -> Result<CommitId> {
        let tip = tip.unwrap_or(&self.record.base);
        match tree.resolve("HEAD").await? {
            Some(head) if tree.contains(&head, tip).await? => Ok(head),
            _ => Ok(tip.clone()),
        }
    }

    async fn commit_tree(
        &self,
        tree: &Tree<'_>,
        parent: &CommitId,
        message: &str,
    ) -> Result<CommitId> {
        let written = tree.git().changes().args(["write-tree"]).line().await?;
        let call = tree.identified().await?;
        call.args(["commit-tree", &written, "-p", parent.as_str(), "-F", "-"])
            .input(message)
            .id()
            .await
    }

    /// Makes `commit` the last one of the run's branch, and the branch what is checked out.
    async fn attach(&self, tree: &Tree<'_>, commit: &CommitId) -> Result<()> {
        let branch = self.branch_ref();
        let call = tree.git().changes();
        call.args([
            "update-ref",
            "-m",
            "grump: iteration",
            &branch,
            commit.as_str(),
        ])
        .output()
        .await?;
        let head = tree
            .git()
            .args(["symbolic-ref", "-q", "HEAD"])
            .found()
            .await?;
        if head.as_deref() != Some(&branch) {
            let call = tree.git().changes();
            call.args(["symbolic-ref", "-m", "grump: back", "HEAD", &branch])
                .output()
                .await?;
        }
        Ok(())
    }

    /// Keeps everything in the worktree, half done as it is, in the backup
    /// `refs/grump/backup/<run>/<name>`, without touching the index, the files or the branch.
    /// Ignored files are not in it. `None` where there is nothing that the branch does not have.
    ///
    /// # Errors
    /// [`NotFound`](grump_core::ErrorKind::NotFound) if the worktree is gone, and those of git.
    pub async fn snapshot(&self, name: &str) -> Result<Option<CommitId>> {
        let tree = self.tree()?;
        self.clear_stale_locks(tree.git_dir()).await?;
        let index = tree.git_dir().join("grump-index");
        let original = tree.git_dir().join("index");
        if original.exists() {
            fs::copy(&original, &index).map_err(|error| explain::unwritable(&index, error))?;
        }
        let taken = self
            .snapshot_with(tree.with_index(index.clone()), name)
            .await;
        // It is only a copy; the next snapshot overwrites what cannot be removed.
        let _ = fs::remove_file(index);
        taken
    }

    async fn snapshot_with(&self, tree: Tree<'_>, name: &str) -> Result<Option<CommitId>> {
        tree.stage_unchecked(&[]).await?;
        let head = match tree.resolve("HEAD").await? {
            Some(head) => head,
            None => self.record.base.clone(),
        };
        let commit = self
            .commit_tree(&tree, &head, &format!("grump: {name}"))
            .await?;
        let tip = tree.resolve(&self.branch_ref()).await?;
        if Some(&head) == tip.as_ref() && changed_files(&tree, &head, &commit).await?.is_empty() {
            return Ok(None);
        }
        let call = tree.git().changes();
        call.args(["update-ref", &self.backup_ref(name), commit.as_str()])
            .output()
            .await?;
        Ok(Some(commit))
    }

    /// The name of one of the run's backups.
    pub(crate) fn backup_ref(&self, name: &str) -> String {
        format!("{}{name}", self.backups())
    }

    /// What the names of all of the run's backups begin with.
    pub(crate) fn backups(&self) -> String {
        format!("refs/grump/backup/{}/", self.record.run)
    }

    /// Puts worktree and branch back to a commit. Ignored files, and those that were copied in,
    /// stay. Take a [`snapshot`](Self::snapshot) first. The agent must have ended.
    ///
    /// # Errors
    /// [`NotFound`](grump_core::ErrorKind::NotFound) if the worktree is gone, and those of git.
    pub async fn reset_to(&self, commit: &CommitId) -> Result<()> {
        let tree = self.tree()?;
        self.clear_stale_locks(tree.git_dir()).await?;
        clear_unfinished(tree.git_dir());
        let call = tree.git().changes();
        call.args(["symbolic-ref", "HEAD", &self.branch_ref()])
            .output()
            .await?;
        let call = tree.git().changes();
        call.args(["reset", "-q", "--hard", commit.as_str(), "--"])
            .output()
            .await?;
        let mut call = tree.git().changes().args(["clean", "-ffdq"]);
        for path in self.private()? {
            call = call.arg("-e").arg(exclude_pattern(&path));
        }
        call.output().await.map(drop)
    }

    /// Removes the locks that killed gits left, the agent's and our own: nothing else works in a
    /// run's worktree.
    async fn clear_stale_locks(&self, git_dir: &Path) -> Result<()> {
        for name in ["index.lock", "HEAD.lock"] {
            let _ = fs::remove_file(git_dir.join(name));
        }
        self.clear_reference_locks().await
    }

    /// Removes the locks that our killed gits left on the run's branch and its backups, which
    /// nothing else writes. A git that outlived us is waited for.
    pub(super) async fn clear_reference_locks(&self) -> Result<()> {
        let common = &self.record.common_dir;
        clear(&common.join(format!("{}.lock", self.branch_ref()))).await?;
        let Ok(backups) = fs::read_dir(common.join(self.backups())) else {
            return Ok(());
        };
        let paths = backups.filter_map(|entry| Some(entry.ok()?.path()));
        for lock in paths.filter(|path| path.extension().is_some_and(|end| end == "lock")) {
            clear(&lock).await?;
        }
        Ok(())
    }

    /// What is in the worktree but in no commit of the run's branch, so that accepting the run
    /// leaves it out. Ignored files and those that were copied in do not count.
    ///
    /// # Errors
    /// [`NotFound`](grump_core::ErrorKind::NotFound) if the worktree is gone, and those of git.
    pub async fn left_out(&self) -> Result<Vec<RepoPath>> {
        let private = self.private()?;
        let listed = self
            .tree()?
            .git()
            .args(["status", "--porcelain=v1", "-z", "--untracked-files=all"])
            .args(["--no-renames", "--ignore-submodules=dirty"])
            .output()
            .await?;
        let is_private = |path: &[u8]| {
            private.iter().any(|folder| {
                let folder = folder.as_os_str().as_encoded_bytes();
                path.strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with(b"/"))
            })
        };
        Ok(listed
            .split(|&byte| byte == 0)
            .filter_map(|entry| entry.get(3..))
            .filter(|path| !is_private(path))
            .map(RepoPath::from_bytes)
            .collect())
    }
}

/// The files that differ between two commits.
pub(crate) async fn changed_files(
    tree: &Tree<'_>,
    old: &CommitId,
    new: &CommitId,
) -> Result<Vec<RepoPath>> {
    if old == new {
        return Ok(Vec::new());
    }
    let call = tree
        .git()
        .args(["diff-tree", "-r", "-z", "--name-only", "--no-renames"]);
    let listed = call
        .arg("--ignore-submodules=none")
        .args([old, new])
        .output()
        .await?;
    Ok(raw::paths(&listed))
}

/// A rebase or a series of picks that the agent did not finish. `reset --hard` ends the rest.
fn clear_unfinished(git_dir: &Path) {
    for name in ["rebase-merge", "rebase-apply", "sequencer"] {
        let _ = fs::remove_dir_all(git_dir.join(name));
    }
}

/// A path as a pattern of `.gitignore` that means this path only.
fn exclude_pattern(path: &Path) -> String {
    let mut pattern = String::from("/");
    for letter in path.to_string_lossy().chars() {
        if matches!(letter, '*' | '?' | '[' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}
