//! Which journals this process has open.
//!
//! Closing any descriptor of a file gives up all locks that the process holds on it, also those of
//! SQLite. So a journal that is open here is not opened by hand a second time to look at its header.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

type Open = BTreeMap<PathBuf, usize>;

static OPEN: Mutex<Open> = Mutex::new(Open::new());

/// Held while a journal is opened; others in this process wait.
pub(super) struct Desk(MutexGuard<'static, Open>);

impl Desk {
    pub(super) fn wait() -> Self {
        Self(lock())
    }

    /// Whether this process has the journal open.
    pub(super) fn knows(&self, file: &Path) -> bool {
        self.0.contains_key(&canonical(file))
    }

    /// Notes that the journal is open, until the entry is dropped.
    pub(super) fn enter(mut self, file: &Path) -> Entry {
        let file = canonical(file);
        *self.0.entry(file.clone()).or_default() += 1;
        Entry(file)
    }
}

/// A journal that is open.
pub(super) struct Entry(PathBuf);

impl Drop for Entry {
    fn drop(&mut self) {
        let mut open = lock();
        match open.get_mut(&self.0) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                open.remove(&self.0);
            }
        }
    }
}

fn lock() -> MutexGuard<'static, Open> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn canonical(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_owned())
}
