//! [`Workspace`]: a run's worktree and branch, from making to removing it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use grump_core::{Conflict, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::{
    Git, WorkspaceRecord, copy, explain, git::CommitId, lock::RepositoryLock, stage::Tree,
};
use crate::failpoint::pass;

/// The file in the worktree's git folder that says it is complete.
const READY: &str = "grump-ready";

/// A run's worktree and branch. Making one does nothing yet; see [`create`](Self::create).
#[derive(Clone, Debug)]
pub struct Workspace {
    pub(crate) git: Git,
    pub(crate) record: WorkspaceRecord,
}

/// What the file `grump-ready` holds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Ready {
    /// The run that the worktree belongs to.
    run: String,
    /// Paths, relative to the top, that were copied in and are never committed.
    private: Vec<PathBuf>,
}

impl Workspace {
    /// The workspace of this record.
    #[must_use]
    pub fn new(git: Git, record: WorkspaceRecord) -> Self {
        Self { git, record }
    }

    /// What is known of it.
    #[must_use]
    pub fn record(&self) -> &WorkspaceRecord {
        &self.record
    }

    /// The directory that the run's agent works in.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.record.path.join(&self.record.prefix)
    }

    /// The run's branch with `refs/heads/`.
    pub(crate) fn branch_ref(&self) -> String {
        format!("refs/heads/{}", self.record.branch)
    }

    /// Makes branch and worktree, and copies what belongs there: the planning folder where it is
    /// untracked, and the ignored files that `.worktreeinclude` lists.
    ///
    /// It may be repeated, also after a kill in the middle: what is complete stays as it is, with
    /// all that was done in it; what is not is made anew. The worktree starts at the branch's last
    /// commit where the branch exists already.
    ///
    /// Pitfall 34: git itself records, before the first file exists, which run a worktree belongs
    /// to; one of another run, or a folder that git does not know, is never taken over.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if something else is at its path, or its branch is checked out
    /// elsewhere; [`ErrorKind::Forbidden`] and [`ErrorKind::Storage`] if it cannot be written.
    pub async fn create(&self) -> Result<()> {
        self.create_from(None).await
    }

    /// As [`create`](Self::create), with the files of a backup where the worktree is made anew.
    pub(crate) async fn create_from(&self, backup: Option<&CommitId>) -> Result<()> {
        let lock = RepositoryLock::acquire(&self.record.common_dir).await?;
        match self.git_dir()? {
            Some(git_dir) if self.is_complete(&git_dir) => return Ok(()),
            Some(_) => self.remove_tree(&lock).await?,
            None if self.record.path.exists() => return Err(self.occupied()),
            None => {}
        }
        self.add(&lock).await?;
        let private = copy::into_worktree(&self.git, &self.record).await?;
        if let Some(backup) = backup {
            self.bring_back(backup).await?;
        }
        let git_dir = self.tree()?.git_dir().to_owned();
        self.finish(&git_dir, private)
    }

    fn is_complete(&self, git_dir: &Path) -> bool {
        ready(git_dir).run == self.record.run && self.record.path.join(".git").exists()
    }

    async fn add(&self, lock: &RepositoryLock) -> Result<()> {
        let record = &self.record;
        if let Some(parent) = record.path.parent() {
            fs::create_dir_all(parent).map_err(|error| explain::unwritable(parent, error))?;
        }
        self.clear_reference_locks().await?;
        if self.home().resolve(&self.branch_ref()).await?.is_none() {
            let call = self.home().git().holding(lock)?;
            call.args(["update-ref", "-m", "grump: start", &self.branch_ref()])
                .args([
                    record.base.as_str(),
                    &"0".repeat(record.base.as_str().len()),
                ])
                .output()
                .await?;
        }
        let call = self.home().git().holding(lock)?;
        call.args(["worktree", "add", "-q", "--lock", "--reason"])
            .args([
                self.owner().as_ref(),
                "--".as_ref(),
                record.path.as_os_str(),
            ])
            .arg(&record.branch)
            .output()
            .await?;
        Ok(())
    }

    fn finish(&self, git_dir: &Path, private: Vec<PathBuf>) -> Result<()> {
        let directory = self.directory();
        fs::create_dir_all(&directory).map_err(|error| explain::unwritable(&directory, error))?;
        let run = self.record.run.clone();
        let ready = serde_json::to_vec(&Ready { run, private }).map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot write a workspace's state").caused_by(error)
        })?;
        let path = git_dir.join(READY);
        fs::write(&path, ready).map_err(|error| explain::unwritable(&path, error))
    }

    /// The paths that were copied in and are never committed.
    pub(crate) fn private(&self) -> Result<Vec<PathBuf>> {
        Ok(ready(self.tree()?.git_dir()).private)
    }

    /// Calls of git on the repository, apart from the run's worktree.
    pub(crate) fn home(&self) -> Tree<'_> {
        let root = &self.record.repository;
        let exists = root.join(".git").exists();
        Tree::checkout(
            &self.git,
            if exists {
                root
            } else {
                &self.record.common_dir
            },
        )
    }

    /// Calls of git on the run's worktree.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub(crate) fn tree(&self) -> Result<Tree<'_>> {
        let path = &self.record.path;
        match self.git_dir()? {
            Some(git_dir) if path.is_dir() => Ok(Tree::worktree(&self.git, path, git_dir)),
            _ => Err(
                Error::new(ErrorKind::NotFound, "the run's worktree is gone")
                    .advise("start the run again: it continues from its branch")
                    .with("worktree", path.display()),
            ),
        }
    }

    /// What git notes as the reason why the worktree is locked.
    fn owner(&self) -> String {
        format!("grump run {}", self.record.run)
    }

    /// The worktree's folder within the common git folder, if git knows the worktree as this
    /// run's.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if git knows it as another's.
    pub(crate) fn git_dir(&self) -> Result<Option<PathBuf>> {
        let owner = self.owner();
        for registered in registered(&self.record.common_dir) {
            let here = registered.is_at(&self.record.path);
            // An agent may have unlocked its worktree: then there is no reason any more.
            let ours = match &registered.reason {
                Some(reason) => *reason == owner,
                None => ready(&registered.git_dir).run == self.record.run,
            };
            match (here, ours) {
                (true, false) => return Err(self.occupied()),
                (true, true) => return Ok(Some(registered.git_dir)),
                // Killed before git had written where the worktree is.
                (false, _) if ours && registered.path.is_none() => {
                    return Ok(Some(registered.git_dir));
                }
                (false, _) => {}
            }
        }
        Ok(None)
    }

    fn occupied(&self) -> Error {
        Error::new(
            ErrorKind::Conflict,
            "something else is where the run's worktree belongs",
        )
        .conflicting(Conflict::new("worktree_occupied"))
        .advise("look at it, move it away, then try again")
        .with("path", self.record.path.display())
    }

    /// Whether there is anything of the worktree: its files, or git's knowledge of it.
    pub(crate) fn is_there(&self) -> bool {
        self.record.path.exists() || self.git_dir().is_ok_and(|git_dir| git_dir.is_some())
    }

    /// Removes the worktree with everything in it, and git's knowledge of it.
    pub(crate) async fn remove_tree(&self, lock: &RepositoryLock) -> Result<()> {
        let git_dir = self.git_dir()?;
        self.remove_files()?;
        let Some(git_dir) = git_dir else {
            return Ok(());
        };
        let call = self.home().git().holding(lock)?;
        let path = &self.record.path;
        // Git refuses a registration that a kill left half written: then the folder just goes.
        call.args(["worktree", "remove", "--force", "--force", "--"])
            .arg(path)
            .end()
            .await?;
        remove_all(&git_dir)
    }

    /// Out of the way first, at once: half a worktree must never be taken for one whose files the
    /// agent deleted.
    fn remove_files(&self) -> Result<()> {
        let path = &self.record.path;
        let doomed = path.with_file_name(format!(".{}.removed", self.record.run));
        remove_all(&doomed)?;
        match fs::rename(path, &doomed) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(|error| explain::unwritable(path, error))?,
        }
        pass(|| format!("in the removal of {}", doomed.display()));
        remove_all(&doomed)
    }

    /// The last commit of the run's branch.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] `no_git_branch` if the branch is gone.
    pub async fn tip(&self) -> Result<CommitId> {
        let tip = self.home().resolve(&self.branch_ref()).await?;
        tip.ok_or_else(|| {
            Error::new(ErrorKind::Conflict, "the run's branch is gone")
                .conflicting(Conflict::new("no_git_branch"))
                .advise("undo the discard, or make the branch again at the commit you want")
                .with("branch", &self.record.branch)
        })
    }
}

