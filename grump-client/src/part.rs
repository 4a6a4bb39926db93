//! Ids as parts of a path.

use std::fmt::Display;

use grump_core::{Error, ErrorKind, Result};

/// An id as a part of a path. One that would be another path is that of nothing, and is not sent.
pub(crate) fn part<I: Display>(of: &'static str, id: impl Into<I>) -> Result<I> {
    let id = id.into();
    if ["", ".", ".."].contains(&&*id.to_string()) {
        let error = Error::new(ErrorKind::NotFound, "there is nothing of this id");
        return Err(error.with(of, id));
    }
    Ok(id)
}
