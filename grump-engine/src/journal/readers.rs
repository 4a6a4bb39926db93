//! Threads that read: each has a connection of its own, so reading needs no async runtime and
//! never waits for the writer.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use grump_core::Result;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::error::{closed, failed};

/// How many read at once.
const THREADS: usize = 2;

type Task = Box<dyn FnOnce(&Connection) + Send>;

pub(super) struct Readers {
    file: PathBuf,
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Queue {
    tasks: Mutex<Tasks>,
    changed: Condvar,
}

#[derive(Default)]
struct Tasks {
    waiting: VecDeque<Task>,
    closed: bool,
}

impl Readers {
    /// Starts the threads, each with a connection that `open` opens.
    pub(super) fn start(file: &Path, open: impl Fn() -> Result<Connection>) -> Result<Self> {
        let readers = Self {
            file: file.to_owned(),
            queue: Arc::default(),
            threads: Mutex::default(),
        };
        for _ in 0..THREADS {
            let connection = open()?;
            let queue = readers.queue.clone();
            let thread = std::thread::Builder::new()
                .name("grump-reader".into())
                .spawn(move || queue.serve(&connection))
                .map_err(|error| super::no_thread(&readers.file, error))?;
            readers.threads().push(thread);
        }
        Ok(readers)
    }

    /// Reads on one of the threads. `what` names what could not be done.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.queue.push(Box::new(move |connection| {
            if !answer.is_closed() {
                // Whoever asked may be gone by now; then there is nobody to tell.
                let _ = answer.send(read(connection));
            }
        }));
        match answered.await {
            Ok(read) => read.map_err(|error| failed(what, &self.file, error)),
            Err(_) => Err(closed(&self.file)),
        }
    }

    /// Finishes what was asked, and ends the threads and their connections.
    pub(super) fn close(&self) {
        self.queue.tasks().closed = true;
        self.queue.changed.notify_all();
        for thread in self.threads().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that reads the journal panicked");
            }
        }
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.close();
    }
}

impl Queue {
    fn push(&self, task: Task) {
        let mut tasks = self.tasks();
        if !tasks.closed {
            tasks.waiting.push_back(task);
            self.changed.notify_one();
        }
    }

    fn serve(&self, connection: &Connection) {
        while let Some(task) = self.next() {
            task(connection);
        }
    }

    fn next(&self) -> Option<Task> {
        let mut tasks = self.tasks();
        loop {
            if let Some(task) = tasks.waiting.pop_front() {
                return Some(task);
            }
            if tasks.closed {
                return None;
            }
            let woken = self.changed.wait(tasks);
            tasks = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