/// One of git's worktrees, as its folder within the common git folder tells.
pub(crate) struct Registered {
    pub(crate) git_dir: PathBuf,
    /// The worktree's top.
    pub(crate) path: Option<PathBuf>,
    pub(crate) reason: Option<String>,
}

impl Registered {
    /// Whether its worktree is at this path.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        self.path
            .as_deref()
            .is_some_and(|registered| real(registered) == real(path))
    }
}

/// A path without symbolic links and dots but in its last part, which may be missing.
pub(crate) fn real(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// What is noted about a complete worktree; nothing for one that is not.
fn ready(git_dir: &Path) -> Ready {
    let text = fs::read(git_dir.join(READY)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// All worktrees of a repository but the main one.
pub(crate) fn registered(common_dir: &Path) -> Vec<Registered> {
    let entries = fs::read_dir(common_dir.join("worktrees"));
    let folders = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    folders.map(registration).collect()
}

fn registration(git_dir: PathBuf) -> Registered {
    let read = |name| fs::read_to_string(git_dir.join(name)).ok();
    let trimmed = |text: String| text.trim_end_matches('\n').to_owned();
    let path = read("gitdir").map(trimmed).and_then(|text| {
        let absolute = git_dir.join(text);
        absolute.parent().map(Path::to_owned)
    });
    let reason = read("locked").map(trimmed);
    Registered {
        git_dir,
        path,
        reason,
    }
}

/// Removes a folder and all below it, also where an agent took away the right to write.
pub(crate) fn remove_all(folder: &Path) -> Result<()> {
    let removed = fs::remove_dir_all(folder).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        io::ErrorKind::PermissionDenied => {
            unprotect(folder)?;
            fs::remove_dir_all(folder)
        }
        _ => Err(error),
    });
    removed.map_err(|error| explain::unwritable(folder, error))
}

fn unprotect(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unprotect(&entry.path())?;
        }
    }
    Ok(())
}
