//! The tables of a journal, and how an older journal becomes one of today.

use std::path::Path;

use grump_core::{Error, ErrorKind, Result};
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::error::failed;

/// Marks a SQLite file as a journal of grump: "grmp".
pub(super) const APPLICATION_ID: u32 = 0x6772_6d70;

/// The version that this grump writes: how many steps there are.
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// Each step leads from one version to the next. Steps that were released never change.
const STEPS: &[M<'static>] = &[M::up(include_str!("schema.sql"))];

/// Brings a journal, or an empty file, to today's version.
pub(super) fn migrate(connection: &mut Connection, file: &Path) -> Result<()> {
    Migrations::from_slice(STEPS)
        .to_latest(connection)
        .map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => {
                failed("the journal cannot be brought to this version", file, err)
            }
            other => Error::new(
                ErrorKind::Internal,
                "the journal's versions are inconsistent",
            )
            .caused_by(other),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_can_be_taken() {
        assert_eq!(Migrations::from_slice(STEPS).validate(), Ok(()));
    }
}
