//! [`Position`]: where in a journal, and the public cursor of it.

use std::fmt::{self, Write};

use grump_core::{Cursor, Error, ErrorKind, Result};
use uuid::Uuid;

/// A place in a journal: behind the event of this number. Events are numbered from 1.
///
/// Numbers are never used twice, also not those of events that were forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position(pub i64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The public form of a position: `<journal uuid>-<integer>`.
pub(super) fn cursor(journal: &str, position: Position) -> Cursor {
    Cursor::new(format!("{journal}-{position}"))
}

/// Writes the public form of one position after the other, in one place.
#[derive(Debug)]
pub(super) struct Cursors {
    text: String,
    /// How long the journal's part of it is.
    journal: usize,
}

impl Cursors {
    /// Cursors of the journal of this id.
    pub(super) fn of(journal: &str) -> Self {
        let text = format!("{journal}-");
        let journal = text.len();
        Self { text, journal }
    }

    /// The cursor of this position.
    pub(super) fn at(&mut self, position: Position) -> &str {
        self.text.truncate(self.journal);
        write!(self.text, "{position}").expect("a string takes every number");
        &self.text
    }
}

/// The position of a cursor in the journal of this id that ends at `end`.
pub(super) fn resolve(journal: &str, end: Position, cursor: &Cursor) -> Result<Position> {
    let (owner, position) = parse(cursor).ok_or_else(|| malformed(cursor))?;
    if owner != journal {
        return Err(expired("the cursor is of another journal", journal, cursor));
    }
    if position > end {
        return Err(
            expired("the cursor is beyond the journal's end", journal, cursor).with("end", end),
        );
    }
    Ok(position)
}

fn parse(cursor: &Cursor) -> Option<(&str, Position)> {
    let (owner, number) = cursor.as_str().rsplit_once('-')?;
    Uuid::try_parse(owner).ok()?;
    let decimal = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let position = decimal.then(|| number.parse().ok())??;
    Some((owner, Position(position)))
}

fn malformed(cursor: &Cursor) -> Error {
    Error::new(ErrorKind::InvalidInput, "this is no cursor")
        .advise("pass on a cursor as it was given, or watch from the beginning")
        .with("cursor", cursor)
}

fn expired(what: &'static str, journal: &str, cursor: &Cursor) -> Error {
    Error::new(ErrorKind::CursorExpired, what)
        .advise("read the state, then watch from now")
        .with("cursor", cursor)
        .with("journal", journal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOURNAL: &str = "0198c0de-0000-7000-8000-000000000001";

    fn kind(text: &str) -> ErrorKind {
        resolve(JOURNAL, Position(9), &Cursor::new(text))
            .unwrap_err()
            .kind()
    }

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        for position in [Position::START, Position(9)] {
            let cursor = cursor(JOURNAL, position);
            assert_eq!(resolve(JOURNAL, Position(9), &cursor).unwrap(), position);
        }
    }

    #[test]
    fn cursors_are_written_one_after_the_other() {
        let mut cursors = Cursors::of(JOURNAL);
        for position in [Position(12), Position(3)] {
            assert_eq!(cursors.at(position), cursor(JOURNAL, position).as_str());
        }
    }

    /// Pitfalls 3 and 8: a cursor names its journal, and a bad one is never taken as "from now".
    #[test]
    fn a_cursor_of_elsewhere_or_beyond_the_end_is_expired() {
        let other = JOURNAL.replace("001", "002");
        assert_eq!(kind(&format!("{other}-3")), ErrorKind::CursorExpired);
        assert_eq!(kind(&format!("{JOURNAL}-10")), ErrorKind::CursorExpired);
    }

    #[test]
    fn text_that_is_no_cursor_is_invalid() {
        let overflow = format!("{JOURNAL}-99999999999999999999");
        for text in ["", "7", "-7", "x-7", JOURNAL, &overflow] {
            assert_eq!(kind(text), ErrorKind::InvalidInput, "{text:?}");
        }
        for number in ["", "+7", "-7", " 7", "7.0", "0x7", "٧"] {
            let text = format!("{JOURNAL}-{number}");
            assert_eq!(kind(&text), ErrorKind::InvalidInput, "{text:?}");
        }
    }
}
