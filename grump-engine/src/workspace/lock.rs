//! The lock that grump takes on a repository while it changes more than one run's own worktree, and
//! the lock files that killed gits leave.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::Path,
    process::Stdio,
    time::{Duration, SystemTime},
};

use grump_core::{Conflict, Error, ErrorKind, Result, Retry};
use tokio::time::Instant;

use super::explain;

/// How long another grump may keep the repository before this one gives up.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(15);

/// How long a git's lock file may still go away by itself, as a git that lives removes it.
const GIT_PATIENCE: Duration = Duration::from_millis(500);
const GIT_PAUSE: Duration = Duration::from_millis(50);

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

/// Removes a lock file that a killed git left, if it does not go away by itself.
pub(super) async fn clear(lock: &Path) -> Result<()> {
    clear_since(lock, SystemTime::UNIX_EPOCH).await
}

/// As [`clear`], of a lock file that is not older than `since`: an older one is somebody else's.
pub(super) async fn clear_since(lock: &Path, since: SystemTime) -> Result<()> {
    let mut left = GIT_PATIENCE;
    while let Ok(found) = fs::metadata(lock) {
        if found.modified().is_ok_and(|modified| modified < since) {
            return Ok(());
        }
        if left.is_zero() {
            return fs::remove_file(lock).map_err(|error| explain::unwritable(lock, error));
        }
        tokio::time::sleep(GIT_PAUSE).await;
        left = left.saturating_sub(GIT_PAUSE);
    }
    Ok(())
}
