//! Finding processes of a run again by their mark, and killing them: the second layer, for when
//! the keeper was killed too.

use std::{
    collections::{BTreeMap, HashSet},
    io, thread,
    time::{Duration, Instant},
};

use grump_core::{Error, ErrorKind, Result};

use super::{
    kill,
    mark::Mark,
    table::{self, Entry, ProcessInfo},
};

/// How long to wait for killed processes to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// The living processes that carry the mark, and those below them. Reads only.
///
/// A process that cleared its environment is found only while one that carries the mark is above
/// it. This process itself, and those that carry another mark, are left out.
///
/// # Errors
///
/// `Unsupported` where there is no `/proc` to read.
pub fn survivors(mark: &Mark) -> Result<Vec<ProcessInfo>> {
    let table = table::read().map_err(unreadable)?;
    let found = marked(mark, &table);
    Ok(found.iter().map(|entry| table::info(entry.pid)).collect())
}

/// Kills what [`survivors`] finds until nothing is found twice in a row, and says what it killed.
///
/// Blocks the thread, usually for a few milliseconds, at most about ten seconds. Call it for a
/// run whose supervisor is gone: it takes a living keeper along.
///
/// # Errors
///
/// `Unsupported` where there is no `/proc` to read; `Agent`, naming the processes, if some cannot
/// be killed, which happens when they belong to another user or hang in the kernel.
pub fn sweep(mark: &Mark) -> Result<Vec<ProcessInfo>> {
    let deadline = Instant::now() + PATIENCE;
    let mut killed = BTreeMap::new();
    let mut empty = 0;
    while empty < 2 {
        let pass = kill::pass(|table| marked(mark, table)).map_err(unreadable)?;
        let beyond_reach = pass.killed.is_empty() && !pass.refused.is_empty();
        if beyond_reach || Instant::now() > deadline {
            return Err(cannot_kill(pass.refused.iter().chain(&pass.killed)));
        }
        empty = if pass.killed.is_empty() { empty + 1 } else { 0 };
        killed.extend(
            pass.killed
                .into_iter()
                .map(|process| (process.pid, process)),
        );
        thread::sleep(Duration::from_millis(1));
    }
    Ok(killed.into_values().collect())
}

/// The error that names processes which outlived KILL.
pub(super) fn cannot_kill<'a>(left: impl IntoIterator<Item = &'a ProcessInfo>) -> Error {
    let left: Vec<String> = left.into_iter().map(ToString::to_string).collect();
    Error::new(ErrorKind::Agent, "processes of the agent cannot be killed")
        .with("processes", left.join(", "))
        .advise("end them by hand, as the user they belong to")
}

fn marked(mark: &Mark, table: &[Entry]) -> Vec<Entry> {
    let own = std::process::id();
    let mut foreign = HashSet::from([own]);
    let mut roots = Vec::new();
    for entry in table.iter().filter(|entry| entry.pid != own) {
        match table::mark_of(entry.pid) {
            Some(value) if mark.matches(&value) => roots.push(*entry),
            Some(_) => drop(foreign.insert(entry.pid)),
            None => {}
        }
    }
    let pids = roots.iter().map(|entry| entry.pid);
    let below = table::below(table, pids, |pid| foreign.contains(&pid));
    roots.extend(below);
    roots
}

fn unreadable(error: io::Error) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "this system does not show its processes under /proc",
    )
    .operation("process.sweep")
    .advise("look for left-over processes of the agent by hand")
    .caused_by(error)
}
