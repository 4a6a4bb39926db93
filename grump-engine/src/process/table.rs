//! The process table, read from `/proc`; where there is none (macOS) reading it is an error.

use std::{
    collections::{HashMap, HashSet},
    fmt, fs, io,
};

use rustix::{
    io::Errno,
    process::{Pid, Signal},
};
use serde::Serialize;

use super::mark;

/// A process, for people: `doctor` and error messages show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ProcessInfo {
    /// Its number.
    pub pid: u32,
    /// Its command line, shortened; never its environment.
    pub command: String,
}

impl fmt::Display for ProcessInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.command)
    }
}

/// A living process. Number and start time together name it: numbers are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub(super) pid: u32,
    pub(super) parent: u32,
    /// Clock ticks since boot.
    pub(super) started: u64,
}

/// Every living process. Zombies count as dead: nobody may ever reap them in a container.
pub(super) fn read() -> io::Result<Vec<Entry>> {
    let entries = fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(entry)
        .collect();
    Ok(entries)
}

/// Whether there is a process table to read.
pub(super) fn is_readable() -> bool {
    fs::exists("/proc/self/stat").unwrap_or(false)
}

/// One process, if it lives.
pub(super) fn entry(pid: u32) -> Option<Entry> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `pid (command) state parent …`; the command may hold spaces and brackets.
fn parse(pid: u32, stat: &[u8]) -> Option<Entry> {
    let close = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(close + 2..)?).ok()?;
    let fields: Vec<&str> = rest.split(' ').collect();
    // A main thread may end before the others: then the state is Z and the process lives.
    let threads: u32 = fields.get(17)?.parse().ok()?;
    let dead = matches!(*fields.first()?, "X" | "x") || (fields[0] == "Z" && threads <= 1);
    let entry = Entry {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    };
    (!dead).then_some(entry)
}

/// All below `roots`, children of children included, without what `skip` leaves out.
pub(super) fn below(
    table: &[Entry],
    roots: impl IntoIterator<Item = u32>,
    skip: impl Fn(u32) -> bool,
) -> Vec<Entry> {
    let mut children: HashMap<u32, Vec<Entry>> = HashMap::new();
    for entry in table {
        children.entry(entry.parent).or_default().push(*entry);
    }
    let mut open: Vec<u32> = roots.into_iter().collect();
    let mut seen: HashSet<u32> = open.iter().copied().collect();
    let mut found = Vec::new();
    while let Some(parent) = open.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if !skip(child.pid) && seen.insert(child.pid) {
                open.push(child.pid);
                found.push(*child);
            }
        }
    }
    found
}

/// The value of `GRUMP_RUN` a process was started with; `None` for those of other users too.
pub(super) fn mark_of(pid: u32) -> Option<Vec<u8>> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    environment.split(|byte| *byte == 0).find_map(|pair| {
        let value = pair.strip_prefix(mark::VARIABLE.as_bytes())?;
        value.strip_prefix(b"=").map(<[u8]>::to_vec)
    })
}

/// Number and command line of a process.
pub(super) fn info(pid: u32) -> ProcessInfo {
    const SHOWN: usize = 120;
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&line)
        .split('\0')
        .collect::<Vec<_>>()
        .join(" ")
        .replace(char::is_control, " ");
    ProcessInfo {
        pid,
        command: command.trim_end().chars().take(SHOWN).collect(),
    }
}

/// Signals a process unless another got its number meanwhile; one that is gone is no error.
pub(super) fn signal(entry: Entry, signal: Signal) -> Result<(), Errno> {
    match deliver(entry, signal) {
        Err(Errno::SRCH) => Ok(()),
        result => result,
    }
}

#[cfg(target_os = "linux")]
fn deliver(target: Entry, signal: Signal) -> Result<(), Errno> {
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

    let pid = number(target.pid).ok_or(Errno::SRCH)?;
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
        return deliver_by_number(target, signal);
    };
    // Only now the number cannot change hands any more.
    if is_still(target) {
        pidfd_send_signal(handle, signal)
    } else {
        Err(Errno::SRCH)
    }
}

#[cfg(not(target_os = "linux"))]
fn deliver(target: Entry, signal: Signal) -> Result<(), Errno> {
    deliver_by_number(target, signal)
}

fn deliver_by_number(target: Entry, signal: Signal) -> Result<(), Errno> {
    match number(target.pid) {
        Some(pid) if is_still(target) => rustix::process::kill_process(pid, signal),
        _ => Err(Errno::SRCH),
    }
}

fn is_still(target: Entry) -> bool {
    entry(target.pid).is_some_and(|now| now.started == target.started)
}

/// The number as the system calls want it.
pub(super) fn number(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(command: &str, state: &str, threads: u32) -> Vec<u8> {
        format!("9 ({command}) {state} 4 9 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 777 0 0")
            .into_bytes()
    }

    #[test]
    fn a_command_may_hold_spaces_and_brackets() {
        let entry = parse(9, &stat("a) S (b", "R", 1)).unwrap();
        assert_eq!((entry.parent, entry.started), (4, 777));
    }

    #[test]
    fn a_zombie_is_dead_unless_threads_live_on() {
        assert_eq!(parse(9, &stat("sh", "Z", 1)), None);
        assert!(parse(9, &stat("sh", "Z", 3)).is_some());
    }

    #[test]
    fn below_finds_grandchildren_and_passes_by_what_is_skipped() {
        let table: Vec<Entry> = [(2, 1), (3, 2), (4, 3), (5, 2), (6, 5), (7, 1)]
            .map(|(pid, parent)| Entry {
                pid,
                parent,
                started: 0,
            })
            .to_vec();
        let mut found: Vec<u32> = below(&table, [2], |pid| pid == 5)
            .iter()
            .map(|entry| entry.pid)
            .collect();
        found.sort_unstable();
        assert_eq!(found, [3, 4]);
    }
}
