//! Errors as Python exceptions.

use std::error::Error as _;

use grump::{Conflict, Error, Retry};
use pyo3::{prelude::*, sync::PyOnceLock};
use serde_json::{Value, json};

/// The exception of this error: a subclass of `grump.GrumpError` by kind.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = |py| {
        MAKE.import(py, "grump.errors", "_from_native")?
            .call1((details(error).to_string(),))
    };
    match make(py) {
        Ok(exception) => PyErr::from_value(exception),
        Err(fault) => fault,
    }
}

fn details(error: &Error) -> Value {
    let (retry, retry_after) = retry(error.retry());
    let context: serde_json::Map<_, _> = error
        .context()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    let sources = std::iter::successors(error.source(), |&error| error.source());
    json!({
        "text": error.to_string(),
        "kind": error.kind().as_str(),
        "message": error.message(),
        "operation": error.failed_operation(),
        "advice": error.advice(),
        "context": context,
        "retry": retry,
        "retry_after": retry_after,
        "conflict": error.conflict().map(conflict),
        "remote": error.remote_detail().map(|remote| json!({
            "status": remote.status,
            "code": remote.code,
            "request_id": remote.request_id,
        })),
        "causes": sources.map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn conflict(conflict: &Conflict) -> Value {
    json!({
        "code": conflict.code,
        "current": conflict.current,
        "changed_files": conflict.changed_files,
        "options": conflict.options,
    })
}

/// The word for it, and the seconds to wait.
fn retry(retry: Retry) -> (&'static str, Option<f64>) {
    match retry {
        Retry::Safe => ("safe", None),
        Retry::After(time) => ("after", Some(time.as_secs_f64())),
        Retry::MaybeApplied => ("maybe_applied", None),
        Retry::Exhausted => ("exhausted", None),
        _ => ("never", None),
    }
}
