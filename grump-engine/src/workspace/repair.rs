//! Putting right what a kill in the middle of a merge left.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use grump_core::{RepoPath, Result};

use super::{
    MergePlan, Workspace, explain,
    lock::{RepositoryLock, clear_since},
    merge::checkout_in_the_way,
    raw::{self, RawChange},
    stage::{Tree, literal_pathspecs},
};

/// What a merge that was begun had come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repaired {
    /// It is in place.
    Done,
    /// It is not, and all is as it was before: execute it again.
    RolledBack,
    /// It is not, and the branch has other commits by now: plan it again.
    Superseded,
}

impl Workspace {
    /// Puts right what a kill in the middle of [`execute_merge`](Self::execute_merge) left, and
    /// says what came of the merge. It waits for a git that survived the kill, and may be repeated.
    ///
    /// Files that the merge had written already are put back, those it had added are removed, and
    /// lock files of the killed git go. Pitfall 33: each file is compared first; if the user
    /// changed one since, nothing is touched.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](grump_core::ErrorKind::Conflict) `checkout_in_the_way`, with the
    /// files that the user changed since.
    pub async fn repair_merge(&self, plan: &MergePlan) -> Result<Repaired> {
        let lock = RepositoryLock::acquire(&self.record.common_dir).await?;
        self.repair(&lock, plan).await
    }

    /// The merge that was begun may be an earlier one than `plan`: that one is taken back, too.
    pub(crate) async fn repair(&self, lock: &RepositoryLock, plan: &MergePlan) -> Result<Repaired> {
        if let Some((begun, since)) = self.begun() {
            self.clean_up(lock, &begun, since).await?;
            self.unmark();
        }
        self.progress(plan).await
    }

    async fn progress(&self, plan: &MergePlan) -> Result<Repaired> {
        let home = self.home();
        Ok(match home.resolve(&plan.target).await? {
            Some(now) if home.contains(&now, &plan.new).await? => Repaired::Done,
            Some(now) if now == plan.old => Repaired::RolledBack,
            _ => Repaired::Superseded,
        })
    }

    async fn clean_up(
        &self,
        lock: &RepositoryLock,
        plan: &MergePlan,
        since: SystemTime,
    ) -> Result<()> {
        if let Some(directory) = self.checkout_of(&plan.target).await? {
            let checkout = Checkout::of(self, &directory, since).await?;
            if self.progress(plan).await? == Repaired::RolledBack {
                checkout.roll_back(lock, plan).await?;
            }
            clear_since(&checkout.git_dir.join("HEAD.lock"), since).await?;
        }
        let reference = format!("{}.lock", plan.target);
        clear_since(&self.record.common_dir.join(reference), since).await
    }

    /// The merge that git was started on and did not come back from, and when that was.
    fn begun(&self) -> Option<(MergePlan, SystemTime)> {
        let path = self.mark_path();
        // A kill can leave the note cut short: then git had not been started either.
        let plan = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        Some((plan, fs::metadata(&path).ok()?.modified().ok()?))
    }
}

/// The worktree in which a fast-forward was killed.
struct Checkout<'a> {
    tree: Tree<'a>,
    git_dir: PathBuf,
    since: SystemTime,
}

/// What is to be done to put a checkout back.
#[derive(Default)]
struct Repairs {
    /// Files to bring back as they were.
    restore: Vec<RepoPath>,
    /// Files that the merge had added.
    remove: Vec<RawChange>,
    /// Files that are as neither before nor after: the user's.
    edited: Vec<RepoPath>,
}

impl<'a> Checkout<'a> {
    async fn of(workspace: &'a Workspace, directory: &'a Path, since: SystemTime) -> Result<Self> {
        let tree = Tree::checkout(&workspace.git, directory);
        let call = tree.git().args(["rev-parse", "--absolute-git-dir"]);
        Ok(Self {
            git_dir: call.line().await?.into(),
            tree,
            since,
        })
    }

    async fn roll_back(&self, lock: &RepositoryLock, plan: &MergePlan) -> Result<()> {
        let repairs = self.compare(plan).await?;
        if !repairs.edited.is_empty() {
            return Err(checkout_in_the_way(&repairs.edited));
        }
        clear_since(&self.git_dir.join("index.lock"), self.since).await?;
        // A file may be where a folder has to come back, or the other way round.
        self.remove(&repairs.remove)?;
        let entries = repairs.remove.iter().flat_map(RawChange::old_entry);
        self.tree.write_entries(entries.collect()).await?;
        self.restore(lock, plan, &repairs.restore).await
    }

