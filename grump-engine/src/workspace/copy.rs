//! Copying into a new worktree what git does not bring there.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use grump_core::{RepoPath, Result};

use super::{Git, PLANNING, WorkspaceRecord, explain, git::Call, raw};

/// The file at the repository's top that lists, in the syntax of `.gitignore`, ignored files that
/// a worktree needs.
const INCLUDE: &str = ".worktreeinclude";

/// Copies the planning folder where it is untracked, and the ignored files that the user listed.
/// Returns the paths, relative to the top, that must never be committed.
///
/// Pitfall 35: only what is listed is copied, so no credential gets there unasked, and it goes
/// when the worktree goes.
pub(crate) async fn into_worktree(git: &Git, record: &WorkspaceRecord) -> Result<Vec<PathBuf>> {
    let from = &record.repository;
    let planning = record.prefix.join(PLANNING);
    let untracked = untracked_planning(git, from, &planning).await?;
    let included = included(git, from).await?;
    for path in untracked.iter().chain(&included) {
        let (source, copy) = (raw::join(from, path), raw::join(&record.path, path));
        copy_file(&source, &copy).map_err(|error| explain::unwritable(&copy, error))?;
    }
    Ok(if untracked.is_empty() {
        Vec::new()
    } else {
        vec![planning]
    })
}

async fn untracked_planning(git: &Git, from: &Path, planning: &Path) -> Result<Vec<RepoPath>> {
    if !from.join(planning).is_dir() {
        return Ok(Vec::new());
    }
    let call = git.at(from).args(["--literal-pathspecs", "ls-files", "-z"]);
    let listed = call.args(["--others", "--"]).arg(planning).output().await?;
    let listed = raw::paths(&listed);
    // With a tracked file in it the folder is the repository's own business.
    let call = git
        .at(from)
        .args(["--literal-pathspecs", "ls-files", "-z", "--"]);
    let tracked = call.arg(planning).output().await?;
    Ok(if tracked.is_empty() {
        listed
    } else {
        Vec::new()
    })
}

/// The files that are listed and also ignored: what is merely untracked is not copied.
async fn included(git: &Git, from: &Path) -> Result<Vec<RepoPath>> {
    let list = from.join(INCLUDE);
    if !list.is_file() {
        return Ok(Vec::new());
    }
    let mut exclude = OsStr::new("--exclude-from=").to_owned();
    exclude.push(&list);
    let call = git
        .at(from)
        .args(["ls-files", "-z", "--others", "--ignored"]);
    let listed = call.arg(exclude).output().await?;
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    Ok(raw::paths(&ignored(git.at(from), listed).await?))
}

async fn ignored(call: Call, listed: Vec<u8>) -> Result<Vec<u8>> {
    let ended = call
        .args(["check-ignore", "-z", "--stdin"])
        .input(listed)
        .end()
        .await?;
    match ended.status.code() {
        Some(0 | 1) => Ok(ended.stdout),
        _ => Err(ended.failure()),
    }
}

fn copy_file(source: &Path, copy: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(source) {
        // Removed since it was listed.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if let Some(parent) = copy.parent() {
        fs::create_dir_all(parent)?;
    }
    if found.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(source)?, copy);
    }
    if found.is_file() {
        fs::copy(source, copy)?;
    }
    Ok(())
}
