//! A repository of its own for each test, apart from the user's configuration.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use grump_core::Error;
use grump_engine::workspace::{
    CommitId, Git, Repository, Workspace, WorkspacePlan, WorkspaceRecord,
};
use tempfile::TempDir;

/// A repository on branch `main` with one commit, and an empty data folder.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) root: PathBuf,
    pub(crate) git: Git,
}

impl Fixture {
    /// With a first commit of `a.txt`.
    pub(crate) fn new() -> Self {
        let fixture = Self::empty("repo");
        fixture.write("a.txt", "one\ntwo\nthree\n");
        fixture.commit("first");
        fixture
    }

    /// Without any commit, in a folder of this name.
    pub(crate) fn empty(name: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        fs::write(
            home.join(".gitconfig"),
            "[user]\nname = Example User\nemail = user@example.org\n[init]\ndefaultBranch = main\n",
        )
        .unwrap();
        let root = folder.path().join(name);
        fs::create_dir(&root).unwrap();
        let fixture = Self {
            git: isolated(Git::default(), &home),
            root,
            folder,
        };
        fixture.run(["init", "-q"]);
        fixture
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Takes away the user's name.
    pub(crate) fn forget_identity(&self) {
        fs::write(
            self.home().join(".gitconfig"),
            "[user]\nuseConfigOnly = true\n",
        )
        .unwrap();
    }

    /// Runs git in the user's checkout; what it printed, without the last line end.
    pub(crate) fn run<W: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = W>) -> String {
        self.run_in(&self.root, words)
    }

    /// Runs git in any directory.
    pub(crate) fn run_in<W: AsRef<OsStr>>(
        &self,
        directory: &Path,
        words: impl IntoIterator<Item = W>,
    ) -> String {
        let output = self.try_in(directory, words);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim_end_matches('\n').to_owned()
    }

    pub(crate) fn try_in<W: AsRef<OsStr>>(
        &self,
        directory: &Path,
        words: impl IntoIterator<Item = W>,
    ) -> Output {
        Command::new("git")
            .args(words)
            .current_dir(directory)
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_LITERAL_PATHSPECS")
            .env("HOME", self.home())
            .env("GIT_CONFIG_GLOBAL", self.home().join(".gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C")
            .output()
            .expect("these tests need git: install it, for instance with `apt-get install git`")
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        write(&self.root, path, content);
    }

    pub(crate) fn commit(&self, message: &str) -> CommitId {
        self.run(["add", "-A"]);
        self.run(["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    pub(crate) fn id(&self, revision: &str) -> CommitId {
        CommitId::parse(self.run(["rev-parse", revision])).unwrap()
    }

    pub(crate) fn status(&self) -> String {
        self.run(["status", "--porcelain"])
    }

    pub(crate) async fn repository(&self) -> Repository {
        self.discover(&self.root).await.unwrap()
    }

    pub(crate) async fn discover(&self, directory: &Path) -> Result<Repository, Error> {
        Repository::discover_with(self.git.clone(), directory).await
    }

    pub(crate) async fn plan(&self, run: &str) -> WorkspaceRecord {
        self.plan_from(&self.repository().await, run).await.unwrap()
    }

    pub(crate) async fn plan_from(
        &self,
        repository: &Repository,
        run: &str,
    ) -> Result<WorkspaceRecord, Error> {
        let data = self.data();
        let plan = WorkspacePlan {
            data: &data,
            run,
            title: "Add dark mode",
            branch_prefix: "ralph/",
            now: "2026-11-22T01:02:03Z".parse().unwrap(),
        };
        repository.plan(&plan).await
    }

    /// A workspace that exists.
    pub(crate) async fn workspace(&self, run: &str) -> Workspace {
        let workspace = Workspace::new(self.git.clone(), self.plan(run).await);
        workspace.create().await.unwrap();
        workspace
    }

    /// A workspace with a commit that writes these files.
    pub(crate) async fn worked(&self, run: &str, files: &[(&str, &str)]) -> Workspace {
        let workspace = self.workspace(run).await;
        for (path, content) in files {
            write(&workspace.directory(), path, content);
        }
        workspace.commit_iteration("[Ralph] work").await.unwrap();
        workspace
    }
}

/// This git without the user's (or the machine's) configuration.
pub(crate) fn isolated(git: Git, home: &Path) -> Git {
    git.env("HOME", home)
        .env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
}

pub(crate) fn write(directory: &Path, path: &str, content: impl AsRef<[u8]>) {
    let file = directory.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

pub(crate) fn read(directory: &Path, path: &str) -> String {
    fs::read_to_string(directory.join(path)).unwrap()
}

/// The reason of a conflict.
pub(crate) fn code(error: &Error) -> &str {
    &error.conflict().expect("a conflict").code
}

pub(crate) fn names(paths: &[grump_core::RepoPath]) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

/// A program of a test.
pub(crate) fn script(fixture: &Fixture, name: &str, text: &str) -> PathBuf {
    let path = fixture.home().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A filter that every text file goes through on its way to the disk, and that does as `text`
/// says before it passes the file on.
pub(crate) fn filter(fixture: &Fixture, text: &str) {
    let path = script(fixture, "filter", &format!("#!/bin/sh\n{text}\nexec cat\n"));
    fixture.write(".git/info/attributes", "*.txt filter=test\n");
    fixture.run(["config", "filter.test.smudge", path.to_str().unwrap()]);
}

/// Makes a filter that kills git when it has been called as often as `$HOME/countdown` says.
pub(crate) fn kill_at_count(fixture: &Fixture) {
    let text = r#"
if [ -s "$HOME/countdown" ]; then
    left=$(($(cat "$HOME/countdown") - 1))
    if [ $left -gt 0 ]; then echo $left > "$HOME/countdown"
    else rm "$HOME/countdown"; kill -9 $PPID; fi
fi"#;
    filter(fixture, text);
}
