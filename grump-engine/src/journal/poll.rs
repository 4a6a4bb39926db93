//! Hearing of what another process commits: SQLite has a number for that, and it is asked again
//! and again on a thread of its own.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use grump_core::Result;
use rusqlite::Connection;

use super::{Position, Shared, error::failed, no_thread, read};

/// How long a commit of another process may go unheard.
const PERIOD: Duration = Duration::from_millis(50);

/// The connection that asks.
pub(super) struct Probe {
    state: Mutex<State>,
}

struct State {
    connection: Connection,
    /// What the number was when followers were last told.
    version: i64,
}

impl Probe {
    /// What is committed from now on is news.
    pub(super) fn new(connection: Connection) -> rusqlite::Result<Self> {
        let version = read::data_version(&connection)?;
        let state = Mutex::new(State {
            connection,
            version,
        });
        Ok(Self { state })
    }

    /// Where the journal ends now.
    pub(super) fn position(&self) -> rusqlite::Result<Position> {
        read::position(&self.state().connection)
    }

    /// Where the journal ends now, if anything was committed since this was last asked.
    fn news(&self) -> rusqlite::Result<Option<Position>> {
        let mut state = self.state();
        let version = read::data_version(&state.connection)?;
        if version == std::mem::replace(&mut state.version, version) {
            return Ok(None);
        }
        read::position(&state.connection).map(Some)
    }

    pub(super) fn identity(&self) -> rusqlite::Result<(String, Position)> {
        read::identity(&self.state().connection)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for as long as the journal is open.
pub(super) fn start(shared: &Arc<Shared>) -> Result<()> {
    let weak = Arc::downgrade(shared);
    std::thread::Builder::new()
        .name("grump-poll".into())
        .spawn(move || while ask(&weak) {})
        .map(|_| ())
        .map_err(|error| no_thread(&shared.file, error))
}

fn ask(shared: &Weak<Shared>) -> bool {
    std::thread::sleep(PERIOD);
    let Some(shared) = shared.upgrade() else {
        return false;
    };
    if let Some(probe) = shared.probe.as_ref().filter(|_| shared.tail.is_followed()) {
        match probe.news() {
            Ok(None) => {}
            Ok(Some(position)) => shared.tail.changed_elsewhere(position),
            Err(error) => {
                let error = failed("cannot ask the journal for news", &shared.file, error);
                tracing::warn!(?error);
                // Those who follow look for themselves, and hear of what is wrong.
                shared.tail.changed_elsewhere(shared.tail.news().position);
            }
        }
    }
    true
}
