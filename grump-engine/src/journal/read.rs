//! Reading the tables. Every function reads one snapshot.

use grump_core::{Approval, ApprovalId, Cursor, Json, Run, RunRef, RunStatus, StoredPage};
use rusqlite::{Connection, OptionalExtension, Result, Row, types::Type};
use serde::de::DeserializeOwned;

use super::{Position, Record, change::Stored, position::Cursors, tail::Limits};

/// The journal's id and end.
pub(super) fn identity(connection: &Connection) -> Result<(String, Position)> {
    connection.query_row("SELECT id, position FROM journal", [], |row| {
        Ok((row.get(0)?, Position(row.get(1)?)))
    })
}

pub(super) fn position(connection: &Connection) -> Result<Position> {
    connection
        .prepare_cached("SELECT position FROM journal")?
        .query_row([], |row| row.get(0).map(Position))
}

/// A number that changes when another connection commits something.
pub(super) fn data_version(connection: &Connection) -> Result<i64> {
    connection
        .prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))
}

pub(super) fn run(connection: &Connection, run: &RunRef) -> Result<Option<Record>> {
    connection
        .prepare_cached(
            "SELECT run, engine FROM runs WHERE kind = ? AND id = ? AND run IS NOT NULL",
        )?
        .query_row([run.kind.as_str(), run.id.as_str()], record)
        .optional()
}

pub(super) fn runs(connection: &Connection) -> Result<Vec<Record>> {
    connection
        .prepare_cached("SELECT run, engine FROM runs WHERE run IS NOT NULL ORDER BY key DESC")?
        .query_map([], record)?
        .collect()
}

pub(super) fn pending_approvals(connection: &Connection) -> Result<Vec<Approval>> {
    connection
        .prepare_cached("SELECT approval FROM approvals WHERE pending ORDER BY key")?
        .query_map([], |row| json(row, 0))?
        .collect()
}

pub(super) fn approval(connection: &Connection, id: &ApprovalId) -> Result<Option<Approval>> {
    connection
        .prepare_cached("SELECT approval FROM approvals WHERE id = ?")?
        .query_row([id.as_str()], |row| json(row, 0))
        .optional()
}

pub(super) fn preference(connection: &Connection, name: &str) -> Result<Option<Json>> {
    connection
        .prepare_cached("SELECT value FROM preferences WHERE name = ?")?
        .query_row([name], |row| json(row, 0))
        .optional()
}

/// Events in order, and what else is known at the moment they were read.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) events: Vec<Stored>,
    /// Everything up to here was read.
    pub(super) position: Position,
    /// Nothing more was there.
    pub(super) complete: bool,
    /// Where the asked run was; `None` if it had no record.
    pub(super) status: Option<RunStatus>,
}

/// The events behind a position, as many as fit in a page.
pub(super) fn page(
    connection: &Connection,
    run: Option<&RunRef>,
    after: Position,
    limits: Limits,
) -> Result<Page> {
    let snapshot = connection.unchecked_transaction()?;
    let status = run.map_or(Ok(None), |run| status(&snapshot, run))?;
    let end = position(&snapshot)?;
    let mut page = Page {
        events: Vec::new(),
        position: end,
        complete: true,
        status,
    };
    let mut bytes = 0;
    each(&snapshot, run, after, i64::MAX, |position, frame| {
        bytes += frame.len();
        let full = page.events.len() >= limits.page_events || bytes > limits.page_bytes;
        if full && let Some(last) = page.events.last() {
            page.position = last.position;
            page.complete = false;
            return Ok(false);
        }
        page.events.push(stored(position, frame)?);
        Ok(true)
    })?;
    Ok(page)
}

/// At most `limit` events behind a position.
pub(super) fn events(
    connection: &Connection,
    run: Option<&RunRef>,
    after: Position,
    limit: usize,
) -> Result<Vec<Stored>> {
    let mut events = Vec::new();
    each(connection, run, after, rows(limit), |position, frame| {
        events.push(stored(position, frame)?);
        Ok(true)
    })?;
    Ok(events)
}

