//! [`Stream`]: the updates of a run, handed out in batches.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use grump::{Cursor, Error, ErrorKind, Event, EventStream, Result, Update};
use pyo3::prelude::*;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    call::{Call, Reply},
    error::raise,
    runtime::Home,
};

/// How many updates are read ahead at most.
const BATCH: usize = 256;

/// A stream of updates as JSON texts.
///
/// An item is only ever taken by `take`, which cannot be cancelled; `opened` and `ready` leave what
/// they were waiting for in place. So a wait that is cancelled loses nothing.
#[pyclass(frozen, module = "grump._native")]
pub(crate) struct Stream(Home<Arc<Shared>>);

type Opening = BoxFuture<'static, Result<EventStream>>;

struct Shared {
    /// Until the stream is open. Whoever has it may take the stream, never the other way round.
    opening: tokio::sync::Mutex<Option<Opening>>,
    stream: tokio::sync::Mutex<Option<EventStream>>,
    read: Mutex<Read>,
    closed: CancellationToken,
}

/// What was read and not taken yet.
#[derive(Default)]
struct Read {
    items: VecDeque<(Option<Cursor>, String)>,
    /// The position behind the last item that was taken.
    cursor: Option<Cursor>,
    ended: bool,
    /// Why it ended, until it was told.
    error: Option<Error>,
}

impl Stream {
    pub(crate) fn new(opening: Opening) -> Self {
        Self(Home::new(Arc::new(Shared {
            opening: tokio::sync::Mutex::new(Some(opening)),
            stream: tokio::sync::Mutex::default(),
            read: Mutex::default(),
            closed: CancellationToken::new(),
        })))
    }

    fn call<F>(&self, work: impl FnOnce(Arc<Shared>) -> F) -> PyResult<Call>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let work = work(self.0.get()?.clone());
        Ok(Call::new(work.map(|done| done.map(|()| Reply::Nothing))))
    }
}

#[pymethods]
impl Stream {
    /// Waits until the watching has begun.
    fn opened(&self) -> PyResult<Call> {
        self.call(|shared| async move { shared.open().await })
    }

    /// Waits until there is something to take, or the stream is over.
    fn ready(&self) -> PyResult<Call> {
        self.call(|shared| async move { shared.fill().await })
    }

    /// The next update, if it is there already. Raises, once, what the stream ended with.
    fn take(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let mut read = self.0.get()?.read();
        if let Some((cursor, item)) = read.items.pop_front() {
            read.cursor = cursor.or_else(|| read.cursor.take());
            return Ok(Some(item));
        }
        let error = read.error.take();
        drop(read);
        error.map_or(Ok(None), |error| Err(raise(py, &error)))
    }

    /// Whether nothing is left to take and nothing more will come.
    #[getter]
    fn ended(&self) -> PyResult<bool> {
        let read = self.0.get()?.read();
        Ok(read.ended && read.items.is_empty() && read.error.is_none())
    }

    /// The position behind the last update that was taken.
    #[getter]
    fn cursor(&self) -> PyResult<Option<String>> {
        let read = self.0.get()?.read();
        Ok(read.cursor.as_ref().map(ToString::to_string))
    }

    /// Stops the watching; who waits for it sees the end.
    fn close(&self) -> PyResult<()> {
        self.0.get()?.close();
        Ok(())
    }
}

impl Shared {
    fn read(&self) -> MutexGuard<'_, Read> {
        // No code that can panic runs while it is held.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.closed.cancel();
        let mut read = self.read();
        read.items.clear();
        read.error = None;
        read.ended = true;
        drop(read);
        // Whoever reads it just now ends it instead.
        if let Ok(mut stream) = self.stream.try_lock() {
            *stream = None;
        }
    }

    /// Opens the stream where it is not open yet. A wait that is cancelled leaves the opening where
    /// it was.
    async fn open(&self) -> Result<()> {
        let mut slot = self.opening.lock().await;
        let Some(opening) = &mut *slot else {
            return Ok(());
        };
        let mut stream = self.stream.lock().await;
        let opened = self.closed.run_until_cancelled(opening).await;
        *slot = None;
        let opened = opened.transpose()?;
        self.read().cursor = opened.as_ref().and_then(|stream| stream.cursor().cloned());
        *stream = opened;
        Ok(())
    }

    /// Reads what is there, and waits only for the first of it.
    async fn fill(&self) -> Result<()> {
        if let Err(error) = self.open().await {
            self.end(Some(error));
            return Ok(());
        }
        let mut stream = self.stream.lock().await;
        let reading = self.advance(stream.as_mut());
        let more = self.closed.run_until_cancelled(reading).await;
        match more.unwrap_or(Ok(false)) {
            Ok(true) => return Ok(()),
            Ok(false) => self.end(None),
            Err(error) => self.end(Some(error)),
        }
        *stream = None;
        Ok(())
    }

    /// What came first is what it ended with.
    fn end(&self, error: Option<Error>) {
        let mut read = self.read();
        if !read.ended {
            read.ended = true;
            read.error = error;
        }
    }

    /// Answers whether there may be more to come.
    async fn advance(&self, stream: Option<&mut EventStream>) -> Result<bool> {
        if !self.read().items.is_empty() {
            return Ok(true);
        }
        let Some(stream) = stream else {
            return Ok(false);
        };
        let mut next = stream.next().await;
        loop {
            let Some(update) = next else {
                return Ok(false);
            };
            if self.push(stream, &update?)? >= BATCH {
                return Ok(true);
            }
            match stream.next().now_or_never() {
                Some(there) => next = there,
                None => return Ok(true),
            }
        }
    }

    /// Keeps an update to be taken; answers how many there are.
    fn push(&self, stream: &EventStream, update: &Update) -> Result<usize> {
        let item = (stream.cursor().cloned(), text(update)?);
        let mut read = self.read();
        if !read.ended {
            read.items.push_back(item);
        }
        Ok(read.items.len())
    }
}

fn text(update: &Update) -> Result<String> {
    let text = match update {
        Update::Event(event) => serde_json::to_string(&Tagged { event }),
        Update::Resync(run) => serde_json::to_string(&json!({ "resync": run })),
        Update::Gap(gap) => serde_json::to_string(&json!({ "gap": {
            "after": gap.after,
            "before": gap.before,
            "reason": gap.reason,
        }})),
        other => Err(serde::ser::Error::custom(format!("no words for {other:?}"))),
    };
    text.map_err(|error| {
        Error::new(ErrorKind::Internal, "an update cannot be written as JSON").caused_by(error)
    })
}

/// Spares the commonest update the detour through a tree.
#[derive(serde::Serialize)]
struct Tagged<'a> {
    event: &'a Event,
}
