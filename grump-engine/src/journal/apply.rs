//! Writing a change into an open transaction.

use std::collections::HashMap;

use grump_core::{Error, ErrorKind, RunRef};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Position,
    change::{Committed, Prepared, PreparedApproval, PreparedEvent, PreparedRecord},
};

/// Why a change cannot be written.
pub(super) enum Rejection {
    /// The store failed.
    Store(rusqlite::Error),
    /// The change asks for what cannot be.
    Change(Error),
}

impl From<rusqlite::Error> for Rejection {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

/// The changes of one transaction, on their way into the tables.
pub(super) struct Transcript<'t> {
    connection: &'t Connection,
    position: Position,
    keys: HashMap<RunRef, i64>,
    frame: String,
}

impl<'t> Transcript<'t> {
    /// Goes on behind the last event that is stored.
    pub(super) fn begin(connection: &'t Connection) -> rusqlite::Result<Self> {
        let position = connection
            .prepare_cached("SELECT position FROM journal")?
            .query_row([], |row| row.get(0))?;
        Ok(Self {
            connection,
            position: Position(position),
            keys: HashMap::new(),
            frame: String::new(),
        })
    }

    /// Writes one change. Forgetting comes before the events, so that those of this change stay.
    pub(super) fn write(&mut self, change: &Prepared) -> Result<Committed, Rejection> {
        let first = Position(self.position.0 + 1);
        change.put.iter().try_for_each(|record| self.put(record))?;
        for approval in &change.approvals {
            self.approve(approval)?;
        }
        for (name, value) in &change.preferences {
            self.prefer(name, value.text())?;
        }
        change.forget.iter().try_for_each(|run| self.forget(run))?;
        change
            .events
            .iter()
            .try_for_each(|event| self.tell(event))?;
        Ok(Committed {
            first,
            last: self.position,
        })
    }

    /// Writes down how far the journal is now, and answers it.
    pub(super) fn end(self) -> rusqlite::Result<Position> {
        self.connection
            .prepare_cached("UPDATE journal SET position = ?1 WHERE position <> ?1")?
            .execute([self.position.0])?;
        Ok(self.position)
    }

    fn tell(&mut self, event: &PreparedEvent) -> rusqlite::Result<()> {
        let run = self.key(&event.event.run)?;
        self.position.0 += 1;
        event.write_frame(self.position, &mut self.frame);
        self.connection
            .prepare_cached("INSERT INTO events (position, run, kind, frame) VALUES (?, ?, ?, ?)")?
            .execute(params![
                self.position.0,
                run,
                event.event.payload.name(),
                self.frame
            ])?;
        Ok(())
    }

    fn put(&mut self, record: &PreparedRecord) -> rusqlite::Result<()> {
        let key = self.key(&record.name)?;
        self.connection
            .prepare_cached("UPDATE runs SET status = ?2, run = ?3, engine = ?4 WHERE key = ?1")?
            .execute(params![
                key,
                record.status.as_str(),
                record.run,
                record.engine.text()
            ])?;
        Ok(())
    }

    fn approve(&mut self, approval: &PreparedApproval) -> Result<(), Rejection> {
        let stored = self
            .connection
            .prepare_cached(
                "INSERT INTO approvals (id, run, pending, approval)
                 SELECT ?1, key, ?4, ?5 FROM runs WHERE kind = ?2 AND id = ?3 AND run IS NOT NULL
                 ON CONFLICT (id) DO UPDATE SET pending = ?4, approval = ?5",
            )?
            .execute(params![
                approval.id,
                approval.run.kind.as_str(),
                approval.run.id.as_str(),
                approval.pending,
                approval.approval
            ])?;
        match stored {
            0 => Err(Rejection::Change(nobody_asks(approval))),
            _ => Ok(()),
        }
    }

    fn prefer(&self, name: &str, value: &str) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO preferences (name, value) VALUES (?, ?)")?
            .execute([name, value])?;
        Ok(())
    }

    fn forget(&self, run: &RunRef) -> rusqlite::Result<()> {
        let Some(key) = self.find(run)? else {
            return Ok(());
        };
        for statement in [
            "DELETE FROM events WHERE run = ?",
            "DELETE FROM approvals WHERE run = ?",
            "UPDATE runs SET status = NULL, run = NULL, engine = NULL WHERE key = ?",
        ] {
            self.connection.prepare_cached(statement)?.execute([key])?;
        }
        Ok(())
    }

    /// The run's key, made where there is none yet.
    fn key(&mut self, run: &RunRef) -> rusqlite::Result<i64> {
        if let Some(key) = self.keys.get(run) {
            return Ok(*key);
        }
        let key = match self.find(run)? {
            Some(key) => key,
            None => self.name(run)?,
        };
        self.keys.insert(run.clone(), key);
        Ok(key)
    }

    fn find(&self, run: &RunRef) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("SELECT key FROM runs WHERE kind = ? AND id = ?")?
            .query_row([run.kind.as_str(), run.id.as_str()], |row| row.get(0))
            .optional()
    }

    fn name(&self, run: &RunRef) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached("INSERT INTO runs (kind, id) VALUES (?, ?)")?
            .insert([run.kind.as_str(), run.id.as_str()])
    }
}

fn nobody_asks(approval: &PreparedApproval) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "there is no such run to ask for approval",
    )
    .with("run", &approval.run)
    .with("approval", &approval.id)
}
