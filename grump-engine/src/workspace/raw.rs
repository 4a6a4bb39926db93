//! Reading what git prints with `-z`: bytes, as file names are.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use grump_core::{Error, ErrorKind, RepoPath, Result};

/// One record of `--raw -z`: a file before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawChange {
    pub(crate) old_mode: String,
    pub(crate) new_mode: String,
    pub(crate) old_id: String,
    pub(crate) new_id: String,
    pub(crate) status: u8,
    pub(crate) path: RepoPath,
    /// The path it had, where git found it to be renamed.
    pub(crate) old_path: Option<RepoPath>,
}

/// The mode of what is not there.
pub(crate) const NO_MODE: &str = "000000";

impl RawChange {
    /// The file as it was, as a line for `update-index -z --index-info`: gone where it was not.
    pub(crate) fn old_entry(&self) -> Vec<u8> {
        entry(&self.old_mode, &self.old_id, &self.path)
    }

    /// The file as it is now, likewise.
    pub(crate) fn new_entry(&self) -> Vec<u8> {
        entry(&self.new_mode, &self.new_id, &self.path)
    }

    pub(crate) fn was_there(&self) -> bool {
        self.old_mode != NO_MODE
    }

    /// Whether it is, before or after, a link to a commit of another repository.
    pub(crate) fn is_link(&self) -> bool {
        self.old_mode == "160000" || self.new_mode == "160000"
    }

    pub(crate) fn is_there(&self) -> bool {
        self.new_mode != NO_MODE
    }
}

fn entry(mode: &str, id: &str, path: &RepoPath) -> Vec<u8> {
    let mut line = format!("{} {id}\t", if mode == NO_MODE { "0" } else { mode }).into_bytes();
    line.extend(path.as_bytes());
    line.push(0);
    line
}

/// Reads the records that output of `--raw -z` begins with, and what follows them.
pub(crate) fn changes(bytes: &[u8]) -> Result<(Vec<RawChange>, &[u8])> {
    let mut rest = bytes;
    let mut changes = Vec::new();
    while rest.first() == Some(&b':') {
        let (change, after) = change(&rest[1..]).ok_or_else(|| garbled("raw"))?;
        changes.push(change);
        rest = after;
    }
    Ok((changes, rest))
}

fn change(bytes: &[u8]) -> Option<(RawChange, &[u8])> {
    let (head, rest) = field(bytes)?;
    let mut words = std::str::from_utf8(head)
        .ok()?
        .split(' ')
        .map(str::to_owned);
    let [old_mode, new_mode, old_id, new_id, status] = [(); 5].map(|()| words.next());
    let status = *status?.as_bytes().first()?;
    let (first, rest) = field(rest)?;
    let (path, old_path, rest) = if matches!(status, b'R' | b'C') {
        let (second, rest) = field(rest)?;
        (second, Some(RepoPath::from_bytes(first)), rest)
    } else {
        (first, None, rest)
    };
    let change = RawChange {
        old_mode: old_mode?,
        new_mode: new_mode?,
        old_id: old_id?,
        new_id: new_id?,
        status,
        path: RepoPath::from_bytes(path),
        old_path,
    };
    Some((change, rest))
}

/// The bytes up to the next NUL, and those after it.
pub(crate) fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// A list of paths, each ended by a NUL.
pub(crate) fn paths(bytes: &[u8]) -> Vec<RepoPath> {
    bytes
        .split(|&byte| byte == 0)
        .filter(|path| !path.is_empty())
        .map(RepoPath::from_bytes)
        .collect()
}

/// A file of a repository as a path of the file system.
pub(crate) fn join(directory: &Path, path: &RepoPath) -> PathBuf {
    directory.join(OsStr::from_bytes(path.as_bytes()))
}

/// The error of output that is not as documented.
pub(crate) fn garbled(what: &'static str) -> Error {
    Error::new(ErrorKind::Internal, "git printed something unexpected")
        .advise("report it with the output of `git --version`")
        .with("output", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_has_both_paths_and_bytes_survive() {
        let listed =
            b":100644 100644 aa bb R090\0caf\xe9\0a\tb\n\0:000000 100755 00 cc A\0x\0\0rest";
        let (changes, rest) = changes(listed).unwrap();
        assert_eq!(changes[0].old_path, Some(RepoPath::from_bytes(*b"caf\xe9")));
        assert_eq!(changes[0].path, RepoPath::from("a\tb\n"));
        assert_eq!((changes[1].status, changes[1].was_there()), (b'A', false));
        assert_eq!(rest, b"\0rest");
    }

    #[test]
    fn a_cut_record_is_an_error() {
        assert!(changes(b":100644 100644 aa").is_err());
        assert!(changes(b":100644 100644 aa bb R100\0only\0").is_err());
    }
}
