//! The journal: an append-only log of events and the state derived from it, in one SQLite file.
//!
//! An event and the state it changes are one [`Change`], committed in one transaction and durable
//! when [`Journal::commit`] answers; nobody sees an event before that. One thread writes, and what
//! waits for it is committed together. Reading has connections and threads of its own, so nothing
//! here needs an async runtime.
//!
//! ```
//! use grump_core::{Event, Payload, RunRef};
//! use grump_engine::journal::{Change, Journal, Position};
//!
//! # futures::executor::block_on(async {
//! # let folder = tempfile::tempdir().unwrap();
//! let journal = Journal::open(&folder.path().join("journal.db"))?;
//! let before = journal.position();
//!
//! let told = Event::new(RunRef::of_loop("l-1"), Payload::log("info", "hello"));
//! journal.commit(told.into()).await?;
//!
//! let stored = journal.events(before, None, 10).await?;
//! assert_eq!(stored[0].position, Position(1));
//! journal.close().await;
//! # Ok::<_, grump_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `file`, `stamp`, `schema`, `desk` | creating, checking, opening and migrating the file |
//! | `change`, `position` | what is committed, and where |
//! | `writer`, `apply` | the writing thread; a change into a transaction |
//! | `readers`, `read` | the reading threads; the queries |
//! | `tail`, `follow`, `watch` | the last changes in memory; those who follow; the stream planes promise |
//! | `poll` | hearing of commits of another process |

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use grump_core::{
    Approval, ApprovalId, Cursor, Error, ErrorKind, EventStream, Json, Result, Run, RunRef, Since,
    StoredPage,
};
use rusqlite::Connection;

mod apply;
mod change;
mod desk;
mod error;
mod file;
mod follow;
mod poll;
mod position;
mod read;
mod readers;
mod schema;
mod stamp;
mod tail;
mod watch;
mod writer;

pub use change::{Change, Committed, Record, Stored};
pub use follow::{Batch, Follow};
pub use position::Position;
pub use tail::Limits;

use change::Prepared;
use desk::{Desk, Entry};
use error::{failed, refused};
use poll::Probe;
use position::Cursors;
use readers::Readers;
use tail::Tail;
use writer::Writer;

/// A journal that is open. A cheap clone shares it.
///
/// The file is closed when [`close`](Self::close) is called or the last clone is dropped, which
/// waits for what was sent to be written. A journal opened to read stays open for as long as
/// something follows it.
///
/// While it is open, the process must not open and close the file by other means: closing any
/// descriptor of a file gives up the locks that SQLite holds on it.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
    writer: Option<Arc<Writer>>,
}

/// What reading, writing and following have in common.
struct Shared {
    file: PathBuf,
    id: String,
    tail: Tail,
    readers: Readers,
    /// How often events were taken away since it was opened.
    edition: AtomicU64,
    /// Only where another process may write.
    probe: Option<Probe>,
    /// Dropped last, when no connection is left.
    #[expect(dead_code, reason = "it works by being dropped")]
    entry: Entry,
}

impl Journal {
    /// Opens a journal to write to it; creates it, and its folder, where there is none.
    ///
    /// That nobody else writes is up to the caller: the data folder has a lock.
    ///
    /// # Errors
    /// `Storage` for a file that a newer grump wrote, that is damaged or not a journal, with every
    /// byte left as it was; or one that cannot be read or written.
    pub fn open(file: &Path) -> Result<Self> {
        Self::open_with(file, Limits::default())
    }

