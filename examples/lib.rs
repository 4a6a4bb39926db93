//! Programs that a user of grump would write; see the files beside this one.

use std::{io, path::Path, process::Command};

/// Makes a repository with one empty commit, for an example to work on.
///
/// # Errors
/// If git is not there, or fails.
pub fn make_repository(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)?;
    let commands: [&[&str]; 4] = [
        &["init", "--quiet"],
        &["config", "user.name", "Example User"],
        &["config", "user.email", "user@example.com"],
        &["commit", "--quiet", "--allow-empty", "--message", "first"],
    ];
    for arguments in commands {
        let mut git = Command::new("git");
        let status = git.current_dir(path).args(arguments).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("git {arguments:?} failed")));
        }
    }
    Ok(())
}
