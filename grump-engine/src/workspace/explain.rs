//! What git's failures mean: from its error output to an error that says what to do.

use std::{io, path::Path, process::ExitStatus};

use grump_core::{Conflict, Error, ErrorKind, Retry};

/// One meaning: any of these words (in lower case) in the error output, and the error for it.
struct Meaning {
    words: &'static [&'static str],
    kind: ErrorKind,
    code: &'static str,
    message: &'static str,
    advice: &'static str,
}

/// The first that fits is taken.
const MEANINGS: [Meaning; 11] = [
    Meaning {
        words: &["no space left on device", "disk quota exceeded"],
        kind: ErrorKind::Storage,
        code: "",
        message: "the disk is full",
        advice: "free some space, then try again",
    },
    Meaning {
        words: &["dubious ownership"],
        kind: ErrorKind::Forbidden,
        code: "",
        message: "git refuses the repository because another user owns it",
        advice: "run `git config --global --add safe.directory DIRECTORY` if you trust it",
    },
    Meaning {
        words: &["not a git repository"],
        kind: ErrorKind::InvalidInput,
        code: "",
        message: "this is not a git repository",
        advice: "choose a directory inside one, or make one with `git init`",
    },
    Meaning {
        words: &[
            "read-only file system",
            "permission denied",
            "insufficient permission",
        ],
        kind: ErrorKind::Forbidden,
        code: "",
        message: "git may not read or write there",
        advice: "make the directory and its .git writable for this user, then try again",
    },
    Meaning {
        words: &["index.lock': file exists", ".lock': file exists"],
        kind: ErrorKind::Conflict,
        code: "repository_locked",
        message: "another git is working in the repository, or was killed there",
        advice: "wait for it; if no git runs any more, delete the .lock file that the cause names",
    },
    Meaning {
        words: &["is already checked out at", "is already used by worktree"],
        kind: ErrorKind::Conflict,
        code: "branch_in_use",
        message: "the loop's branch is checked out in another worktree",
        advice: "switch that worktree to another branch, then try again",
    },
    Meaning {
        words: &[
            "untracked working tree files would be",
            "local changes to the following files",
            "would lose untracked files in them",
        ],
        kind: ErrorKind::Conflict,
        code: "uncommitted_changes",
        message: "uncommitted files are in the way",
        advice: "commit, stash or move them, then try again",
    },
    Meaning {
        words: &["cannot lock ref", "unable to create"],
        kind: ErrorKind::Conflict,
        code: "reference_changed",
        message: "a branch changed meanwhile, or one of a similar name is in the way",
        advice: "read the cause; choose another branch prefix, or try again",
    },
    Meaning {
        words: &[
            "you have not concluded your merge",
            "you need to resolve your current index",
        ],
        kind: ErrorKind::Conflict,
        code: "merge_in_progress",
        message: "an unfinished merge is in the way",
        advice: "finish it or run `git merge --abort`, then try again",
    },
    Meaning {
        words: &["unrelated histories"],
        kind: ErrorKind::Conflict,
        code: "unrelated_histories",
        message: "the run's branch no longer begins where the run did",
        advice: "look at the branch, and merge by hand what is to be kept",
    },
    Meaning {
        words: &[
            "bad object",
            "object file",
            "is corrupt",
            "unable to read tree",
        ],
        kind: ErrorKind::Storage,
        code: "",
        message: "the repository is damaged",
        advice: "run `git fsck` there",
    },
];

/// The error of a git that ended with a failure.
pub(crate) fn failure(
    words: &[String],
    directory: &Path,
    status: ExitStatus,
    stderr: &[u8],
) -> Error {
    let said = said(status, stderr);
    let lower = said.to_lowercase();
    let meaning = MEANINGS
        .iter()
        .find(|meaning| meaning.words.iter().any(|word| lower.contains(word)));
    let error = match meaning {
        None => Error::new(ErrorKind::Internal, "git failed").advise("read the cause"),
        Some(meaning) => known(meaning),
    };
    located(error, words, directory).caused_by(said)
}

fn known(meaning: &Meaning) -> Error {
    let error = Error::new(meaning.kind, meaning.message).advise(meaning.advice);
    if meaning.code.is_empty() {
        return error;
    }
    error
        .conflicting(Conflict::new(meaning.code))
        .retryable(Retry::Safe)
}

