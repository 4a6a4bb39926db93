//! Which process it was, told apart from a later one with the same number.

use std::{fs, io};

use grump_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::table;

/// A process by number, start time and boot: numbers are used again, clocks start anew.
///
/// Stands in `owner.json` and in the rows that name the engine which works on them. Where there is
/// no `/proc` (macOS) the number alone decides, so that a stranger with that number counts as alive.
///
/// ```
/// use grump_engine::process::ProcessIdentity;
///
/// let own = ProcessIdentity::current()?;
/// assert!(own.is_alive());
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since boot; 0 where the system does not tell.
    pub start_time: u64,
    /// The boot it started in; empty where the system does not tell.
    pub boot_id: String,
}

impl ProcessIdentity {
    /// This process.
    ///
    /// # Errors
    ///
    /// `Internal` if `/proc` is there and cannot be read.
    pub fn current() -> Result<Self> {
        let pid = std::process::id();
        if !table::is_readable() {
            return Ok(Self {
                pid,
                start_time: 0,
                boot_id: String::new(),
            });
        }
        let entry = table::entry(pid).ok_or_else(|| unreadable(io::ErrorKind::NotFound.into()))?;
        Ok(Self {
            pid,
            start_time: entry.started,
            boot_id: boot_id().map_err(unreadable)?,
        })
    }

    /// Whether that very process still runs. One that ended but was not reaped does not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        if !table::is_readable() {
            return answers(self.pid);
        }
        let same_boot = boot_id().is_ok_and(|boot| boot == self.boot_id);
        same_boot && table::entry(self.pid).is_some_and(|now| now.started == self.start_time)
    }
}

fn boot_id() -> io::Result<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(text.trim().to_owned())
}

/// Whether anybody has this number: one that may not be signalled is there too.
fn answers(pid: u32) -> bool {
    table::number(pid).is_some_and(|pid| {
        let probe = rustix::process::test_kill_process(pid);
        matches!(probe, Ok(()) | Err(rustix::io::Errno::PERM))
    })
}

fn unreadable(error: io::Error) -> Error {
    Error::new(ErrorKind::Internal, "cannot tell this process from others")
        .operation("process.identity")
        .with("file", "/proc/self/stat, /proc/sys/kernel/random/boot_id")
        .advise("mount /proc so that this user can read it")
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn this_process_is_alive() {
        assert!(ProcessIdentity::current().unwrap().is_alive());
    }

    #[test]
    fn another_process_with_the_same_number_is_not_it() {
        let mut identity = ProcessIdentity::current().unwrap();
        identity.start_time -= 1;
        assert!(!identity.is_alive());
    }

    #[test]
    fn a_process_of_an_earlier_boot_is_not_alive() {
        let mut identity = ProcessIdentity::current().unwrap();
        identity.boot_id = "11111111-2222-3333-4444-555555555555".into();
        assert!(!identity.is_alive());
    }

    #[test]
    fn a_process_that_nobody_reaped_is_not_alive() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let entry = table::entry(child.id()).unwrap();
        let identity = ProcessIdentity {
            pid: child.id(),
            start_time: entry.started,
            boot_id: boot_id().unwrap(),
        };
        assert!(identity.is_alive());
        child.kill().unwrap();
        while table::entry(child.id()).is_some() {
            std::thread::yield_now();
        }
        assert!(!identity.is_alive(), "a zombie counts as alive");
        child.wait().unwrap();
    }

    #[test]
    fn it_reads_back_from_json() {
        let identity = ProcessIdentity::current().unwrap();
        let json = serde_json::to_string(&identity).unwrap();
        assert_eq!(
            serde_json::from_str::<ProcessIdentity>(&json).unwrap(),
            identity
        );
    }
}
