//! A repository, a data folder, and an engine with scripts as agents.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use grump::Plane;
use grump_engine::{
    DataFolder, Engine, EngineBuilder,
    agent::{registry::Agents, script::ScriptAgent},
    process::KeeperCommand,
};
use serde_json::Value;
use tempfile::TempDir;

/// A temporary folder with a repository and room for data.
pub(crate) struct Scene {
    folder: TempDir,
}

impl Scene {
    /// A repository with one commit on `main`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self { folder };
        std::fs::create_dir(scene.repository()).unwrap();
        scene.git(&["init", "-q", "-b", "main"]);
        scene.git(&["config", "user.name", "Example User"]);
        scene.git(&["config", "user.email", "user@example.com"]);
        scene.write("README.md", "# App\n");
        scene.git(&["add", "-A"]);
        scene.git(&["commit", "-qm", "first"]);
        scene
    }

    pub(crate) fn repository(&self) -> std::path::PathBuf {
        self.folder.path().join("app")
    }

    pub(crate) fn directory(&self) -> String {
        self.repository().to_str().unwrap().to_owned()
    }

    pub(crate) fn data(&self) -> DataFolder {
        DataFolder::new(self.folder.path().join("data"))
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>, text: &str) {
        std::fs::write(self.repository().join(path), text).unwrap();
    }

    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        std::fs::read_to_string(self.repository().join(path)).unwrap()
    }

    /// Runs git in the user's checkout; its output, trimmed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.repository())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// An engine to be configured further, with these scripts as agents.
    pub(crate) fn builder(&self, scripts: &[(&str, Value)]) -> EngineBuilder {
        let mut agents = Agents::default();
        for (name, script) in scripts {
            let script = script.to_string().parse().unwrap();
            agents = agents.with(name, Arc::new(ScriptAgent::new(script)));
        }
        Engine::builder(self.data())
            .agents(agents)
            .keeper(KeeperCommand::new(env!("CARGO_BIN_EXE_grump-keeper")))
            .pause_after_error(Duration::ZERO)
    }

    /// A plane with these scripts as agents.
    pub(crate) fn plane(&self, scripts: &[(&str, Value)]) -> Plane {
        Plane::new(self.builder(scripts).open().unwrap())
    }
}
