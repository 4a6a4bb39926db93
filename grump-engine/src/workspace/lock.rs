//! The lock that grump takes on a repository while it changes more than one run's own worktree.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    process::Stdio,
    time::Duration,
};

use grump_core::{Conflict, Error, ErrorKind, Result, Retry};
use tokio::time::Instant;

use super::explain;

/// How long another grump may keep the repository before this one gives up.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(15);

/// Held while this lives, and for as long as a git that was started under it runs.
#[derive(Debug)]
pub(crate) struct RepositoryLock(File);

impl RepositoryLock {
    /// Waits for the lock of the repository whose common git folder this is.
    pub(crate) async fn acquire(common_dir: &Path) -> Result<Self> {
        let path = common_dir.join("grump.lock");
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|error| explain::unwritable(&path, error))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(TryLockError::WouldBlock) => return Err(busy(&path)),
                Err(TryLockError::Error(error)) => return Err(explain::unwritable(&path, error)),
            }
        }
    }

    /// The lock as the standard input of a program, which then holds it too.
    pub(crate) fn as_stdin(&self) -> Result<Stdio> {
        let copy = self.0.try_clone().map_err(|error| {
            Error::new(ErrorKind::Storage, "cannot share the repository's lock").caused_by(error)
        })?;
        Ok(copy.into())
    }
}

fn busy(path: &Path) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "another grump has been changing this repository for a minute",
    )
    .conflicting(Conflict::new("repository_busy"))
    .advise("wait for it or look for a git that hangs, then try again")
    .retryable(Retry::Safe)
    .with("lock", path.display())
}
