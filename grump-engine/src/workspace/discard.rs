//! Throwing a run's work away, bringing it back, and forgetting it for good.

use grump_core::Result;

use super::{Workspace, git::CommitId, lock::RepositoryLock, merge::conflict};

/// The backup of a discarded branch's last commit.
const TIP: &str = "tip";
/// The backup of what was in a removed worktree but in no commit.
const UNCOMMITTED: &str = "uncommitted";

impl Workspace {
    /// Removes branch and worktree, and keeps both in backups that
    /// [`undo_discard`](Self::undo_discard) brings back. It may be repeated, also after a kill in
    /// the middle. The agent must have ended.
    ///
    /// Pitfall 33: the backups are made before anything is removed.
    ///
    /// # Errors
    /// [`Conflict`](grump_core::ErrorKind::Conflict) `branch_in_use` if the branch is checked out
    /// in another worktree.
    pub async fn discard(&self) -> Result<()> {
        let lock = RepositoryLock::acquire(&self.record.common_dir).await?;
        self.refuse_if_in_use().await?;
        let tip = self.home().resolve(&self.branch_ref()).await?;
        if let Some(tip) = &tip {
            self.keep_tip(&lock, tip).await?;
        }
        self.keep_uncommitted().await?;
        self.remove_tree(&lock).await?;
        match tip {
            Some(tip) => self.delete_branch(&lock, &tip).await,
            None => Ok(()),
        }
    }

    /// Brings branch and worktree back, with what was in no commit. Ignored files are gone.
    ///
    /// # Errors
    /// [`Conflict`](grump_core::ErrorKind::Conflict) `nothing_to_undo` if there is no backup.
    pub async fn undo_discard(&self) -> Result<()> {
        let home = self.home();
        if home.resolve(&self.branch_ref()).await?.is_none() {
            let tip = home.resolve(&self.backup_ref(TIP)).await?.ok_or_else(|| {
                conflict("nothing_to_undo", "there is no backup of the run's branch")
                    .with("backup", self.backup_ref(TIP))
            })?;
            let lock = RepositoryLock::acquire(&self.record.common_dir).await?;
            let nothing = "0".repeat(tip.as_str().len());
            self.set_ref(&lock, &self.branch_ref(), &tip, Some(&nothing))
                .await?;
        }
        let kept = self.home().resolve(&self.backup_ref(UNCOMMITTED)).await?;
        self.create_from(kept.as_ref()).await
    }

    /// Removes the worktree and keeps the branch. What was in no commit is kept in the backup
    /// `refs/grump/backup/<run>/uncommitted`. The agent must have ended.
    ///
    /// # Errors
    /// Those of git and of the file system.
    pub async fn remove_worktree(&self) -> Result<()> {
        let lock = RepositoryLock::acquire(&self.record.common_dir).await?;
        self.keep_uncommitted().await?;
        self.remove_tree(&lock).await
    }

    /// Removes everything that there is of the run in the repository: worktree, branch, backups.
    /// Nothing brings it back. It may be repeated.
    ///
    /// # Errors
    /// [`Conflict`](grump_core::ErrorKind::Conflict) `branch_in_use` if the branch is checked out
    /// in another worktree.
    pub async fn purge(&self) -> Result<()> {
        let lock = RepositoryLock::acquire(&self.record.common_dir).await?;
        self.refuse_if_in_use().await?;
        self.remove_tree(&lock).await?;
        if let Some(tip) = self.home().resolve(&self.branch_ref()).await? {
            self.delete_branch(&lock, &tip).await?;
        }
        self.unmark();
        self.delete_backups().await
    }

    /// The names of the run's backups, with their commits' ids.
    ///
    /// # Errors
    /// Those of running git.
    pub async fn list_backups(&self) -> Result<Vec<(String, CommitId)>> {
        let call = self.home().git();
        let call = call.args(["for-each-ref", "--format=%(refname) %(objectname)"]);
        let listed = call.arg(self.backups()).line().await?;
        let pairs = listed.lines().filter_map(|line| line.split_once(' '));
        pairs
            .map(|(name, id)| Ok((name.to_owned(), CommitId::parse(id)?)))
            .collect()
    }

    async fn refuse_if_in_use(&self) -> Result<()> {
        match self.checkout_of(&self.branch_ref()).await? {
            Some(path) if !self.is_own(&path) => Err(conflict(
                "branch_in_use",
                "the run's branch is checked out elsewhere",
            )
            .advise("switch that worktree to another branch, then try again")
            .with("worktree", path.display())),
            _ => Ok(()),
        }
    }

    fn is_own(&self, path: &std::path::Path) -> bool {
        let real = |path: &std::path::Path| path.canonicalize().ok();
        path == self.record.path || real(path) == real(&self.record.path)
    }

    /// An earlier backup that the branch does not go on from is kept under another name.
    async fn keep_tip(&self, lock: &RepositoryLock, tip: &CommitId) -> Result<()> {
        let home = self.home();
        let name = self.backup_ref(TIP);
        if let Some(earlier) = home.resolve(&name).await?
            && !home.contains(tip, &earlier).await?
        {
            let other = format!("{name}-{}", earlier.short());
            self.set_ref(lock, &other, &earlier, None).await?;
        }
        self.set_ref(lock, &name, tip, None).await
    }

    /// An earlier backup is out of date where all is committed, unless there is no worktree any
    /// more: then a kill came between backup and removal.
    async fn keep_uncommitted(&self) -> Result<()> {
        if self.tree().is_err() {
            return Ok(());
        }
        if self.snapshot(UNCOMMITTED).await?.is_none() {
            let call = self.home().git().changes();
            let name = self.backup_ref(UNCOMMITTED);
            call.args(["update-ref", "-d", &name]).output().await?;
        }
        Ok(())
    }

    /// Makes the files as they are in a backup; the index stays.
    pub(crate) async fn bring_back(&self, backup: &CommitId) -> Result<()> {
        let tree = self.tree()?;
        let source = format!("--source={backup}");
        let call = tree.git().changes().args(["restore", "-q", &source]);
        call.args(["--worktree", "--no-overlay", "--", ":/"])
            .output()
            .await
            .map(drop)
    }

    async fn delete_branch(&self, lock: &RepositoryLock, tip: &CommitId) -> Result<()> {
        self.clear_reference_locks().await?;
        let call = self.home().git().holding(lock)?;
        let call = call.args(["update-ref", "-d", &self.branch_ref(), tip.as_str()]);
        call.output().await.map(drop)
    }

    async fn delete_backups(&self) -> Result<()> {
        self.clear_reference_locks().await?;
        let backups = self.list_backups().await?;
        let lines: String = backups
            .iter()
            .map(|(name, id)| format!("delete {name} {id}\n"))
            .collect();
        let call = self.home().git().changes().args(["update-ref", "--stdin"]);
        call.input(lines).output().await.map(drop)
    }
}
