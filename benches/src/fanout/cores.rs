//! Keeping those who serve away from those who listen.

use std::io;

/// Where the one who listens runs.
pub(crate) const LISTENING: usize = 0;

/// Where the ones who serve run.
const SERVING: usize = 1;

/// Starts something that runs where servers run: children take that over from who starts them.
pub(crate) fn serving<T>(start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    stay_on(SERVING);
    let started = start();
    stay_on(LISTENING);
    started
}

/// Stays on this core, if there is one of this number, and if this system has such a thing.
#[cfg(target_os = "linux")]
pub(crate) fn stay_on(core: usize) {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut cores = CpuSet::new();
    cores.set(core);
    // On a machine with one core everybody runs there, and the ratios still hold.
    let _ = sched_setaffinity(None, &cores);
}

#[cfg(not(target_os = "linux"))]
pub(crate) const fn stay_on(_: usize) {}

/// Allows for as many open connections as this system lets a program have.
pub(crate) fn many_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    let wanted = Rlimit {
        current: maximum,
        maximum,
    };
    // Where it is refused, connecting says what is missing.
    let _ = setrlimit(Resource::Nofile, wanted);
}
