//! The synchronous facade, made from the asynchronous one.

use std::{fs, path::PathBuf};

use crate::steps::{Failure, root};

/// What is written differently, the longer before what it holds.
const WORDS: &[(&str, &str)] = &[
    (
        "The asynchronous facade. `_sync.py` is generated from this file: ``cargo xtask python``.",
        "The synchronous facade, generated from `_async.py` by ``cargo xtask python``: edit that.",
    ),
    ("await awaited(", "waited("),
    ("awaited", "waited"),
    ("await ", ""),
    ("async def ", "def "),
    ("StopAsyncIteration", "StopIteration"),
    ("OpenedByAwait", "OpenedAtOnce"),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
    ("__aiter__", "__iter__"),
    ("__anext__", "__next__"),
    ("Async", ""),
];

/// `cargo xtask python`: writes the synchronous facade anew.
pub(crate) fn generate() -> Result<(), Failure> {
    let (path, text) = (facade("_sync.py"), synchronous(&read("_async.py")?));
    fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Fails if the synchronous facade is not what the asynchronous one makes.
pub(crate) fn check() -> Result<(), Failure> {
    if read("_sync.py")? == synchronous(&read("_async.py")?) {
        return Ok(());
    }
    Err("the Python facades differ: run `cargo xtask python`".to_owned())
}

fn synchronous(text: &str) -> String {
    let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
    WORDS.iter().fold(text.to_owned(), replace)
}

fn read(name: &str) -> Result<String, Failure> {
    let path = facade(name);
    fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn facade(name: &str) -> PathBuf {
    root().join("grump-py/python/grump").join(name)
}
