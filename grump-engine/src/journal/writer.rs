//! The thread that writes: whatever waits is committed together, then told, then answered.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
};

use grump_core::{Error, ErrorKind, Result};
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::{
    Shared,
    apply::{Rejection, Transcript},
    change::{Committed, Prepared},
    error::{closed, failed},
    stamp,
};
use crate::failpoint::pass;

/// How many changes are committed together at most, and how many may wait for that.
const BATCH: usize = 1024;

/// The way to the writing thread. Dropping it waits until everything sent is written.
pub(super) struct Writer {
    file: PathBuf,
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Commit(Waiting),
    Close(oneshot::Sender<()>),
}

/// A change, and who waits for it.
struct Waiting {
    change: Prepared,
    answer: oneshot::Sender<Result<Committed>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection, shared: Arc<Shared>) -> Result<Self> {
        let file = shared.file.clone();
        let (jobs, waiting) = mpsc::channel(BATCH);
        let pen = Pen { connection, shared };
        let thread = std::thread::Builder::new()
            .name("grump-journal".into())
            .spawn(move || pen.write_all(waiting))
            .map_err(|error| super::no_thread(&file, error))?;
        Ok(Self {
            file,
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) async fn commit(&self, change: Prepared) -> Result<Committed> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Commit(Waiting { change, answer })).await?;
        answered.await.map_err(|_| closed(&self.file))?
    }

    /// Has everything written that was sent before, and the file closed.
    pub(super) async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.send(Job::Close(answer)).await.is_ok() {
            // Without an answer the thread is gone, and closed is what was asked for.
            let _ = answered.await;
        }
    }

    async fn send(&self, job: Job) -> Result<()> {
        let jobs = self.jobs.as_ref().ok_or_else(|| closed(&self.file))?;
        jobs.send(job).await.map_err(|_| closed(&self.file))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(file = %self.file.display(), "the thread that writes the journal panicked");
        }
    }
}

/// What the thread has: the only connection that writes.
struct Pen {
    connection: Connection,
    shared: Arc<Shared>,
}

impl Pen {
    fn write_all(mut self, mut jobs: mpsc::Receiver<Job>) {
        let closing = Closing(self.shared.clone());
        let mut arrived = Vec::with_capacity(BATCH);
        let mut askers = Vec::new();
        while jobs.blocking_recv_many(&mut arrived, BATCH) > 0 {
            let mut batch = Vec::with_capacity(arrived.len());
            for job in arrived.drain(..) {
                match job {
                    Job::Commit(waiting) => batch.push(waiting),
                    Job::Close(asker) => askers.push(asker),
                }
            }
            if !askers.is_empty() {
                jobs.close();
            }
            self.write(batch);
        }
        drop(closing);
        self.finish();
        for asker in askers {
            // Whoever asked may have stopped waiting.
            let _ = asker.send(());
        }
    }

    /// Writes a batch in one transaction. Where that fails, each change has one of its own, so that
    /// one that cannot be written fails alone.
    fn write(&mut self, batch: Vec<Waiting>) {
        if batch.is_empty() {
            return;
        }
        match self.attempt(&batch) {
            Ok(committed) => self.tell(batch, committed),
            Err(_) if batch.len() > 1 => {
                for waiting in batch {
                    self.write(vec![waiting]);
                }
            }
            Err(rejection) => self.refuse(batch, rejection),
        }
    }

    fn attempt(&mut self, batch: &[Waiting]) -> std::result::Result<Vec<Committed>, Rejection> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let mut transcript = Transcript::begin(&transaction)?;
        let written = batch
            .iter()
            .map(|waiting| transcript.write(&waiting.change));
        let committed = written.collect::<std::result::Result<Vec<Committed>, _>>()?;
        transcript.end()?;
        if let Some(last) = committed.last() {
            self.shared.tail.expose(last.last);
        }
        pass(|| format!("before the commit of {}", contents(batch)));
        transaction.commit()?;
        pass(|| format!("after the commit of {}", contents(batch)));
        Ok(committed)
    }

    /// Tells those who follow, then those who wait.
    fn tell(&self, batch: Vec<Waiting>, committed: Vec<Committed>) {
        let (changes, answers): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.change, waiting.answer))
            .unzip();
        if changes
            .iter()
            .any(|change: &Prepared| !change.forget.is_empty())
        {
            self.shared.edition.fetch_add(1, Ordering::SeqCst);
        }
        let told = changes.into_iter().zip(committed.iter().copied());
        self.shared.tail.publish(told);
        for (waiting, committed) in answers.into_iter().zip(committed) {
            answer(waiting, Ok(committed));
        }
    }

    fn refuse(&self, batch: Vec<Waiting>, rejection: Rejection) {
        let error = match rejection {
            Rejection::Change(error) => error,
            Rejection::Store(error) => {
                failed("cannot write to the journal", &self.shared.file, error)
            }
        };
        if let Some(waiting) = batch.into_iter().next() {
            answer(waiting.answer, Err(error));
        }
    }

    /// Closes the file and stamps it, if nobody else holds a part of it back.
    fn finish(self) {
        self.shared.readers.close();
        let file = &self.shared.file;
        let closed = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .and_then(|()| self.connection.close().map_err(|(_, error)| error))
            .map_err(|error| failed("cannot close the journal", file, error));
        let stamped = closed.and_then(|()| {
            stamp::write(file).map_err(|error| {
                Error::new(ErrorKind::Storage, "cannot stamp the journal").caused_by(error)
            })
        });
        if let Err(error) = stamped {
            // Nothing is lost: the next one to open it checks it and goes on.
            tracing::warn!(?error, "the journal was not closed cleanly");
        }
    }
}

/// What a batch holds, for the names of failpoints.
fn contents(batch: &[Waiting]) -> String {
    let changes = batch.iter().map(|waiting| &waiting.change);
    let kinds = changes.clone().flat_map(|change| &change.events);
    let kinds: Vec<_> = kinds.map(|told| told.event.kind().as_str()).collect();
    match changes.map(|change| change.put.len()).sum::<usize>() {
        0 => kinds.join(", "),
        _ => format!("state with [{}]", kinds.join(", ")),
    }
}

fn answer(waiting: oneshot::Sender<Result<Committed>>, with: Result<Committed>) {
    // Whoever asked may have stopped waiting; what is committed stays so.
    let _ = waiting.send(with);
}

/// Tells those who follow that nothing more will come, also when the thread panics.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.tail.close();
    }
}