    /// As [`open`](Self::open), with other bounds on what is held in memory.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_with(file: &Path, limits: Limits) -> Result<Self> {
        let desk = Desk::wait();
        let connection = file::open_writer(file, &desk).map_err(opening)?;
        let identity = read::identity(&connection);
        let readers = Readers::start(file, || file::open_reader(file)).map_err(opening)?;
        let shared = Shared::new(file, identity, limits, readers, None, desk)?;
        let writer = Writer::start(connection, shared.clone())?;
        Ok(Self {
            shared,
            writer: Some(Arc::new(writer)),
        })
    }

    /// Opens a journal to read it, beside a process that writes or after one that died. Commits of
    /// that process are heard of within about 50 milliseconds.
    ///
    /// Nothing in the journal is changed, but SQLite may put its `-wal` and `-shm` beside it where
    /// the folder can be written.
    ///
    /// # Errors
    /// `NotFound` where there is none; `Storage` as for [`open`](Self::open), and for one that an
    /// older grump wrote.
    pub fn open_read_only(file: &Path) -> Result<Self> {
        Self::open_read_only_with(file, Limits::default())
    }

    /// As [`open_read_only`](Self::open_read_only), with other bounds on what is held in memory.
    ///
    /// # Errors
    /// As for [`open_read_only`](Self::open_read_only).
    pub fn open_read_only_with(file: &Path, limits: Limits) -> Result<Self> {
        let desk = Desk::wait();
        let access = file::access(file, &desk).map_err(opening)?;
        let open = || file::open_as(file, access);
        let probe = open().and_then(|connection| {
            Probe::new(connection).map_err(|error| failed("cannot read the journal", file, error))
        });
        let probe = probe.map_err(opening)?;
        let identity = probe.identity();
        let readers = Readers::start(file, open).map_err(opening)?;
        let shared = Shared::new(file, identity, limits, readers, Some(probe), desk)?;
        poll::start(&shared)?;
        Ok(Self {
            shared,
            writer: None,
        })
    }

    /// The journal's own id, a UUID. It is part of every cursor.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// Where the journal ends: behind the last event that was committed.
    #[must_use]
    pub fn position(&self) -> Position {
        let known = self.shared.tail.news().position;
        let probe = self.shared.probe.as_ref();
        probe.map_or(known, |probe| probe.position().unwrap_or(known))
    }

    /// The public form of a position in this journal.
    #[must_use]
    pub fn cursor(&self, position: Position) -> Cursor {
        position::cursor(self.id(), position)
    }

    /// The position of a cursor.
    ///
    /// # Errors
    /// `InvalidInput` for what is no cursor; `CursorExpired` for one of another journal or beyond
    /// the end of this one.
    pub fn resolve(&self, cursor: &Cursor) -> Result<Position> {
        let end = self.position().max(self.shared.tail.visible());
        position::resolve(self.id(), end, cursor)
    }

    /// Commits a change. When this answers, it is durable, and those who follow are told.
    ///
    /// Changes are committed in the order in which they arrive: whoever awaits each call has them in
    /// the order of the calls. Calls that are awaited together (`join_all`) arrive in any order, as
    /// the runtime interrupts whoever sends more than about a hundred at once: what has an order
    /// goes into one change, or one after the other.
    ///
    /// Cancelling the call may leave the change committed: read the state.
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be written as JSON; `NotFound` for an approval of a run that
    /// has no record; `Storage` if the file cannot be written, or was closed or opened to read.
    /// Nothing of a refused change is stored, and other changes are not affected.
    pub async fn commit(&self, change: Change) -> Result<Committed> {
        let prepared = Prepared::new(change)?;
        let writer = self.writer.as_ref().ok_or_else(|| self.read_only())?;
        writer.commit(prepared).await
    }

    /// The record of a run, if there is one.
    ///
    /// # Errors
    /// `Storage` if the file cannot be read; so for all that read.
    pub async fn run(&self, run: &RunRef) -> Result<Option<Record>> {
        let run = run.clone();
        self.read("cannot read the run", move |db| read::run(db, &run))
            .await
    }

    /// The records of all runs, the newest first.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub async fn runs(&self) -> Result<Vec<Record>> {
        self.read("cannot read the runs", read::runs).await
    }

    /// The approvals that wait for an answer, the oldest first.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub async fn approvals(&self) -> Result<Vec<Approval>> {
        self.read("cannot read the approvals", read::pending_approvals)
            .await
    }

    /// An approval, answered or not.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub async fn approval(&self, id: &ApprovalId) -> Result<Option<Approval>> {
        let id = id.clone();
        self.read("cannot read the approval", move |db| {
            read::approval(db, &id)
        })
        .await
    }

    /// A preference, if it was ever set.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub async fn preference(&self, name: &str) -> Result<Option<Json>> {
        let name = name.to_owned();
        self.read("cannot read the preference", move |db| {
            read::preference(db, &name)
        })
        .await
    }

    /// At most `limit` events behind a position, of one run or of all.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub async fn events(
        &self,
        after: Position,
        run: Option<&RunRef>,
        limit: usize,
    ) -> Result<Vec<Stored>> {
        let run = run.cloned();
        self.read("cannot read the events", move |db| {
            read::events(db, run.as_ref(), after, limit)
        })
        .await
    }

    /// As [`events`](Self::events), as the JSON in which they are stored, with the position as
    /// `seq`. A page ends early where it gets longer than [`Limits::page_bytes`]. `None` for a run
    /// that has no record.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub async fn stored(
        &self,
        after: Position,
        run: Option<&RunRef>,
        limit: usize,
    ) -> Result<Option<StoredPage>> {
        // Read first: a page that is older than its edition says is never taken for a newer one.
        let edition = self.shared.edition.load(Ordering::SeqCst);
        let run = run.cloned();
        let mut cursors = Cursors::of(self.id());
        let limits = Limits {
            page_events: limit,
            ..self.shared.tail.limits()
        };
        let page = self.read("cannot read the events", move |db| {
            read::stored_page(db, run.as_ref(), after, &mut cursors, limits)
        });
        let mut page = page.await?;
        if let Some(page) = &mut page {
            page.edition = self.writer.is_some().then_some(edition);
        }
        Ok(page)
    }

    /// Follows one run, or all, from a position on: what is stored, then what is committed.
    #[must_use]
    pub fn follow(&self, run: Option<RunRef>, after: Position) -> Follow {
        Follow::new(self.shared.clone(), run, after)
    }

    /// Watches one run, or all, as [`Events`](grump_core::Events) promises. The stream of a run that
    /// is forgotten ends with its `run.deleted`, if there is one.
    ///
    /// # Errors
    /// `NotFound` for a run that has no record; for a cursor as for [`resolve`](Self::resolve).
    pub async fn watch(&self, run: Option<RunRef>, since: Since) -> Result<EventStream> {
        watch::watch(self, run, since).await
    }

    /// Writes what was sent, and closes the file. Those who follow are told `Truncated`, and what is
    /// asked of other clones is refused.
    pub async fn close(self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    /// A run and the journal's end, of one moment.
    async fn standing(&self, run: &RunRef) -> Result<(Position, Run)> {
        let name = run.clone();
        let read = move |db: &_| read::standing(db, &name);
        let (end, record) = self.read("cannot read the run", read).await?;
        let record = record.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "there is no such run").with("run", run)
        })?;
        Ok((end, record.run))
    }

    async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.shared.readers.read(what, read).await
    }

    fn read_only(&self) -> Error {
        refused("this journal was opened to read only", &self.shared.file)
    }
}

impl Shared {
    fn new(
        file: &Path,
        identity: rusqlite::Result<(String, Position)>,
        limits: Limits,
        readers: Readers,
        probe: Option<Probe>,
        desk: Desk,
    ) -> Result<Arc<Self>> {
        let (id, position) =
            identity.map_err(|error| opening(failed("cannot read the journal", file, error)))?;
        Ok(Arc::new(Self {
            file: file.to_owned(),
            id,
            tail: Tail::new(limits, position),
            readers,
            edition: AtomicU64::new(0),
            probe,
            entry: desk.enter(file),
        }))
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("file", &self.shared.file)
            .field("id", &self.shared.id)
            .field("position", &self.position())
            .finish()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.file).finish()
    }
}

fn opening(error: Error) -> Error {
    error.operation("journal.open")
}

fn no_thread(file: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, "cannot start a thread for the journal")
        .with("file", file.display())
        .caused_by(error)
}
