//! The stamp of a clean close: what size and age the journal's file had.
//!
//! A journal whose stamp still matches was closed cleanly and not touched since, and need not be
//! checked page by page when it is opened.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// Stamps a journal that was closed, unless some of it is still in the log.
pub(super) fn write(file: &Path) -> io::Result<()> {
    if !is_at_rest(file) {
        return Ok(());
    }
    fs::write(place(file), describe(file)?)
}

/// Takes the stamp away, before the journal changes.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(place(file)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether the journal is as it was stamped.
pub(super) fn matches(file: &Path) -> bool {
    let stamped = fs::read_to_string(place(file));
    is_at_rest(file) && matches!((stamped, describe(file)), (Ok(was), Ok(is)) if was == is)
}

/// Whether all of the journal is in its file, and nothing in the log.
pub(super) fn is_at_rest(file: &Path) -> bool {
    fs::metadata(beside(file, "-wal")).map_or(true, |log| log.len() == 0)
}

fn place(file: &Path) -> PathBuf {
    beside(file, "-clean")
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn describe(file: &Path) -> io::Result<String> {
    let metadata = fs::metadata(file)?;
    let age = metadata.modified()?.duration_since(UNIX_EPOCH);
    let age = age.map_err(io::Error::other)?.as_nanos();
    Ok(format!("{} bytes, modified {age}\n", metadata.len()))
}
