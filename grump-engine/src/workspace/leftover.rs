//! What crashes left behind: worktrees that no run knows, and git's memory of ones that are gone.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use grump_core::Result;

use super::{
    Git, MergeTarget, Workspace, WorkspaceRecord,
    create::{real, registered, remove_all},
    explain,
    lock::RepositoryLock,
    record::worktrees,
    stage::Tree,
};

/// A worktree below a data folder that belongs to no run that the journal knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leftover {
    /// Its folder.
    pub path: PathBuf,
    /// The id of the run that it was made for.
    pub run: String,
    /// The `.git` folder of its repository, if that still knows it.
    pub common_dir: Option<PathBuf>,
}

/// Finds the worktrees below `data` of runs that are not known.
///
/// Pitfall 32: a worktree is journaled before it is made, so one of an unknown run is garbage.
///
/// # Errors
/// [`Forbidden`](grump_core::ErrorKind::Forbidden) or
/// [`Storage`](grump_core::ErrorKind::Storage) if the folder cannot be read.
pub fn leftovers(data: &Path, is_known: impl Fn(&str) -> bool) -> Result<Vec<Leftover>> {
    let mut found = Vec::new();
    for repository in folders(&worktrees(data))? {
        for path in folders(&repository)? {
            let run = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if !is_known(&run) {
                let common_dir = common_dir(&path);
                found.push(Leftover {
                    path,
                    run,
                    common_dir,
                });
            }
        }
    }
    Ok(found)
}

fn folders(of: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(of) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| explain::unwritable(of, error))?,
    };
    let mut folders: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    Ok(folders)
}

/// The common git folder that a worktree's `.git` file leads to, if it is the right one.
fn common_dir(worktree: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(worktree.join(".git")).ok()?;
    let git_dir = worktree.join(text.strip_prefix("gitdir: ")?.trim_end());
    let common_dir = git_dir.parent()?.parent()?;
    let known = registered(common_dir);
    let knows = known.iter().any(|registered| registered.is_at(worktree));
    knows.then(|| common_dir.to_owned())
}

impl Leftover {
    /// Removes it. Where its repository still knows it, what is in no commit is kept in the backup
    /// `refs/grump/backup/<run>/uncommitted`, and its branch stays.
    ///
    /// # Errors
    /// Those of git and of the file system.
    pub async fn remove(&self, git: &Git) -> Result<()> {
        match self.workspace(git).await? {
            Some(workspace) => workspace.remove_worktree().await,
            None => remove_all(&self.path),
        }
    }

    async fn workspace(&self, git: &Git) -> Result<Option<Workspace>> {
        let Some(common_dir) = &self.common_dir else {
            return Ok(None);
        };
        let tree = Tree::checkout(git, &self.path);
        let Some(base) = tree.resolve("HEAD").await? else {
            return Ok(None);
        };
        let branch = tree
            .git()
            .args(["symbolic-ref", "-q", "--short", "HEAD"])
            .found()
            .await?;
        let record = WorkspaceRecord {
            run: self.run.clone(),
            repository: common_dir.parent().unwrap_or(common_dir).to_owned(),
            common_dir: common_dir.clone(),
            path: self.path.clone(),
            prefix: PathBuf::new(),
            branch: branch.unwrap_or_default(),
            base,
            target: MergeTarget::Detached,
        };
        Ok(Some(Workspace::new(git.clone(), record)))
    }
}

/// Makes a repository forget worktrees of this data folder whose folders are gone, and those that
/// a kill left half registered. Returns where they were.
///
/// # Errors
/// Those of the file system.
pub async fn prune(common_dir: &Path, data: &Path) -> Result<Vec<PathBuf>> {
    let _lock = RepositoryLock::acquire(common_dir).await?;
    let ours = worktrees(data);
    let mut pruned = Vec::new();
    for registered in registered(common_dir) {
        let half = registered
            .reason
            .is_some_and(|reason| reason.starts_with("grump run "));
        let gone = match &registered.path {
            Some(path) => real(path).starts_with(real(&ours)) && !path.exists(),
            None => half,
        };
        if gone {
            remove_all(&registered.git_dir)?;
            pruned.push(registered.path.unwrap_or(registered.git_dir));
        }
    }
    Ok(pruned)
}
