//! What an agent changed, as [`FileDiff`]s.

use std::path::Path;

use grump_core::{DiffStatus, FileDiff, FileType, Result};

use super::{
    Workspace,
    git::{Call, CommitId},
    raw::{self, RawChange},
    stage::Tree,
};

/// What every diff is asked for, so that no configuration changes what it looks like.
const SWITCHES: [&str; 9] = [
    "-r",
    "-z",
    "-M",
    "--no-abbrev",
    "--full-index",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=none",
    "--submodule=short",
];

impl Workspace {
    /// What changed between the run's base and the last commit of its branch, with patches that
    /// together are what `git apply` takes on the base.
    ///
    /// # Errors
    /// [`Conflict`](grump_core::ErrorKind::Conflict) `no_git_branch` if the branch is gone;
    /// [`Unsupported`](grump_core::ErrorKind::Unsupported) if it is longer than 64 MiB, when
    /// [`changes`](Self::changes) still works.
    pub async fn diff(&self) -> Result<Vec<FileDiff>> {
        self.diff_between(&self.record.base, &self.tip().await?)
            .await
    }

    /// As [`diff`](Self::diff), without patches.
    ///
    /// # Errors
    /// [`Conflict`](grump_core::ErrorKind::Conflict) `no_git_branch` if the branch is gone.
    pub async fn changes(&self) -> Result<Vec<FileDiff>> {
        let tip = self.tip().await?;
        let call = diff_tree(&self.home(), &[]);
        let output = call.args([&self.record.base, &tip]).output().await?;
        Ok(read(&output)?.into_iter().map(|entry| entry.diff).collect())
    }

    /// As [`diff`](Self::diff), between any two commits.
    ///
    /// # Errors
    /// [`Unsupported`](grump_core::ErrorKind::Unsupported) if it is longer than 64 MiB.
    pub async fn diff_between(&self, old: &CommitId, new: &CommitId) -> Result<Vec<FileDiff>> {
        let home = self.home();
        let call = diff_tree(&home, &["--patch", "--binary"]);
        let output = call.args([old, new]).output().await?;
        let mut diffs = Vec::new();
        for entry in read(&output)? {
            let mut diff = entry.diff;
            diff.patch = match std::str::from_utf8(entry.patch) {
                Ok(patch) => patch.to_owned(),
                Err(_) => as_binary(&home, &entry.change, [old, new]).await?,
            };
            diffs.push(diff);
        }
        Ok(diffs)
    }
}

fn diff_tree(tree: &Tree<'_>, more: &[&str]) -> Call {
    let call = tree.git().args(["diff-tree", "--raw", "--numstat"]);
    call.args(SWITCHES).args(more)
}

/// The patch of one file whose text is not UTF-8, in git's binary form.
///
/// Git is told that every file is binary, and not to look at the repository's attributes. One that
/// is older than 2.41 looks at them all the same: if they call the file text, the bytes that are
/// not UTF-8 are lost.
async fn as_binary(tree: &Tree<'_>, change: &RawChange, commits: [&CommitId; 2]) -> Result<String> {
    let nothing = tree.git().args(["mktree"]).changes().line().await?;
    let paths = change.old_path.iter().chain([&change.path]);
    let call = tree
        .git()
        .env("GIT_ATTR_SOURCE", nothing)
        .args([
            "--literal-pathspecs",
            "-c",
            "core.attributesFile=/dev/stdin",
        ])
        .args(["diff-tree", "--patch", "--binary"])
        .args(SWITCHES)
        .args(commits)
        .arg("--")
        .input("* -diff\n");
    let patch = paths
        .fold(call, |call, path| call.arg(raw::join(Path::new(""), path)))
        .output()
        .await?;
    Ok(String::from_utf8(patch)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// One file of git's output.
struct Entry<'a> {
    change: RawChange,
    diff: FileDiff,
    patch: &'a [u8],
}

/// Reads all raw records, then all counts, then (where there are some) all patches.
fn read(output: &[u8]) -> Result<Vec<Entry<'_>>> {
    let (changes, mut rest) = raw::changes(output)?;
    let mut entries = Vec::with_capacity(changes.len());
    for change in changes {
        let (counts, after) = counts(rest).ok_or_else(|| raw::garbled("numstat"))?;
        rest = after;
        entries.push(Entry {
            diff: file_diff(&change, counts),
            change,
            patch: &[],
        });
    }
    let patches = rest.strip_prefix(b"\0").unwrap_or(rest);
    hand_out(patches, &mut entries)?;
    Ok(entries)
}

