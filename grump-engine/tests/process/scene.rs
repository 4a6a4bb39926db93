//! A folder in which agents run, so that whatever works in it is theirs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use grump_engine::process::{KeeperCommand, Launch, Launcher};
use tempfile::TempDir;

/// An agent that is busy as real ones are: a tool in a session of its own, a daemon that forked
/// twice, and one that cleared its environment as well. It says `ready` when all of them run.
pub(crate) const BUSY: &str = "
    setsid sh -c 'echo $$ >tool; exec sleep 1000' &
    (setsid sh -c 'echo $$ >daemon; exec sleep 1000' >/dev/null 2>&1 &)
    (env -i setsid sh -c 'echo $$ >escaped; exec sleep 1000' >/dev/null 2>&1 &)
    until [ -s tool ] && [ -s daemon ] && [ -s escaped ]; do sleep 0.01; done
    echo ready >ready
";

/// A folder of its own and a journal of its own.
pub(crate) struct Scene {
    folder: TempDir,
    pub(crate) journal: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            folder: TempDir::new().unwrap(),
            journal: format!("journal-{}-{next}", std::process::id()),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// Starts agents through the keeper.
    pub(crate) fn launcher(&self) -> Launcher {
        Launcher::new(Some(keeper()), &self.journal)
    }

    /// Starts agents without one.
    pub(crate) fn bare_launcher(&self) -> Launcher {
        Launcher::new(None, &self.journal)
    }

    /// A shell script as the agent of `run-1`.
    pub(crate) fn script(&self, script: &str) -> Launch {
        Launch::new("sh", self.path(), "run-1").args(["-c", script])
    }

    /// Waits until an agent has written this file.
    pub(crate) fn await_file(&self, name: &str) {
        let file = self.path().join(name);
        eventually(&format!("{name} is written"), || {
            fs::metadata(&file).is_ok_and(|file| file.len() > 0)
        });
    }

    pub(crate) fn assert_nothing_is_left(&self) {
        let left = at_work_in(&self.path());
        assert!(left.is_empty(), "left: {left:?}");
    }

    pub(crate) fn await_nothing_left(&self) {
        let folder = self.path();
        eventually("nothing is left", || at_work_in(&folder).is_empty());
    }
}

impl Drop for Scene {
    /// A test that failed leaves nothing either.
    fn drop(&mut self) {
        for (pid, _) in at_work_in(&self.path()) {
            let _ = std::process::Command::new("kill")
                .args(["-9", &pid.to_string()])
                .status();
        }
    }
}

pub(crate) fn keeper() -> KeeperCommand {
    KeeperCommand::new(env!("CARGO_BIN_EXE_grump-keeper"))
}

/// Waits for a condition; a minute is far more than anything here takes.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Every living process whose working folder is this one, with its command line. Unlike the
/// environment, an agent's tools never change that here.
pub(crate) fn at_work_in(folder: &Path) -> Vec<(u32, String)> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder))
        .map(|pid| (pid, command(pid)))
        .collect()
}

/// The command line of a process, spaces between its words.
pub(crate) fn command(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline"))
        .unwrap_or_default()
        .replace('\0', " ")
}
