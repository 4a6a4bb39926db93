//! Who owns a data folder: at most one engine at a time.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use grump_core::{Conflict, Error, ErrorKind, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{data::DataFolder, process::ProcessIdentity};

/// How long to wait for a lock that nobody says to own.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

/// An engine: one opening of a data folder by one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineIdentity {
    /// Tells this opening from every other one.
    pub engine: String,
    /// The process it runs in.
    pub process: ProcessIdentity,
}

/// What `owner.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Owner {
    /// Which engine, in which process.
    #[serde(flatten)]
    pub identity: EngineIdentity,
    /// Since when.
    pub since: Timestamp,
}

impl Owner {
    /// Who owns the folder, if somebody alive does.
    #[must_use]
    pub fn of(data: &DataFolder) -> Option<Self> {
        let text = fs::read(data.owner()).ok()?;
        let owner: Self = serde_json::from_slice(&text).ok()?;
        (owner.identity.process.is_alive() && is_locked(&data.lock())).then_some(owner)
    }
}

/// Holds the folder until it is dropped. A kill frees it too.
#[derive(Debug)]
pub(crate) struct Ownership {
    owner: Owner,
    data: DataFolder,
    _lock: File,
}

impl Ownership {
    /// Becomes the folder's owner.
    ///
    /// # Errors
    /// `Conflict` `owned`, naming the process that owns it; `Storage` if nothing can be written.
    pub(crate) fn take(data: &DataFolder) -> Result<Self> {
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(data.lock())
            .map_err(|error| unwritable(&data.lock(), error))?;
        acquire(&lock, data)?;
        let identity = EngineIdentity {
            engine: uuid::Uuid::now_v7().to_string(),
            process: ProcessIdentity::current()?,
        };
        let owner = Owner {
            identity,
            since: Timestamp::now(),
        };
        write_private(&data.owner(), &owner).map_err(|error| unwritable(&data.owner(), error))?;
        Ok(Self {
            owner,
            data: data.clone(),
            _lock: lock,
        })
    }

    /// The engine that owns the folder.
    pub(crate) fn identity(&self) -> &EngineIdentity {
        &self.owner.identity
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        // The lock says who owns the folder; a file that stays behind names a dead engine.
        let _ = fs::remove_file(self.data.owner());
    }
}

/// Takes the lock. One that nobody alive says to own is held for a moment only: by somebody who
/// asks who the owner is, or by a program that is just being started and has not let go of it.
fn acquire(lock: &File, data: &DataFolder) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(unwritable(&data.lock(), error)),
            Err(TryLockError::WouldBlock) => {
                if Owner::of(data).is_some() || Instant::now() > deadline {
                    return Err(owned(data));
                }
                thread::sleep(PAUSE);
            }
        }
    }
}

fn is_locked(path: &Path) -> bool {
    File::options()
        .write(true)
        .open(path)
        .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Writes a file that only its user can read, whole or not at all.
fn write_private(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let draft = path.with_extension("json.new");
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(value)?)?;
    fs::rename(draft, path)
}

fn owned(data: &DataFolder) -> Error {
    let error = Error::new(
        ErrorKind::Conflict,
        "another process runs the engine on this data folder",
    )
    .conflicting(Conflict::new("owned"))
    .with("folder", data.path().display());
    match Owner::of(data) {
        Some(owner) => {
            let pid = owner.identity.process.pid;
            error.with("pid", pid).advise(format!(
                "wait until it is done, or stop it: kill -INT {pid}"
            ))
        }
        None => error.advise("try again in a moment"),
    }
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Storage, "the data folder cannot be written")
        .with("file", path.display())
        .advise("check its permissions and the space left, or choose another one with --data DIR")
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, DataFolder) {
        let temp = tempfile::tempdir().unwrap();
        let data = DataFolder::new(temp.path());
        (temp, data)
    }

    #[test]
    fn there_is_one_owner_at_a_time_and_the_second_is_told_who() {
        let (_temp, data) = folder();
        let first = Ownership::take(&data).unwrap();
        let refused = Ownership::take(&data).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        assert_eq!(refused.conflict().unwrap().code, "owned");
        assert!(
            refused
                .to_string()
                .contains(&std::process::id().to_string()),
            "{refused}"
        );
        drop(first);
        assert!(Owner::of(&data).is_none());
        Ownership::take(&data).unwrap();
    }

    #[test]
    fn a_file_that_a_dead_owner_left_behind_names_nobody() {
        let (_temp, data) = folder();
        let ownership = Ownership::take(&data).unwrap();
        let told = fs::read(data.owner()).unwrap();
        drop(ownership);
        fs::write(data.owner(), told).unwrap();
        assert!(Owner::of(&data).is_none());
    }

    #[test]
    fn a_lock_that_is_held_for_a_moment_by_nobody_in_particular_is_waited_for() {
        let (_temp, data) = folder();
        let lock = File::create(data.lock()).unwrap();
        lock.lock().unwrap();
        let taking = std::thread::spawn(move || Ownership::take(&data).map(drop));
        lock.unlock().unwrap();
        taking.join().unwrap().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_the_owner_says_is_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_temp, data) = folder();
        let _ownership = Ownership::take(&data).unwrap();
        let mode = fs::metadata(data.owner()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
