//! Where the demo is played: a repository with a failing test, a data folder, and the agent's part.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use grump::{Error, ErrorKind};
use tempfile::TempDir;

/// The agent's part.
const SCRIPT: &str = include_str!("agent.json");
/// What the repository holds at the beginning.
const FILES: [(&str, &str); 3] = [
    ("README.md", "# greeting\n\nSays hello.\n"),
    ("greet.sh", "echo \"Hello\"\n"),
    ("test.sh", include_str!("test.sh")),
];
/// The repository's own configuration, whatever the user's says.
const CONFIG: [(&str, &str); 4] = [
    ("user.name", "grump demo"),
    ("user.email", "demo@localhost"),
    ("commit.gpgSign", "false"),
    ("core.hooksPath", "/dev/null"),
];

/// A temporary folder with everything the demo needs.
#[derive(Debug)]
pub(super) struct Stage {
    folder: TempDir,
}

impl Stage {
    /// Builds it.
    ///
    /// # Errors
    /// `Storage` if there is no place for temporary files; `InvalidInput` if git does not work.
    pub(super) fn build() -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("grump-demo-").tempdir();
        let stage = Self {
            folder: folder.map_err(unwritable)?,
        };
        stage.write().map_err(unwritable)?;
        stage.git(["init", "-q", "-b", "main"])?;
        for (name, value) in CONFIG {
            stage.git(["config", name, value])?;
        }
        stage.git(["add", "--all"])?;
        stage.git(["commit", "-q", "-m", "A greeting with a failing test"])?;
        Ok(stage)
    }

    fn write(&self) -> io::Result<()> {
        fs::create_dir(self.path("greeting"))?;
        for (name, content) in FILES {
            fs::write(self.path("greeting").join(name), content)?;
        }
        fs::write(self.path("agent.json"), SCRIPT)
    }

    /// The repository.
    pub(super) fn repository(&self) -> String {
        self.path("greeting").display().to_string()
    }

    /// The data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The agent that plays the demo's script.
    pub(super) fn agent(&self) -> String {
        format!("script: {}", self.path("agent.json").display())
    }

    /// The repository's history.
    pub(super) fn log(&self) -> Result<String, Error> {
        self.git(["log", "--oneline", "--graph"])
    }

    /// What the repository's test says.
    pub(super) fn test(&self) -> Result<String, Error> {
        run(Command::new("sh").arg("test.sh"), &self.path("greeting"))
    }

    /// Leaves the folder behind.
    pub(super) fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn git<const N: usize>(&self, args: [&str; N]) -> Result<String, Error> {
        run(Command::new("git").args(args), &self.path("greeting"))
    }
}

/// Runs a program in a folder; answers what it wrote.
fn run(command: &mut Command, folder: &Path) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let variables = std::env::vars_os().map(|(name, _)| name);
    for name in variables.filter(|name| is_of_a_repository(name)) {
        command.env_remove(name);
    }
    let failed = |why: String| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("the demo needs {program}, which failed: {why}"),
        )
        .advise(format!(
            "install {program}, and look whether it works by itself"
        ))
    };
    let output = command.current_dir(folder).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A variable that would lead git to another repository than the demo's, such as in a hook.
fn is_of_a_repository(name: &OsStr) -> bool {
    [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
    ]
    .iter()
    .any(|known| name == *known)
}

fn unwritable(error: io::Error) -> Error {
    Error::new(ErrorKind::Storage, "the demo's folder cannot be made")
        .with("folder", std::env::temp_dir().display())
        .advise("set TMPDIR to a folder that can be written")
        .caused_by(error)
}
