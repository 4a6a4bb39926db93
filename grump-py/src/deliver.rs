//! Bringing answers into event loops: one thread takes the interpreter's lock once per burst.

use std::{
    io,
    sync::{LazyLock, mpsc},
    thread,
};

use grump::Result;
use pyo3::{exceptions::PyRuntimeError, prelude::*, sync::PyOnceLock, types::PyList};

use crate::{call::Reply, error::raise};

/// A future that somebody awaits, and the event loop it belongs to.
pub(crate) struct Waiter {
    event_loop: Py<PyAny>,
    future: Py<PyAny>,
}

impl Waiter {
    /// # Errors
    /// `RuntimeError` if the thread that brings answers cannot be started.
    pub(crate) fn new(event_loop: &Bound<'_, PyAny>, future: &Bound<'_, PyAny>) -> PyResult<Self> {
        match &*ANSWERS {
            Ok(_) => Ok(Self {
                event_loop: event_loop.clone().unbind(),
                future: future.clone().unbind(),
            }),
            Err(error) => {
                let message = format!("threads cannot be started: {error}");
                Err(PyRuntimeError::new_err(message))
            }
        }
    }
}

type Answer = (Waiter, Result<Reply>);

static ANSWERS: LazyLock<io::Result<mpsc::Sender<Answer>>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("grump-deliver".to_owned())
        .spawn(move || deliver(&receiver))?;
    Ok(sender)
});

/// Brings an answer to who awaits it. What it is when the interpreter is gone, nobody sees.
pub(crate) fn bring(waiter: Waiter, answer: Result<Reply>) {
    if let Ok(answers) = &*ANSWERS {
        let _ = answers.send((waiter, answer));
    }
}

fn deliver(answers: &mpsc::Receiver<Answer>) {
    while let Ok(first) = answers.recv() {
        let burst: Vec<_> = std::iter::once(first).chain(answers.try_iter()).collect();
        if Python::try_attach(|py| settle(py, &burst)).is_none() {
            return;
        }
    }
}

/// Hands a burst over: neighbours of one event loop by one call.
fn settle(py: Python<'_>, burst: &[Answer]) {
    for group in burst.chunk_by(|(one, _), (next, _)| one.event_loop.is(&next.event_loop)) {
        // A loop that was closed meanwhile refuses, and then there is nobody to tell.
        let _ = hand_over(py, group);
    }
}

fn hand_over(py: Python<'_>, group: &[Answer]) -> PyResult<()> {
    static SETTLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let settle = SETTLE.import(py, "grump._bridge", "settle")?;
    let settled = PyList::empty(py);
    for (waiter, answer) in group {
        let answer = match answer {
            Ok(reply) => reply.to_python(py),
            Err(error) => Err(raise(py, error)),
        };
        let (value, error) = match answer {
            Ok(value) => (value, None),
            Err(error) => (py.None(), Some(error.into_value(py))),
        };
        settled.append((&waiter.future, value, error))?;
    }
    let event_loop = group[0].0.event_loop.bind(py);
    event_loop.call_method1("call_soon_threadsafe", (settle, settled))?;
    Ok(())
}
