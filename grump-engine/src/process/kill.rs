//! Killing a set of processes that may still be growing.

use std::{collections::HashMap, io};

use rustix::{io::Errno, process::Signal};

use super::table::{self, Entry, ProcessInfo};

/// How often a set is looked at again before it is killed as it is.
const LOOKS: usize = 32;

/// What one [`pass`] met.
#[derive(Debug, Default)]
pub(super) struct Pass {
    /// Who was sent KILL.
    pub(super) killed: Vec<ProcessInfo>,
    /// Whom this user may not signal.
    pub(super) refused: Vec<ProcessInfo>,
}

/// Stops, then kills what `find` finds in the process table. What is stopped cannot fork, so the
/// set is complete once a look at it finds nobody new.
pub(super) fn pass(find: impl Fn(&[Entry]) -> Vec<Entry>) -> io::Result<Pass> {
    let mut met: HashMap<(u32, u64), (Entry, ProcessInfo)> = HashMap::new();
    for _ in 0..LOOKS {
        let mut found = find(&table::read()?);
        found.retain(|entry| !met.contains_key(&(entry.pid, entry.started)));
        if found.is_empty() {
            break;
        }
        for entry in found {
            met.insert((entry.pid, entry.started), (entry, table::info(entry.pid)));
            // A refusal shows again at KILL, where it counts.
            let _ = table::signal(entry, Signal::STOP);
        }
    }
    let mut pass = Pass::default();
    for (entry, info) in met.into_values() {
        match table::signal(entry, Signal::KILL) {
            Err(Errno::PERM) => pass.refused.push(info),
            _ => pass.killed.push(info),
        }
    }
    Ok(pass)
}