/// The lines of git's error output that say something, hints left out.
fn said(status: ExitStatus, stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.starts_with("hint:"))
        .take(20)
        .collect();
    if lines.is_empty() {
        return format!("git ended with {status} and said nothing");
    }
    lines.join("\n")
}

fn located(error: Error, words: &[String], directory: &Path) -> Error {
    let command: Vec<&str> = words.iter().take(3).map(String::as_str).collect();
    error
        .with("command", format_args!("git {}", command.join(" ")))
        .with("directory", directory.display())
}

/// The error of a git that could not be started in this directory.
pub(crate) fn spawn_failure(directory: &Path, error: io::Error) -> Error {
    if !directory.is_dir() {
        return missing_directory(directory);
    }
    let explained = match error.kind() {
        io::ErrorKind::NotFound => Error::new(ErrorKind::Unavailable, "there is no git on PATH")
            .advise("install git 2.38 or newer, then try again"),
        io::ErrorKind::PermissionDenied => Error::new(ErrorKind::Forbidden, "cannot run git there")
            .advise("check that this user may enter the directory and run git"),
        _ => Error::new(ErrorKind::Unavailable, "cannot start git").retryable(Retry::Safe),
    };
    explained
        .with("directory", directory.display())
        .caused_by(error)
}

/// The error of a directory that is not there.
pub(crate) fn missing_directory(directory: &Path) -> Error {
    Error::new(ErrorKind::InvalidInput, "there is no such directory")
        .advise("check the path")
        .with("directory", directory.display())
}

/// The error of a git whose pipes broke.
pub(crate) fn broken_pipe(words: &[String], directory: &Path, error: io::Error) -> Error {
    let explained = Error::new(ErrorKind::Internal, "cannot talk to git");
    located(explained, words, directory).caused_by(error)
}

/// The error of a git that printed more than fits.
pub(crate) fn too_long(words: &[String], directory: &Path, limit: u64) -> Error {
    let explained = Error::new(ErrorKind::Unsupported, "git prints more than grump reads")
        .advise("look at it with git itself")
        .with("limit", format_args!("{limit} bytes"));
    located(explained, words, directory)
}

/// The error of a file or directory of ours that cannot be written (or removed).
pub(crate) fn unwritable(path: &Path, error: io::Error) -> Error {
    let explained = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::new(ErrorKind::Forbidden, "cannot write there")
                .advise("make it writable for this user, then try again")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::new(ErrorKind::Storage, "the disk is full")
                .advise("free some space, then try again")
        }
        _ => Error::new(ErrorKind::Storage, "cannot write there"),
    };
    explained.with("path", path.display()).caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn explained(stderr: &str) -> Error {
        let words = ["merge".to_owned()];
        failure(
            &words,
            Path::new("/r"),
            ExitStatus::from_raw(128 << 8),
            stderr.as_bytes(),
        )
    }

    #[test]
    fn known_failures_say_what_to_do() {
        for (stderr, kind, code) in [
            (
                "fatal: detected dubious ownership in repository at '/r'",
                ErrorKind::Forbidden,
                None,
            ),
            (
                "fatal: not a git repository (or any parent up to mount point /)",
                ErrorKind::InvalidInput,
                None,
            ),
            (
                "fatal: Unable to create '/r/.git/index.lock': File exists.",
                ErrorKind::Conflict,
                Some("repository_locked"),
            ),
            (
                "fatal: Unable to create '/r/.git/index.lock': Permission denied",
                ErrorKind::Forbidden,
                None,
            ),
            (
                "fatal: Unable to create '/r/.git/index.lock': Read-only file system",
                ErrorKind::Forbidden,
                None,
            ),
            (
                "error: unable to write file x: No space left on device",
                ErrorKind::Storage,
                None,
            ),
            (
                "fatal: 'x' is already checked out at '/w'",
                ErrorKind::Conflict,
                Some("branch_in_use"),
            ),
        ] {
            let error = explained(stderr);
            assert_eq!(error.kind(), kind, "{stderr}");
            assert_eq!(
                error.conflict().map(|conflict| &*conflict.code),
                code,
                "{stderr}"
            );
            assert!(error.advice().is_some(), "{stderr}");
        }
    }

    #[test]
    fn an_unknown_failure_keeps_what_git_said() {
        let error = explained("hint: try harder\nfatal: strange\n");
        assert_eq!(
            error.to_string(),
            "git failed; read the cause (command: git merge, directory: /r)"
        );
        assert!(format!("{error:?}").ends_with("caused by: fatal: strange"));
    }
}