    /// Compares each file that the merge changes with what it was and what it was to be.
    async fn compare(&self, plan: &MergePlan) -> Result<Repairs> {
        let call = self
            .tree
            .git()
            .args(["diff-tree", "-r", "-z", "--raw", "--no-renames"]);
        let listed = call
            .arg("--no-abbrev")
            .args([&plan.old, &plan.new])
            .output()
            .await?;
        let (changes, _) = raw::changes(&listed)?;
        let unlike_old = self.unlike(&changes, RawChange::old_entry).await?;
        let unlike_new = self.unlike(&changes, RawChange::new_entry).await?;
        let mut repairs = Repairs::default();
        for change in changes {
            let exists = change.is_link() || exists(self.tree.directory, &change.path);
            let as_old = is_like(
                change.was_there(),
                exists,
                unlike_old.contains(&change.path),
            );
            let as_new = is_like(change.is_there(), exists, unlike_new.contains(&change.path));
            // Of a link to another repository only the index tells what the merge did.
            if as_old && !change.is_link() {
                continue;
            }
            let ours = as_new || !exists || self.is_partly_written(&change).await?;
            match (ours, change.was_there()) {
                (false, _) => repairs.edited.push(change.path),
                (true, true) => repairs.restore.push(change.path),
                (true, false) => repairs.remove.push(change),
            }
        }
        Ok(repairs)
    }

    /// The files whose content or mode is not that of these entries, in an index of their own.
    async fn unlike(
        &self,
        changes: &[RawChange],
        entry: fn(&RawChange) -> Vec<u8>,
    ) -> Result<HashSet<RepoPath>> {
        let index = self.git_dir.join("grump-index");
        let _ = fs::remove_file(&index);
        let tree = self.tree.clone().with_index(index.clone());
        tree.write_entries(changes.iter().flat_map(entry).collect())
            .await?;
        // Its status tells only that some files differ, which is the question.
        let refresh = tree
            .git()
            .changes()
            .args(["update-index", "-q", "--refresh"]);
        refresh.end().await?;
        let call = tree
            .git()
            .args(["diff-files", "-z", "--name-only", "--ignore-submodules=all"]);
        let listed = call.output().await?;
        let _ = fs::remove_file(index);
        Ok(raw::paths(&listed).into_iter().collect())
    }

    /// Whether the file holds the beginning of what the merge was writing there.
    async fn is_partly_written(&self, change: &RawChange) -> Result<bool> {
        if !change.new_mode.starts_with("100") {
            return Ok(false);
        }
        let path = raw::join(self.tree.directory, &change.path);
        let Ok(found) = fs::read(path) else {
            return Ok(false);
        };
        let mut option = std::ffi::OsString::from("--path=");
        option.push(raw::join(Path::new(""), &change.path));
        let call = self.tree.git().args(["cat-file", "--filters"]);
        let whole = call.arg(option).arg(&change.new_id).output().await?;
        Ok(whole.starts_with(&found))
    }

    async fn restore(
        &self,
        lock: &RepositoryLock,
        plan: &MergePlan,
        files: &[RepoPath],
    ) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let list = self.list(files)?;
        let call = self.tree.git().holding(lock)?;
        let source = format!("--source={}", plan.old);
        let call = call.args(["restore", "-q", &source, "--staged", "--worktree"]);
        call.args(list).output().await.map(drop)
    }

    fn remove(&self, files: &[RawChange]) -> Result<()> {
        files.iter().try_for_each(|file| {
            let path = raw::join(self.tree.directory, &file.path);
            remove_file(&path, self.tree.directory)
                .map_err(|error| explain::unwritable(&path, error))
        })
    }

    /// The options for a list of files that is too long for a command line, when standard input
    /// is the lock.
    fn list(&self, files: &[RepoPath]) -> Result<[std::ffi::OsString; 2]> {
        let path = self.git_dir.join("grump-paths");
        fs::write(&path, literal_pathspecs(files))
            .map_err(|error| explain::unwritable(&path, error))?;
        let mut option = std::ffi::OsString::from("--pathspec-from-file=");
        option.push(path);
        Ok([option, "--pathspec-file-nul".into()])
    }
}

/// Whether a file is as a tree has it: there and not unlike it, or not there at all.
fn is_like(expected: bool, exists: bool, unlike: bool) -> bool {
    if expected { exists && !unlike } else { !exists }
}

/// Whether there is a file, in real folders: one that is reached by a symbolic link is elsewhere.
fn exists(top: &Path, file: &RepoPath) -> bool {
    let path = raw::join(top, file);
    let found = |path: &Path| fs::symlink_metadata(path);
    let mut folders = path.ancestors().skip(1).take_while(|folder| *folder != top);
    folders.all(|folder| found(folder).is_ok_and(|found| found.is_dir()))
        && found(&path).is_ok_and(|found| !found.is_dir())
}

/// Removes a file (of a link to another repository: its empty folder), and the folders that only
/// it was in.
fn remove_file(path: &Path, top: &Path) -> io::Result<()> {
    if path.is_dir() {
        let _ = fs::remove_dir(path);
    } else if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let folders = path.ancestors().skip(1).take_while(|folder| *folder != top);
    for folder in folders {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
