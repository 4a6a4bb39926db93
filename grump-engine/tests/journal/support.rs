//! What the tests of the journal have in common.

use std::{future::Future, path::PathBuf, time::Duration};

use grump_core::{Event, Json, Payload, Run, RunDetail, RunRef, RunStatus};
use grump_engine::journal::{Change, Journal, Limits, Record, Stored};
use tempfile::TempDir;

/// A folder for a journal, removed with it.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("data").join("journal.db")
    }

    pub(crate) fn open(&self) -> Journal {
        Journal::open(&self.file()).unwrap()
    }

    pub(crate) fn open_with(&self, limits: Limits) -> Journal {
        Journal::open_with(&self.file(), limits).unwrap()
    }
}

/// Bounds so tight that whoever lags by more than an event reads the table.
pub(crate) const TIGHT: Limits = Limits {
    tail_events: 1,
    tail_bytes: 1 << 20,
    page_events: 2,
    page_bytes: 1 << 20,
};

pub(crate) fn run(id: &str) -> RunRef {
    RunRef::of_loop(id)
}

/// An event of this run that says `text`.
pub(crate) fn said(id: &str, text: impl Into<String>) -> Event {
    Event::new(run(id), Payload::log("info", text))
}

/// A record of this run in this status.
pub(crate) fn record(id: &str, status: RunStatus) -> Record {
    let mut known = Run::new(run(id), format!("title of {id}"), RunDetail::None);
    known.status = status.into();
    Record {
        run: known,
        engine: Json::string("private"),
    }
}

/// What this event says.
pub(crate) fn text(event: &Event) -> &str {
    match &event.payload {
        Payload::Log(log) => &log.message,
        other => other.name(),
    }
}

pub(crate) fn texts(stored: &[Stored]) -> Vec<&str> {
    stored.iter().map(|stored| text(&stored.event)).collect()
}

/// Commits events of this run that say the numbers, one by one.
pub(crate) async fn count(journal: &Journal, id: &str, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let change = Change::from(said(id, number.to_string()));
        journal.commit(change).await.unwrap();
    }
}

/// What comes of it, which must be soon.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect("this does not take a minute")
}
