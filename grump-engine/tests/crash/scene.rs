//! A repository, a data folder, the loop that the victim runs, and the engine it runs it with.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use grump::{ControlPlane, NewLoop, Plane, PlaneInfo, Run, domain::Facets};
use grump_engine::{
    DataFolder, Engine, EngineBuilder, Resume,
    agent::{registry::Agents, script::ScriptAgent},
    process::KeeperCommand,
};
use serde_json::json;
use tempfile::TempDir;

/// What the loop is told, and what the victim tells it during the first iteration.
pub(crate) const PROMPT: &str = "base";
pub(crate) const PENDING: &str = "extra";

/// The folder of one victim after the other.
pub(crate) struct Scene {
    root: PathBuf,
    /// Removes the folder in the end; the victim, who only borrows it, has none.
    _folder: Option<TempDir>,
}

impl Scene {
    /// A repository with one commit on `main`, kept to be put back.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let scene = Self {
            root,
            _folder: Some(folder),
        };
        fs::create_dir(scene.repository()).unwrap();
        fs::create_dir(scene.root.join("data")).unwrap();
        scene.git(&["init", "-q", "-b", "main", "--template="]);
        scene.git(&["config", "user.name", "Example User"]);
        scene.git(&["config", "user.email", "user@example.com"]);
        scene.write("README.md", "# App\n");
        scene.write("notes.md", "mine\n");
        scene.git(&["add", "-A"]);
        scene.git(&["commit", "-qm", "first"]);
        scene.keep();
        scene
    }

    /// The scene that is there already.
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            _folder: None,
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.root.join("app")
    }

    pub(crate) fn data(&self) -> DataFolder {
        DataFolder::new(self.root.join("data"))
    }

    /// The first iteration waits for this file.
    pub(crate) fn flag(&self) -> PathBuf {
        self.root.join("flag")
    }

    /// What the victim tells.
    pub(crate) fn report(&self) -> PathBuf {
        self.root.join("report")
    }

    /// Keeps repository and data as they are now.
    pub(crate) fn keep(&self) {
        let _ = fs::remove_dir_all(self.root.join("kept"));
        fs::create_dir(self.root.join("kept")).unwrap();
        self.copy(&["app", "data"], "kept");
    }

    /// Puts repository and data back to how they were kept.
    pub(crate) fn restore(&self) {
        for name in ["app", "data"] {
            fs::remove_dir_all(self.root.join(name)).unwrap();
        }
        for file in [self.flag(), self.report()] {
            let _ = fs::remove_file(file);
        }
        self.copy(&["kept/app", "kept/data"], ".");
    }

    fn copy(&self, from: &[&str], to: &str) {
        let copied = Command::new("cp")
            .arg("-a")
            .args(from)
            .arg(to)
            .current_dir(&self.root)
            .status();
        assert!(copied.unwrap().success(), "cp {from:?}");
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.repository().join(path), text).unwrap();
    }

    /// Runs git in the user's checkout; its output, trimmed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.try_git(arguments);
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    pub(crate) fn try_git(&self, arguments: &[&str]) -> Output {
        Command::new("git")
            .current_dir(self.repository())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(arguments)
            .output()
            .expect("these tests need git: install it, for instance with `apt-get install git`")
    }

    /// The loop: three iterations that each add to a file, with a real child process in each.
    pub(crate) fn new_loop(&self) -> NewLoop {
        NewLoop::new("three lines", self.repository().to_str().unwrap(), PROMPT).agent("scripted")
    }

    pub(crate) fn builder(&self, resume: Resume) -> EngineBuilder {
        let flag = self.flag();
        let wait = format!("until [ -e '{}' ]; do sleep 0.01; done", flag.display());
        let line =
            json!({"append": {"path": "lines.txt", "content": "{{iteration}}: {{prompt}}\n"}});
        let usage = json!({"usage": {"input": 10, "output": 5}});
        let script = json!({"turns": [
            {"steps": [line, {"bash": wait}], "final": "Not yet."},
            {"steps": [usage, line, {"bash": "echo second >>tool.txt"}], "final": "Not yet."},
            {"steps": [line, {"bash": "echo third >>tool.txt; mkdir -p deep/er; echo x >deep/er/x"}],
             "final": "Done.\n<promise>COMPLETE</promise>"},
        ]});
        let script = ScriptAgent::new(script.to_string().parse().unwrap());
        Engine::builder(self.data())
            .agents(Agents::default().with("scripted", Arc::new(script)))
            .keeper(KeeperCommand::new(env!("CARGO_BIN_EXE_grump-keeper")))
            .pause_after_error(Duration::ZERO)
            .resume(resume)
    }

    /// An engine on the data folder, to be closed.
    pub(crate) fn open(&self, resume: Resume) -> Open {
        Open(Arc::new(self.builder(resume).open().unwrap()))
    }
}

/// An engine that a plane uses and that can be closed.
#[derive(Clone, Debug)]
pub(crate) struct Open(pub(crate) Arc<Engine>);

impl Open {
    pub(crate) fn plane(&self) -> Plane {
        Plane::new(self.clone())
    }

    pub(crate) async fn close(self) {
        self.0.close().await;
    }
}

#[async_trait::async_trait]
impl ControlPlane for Open {
    fn info(&self) -> &PlaneInfo {
        self.0.info()
    }

    fn facets(&self) -> &Facets {
        self.0.facets()
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

/// The only loop there is, if there is one.
pub(crate) async fn only(plane: &Plane) -> Option<Run> {
    let mut runs = plane.loops().list().await.unwrap();
    assert!(runs.len() <= 1, "{runs:?}");
    runs.pop()
}
