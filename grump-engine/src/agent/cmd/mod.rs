//! The `cmd` agent: any program of the command line, started anew for each turn.
//!
//! Its words are taken as they are, without a shell. In them `{prompt}`, `{model}` (as
//! `PROVIDER/MODEL`), `{model_id}` (without the provider) and `{iteration}` are replaced; a prompt
//! that no word asks for goes to standard input. What it writes to standard output is the
//! assistant's message, or with a [`Format`] the events of a known agent; what it writes to
//! standard error are lines of the log. A code other than 0 fails the turn.
//!
//! It inherits the environment, plus `GRUMP_RUN` and `GRUMP_ITERATION`.

mod command;
mod format;
mod lines;
mod report;
mod stderr;
mod stdout;
mod turn;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use grump_core::{Model, Result};

pub use command::Command;
pub use format::{Format, UnknownFormat};

use super::{Agent, AgentSession, Sink, Site, Turn, TurnEnd, containment};

/// Any program of the command line as an agent.
///
/// ```
/// use std::time::Duration;
/// use grump_engine::agent::cmd::{CmdAgent, Command, Format};
///
/// let agent = CmdAgent::new("claude -p --output-format stream-json --verbose".parse::<Command>()?)
///     .format(Format::Claude)
///     .timeout(Duration::from_secs(1800));
/// # let _ = agent;
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone)]
pub struct CmdAgent {
    command: Command,
    env: Vec<(String, String)>,
    format: Format,
    timeout: Option<Duration>,
    message_cap: usize,
}

impl CmdAgent {
    /// Bytes of a message that are kept where nothing is said: its end.
    pub const MESSAGE_CAP: usize = 1024 * 1024;

    /// Runs this command for each turn; what it writes is the message.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self {
            command,
            env: Vec::new(),
            format: Format::Text,
            timeout: None,
            message_cap: Self::MESSAGE_CAP,
        }
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Reads its output as that of a known agent.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Fails a turn that takes longer, and ends the program.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Keeps so many bytes of a message: its end, which is what a stop pattern looks at.
    #[must_use]
    pub fn message_cap(mut self, bytes: usize) -> Self {
        self.message_cap = bytes;
        self
    }
}

impl fmt::Debug for CmdAgent {
    /// Without the environment, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CmdAgent");
        shown.field("command", &self.command);
        shown.field("format", &self.format);
        shown.field("timeout", &self.timeout);
        shown.finish_non_exhaustive()
    }
}

#[async_trait]
impl Agent for CmdAgent {
    async fn open(&self, site: Site) -> Result<Box<dyn AgentSession>> {
        containment::refuse_connecting(&site, "a command")?;
        let agent = self.clone();
        Ok(Box::new(CmdSession { agent, site }))
    }

    async fn models(&self, _: Site) -> Result<Vec<Model>> {
        Ok(Vec::new())
    }
}

#[derive(Debug)]
struct CmdSession {
    agent: CmdAgent,
    site: Site,
}

#[async_trait]
impl AgentSession for CmdSession {
    async fn turn(&mut self, turn: Turn, sink: Sink) -> Result<TurnEnd> {
        turn::play(&self.agent, &self.site, &turn, &sink).await
    }

    async fn close(self: Box<Self>) -> Result<()> {
        containment::sweep(&self.site).await
    }
}
