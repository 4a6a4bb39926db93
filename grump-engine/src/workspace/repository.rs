//! [`Repository`]: the user's repository, and what grump asks of it before a run.

use std::path::{Path, PathBuf};

use grump_core::{Error, ErrorKind, RepoPath, Result};

use super::{
    Git, explain,
    git::CommitId,
    record::PLANNING,
    stage::{LeftOut, Tree},
};

/// A git repository with a working directory, found from a directory inside it.
#[derive(Clone, Debug)]
pub struct Repository {
    pub(crate) git: Git,
    root: PathBuf,
    common_dir: PathBuf,
    prefix: PathBuf,
}

/// What a repository's `HEAD` points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// A branch that has commits.
    Branch {
        /// Its name, without `refs/heads/`.
        name: String,
        /// Its last commit.
        commit: CommitId,
    },
    /// A commit, and no branch.
    Detached {
        /// That commit.
        commit: CommitId,
    },
    /// A branch without any commit: the repository is empty.
    Unborn {
        /// The name that the branch will have.
        name: String,
    },
}

/// What to do with uncommitted changes before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncommitted {
    /// Commit them to the branch that is checked out.
    Commit,
    /// Stash them, untracked files included.
    Stash,
}

/// Where uncommitted changes went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// The commit or the stash that holds them; `None` where there were none.
    pub commit: Option<CommitId>,
    /// Files that were not committed, and why.
    pub left_out: Vec<LeftOut>,
}

impl Repository {
    /// Finds the repository that `directory` is in.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the directory is missing, in no repository, in a bare one or
    /// has a name that is not UTF-8; [`ErrorKind::Forbidden`] if git refuses it;
    /// [`ErrorKind::Unavailable`] if there is no git.
    pub async fn discover(directory: impl AsRef<Path>) -> Result<Self> {
        Self::discover_with(Git::default(), directory).await
    }

    /// As [`discover`](Self::discover), with this git.
    ///
    /// # Errors
    /// As [`discover`](Self::discover).
    pub async fn discover_with(git: Git, directory: impl AsRef<Path>) -> Result<Self> {
        let directory = directory.as_ref();
        if !directory.is_dir() {
            return Err(explain::missing_directory(directory));
        }
        let found = git
            .at(directory)
            .args([
                "rev-parse",
                "--is-bare-repository",
                "--path-format=absolute",
            ])
            .args(["--git-common-dir", "--show-toplevel", "--show-prefix"])
            .end()
            .await?;
        if found.stdout.starts_with(b"true\n") {
            return Err(unusable(directory, "this is a bare repository")
                .advise("choose a clone of it that has a working directory"));
        }
        let text = std::str::from_utf8(&found.stdout).map_err(|_| unreadable(directory))?;
        let lines: Vec<&str> = text.lines().collect();
        match (found.status.success(), lines.as_slice()) {
            (true, [_, common_dir, root, prefix]) => Ok(Self {
                git,
                root: root.into(),
                common_dir: common_dir.into(),
                prefix: prefix.trim_end_matches('/').into(),
            }),
            (true, _) => Err(unreadable(directory)),
            (false, [_, _, ..]) => Err(unusable(directory, "this is inside a .git folder")
                .advise("choose the directory that holds it")),
            (false, _) => Err(found.failure()),
        }
    }

    /// The top of the working directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The `.git` folder that all of the repository's worktrees share.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The directory that the repository was found from, relative to [`root`](Self::root).
    #[must_use]
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// Whether a file is below the planning folder of the directory it was found from.
    fn is_planning(&self, path: &[u8]) -> bool {
        let folder = self.prefix.join(PLANNING);
        path.strip_prefix(folder.as_os_str().as_encoded_bytes())
            .is_some_and(|rest| rest.starts_with(b"/"))
    }

    /// The files with changes that are in no commit: tracked ones, and untracked ones that are not
    /// ignored. Untracked planning files do not count: they are copied into the worktree. Nor do
    /// embedded repositories, which neither a commit nor a stash would take.
    ///
    /// # Errors
    /// Those of running git.
    pub async fn uncommitted(&self) -> Result<Vec<RepoPath>> {
        let listed = self
            .git
            .at(&self.root)
            .args(["status", "--porcelain=v1", "-z", "--untracked-files=all"])
            .args(["--no-renames", "--ignore-submodules=dirty"])
            .output()
            .await?;
        let counts = |entry: &&[u8]| {
            !entry.starts_with(b"??") || !(entry.ends_with(b"/") || self.is_planning(&entry[3..]))
        };
        Ok(listed
            .split(|&byte| byte == 0)
            .filter(|entry| entry.len() > 3)
            .filter(counts)
            .map(|entry| RepoPath::from_bytes(&entry[3..]))
            .collect())
    }

