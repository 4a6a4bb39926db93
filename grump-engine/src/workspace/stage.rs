//! Staging everything that changed in a worktree, but for what must not be committed.

use std::path::{Path, PathBuf};

use grump_core::{RepoPath, Result};
use serde::{Deserialize, Serialize};

use super::{
    Git,
    git::{Call, CommitId},
    raw::{self, RawChange},
    secrets,
};

/// A changed file that is not committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LeftOut {
    /// The file.
    pub path: RepoPath,
    /// Why it is left out.
    pub reason: LeftOutReason,
}

/// Why a changed file is not committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeftOutReason {
    /// It looks like it holds a secret; the text says which kind.
    Secret(String),
    /// It is a git repository of its own, of which a commit would hold only an id.
    EmbeddedRepository,
    /// Git cannot read it.
    Unreadable,
}

/// What staging came to.
pub(crate) struct Staged {
    pub(crate) changed: Vec<RawChange>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// A working directory to call git in.
#[derive(Clone, Debug)]
pub(crate) struct Tree<'a> {
    git: &'a Git,
    pub(crate) directory: &'a Path,
    git_dir: Option<PathBuf>,
    index: Option<PathBuf>,
}

impl<'a> Tree<'a> {
    /// The user's checkout: git finds its own folder.
    pub(crate) fn checkout(git: &'a Git, directory: &'a Path) -> Self {
        Self {
            git,
            directory,
            git_dir: None,
            index: None,
        }
    }

    /// A run's worktree: whatever its agent did to the `.git` file in it, git works on this folder.
    pub(crate) fn worktree(git: &'a Git, directory: &'a Path, git_dir: PathBuf) -> Self {
        Self {
            git,
            directory,
            git_dir: Some(git_dir),
            index: None,
        }
    }

    /// The same worktree with another index.
    pub(crate) fn with_index(mut self, index: PathBuf) -> Self {
        self.index = Some(index);
        self
    }

    /// The worktree's own folder within the common git folder.
    ///
    /// Only a run's worktree is asked for it.
    pub(crate) fn git_dir(&self) -> &Path {
        self.git_dir.as_deref().unwrap_or(self.directory)
    }

    /// A call in it.
    pub(crate) fn git(&self) -> Call {
        let mut call = self.git.at(self.directory);
        if let Some(git_dir) = &self.git_dir {
            call = call
                .env("GIT_DIR", git_dir)
                .env("GIT_WORK_TREE", self.directory);
        }
        if let Some(index) = &self.index {
            call = call.env("GIT_INDEX_FILE", index);
        }
        call
    }