/// Gives each file its part of the whole patch, in which the files have the same order.
fn hand_out<'a>(patches: &'a [u8], entries: &mut [Entry<'a>]) -> Result<()> {
    if patches.is_empty() {
        return Ok(());
    }
    let starts = starts(patches);
    let mut next = 0;
    for entry in entries {
        let start = starts.get(next).ok_or_else(|| raw::garbled("patch"))?;
        // A file that becomes a link, or the other way round, has two patches.
        next += if entry.change.status == b'T' { 2 } else { 1 };
        let end = starts.get(next).unwrap_or(&patches.len()).to_owned();
        entry.patch = &patches[*start..end];
    }
    if next == starts.len() {
        return Ok(());
    }
    Err(raw::garbled("patch"))
}

/// Where each file's patch starts. No line of content can look like its first line: those start
/// with a blank, a sign or, in binary patches, hold no blank.
fn starts(patches: &[u8]) -> Vec<usize> {
    const FIRST: &[u8] = b"diff --git ";
    let mut starts = Vec::new();
    let mut at = 0;
    for line in patches.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(FIRST) {
            starts.push(at);
        }
        at += line.len();
    }
    starts
}

/// Lines added and deleted; `None` for what git takes for binary.
type Counts = Option<(u64, u64)>;

/// Reads `added TAB deleted TAB path NUL`, where a rename has an empty path and then both.
fn counts(bytes: &[u8]) -> Option<(Counts, &[u8])> {
    let (record, mut rest) = raw::field(bytes)?;
    let mut parts = record.splitn(3, |&byte| byte == b'\t');
    let [added, deleted, path] = [parts.next()?, parts.next()?, parts.next()?];
    if path.is_empty() {
        rest = raw::field(raw::field(rest)?.1)?.1;
    }
    let number = |text| std::str::from_utf8(text).ok()?.parse().ok();
    Some((number(added).zip(number(deleted)), rest))
}

fn file_diff(change: &RawChange, counts: Counts) -> FileDiff {
    let status = match change.status {
        b'A' | b'C' => DiffStatus::Added,
        b'D' => DiffStatus::Deleted,
        b'R' => DiffStatus::Renamed,
        _ => DiffStatus::Modified,
    };
    let mut diff = FileDiff::new(change.path.clone(), status);
    diff.old_path.clone_from(&change.old_path);
    diff.file_type = file_type(change, counts);
    (diff.additions, diff.deletions) = counts.unwrap_or_default();
    if change.was_there() && change.is_there() && change.old_mode != change.new_mode {
        diff.mode_change = Some((change.old_mode.clone(), change.new_mode.clone()));
    }
    diff
}

fn file_type(change: &RawChange, counts: Counts) -> FileType {
    let mode = if change.is_there() {
        &change.new_mode
    } else {
        &change.old_mode
    };
    match (mode.as_str(), counts) {
        ("120000", _) => FileType::Symlink,
        ("160000", _) => FileType::Submodule,
        (_, None) => FileType::Binary,
        (_, Some(_)) => FileType::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_has_two_more_fields_in_the_counts() {
        let (found, rest) = counts(b"1\t2\t\0old\0new\0-\t-\tb\0").unwrap();
        assert_eq!(found, Some((1, 2)));
        assert_eq!(counts(rest), Some((None, &b""[..])));
    }

    #[test]
    fn content_that_looks_like_a_header_starts_no_patch() {
        let patch = b"diff --git a/x b/x\n@@ -0,0 +1 @@\n+diff --git a/y b/y\n diff --git \n";
        assert_eq!(starts(patch), [0]);
    }
}