/// The events behind a position as they are stored, as many as fit in a page, with the positions as
/// `cursors` writes them; `None` if the asked run has no record.
pub(super) fn stored_page(
    connection: &Connection,
    run: Option<&RunRef>,
    after: Position,
    cursors: &mut Cursors,
    limits: Limits,
) -> Result<Option<StoredPage>> {
    let snapshot = connection.unchecked_transaction()?;
    if let Some(run) = run
        && status(&snapshot, run)?.is_none()
    {
        return Ok(None);
    }
    let (mut page, mut last) = (StoredPage::default(), None);
    each(&snapshot, run, after, i64::MAX, |position, json| {
        let too_long = page.bytes() + json.len() > limits.page_bytes && !page.is_empty();
        page.has_more = too_long || page.len() >= limits.page_events;
        if !page.has_more {
            page.push(cursors.at(position), json);
            last = Some(position);
        }
        Ok(!page.has_more)
    })?;
    page.cursor = last.map(|position| Cursor::new(cursors.at(position)));
    Ok(Some(page))
}

/// The run and the journal's end, of one moment.
pub(super) fn standing(
    connection: &Connection,
    name: &RunRef,
) -> Result<(Position, Option<Record>)> {
    let snapshot = connection.unchecked_transaction()?;
    Ok((position(&snapshot)?, run(&snapshot, name)?))
}

/// Visits events in order until `visit` answers false.
fn each(
    connection: &Connection,
    run: Option<&RunRef>,
    after: Position,
    limit: i64,
    mut visit: impl FnMut(Position, &str) -> Result<bool>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(run.map_or(EVENTS, |_| EVENTS_OF_RUN))?;
    let mut rows = match run {
        None => statement.query((after.0, limit))?,
        Some(run) => statement.query((after.0, limit, run.kind.as_str(), run.id.as_str()))?,
    };
    while let Some(row) = rows.next()? {
        let frame = row
            .get_ref(1)?
            .as_str()
            .map_err(|error| strange(1, error))?;
        if !visit(Position(row.get(0)?), frame)? {
            break;
        }
    }
    Ok(())
}

const EVENTS: &str =
    "SELECT position, frame FROM events WHERE position > ?1 ORDER BY position LIMIT ?2";

const EVENTS_OF_RUN: &str = "SELECT position, frame FROM events
     WHERE run = (SELECT key FROM runs WHERE kind = ?3 AND id = ?4) AND position > ?1
     ORDER BY position LIMIT ?2";

fn status(connection: &Connection, run: &RunRef) -> Result<Option<RunStatus>> {
    let status: Option<Option<String>> = connection
        .prepare_cached("SELECT status FROM runs WHERE kind = ? AND id = ?")?
        .query_row([run.kind.as_str(), run.id.as_str()], |row| row.get(0))
        .optional()?;
    let status = status.flatten();
    Ok(status.map(|status| status.parse().unwrap_or(RunStatus::Unknown)))
}

fn record(row: &Row<'_>) -> Result<Record> {
    let run: Run = json(row, 0)?;
    let engine = json(row, 1)?;
    Ok(Record { run, engine })
}

fn stored(position: Position, frame: &str) -> Result<Stored> {
    let event = serde_json::from_str(frame).map_err(|error| strange(1, error))?;
    let event = std::sync::Arc::new(event);
    Ok(Stored { position, event })
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    let text = row.get_ref(column)?.as_str();
    let text = text.map_err(|error| strange(column, error))?;
    serde_json::from_str(text).map_err(|error| strange(column, error))
}

/// What a column holds is not what a journal writes there.
fn strange(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::journal::schema::migrate;

    /// Pitfall 42: a page is found by an index and read in order, however long the history is.
    #[test]
    fn a_page_of_events_is_read_without_scanning_the_history() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, Path::new("memory")).unwrap();
        for query in [EVENTS, EVENTS_OF_RUN] {
            let mut explained = db.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let steps: Vec<String> = explained
                .raw_query()
                .mapped(|row| row.get(3))
                .collect::<Result<_>>()
                .unwrap();
            let scans = steps.iter().any(|step| step.starts_with("SCAN"));
            let sorts = steps.iter().any(|step| step.contains("B-TREE"));
            assert!(!scans && !sorts, "{steps:?}");
        }
    }
}
