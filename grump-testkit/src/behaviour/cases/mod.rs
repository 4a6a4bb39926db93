//! The cases, a file for each thing that they are about.
//!
//! A case is an `async fn` that makes one claim, in at most 40 lines, and panics if it does not
//! hold.

mod accept;
mod create;
mod honesty;
mod start;

use grump_core::{Error, ErrorKind, Result};

use super::case::Case;

/// Every case, in the order of the files.
pub(super) fn all() -> Vec<Case> {
    [
        create::cases(),
        start::cases(),
        accept::cases(),
        honesty::cases(),
    ]
    .concat()
}

/// The refusal that this was expected to be.
fn refused<T>(answer: Result<T>, kind: ErrorKind) -> Error {
    let Err(error) = answer else {
        panic!("this should have been refused as {kind}");
    };
    assert_eq!(error.kind(), kind, "{error:?}");
    error
}

/// The conflict that this was expected to be.
fn conflict<T>(answer: Result<T>, code: &str) -> Error {
    let error = refused(answer, ErrorKind::Conflict);
    let found = error.conflict().map(|conflict| &*conflict.code);
    assert_eq!(found, Some(code), "{error:?}");
    error
}
