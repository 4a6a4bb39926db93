//! Who owns a data folder: at most one engine at a time.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io::{self, Write},
    net::SocketAddr,
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

/// How to reach an owner that serves: a loopback address, and the token it asks for.
///
/// `Debug` and `Serialize` leave the token out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    address: SocketAddr,
    #[serde(skip_serializing)]
    token: String,
}

impl Attach {
    /// Reached at this address with this token.
    ///
    /// # Errors
    /// `InvalidInput` for an address that other machines can reach, or an empty token.
    pub fn new(address: SocketAddr, token: impl Into<String>) -> Result<Self> {
        let token = token.into();
        let wrong = match (address.ip().is_loopback(), token.is_empty()) {
            (false, _) => "only a loopback address may be attached to",
            (true, true) => "attaching needs a token",
            (true, false) => return Ok(Self { address, token }),
        };
        Err(Error::new(ErrorKind::InvalidInput, wrong).with("address", address))
    }

    /// The address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token. It is a secret: whoever has it may do what the owner may.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for Attach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Attach");
        text.field("address", &self.address).finish_non_exhaustive()
    }
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
    /// How to reach it, if it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach: Option<Attach>,
}

impl Owner {
    /// Who owns the folder, if somebody alive does.
    #[must_use]
    pub fn of(data: &DataFolder) -> Option<Self> {
        let text = fs::read(data.owner()).ok()?;
        let owner: Self = serde_json::from_slice(&text).ok()?;
        (owner.identity.process.is_alive() && is_locked(&data.lock())).then_some(owner)
    }

    /// The text of `owner.json`: the one place where the token is written.
    fn to_file(&self) -> serde_json::Result<Vec<u8>> {
        let mut value = serde_json::to_value(self)?;
        if let Some(attach) = &self.attach {
            value["attach"]["token"] = attach.token.as_str().into();
        }
        serde_json::to_vec_pretty(&value)
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
            attach: None,
        };
        let ownership = Self {
            owner,
            data: data.clone(),
            _lock: lock,
        };
        ownership.tell()?;
        Ok(ownership)
    }

    /// Says how to reach the owner from now on, or that it cannot be reached any more.
    ///
    /// # Errors
    /// `Storage` if that cannot be written.
    pub(crate) fn publish(&mut self, attach: Option<Attach>) -> Result<()> {
        self.owner.attach = attach;
        self.tell()
    }

    fn tell(&self) -> Result<()> {
        let file = self.data.owner();
        write_private(&file, &self.owner).map_err(|error| unwritable(&file, error))
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
fn write_private(path: &Path, owner: &Owner) -> io::Result<()> {
    let draft = path.with_extension("json.new");
    // One that a crash left behind might be readable by others.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(&owner.to_file()?)?;
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

    fn attach() -> Attach {
        Attach::new(([127, 0, 0, 1], 4711).into(), "hunter2").unwrap()
    }

    #[test]
    fn an_owner_that_serves_says_how_to_reach_it_until_it_does_not_any_more() {
        let (_temp, data) = folder();
        let mut ownership = Ownership::take(&data).unwrap();
        assert_eq!(Owner::of(&data).unwrap().attach, None);
        ownership.publish(Some(attach())).unwrap();
        let read = Owner::of(&data).unwrap().attach.unwrap();
        assert_eq!((read.address().port(), read.token()), (4711, "hunter2"));
        ownership.publish(None).unwrap();
        assert_eq!(Owner::of(&data).unwrap().attach, None);
    }

    /// Pitfall 37: the token stands in the file and nowhere else.
    #[test]
    fn the_token_is_not_shown() {
        let (_temp, data) = folder();
        let mut ownership = Ownership::take(&data).unwrap();
        ownership.publish(Some(attach())).unwrap();
        let owner = Owner::of(&data).unwrap();
        let shown = format!("{owner:?} {ownership:?} {}", serde_json::json!(owner));
        assert!(shown.contains("127.0.0.1:4711"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    /// Pitfall 38: nobody attaches from another machine, and nobody without a token.
    #[test]
    fn only_a_loopback_address_with_a_token_can_be_attached_to() {
        assert!(Attach::new(([192, 168, 0, 1], 1).into(), "t").is_err());
        assert!(Attach::new(([127, 0, 0, 1], 1).into(), "").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_the_owner_says_is_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_temp, data) = folder();
        fs::write(data.owner().with_extension("json.new"), "left behind").unwrap();
        let mut ownership = Ownership::take(&data).unwrap();
        let mode = || fs::metadata(data.owner()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        ownership.publish(Some(attach())).unwrap();
        assert_eq!(mode(), 0o600);
    }
}