    /// What `HEAD` points to.
    ///
    /// # Errors
    /// Those of running git.
    pub async fn head(&self) -> Result<Head> {
        let name = self
            .git
            .at(&self.root)
            .args(["symbolic-ref", "-q", "--short", "HEAD"])
            .found()
            .await?;
        let commit = self.resolve("HEAD").await?;
        match (name, commit) {
            (Some(name), Some(commit)) => Ok(Head::Branch { name, commit }),
            (Some(name), None) => Ok(Head::Unborn { name }),
            (None, Some(commit)) => Ok(Head::Detached { commit }),
            (None, None) => Err(unusable(&self.root, "HEAD points to nothing")
                .advise("check out a branch, then try again")),
        }
    }

    /// The commit that a revision means, `None` if there is none.
    pub(crate) async fn resolve(&self, revision: &str) -> Result<Option<CommitId>> {
        self.tree().resolve(revision).await
    }

    pub(crate) fn tree(&self) -> Tree<'_> {
        Tree::checkout(&self.git, &self.root)
    }

    /// Commits or stashes all uncommitted changes of the user's checkout, because the user said
    /// so. `message` describes the commit or the stash. Files that look like secrets are not
    /// committed. In an empty repository only [`Uncommitted::Commit`] works; it makes the first
    /// commit.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if another git is at work there, or a stash is asked of an empty
    /// repository; [`ErrorKind::Forbidden`] if it cannot be written.
    pub async fn save_uncommitted(&self, how: Uncommitted, message: &str) -> Result<Saved> {
        let _lock = super::lock::RepositoryLock::acquire(&self.common_dir).await?;
        match how {
            Uncommitted::Commit => self.commit_uncommitted(message).await,
            Uncommitted::Stash => self.stash_uncommitted(message).await,
        }
    }

    async fn commit_uncommitted(&self, message: &str) -> Result<Saved> {
        let tree = self.tree();
        let parent = self.resolve("HEAD").await?;
        let private = [self.prefix.join(PLANNING)];
        let planning = if self.tracks(&private[0]).await? {
            &[][..]
        } else {
            &private[..]
        };
        let staged = tree.stage(parent.as_ref(), planning).await?;
        let commit = if staged.changed.is_empty() {
            None
        } else {
            let call = tree
                .identified()
                .await?
                .args(["commit", "-q", "--no-verify", "-F", "-"]);
            call.input(message).output().await?;
            self.resolve("HEAD").await?
        };
        Ok(Saved {
            commit,
            left_out: staged.left_out,
        })
    }

    async fn stash_uncommitted(&self, message: &str) -> Result<Saved> {
        if self.resolve("HEAD").await?.is_none() {
            return Err(empty(&self.root));
        }
        let files = self.uncommitted().await?;
        if files.is_empty() {
            return Ok(Saved {
                commit: None,
                left_out: Vec::new(),
            });
        }
        let call = self.tree().identified().await?;
        call.args(["stash", "push", "-q", "--include-untracked", "-m", message])
            .args(["--pathspec-from-file=-", "--pathspec-file-nul"])
            .input(super::stage::literal_pathspecs(&files))
            .output()
            .await?;
        Ok(Saved {
            commit: self.resolve("refs/stash").await?,
            left_out: Vec::new(),
        })
    }

    /// Whether the index holds something at or below a path, relative to the root.
    pub(crate) async fn tracks(&self, path: &Path) -> Result<bool> {
        let call = self
            .git
            .at(&self.root)
            .args(["--literal-pathspecs", "ls-files", "-z", "--"]);
        Ok(!call.arg(path).output().await?.is_empty())
    }
}

/// The error of a repository without any commit.
pub(crate) fn empty(root: &Path) -> Error {
    Error::new(ErrorKind::InvalidInput, "the repository has no commit yet")
        .advise("commit something first, if only by `git commit --allow-empty -m start`")
        .with("directory", root.display())
}

fn unusable(directory: &Path, message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, message).with("directory", directory.display())
}

fn unreadable(directory: &Path) -> Error {
    unusable(directory, "the directory's path is not one line of UTF-8")
        .advise("move the repository to a path that is")
}
