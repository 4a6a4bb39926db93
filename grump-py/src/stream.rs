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

struct Shared {
    source: tokio::sync::Mutex<Source>,
    read: Mutex<Read>,
    closed: CancellationToken,
}

enum Source {
    Opening(BoxFuture<'static, Result<EventStream>>),
    Open(EventStream),
    Ended,
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
    pub(crate) fn new(opening: BoxFuture<'static, Result<EventStream>>) -> Self {
        Self(Home::new(Arc::new(Shared {
            source: tokio::sync::Mutex::new(Source::Opening(opening)),
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
        if let Ok(mut source) = self.source.try_lock() {
            *source = Source::Ended;
        }
    }

    async fn open(&self) -> Result<()> {
        let mut source = self.source.lock().await;
        let opening = self.begin(&mut source);
        let opened = self.closed.run_until_cancelled(opening).await;
        opened
            .unwrap_or(Ok(()))
            .inspect_err(|_| self.end(&mut source, None))
    }

    async fn fill(&self) -> Result<()> {
        let mut source = self.source.lock().await;
        let reading = self.advance(&mut source);
        let read = self.closed.run_until_cancelled(reading).await;
        match read {
            Some(Ok(())) => {}
            Some(Err(error)) => self.end(&mut source, Some(error)),
            None => self.end(&mut source, None),
        }
        Ok(())
    }

    fn end(&self, source: &mut Source, error: Option<Error>) {
        *source = Source::Ended;
        let mut read = self.read();
        read.ended = true;
        read.error = error;
    }

    /// Opens the stream where it is not open yet.
    async fn begin(&self, source: &mut Source) -> Result<()> {
        if let Source::Opening(opening) = source {
            let stream = opening.await?;
            self.read().cursor = stream.cursor().cloned();
            *source = Source::Open(stream);
        }
        Ok(())
    }

    /// Reads what is there, and waits only for the first of it.
    async fn advance(&self, source: &mut Source) -> Result<()> {
        if !self.read().items.is_empty() {
            return Ok(());
        }
        self.begin(source).await?;
        let Source::Open(stream) = source else {
            return Ok(());
        };
        let mut next = stream.next().await;
        loop {
            let Some(update) = next else {
                self.end(source, None);
                return Ok(());
            };
            if self.push(stream, &update?)? >= BATCH {
                return Ok(());
            }
            match stream.next().now_or_never() {
                Some(there) => next = there,
                None => return Ok(()),
            }
        }
    }

    /// Keeps an update to be taken; answers how many there are.
    fn push(&self, stream: &EventStream, update: &Update) -> Result<usize> {
        let item = (stream.cursor().cloned(), text(update)?);
        let mut read = self.read();
        read.items.push_back(item);
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
