//! The one tokio runtime of the process, and what a forked child may not touch.

use std::{io, mem, process, sync::LazyLock};

use pyo3::{PyResult, exceptions::PyRuntimeError};
use tokio::runtime::{Builder, Runtime};

struct Shared {
    runtime: Runtime,
    pid: u32,
}

static SHARED: LazyLock<io::Result<Shared>> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .thread_name("grump")
        .enable_all()
        .build()?;
    crate::logging::install();
    let pid = process::id();
    Ok(Shared { runtime, pid })
});

/// The runtime, made when it is first asked for.
///
/// # Errors
/// `RuntimeError` in a process that was forked from one that has a runtime: threads do not survive
/// a fork, so whatever is awaited there would never happen.
pub(crate) fn runtime() -> PyResult<&'static Runtime> {
    let shared = SHARED
        .as_ref()
        .map_err(|error| PyRuntimeError::new_err(format!("threads cannot be started: {error}")))?;
    if shared.pid == process::id() {
        Ok(&shared.runtime)
    } else {
        Err(PyRuntimeError::new_err(
            "grump was used before this process was forked, and does not survive that; \
             start processes by \"spawn\" or \"forkserver\", or fork before grump is first used",
        ))
    }
}

/// A value that belongs to the process that made it. A forked child can neither use it nor drop
/// it: the files and sockets in it are still the parent's.
pub(crate) struct Home<T: Send + 'static> {
    value: Option<T>,
    pid: u32,
}

impl<T: Send + 'static> Home<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: Some(value),
            pid: process::id(),
        }
    }

    /// The value.
    ///
    /// # Errors
    /// `RuntimeError` in a forked child.
    pub(crate) fn get(&self) -> PyResult<&T> {
        runtime()?;
        Ok(self
            .value
            .as_ref()
            .expect("only `take` and `drop` empty it"))
    }

    /// The value, to keep.
    ///
    /// # Errors
    /// `RuntimeError` in a forked child.
    pub(crate) fn take(mut self) -> PyResult<T> {
        runtime()?;
        Ok(self.value.take().expect("only `take` and `drop` empty it"))
    }
}

impl<T: Send + 'static> Drop for Home<T> {
    /// Elsewhere and later: what is dropped may wait for a thread, and here the interpreter waits.
    fn drop(&mut self) {
        match (self.value.take(), runtime()) {
            (Some(value), Ok(runtime)) if self.pid == process::id() => {
                runtime.spawn_blocking(move || drop(value));
            }
            (value, _) => mem::forget(value),
        }
    }
}
