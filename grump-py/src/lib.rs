//! The native half of the Python package `grump-sdk`. Thin: every call goes through the handles of
//! the `grump` crate.
//!
//! | module | holds |
//! |---|---|
//! | `runtime` | the one tokio runtime, and what a forked child may not touch |
//! | `call` | one operation under way: waited for or awaited, the same future |
//! | `deliver` | bringing answers into event loops, a burst at a time |
//! | `stream` | the updates of a run, handed out in batches |
//! | `plane` | opening a plane, and asking it |
//! | `operations`, `arguments` | every operation, and what it takes |
//! | `error` | errors as Python exceptions |
//! | `logging` | what is logged, as records of Python's |
//!
//! Answers and arguments cross as JSON text: it is made and read without the interpreter's lock.

mod arguments;
mod call;
mod deliver;
mod error;
mod logging;
mod operations;
mod plane;
mod runtime;
mod stream;

use std::ffi::OsString;

use pyo3::prelude::*;

/// The module `grump._native`.
#[pymodule(name = "_native", gil_used = false)]
mod native {
    #[pymodule_export]
    use super::{
        call::Call,
        keeper,
        plane::{Plane, connect, embedded},
        stream::Stream,
    };
}

/// Runs the keeper of the engine; see `grump_engine::process::keeper_code`.
#[pyfunction]
#[pyo3(name = "_keeper")]
fn keeper(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| grump_engine::process::keeper_code(arguments))
}
