//! The loops in memory: each is changed by one caller at a time, and a change counts only when the
//! journal has it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use grump_core::{
    Error, ErrorKind, Event, Payload, Result, RunId, RunRef, Timestamp, payload::RunDeleted,
};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard};

use crate::{
    flow::state::LoopRecord,
    journal::{Change, Committed, Journal},
};

/// The loops that this engine has touched.
#[derive(Debug)]
pub(crate) struct Store {
    journal: Journal,
    cells: Mutex<HashMap<RunId, Arc<Cell>>>,
}

impl Store {
    pub(crate) fn new(journal: Journal) -> Self {
        Self {
            journal,
            cells: Mutex::default(),
        }
    }

    /// Creates a loop.
    pub(crate) async fn create(&self, record: LoopRecord, created: Payload) -> Result<Arc<Cell>> {
        let cell = Arc::new(Cell::new(&self.journal, record.clone()));
        let event = Event::new(record.run.name.clone(), created);
        let change = Change {
            events: vec![event],
            put: vec![record.to_record()],
            ..Change::default()
        };
        self.journal.commit(change).await?;
        self.cells().insert(record.run.name.id, cell.clone());
        Ok(cell)
    }

    /// The loop of this name.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub(crate) async fn cell(&self, name: &RunRef) -> Result<Arc<Cell>> {
        if let Some(cell) = self.cells().get(&name.id) {
            return Ok(cell.clone());
        }
        let stored = self.journal.run(name).await?.ok_or_else(|| missing(name))?;
        let fresh = Arc::new(Cell::new(&self.journal, LoopRecord::read(stored)?));
        Ok(self.cells().entry(name.id.clone()).or_insert(fresh).clone())
    }

    /// Forgets a loop that was purged.
    pub(crate) fn forget(&self, name: &RunRef) {
        self.cells().remove(&name.id);
    }

    fn cells(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Arc<Cell>>> {
        // A panic elsewhere cannot leave a map of pointers half changed.
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer for a run that is not there.
pub(crate) fn missing(name: &RunRef) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("there is no such {}", name.kind),
    )
    .with("id", &name.id)
    .advise("list what there is with `grump loop ls`")
}

/// One loop.
#[derive(Debug)]
pub(crate) struct Cell {
    journal: Journal,
    record: Arc<AsyncMutex<LoopRecord>>,
    commands: AsyncMutex<()>,
    /// It was purged: whoever still holds it finds nothing any more.
    gone: AtomicBool,
}

impl Cell {
    fn new(journal: &Journal, record: LoopRecord) -> Self {
        Self {
            journal: journal.clone(),
            record: Arc::new(AsyncMutex::new(record)),
            commands: AsyncMutex::default(),
            gone: AtomicBool::new(false),
        }
    }

    /// Keeps other commands on this loop away, such as an accept while it is being discarded.
    ///
    /// # Errors
    /// `NotFound` if it was purged meanwhile.
    pub(crate) async fn command(&self) -> Result<AsyncMutexGuard<'_, ()>> {
        let alone = self.commands.lock().await;
        self.refuse_if_gone(&*self.record.lock().await)?;
        Ok(alone)
    }

    fn refuse_if_gone(&self, record: &LoopRecord) -> Result<()> {
        if self.gone.load(Ordering::Acquire) {
            return Err(missing(&record.run.name));
        }
        Ok(())
    }

    /// Removes the loop and its events from the journal, for good.
    pub(crate) async fn forget(&self) -> Result<()> {
        let record = self.record.lock().await;
        let name = record.run.name.clone();
        let change = Change {
            events: vec![Event::new(name.clone(), RunDeleted {})],
            forget: vec![name],
            ..Change::default()
        };
        self.journal.commit(change).await?;
        self.gone.store(true, Ordering::Release);
        Ok(())
    }

    /// The loop as it is now.
    pub(crate) async fn read(&self) -> LoopRecord {
        self.record.lock().await.clone()
    }

    /// Changes the loop and tells of it, in one transaction; both happen or neither does. Dropping
    /// the future does not tear them apart.
    pub(crate) async fn update<T>(
        &self,
        change: impl FnOnce(&mut LoopRecord, &mut Told) -> Result<T>,
    ) -> Result<(T, Committed)> {
        let mut guard = self.record.clone().lock_owned().await;
        self.refuse_if_gone(&guard)?;
        let mut next = guard.clone();
        next.run.updated_at = Timestamp::now();
        let mut told = Told::default();
        let answer = change(&mut next, &mut told)?;
        let change = Change {
            events: told.events(&next),
            put: vec![next.to_record()],
            ..Change::default()
        };
        let journal = self.journal.clone();
        let committing = tokio::spawn(async move {
            let committed = journal.commit(change).await?;
            *guard = next;
            Ok::<_, Error>(committed)
        });
        let committed = committing.await.map_err(interrupted)??;
        Ok((answer, committed))
    }

    /// Tells of something that does not change the loop.
    pub(crate) async fn tell(&self, payloads: Vec<Payload>) -> Result<()> {
        if payloads.is_empty() {
            return Ok(());
        }
        let told = Told(payloads).events(&*self.record.lock().await);
        self.journal
            .commit(Change {
                events: told,
                ..Change::default()
            })
            .await
            .map(drop)
    }
}

/// What happened, in order.
#[derive(Debug, Default)]
pub(crate) struct Told(Vec<Payload>);

impl Told {
    pub(crate) fn push(&mut self, payload: impl Into<Payload>) {
        self.0.push(payload.into());
    }

    /// The events, in the iteration that the loop is in.
    fn events(self, record: &LoopRecord) -> Vec<Event> {
        let iteration = record.run.as_loop().map(|detail| detail.iteration);
        let now = Timestamp::now();
        let event = |payload: Payload| {
            let in_iteration = payload.kind().is_within_iteration();
            let mut event = Event::new(record.run.name.clone(), payload);
            event.at = Some(now.clone());
            event.received_at = now.clone();
            event.iteration = iteration.filter(|number| in_iteration && *number > 0);
            event
        };
        self.0.into_iter().map(event).collect()
    }
}

fn interrupted(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Internal, "the engine is shutting down").caused_by(error)
}