    /// A call that commits: as the user, or as grump where git knows no name for the user.
    pub(crate) async fn identified(&self) -> Result<Call> {
        let call = self.git().changes();
        for identity in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
            let probe = self
                .git()
                .args(["-c", "user.useConfigOnly=true", "var", identity]);
            if !probe.end().await?.status.success() {
                return Ok(as_grump(call));
            }
        }
        Ok(call)
    }

    /// The commit that a revision means, `None` if there is none.
    pub(crate) async fn resolve(&self, revision: &str) -> Result<Option<CommitId>> {
        let call = self
            .git()
            .args(["rev-parse", "-q", "--verify", "--end-of-options"]);
        let found = call.arg(format!("{revision}^{{commit}}")).found().await?;
        found.map(CommitId::parse).transpose()
    }

    /// Whether `ancestor` is in the history of `commit`, which it also is when they are the same.
    pub(crate) async fn contains(&self, commit: &CommitId, ancestor: &CommitId) -> Result<bool> {
        let call = self.git().args(["merge-base", "--is-ancestor"]);
        let found = call.args([ancestor, commit]).found().await?;
        Ok(found.is_some())
    }

    /// The tree of a commit or, without one, the empty tree.
    async fn tree_of(&self, commit: Option<&CommitId>) -> Result<String> {
        match commit {
            Some(commit) => Ok(commit.to_string()),
            None => self.git().args(["mktree"]).changes().line().await,
        }
    }

    /// Stages every change since `parent` but those below the `private` paths, in embedded
    /// repositories, and in files that look like secrets.
    ///
    /// Pitfall 35: what an agent leaves lying about must not end up in the history unseen.
    pub(crate) async fn stage(
        &self,
        parent: Option<&CommitId>,
        private: &[PathBuf],
    ) -> Result<Staged> {
        let mut left_out = self.embedded().await?;
        self.add_all(private, &mut left_out).await?;
        let changed = self.staged(parent).await?;
        let suspects = secrets::suspects(self, &changed).await?;
        self.unstage(&changed, &suspects).await?;
        let kept = |change: &RawChange| !suspects.iter().any(|left| left.path == change.path);
        let changed = changed.into_iter().filter(kept).collect();
        left_out.extend(suspects);
        Ok(Staged { changed, left_out })
    }

    /// Stages everything, secrets too: for snapshots, which stay in this repository.
    pub(crate) async fn stage_unchecked(&self, private: &[PathBuf]) -> Result<()> {
        let mut left_out = self.embedded().await?;
        self.add_all(private, &mut left_out).await
    }

    /// Git lists an untracked repository as a directory, all else as files.
    async fn embedded(&self) -> Result<Vec<LeftOut>> {
        let listed = self.others(&["--others"]).await?;
        let folders = listed
            .into_iter()
            .filter(|path| path.as_bytes().ends_with(b"/"));
        Ok(folders
            .map(|path| LeftOut {
                path,
                reason: LeftOutReason::EmbeddedRepository,
            })
            .collect())
    }

    async fn others(&self, what: &[&str]) -> Result<Vec<RepoPath>> {
        let call = self.git().args(["ls-files", "-z", "--exclude-standard"]);
        let listed = call.args(what).output().await?;
        Ok(raw::paths(&listed))
    }

    async fn add_all(&self, private: &[PathBuf], left_out: &mut Vec<LeftOut>) -> Result<()> {
        let mut pathspecs = b":(top)\0".to_vec();
        let private = private
            .iter()
            .map(|path| path.as_os_str().as_encoded_bytes());
        let embedded = left_out.iter().map(|left| left.path.as_bytes());
        for path in private.chain(embedded) {
            pathspecs.extend(b":(top,exclude,literal)");
            pathspecs.extend(path.strip_suffix(b"/").unwrap_or(path));
            pathspecs.push(0);
        }
        let added = self
            .git()
            .changes()
            .args(["add", "--all", "--ignore-errors"])
            .args(["--pathspec-from-file=-", "--pathspec-file-nul"])
            .input(pathspecs)
            .end()
            .await?;
        if added.status.success() {
            return Ok(());
        }
        let unreadable = self.unreadable().await?;
        if unreadable.is_empty() {
            return Err(added.failure());
        }
        left_out.extend(unreadable);
        Ok(())
    }

    /// The files that are still not staged because this user may not read them.
    async fn unreadable(&self) -> Result<Vec<LeftOut>> {
        let remaining = self.others(&["--others", "--modified"]).await?;
        let refused = |path: &RepoPath| {
            let file = std::fs::File::open(raw::join(self.directory, path));
            file.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
        };
        Ok(remaining
            .into_iter()
            .filter(refused)
            .map(|path| LeftOut {
                path,
                reason: LeftOutReason::Unreadable,
            })
            .collect())
    }

    async fn staged(&self, parent: Option<&CommitId>) -> Result<Vec<RawChange>> {
        let tree = self.tree_of(parent).await?;
        let call = self
            .git()
            .args(["diff-index", "--cached", "--raw", "-z", "--no-renames"]);
        let listed = call
            .args(["--no-abbrev", "--ignore-submodules=none", &tree, "--"])
            .output()
            .await?;
        raw::changes(&listed).map(|(changes, _)| changes)
    }

    /// Puts the entries of these files back to what `parent` has.
    async fn unstage(&self, changed: &[RawChange], suspects: &[LeftOut]) -> Result<()> {
        if suspects.is_empty() {
            return Ok(());
        }
        let mut entries = Vec::new();
        for change in changed {
            if suspects.iter().any(|left| left.path == change.path) {
                entries.extend(change.old_entry());
            }
        }
        self.write_entries(entries).await
    }

    /// Writes entries, as [`RawChange::old_entry`] makes them, into the index.
    pub(crate) async fn write_entries(&self, entries: Vec<u8>) -> Result<()> {
        let call = self.git().changes();
        let call = call.args(["update-index", "-z", "--index-info"]);
        call.input(entries).output().await.map(drop)
    }
}

fn as_grump(call: Call) -> Call {
    call.env("GIT_AUTHOR_NAME", "grump")
        .env("GIT_AUTHOR_EMAIL", "grump@localhost")
        .env("GIT_COMMITTER_NAME", "grump")
        .env("GIT_COMMITTER_EMAIL", "grump@localhost")
}

/// Paths as a list for `--pathspec-from-file=- --pathspec-file-nul`, none with a magic meaning.
pub(crate) fn literal_pathspecs<'p>(paths: impl IntoIterator<Item = &'p RepoPath>) -> Vec<u8> {
    let mut list = Vec::new();
    for path in paths {
        list.extend(b":(top,literal)");
        list.extend(path.as_bytes());
        list.push(0);
    }
    list
}
