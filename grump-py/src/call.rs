//! [`Call`]: one operation under way, waited for or awaited.

use std::{
    panic::AssertUnwindSafe,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use grump::{Error, ErrorKind, Result};
use pyo3::{exceptions::PyRuntimeError, prelude::*, types::PyString};
use tokio::{task::AbortHandle, time::timeout};

use crate::{
    deliver::{self, Waiter},
    error::raise,
    plane::Plane,
    runtime::{Home, runtime},
};

/// How often a thread that waits looks for signals.
const TICK: Duration = Duration::from_millis(50);

/// What an operation answers.
pub(crate) enum Reply {
    Nothing,
    Json(String),
    Plane(grump::Plane),
}

impl Reply {
    pub(crate) fn to_python(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::Nothing => Ok(py.None()),
            Self::Json(text) => Ok(PyString::new(py, text).into_any().unbind()),
            Self::Plane(plane) => Ok(Py::new(py, Plane::new(plane.clone()))?.into_any()),
        }
    }
}

pub(crate) type Pending = BoxFuture<'static, Result<Reply>>;

/// One operation: nothing happens before it is waited for or awaited, which can be done once.
#[pyclass(frozen, module = "grump._native")]
pub(crate) struct Call(Mutex<Option<Home<Pending>>>);

impl Call {
    pub(crate) fn new(work: impl Future<Output = Result<Reply>> + Send + 'static) -> Self {
        // A panic must become an answer: who awaits it would wait for ever.
        let work = AssertUnwindSafe(work).catch_unwind();
        let pending = work
            .map(|done| done.unwrap_or_else(|_| Err(fault())))
            .boxed();
        Self(Mutex::new(Some(Home::new(pending))))
    }

    fn take(&self) -> PyResult<Pending> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = pending.take();
        taken
            .ok_or_else(|| PyRuntimeError::new_err("a call is waited for once"))?
            .take()
    }
}

#[pymethods]
impl Call {
    /// Blocks until the operation is done. The interpreter is free meanwhile; a signal that raises
    /// drops the operation.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let runtime = runtime()?;
        let mut pending = self.take()?;
        let mut signals = Signals::default();
        loop {
            let tick = || runtime.block_on(async { timeout(TICK, pending.as_mut()).await });
            match py.detach(tick) {
                Ok(done) => return done.map_err(|error| raise(py, &error))?.to_python(py),
                Err(_) => signals.check(py)?,
            }
        }
    }

    /// Hands the operation to the running event loop's task. Cancelling the task drops it.
    fn __await__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let event_loop = py.import("asyncio")?.call_method0("get_running_loop")?;
        let runtime = runtime()?;
        let pending = self.take()?;
        let future = event_loop.call_method0("create_future")?;
        let waiter = Waiter::new(&event_loop, &future)?;
        let task = runtime.spawn(async move { deliver::bring(waiter, pending.await) });
        let abort = Py::new(py, Abort(task.abort_handle()))?;
        future.call_method1("add_done_callback", (abort,))?;
        Ok(future.call_method0("__await__")?.unbind())
    }
}

/// Ends the operation when nobody waits for it any more; one that is done is left alone.
#[pyclass(frozen)]
struct Abort(AbortHandle);

#[pymethods]
impl Abort {
    fn __call__(&self, _future: &Bound<'_, PyAny>) {
        self.0.abort();
    }
}

/// What interrupts a thread that waits.
#[derive(Default)]
struct Signals {
    /// How often the current task had been cancelled when the waiting began.
    cancelled_before: Option<u64>,
}

impl Signals {
    /// Runs signal handlers, and raises what they raise.
    ///
    /// Under `asyncio.run` of Python 3.11 and later the first Ctrl-C does not raise: it cancels the
    /// main task, which does not learn of it while a call blocks in it.
    fn check(&mut self, py: Python<'_>) -> PyResult<()> {
        // Handlers run below, and nowhere else while this thread waits: what is counted now is
        // what was before the waiting.
        let before = *self.cancelled_before.get_or_insert_with(|| cancelled(py));
        py.check_signals()?;
        if cancelled(py) > before {
            let error = py.import("asyncio")?.getattr("CancelledError")?.call0()?;
            return Err(PyErr::from_value(error));
        }
        Ok(())
    }
}

/// How often the current task was asked to end; 0 where there is none, and before Python 3.11.
fn cancelled(py: Python<'_>) -> u64 {
    let count = || -> PyResult<u64> {
        let modules = py.import("sys")?.getattr("modules")?;
        let task = modules.get_item("asyncio")?.call_method0("current_task")?;
        task.call_method0("cancelling")?.extract()
    };
    count().unwrap_or(0)
}

fn fault() -> Error {
    Error::new(ErrorKind::Internal, "an operation panicked")
        .advise("report it, with what was written to standard error")
}
