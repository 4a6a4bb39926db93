//! [`OpenCode`]: real opencode, over its HTTP interface and its event stream.
//!
//! Each run has a server of its own, started in the run's folder, with a password and on the
//! loopback; each turn is a session. `args`, `wire`, `decode`, `words` and `map` are pure;
//! `process` runs the server and asks it; `turn` follows a prompt to its end.
//!
//! What it does not do: choose among answers when opencode asks a question (it is told that nobody
//! answers), and tell what sub-agents write (their tools, changes and tokens it does tell).

mod args;
mod decode;
mod map;
mod process;
#[cfg(test)]
mod tests;
mod turn;
mod wire;
mod words;

use std::{ffi::OsString, fmt};

use async_trait::async_trait;
use grump_core::{Error, ErrorKind, Model, Result};
use grump_http::sse::SseStream;

use self::process::Server;
use super::{Agent, AgentSession, Sink, Site, Turn, TurnEnd};

/// opencode, as an agent.
///
/// It uses the user's own configuration and log-in. To a server that listens already
/// ([`Site::connect`]) it can only speak: what that server starts is contained by nobody, and
/// stopping means to abort and to wait.
#[derive(Clone)]
pub struct OpenCode {
    program: OsString,
    env: Vec<(OsString, OsString)>,
    password: Option<String>,
}

impl OpenCode {
    /// The `opencode` that is found in `PATH`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            program: "opencode".into(),
            env: Vec::new(),
            password: None,
        }
    }

    /// Runs this program instead.
    #[must_use]
    pub fn program(mut self, program: impl Into<OsString>) -> Self {
        self.program = program.into();
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The password of the server that listens already.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    async fn server(&self, site: &Site) -> Result<Server> {
        match &site.connect {
            Some(endpoint) => Server::at(endpoint, self.password.as_deref(), site),
            None => Server::start(&self.program, &self.env, site).await,
        }
    }
}

impl fmt::Debug for OpenCode {
    /// Without environment and password, which are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("OpenCode");
        shown
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

impl Default for OpenCode {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Agent for OpenCode {
    async fn open(&self, site: Site) -> Result<Box<dyn AgentSession>> {
        let server = self.server(&site).await?;
        Ok(Box::new(Session {
            server,
            ask: site.ask,
            current: None,
        }))
    }

    async fn models(&self, site: Site) -> Result<Vec<Model>> {
        let server = self.server(&site).await?;
        let models = server.api.models().await;
        server.close().await?;
        models
    }
}

/// opencode at work for one run.
#[derive(Debug)]
struct Session {
    server: Server,
    ask: bool,
    /// The session of a turn that did not come to its end.
    current: Option<String>,
}

impl Session {
    /// Gives the prompt to a session of its own, with the events from before on.
    async fn begin(&mut self, turn: &Turn) -> Result<(String, SseStream)> {
        let api = &self.server.api;
        let events = api.events().await?;
        let session = api.create(turn.iteration, self.ask).await?;
        self.current = Some(session.clone());
        api.prompt(&session, turn).await?;
        Ok((session, events))
    }
}

/// Whatever goes wrong between here and the agent is the agent's failure to the engine.
fn as_the_agents(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Agent | ErrorKind::Internal => error,
        _ => Error::new(ErrorKind::Agent, "opencode does not answer as it should")
            .operation("agent.opencode")
            .retryable(error.retry())
            .with("why", &error)
            .caused_by(error),
    }
}

#[async_trait]
impl AgentSession for Session {
    async fn turn(&mut self, turn: Turn, sink: Sink) -> Result<TurnEnd> {
        let (session, events) = tokio::select! {
            begun = self.begin(&turn) => begun.map_err(as_the_agents)?,
            () = turn.stop.cancelled() => return Ok(turn::stopped_before_it_began()),
        };
        let end = turn::play(&mut self.server, &session, events, &turn, sink)
            .await
            .map_err(as_the_agents)?;
        self.current = None;
        Ok(end)
    }

    async fn close(self: Box<Self>) -> Result<()> {
        if let Some(session) = self.current.filter(|_| self.server.is_foreign()) {
            let aborted = self.server.api.abort(&session).await;
            aborted.map_err(as_the_agents)?;
        }
        self.server.close().await
    }
}
