//! [`Plane`]: opening a plane, and asking it.

use std::collections::BTreeMap;

use futures::FutureExt;
use grump::{Error, ErrorKind, Result};
use grump_engine::{
    DataFolder, Engine, Resume,
    agent::{registry::Agents, spec::AgentSpec},
    process::KeeperCommand,
};
use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::json;

use crate::{
    arguments::read,
    call::{Call, Reply},
    error::raise,
    operations,
    runtime::Home,
    stream::Stream,
};

/// A control plane that is open.
#[pyclass(frozen, module = "grump._native")]
pub(crate) struct Plane(Home<grump::Plane>);

impl Plane {
    pub(crate) fn new(plane: grump::Plane) -> Self {
        Self(Home::new(plane))
    }
}

#[pymethods]
impl Plane {
    /// Does an operation of this name, with its arguments as JSON.
    fn call(&self, py: Python<'_>, operation: &str, arguments: &str) -> PyResult<Call> {
        let plane = self.0.get()?.clone();
        operations::call(plane, operation, arguments).map_err(|error| raise(py, &error))
    }

    /// Watches, by the operation of this name.
    fn watch(&self, py: Python<'_>, operation: &str, arguments: &str) -> PyResult<Stream> {
        let plane = self.0.get()?.clone();
        operations::watch(plane, operation, arguments).map_err(|error| raise(py, &error))
    }

    /// Who the plane is and what it can do, as JSON.
    #[getter]
    fn info(&self) -> PyResult<String> {
        let info = self.0.get()?.info();
        let operations: Vec<_> = info.operations.iter().map(|one| one.as_str()).collect();
        let kinds: Vec<_> = info.kinds.iter().map(|kind| kind.as_str()).collect();
        let members: Vec<_> = info.members.iter().map(|one| one.as_str()).collect();
        let info = json!({
            "name": info.name,
            "version": info.version,
            "operations": operations,
            "kinds": kinds,
            "members": members,
        });
        Ok(info.to_string())
    }

    /// Ends what the plane does in this process.
    fn close(&self) -> PyResult<Call> {
        let plane = self.0.get()?.clone();
        Ok(Call::new(async move {
            plane.close().await;
            Ok(Reply::Nothing)
        }))
    }
}

/// What `connect` takes.
#[derive(Deserialize)]
struct Connect {
    url: String,
    token: Option<String>,
}

/// Speaks to a plane elsewhere; nothing is sent yet.
#[pyfunction]
pub(crate) fn connect(py: Python<'_>, arguments: &str) -> PyResult<Call> {
    let Connect { url, token } = read(arguments).map_err(|error| raise(py, &error))?;
    Ok(Call::new(async move {
        let plane = match token {
            Some(token) => grump_client::connect_with_token(&url, &token),
            None => grump_client::connect(&url),
        };
        Ok(Reply::Plane(grump::Plane::new(plane?)))
    }))
}

/// What `embedded` takes.
#[derive(Deserialize)]
struct Embedded {
    path: String,
    agents: BTreeMap<String, String>,
    max_running: Option<usize>,
    resume: Option<String>,
    keeper: Option<Vec<String>>,
}

/// Opens the engine on a data folder.
#[pyfunction]
pub(crate) fn embedded(py: Python<'_>, arguments: &str) -> PyResult<Call> {
    let arguments: Embedded = read(arguments).map_err(|error| raise(py, &error))?;
    Ok(Call::new(async move {
        // It reads and checks files, which is not for the threads that everything runs on.
        let opening = tokio::task::spawn_blocking(move || arguments.open());
        let opened = opening.map(|done| done.unwrap_or_else(|panic| Err(lost(panic))));
        Ok(Reply::Plane(grump::Plane::new(opened.await?)))
    }))
}

impl Embedded {
    fn open(self) -> Result<Engine> {
        let mut builder = Engine::builder(DataFolder::new(&self.path)).agents(self.agents()?);
        if let Some([program, arguments @ ..]) = self.keeper.as_deref() {
            let keeper = KeeperCommand::new(program);
            builder = builder.keeper(arguments.iter().fold(keeper, KeeperCommand::arg));
        }
        if let Some(limit) = self.max_running {
            builder = builder.max_running(limit);
        }
        if let Some(word) = &self.resume {
            builder = builder.resume(resume(word)?);
        }
        builder.open()
    }

    /// The agents by name; the paths of scripts are taken from the current folder.
    fn agents(&self) -> Result<Agents> {
        let here = std::env::current_dir()
            .map_err(|error| invalid("the current folder cannot be found").caused_by(error))?;
        let mut agents = Agents::default();
        for (name, text) in &self.agents {
            let spec: AgentSpec = text.parse()?;
            agents = agents.with(name, spec.relative_to(&here).agent());
        }
        Ok(agents)
    }
}

fn resume(word: &str) -> Result<Resume> {
    match word {
        "continue" => Ok(Resume::Continue),
        "give_up" => Ok(Resume::GiveUp),
        "leave" => Ok(Resume::Leave),
        _ => Err(invalid("there is no such way to resume")
            .with("resume", word)
            .advise("write \"continue\", \"give_up\" or \"leave\"")),
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

fn lost(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Internal, "opening the engine panicked").caused_by(error)
}
