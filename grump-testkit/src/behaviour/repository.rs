//! [`Repository`]: a git repository as a user has it, and what a user does with it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A git repository with a checkout, on this machine.
#[derive(Clone, Debug)]
pub struct Repository(PathBuf);

impl Repository {
    /// An empty repository whose branch `main` has no commit yet, in a new folder.
    #[must_use]
    pub fn empty(path: impl Into<PathBuf>) -> Self {
        let repository = Self(path.into());
        fs::create_dir_all(&repository.0).unwrap();
        repository.git(&["init", "-q", "-b", "main"]);
        for (name, value) in [
            ("user.name", "Example User"),
            ("user.email", "user@example.com"),
            ("commit.gpgsign", "false"),
        ] {
            repository.git(&["config", name, value]);
        }
        repository
    }

    /// A repository with one commit on `main`, which holds `README.md`, in a new folder.
    #[must_use]
    pub fn with_commit(path: impl Into<PathBuf>) -> Self {
        let repository = Self::empty(path);
        repository.commit("README.md", "# App\n");
        repository
    }

    /// The folder of the checkout.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of the checkout, as planes are told it.
    #[must_use]
    pub fn directory(&self) -> String {
        let path = self.0.to_str();
        path.expect("temporary folders have plain names").to_owned()
    }

    /// Runs git in the checkout; what it printed, trimmed.
    ///
    /// # Panics
    /// If git fails.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(&self.0)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(arguments)
            .output()
            .expect("the behaviour suite needs git; install it");
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Writes a file below the checkout, making folders as needed.
    pub fn write(&self, path: &str, content: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file below the checkout; `None` where there is none.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.0.join(path)).ok()
    }

    /// Writes a file and commits everything there is; the commit's id.
    pub fn commit(&self, path: &str, content: &str) -> String {
        self.write(path, content);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", &format!("write {path}")]);
        self.head()
    }

    /// The commit that is checked out.
    #[must_use]
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// The folders of its worktrees but the checkout's own, with the branch that each is on; empty
    /// where it is on none.
    #[must_use]
    pub fn worktrees(&self) -> Vec<(PathBuf, String)> {
        let listed = self.git(&["worktree", "list", "--porcelain"]);
        let of = |worktree: &str| {
            let value = |name| worktree.lines().find_map(|line| line.strip_prefix(name));
            let branch = value("branch refs/heads/").unwrap_or_default();
            Some((PathBuf::from(value("worktree ")?), branch.to_owned()))
        };
        listed.split("\n\n").skip(1).filter_map(of).collect()
    }

    /// What is uncommitted, as `git status --porcelain` says it.
    #[must_use]
    pub fn status(&self) -> String {
        self.git(&["status", "--porcelain"])
    }

    /// Lets through every agent of the suite that waits at this gate. See [`scripts`](super::scripts).
    pub fn open_gate(&self, gate: &str) {
        let gates = self.0.join(".git/gates");
        fs::create_dir_all(&gates).unwrap();
        fs::write(gates.join(gate), "").unwrap();
    }
}
