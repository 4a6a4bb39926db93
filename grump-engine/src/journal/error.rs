//! Errors of the store, in the words of grump.

use std::path::Path;

use grump_core::{Error, ErrorKind, Retry};
use rusqlite::ErrorCode;

/// The store failed at `what`: a `Storage` error with the advice that fits.
pub(super) fn failed(what: &'static str, file: &Path, error: rusqlite::Error) -> Error {
    let storage = Error::new(ErrorKind::Storage, what).with("file", file.display());
    let storage = match error.sqlite_error_code() {
        Some(code) => advised(storage, code),
        None => storage.advise("a newer grump wrote what is there, or it is damaged"),
    };
    storage.caused_by(error)
}

fn advised(error: Error, code: ErrorCode) -> Error {
    match code {
        ErrorCode::DiskFull => error
            .advise("free some space on its disk, then try again")
            .retryable(Retry::Safe),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => error
            .advise("another program holds it; try again")
            .retryable(Retry::Safe),
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            error.advise("it is damaged: restore it from a copy, or move it away to begin anew")
        }
        ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            error.advise("check that it and its folder can be read and written")
        }
        ErrorCode::SystemIoFailure => error.advise("check its disk"),
        _ => error,
    }
}

/// The file was looked at and is not what it should be. Nothing in it was changed.
pub(super) fn refused(what: impl Into<std::borrow::Cow<'static, str>>, file: &Path) -> Error {
    Error::new(ErrorKind::Storage, what).with("file", file.display())
}

/// The journal was closed before or while this was asked.
pub(super) fn closed(file: &Path) -> Error {
    refused("the journal was closed", file).advise("open it again")
}
