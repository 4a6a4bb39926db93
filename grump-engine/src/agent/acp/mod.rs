//! The `acp` agent: any program that speaks the Agent Client Protocol on its standard streams,
//! such as `opencode acp`, `gemini --experimental-acp`, `codex-acp` and `claude-agent-acp`.
//!
//! Each run has one process, started in the run's folder; each turn is a session of it. `args`,
//! `choose`, `decode`, `map` and `words` are pure; `process` runs the program and asks it, by way of
//! `pipes`; `turn` follows a prompt to its end.
//!
//! The protocol has no way to tell an agent what it is to ask about: that is for the agent's own
//! configuration, or a mode of it ([`AcpAgent::mode`]), to say. Whatever it asks goes to
//! [`Sink::ask`]. It has no way either to say why something is refused: a word about it follows as
//! a prompt of its own, in the same session, once the agent is done.

mod args;
mod choose;
mod decode;
mod map;
mod pipes;
mod process;
#[cfg(test)]
#[cfg(test)]
mod tests;
mod turn;
mod words;

use std::{ffi::OsString, fmt};

use async_trait::async_trait;
use grump_core::{Error, ErrorKind, Model, Result};

use self::process::Link;
use super::{Agent, AgentSession, Sink, Site, Turn, TurnEnd, cmd::Command, containment};

/// Any agent that speaks the Agent Client Protocol.
///
/// ```
/// use grump_engine::agent::{acp::AcpAgent, cmd::Command};
///
/// let agent = AcpAgent::new("gemini --experimental-acp".parse::<Command>()?)
///     .login("gemini-api-key")
///     .mode("default");
/// # let _ = agent;
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone)]
pub struct AcpAgent {
    command: Command,
    env: Vec<(OsString, OsString)>,
    login: Option<String>,
    mode: Option<String>,
}

impl AcpAgent {
    /// Runs this command for each run. It has no placeholders: prompt and model are said over the
    /// protocol.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self {
            command,
            env: Vec::new(),
            login: None,
            mode: None,
        }
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Logs in by this method of the agent's before anything else. Most agents know already who
    /// their user is.
    #[must_use]
    pub fn login(mut self, method: impl Into<String>) -> Self {
        self.login = Some(method.into());
        self
    }

    /// Puts each session into this mode of the agent's, which often says what it asks about.
    #[must_use]
    pub fn mode(mut self, mode: impl Into<String>) -> Self {
        self.mode = Some(mode.into());
        self
    }
}

impl fmt::Debug for AcpAgent {
    /// Without the environment, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AcpAgent");
        shown.field("command", &self.command);
        shown.field("login", &self.login);
        shown.field("mode", &self.mode);
        shown.finish_non_exhaustive()
    }
}

#[async_trait]
impl Agent for AcpAgent {
    async fn open(&self, site: Site) -> Result<Box<dyn AgentSession>> {
        containment::refuse_connecting(&site, "an agent that speaks ACP")?;
        let link = Link::open(self, &site).await?;
        Ok(Box::new(Session {
            agent: self.clone(),
            site,
            link: Some(link),
            told_who_decides: false,
        }))
    }

    async fn models(&self, site: Site) -> Result<Vec<Model>> {
        containment::refuse_connecting(&site, "an agent that speaks ACP")?;
        let mut link = Link::open(self, &site).await?;
        let session = link.session(&site.directory).await;
        let models = session.map(|session| session.models(link.agent_name()));
        link.close().await?;
        models
    }
}

/// The agent at work for one run.
#[derive(Debug)]
struct Session {
    agent: AcpAgent,
    site: Site,
    link: Option<Link>,
    told_who_decides: bool,
}

impl Session {
    /// The agent, ready for another turn: started anew where the last one did not come to its end.
    async fn ready(&mut self) -> Result<&mut Link> {
        if let Some(link) = self.link.take_if(|link| link.busy) {
            link.close().await?;
        }
        match &mut self.link {
            Some(link) => Ok(link),
            none => Ok(none.insert(Link::open(&self.agent, &self.site).await?)),
        }
    }

    /// Once, where the user wants to be asked: whether that happens is not grump's to say.
    async fn tell_who_decides(&mut self, sink: &Sink) -> Result<()> {
        if !self.site.ask || std::mem::replace(&mut self.told_who_decides, true) {
            return Ok(());
        }
        let text = "over ACP an agent asks about what its own configuration says, and nothing else";
        sink.tell(grump_core::Payload::log("info", text)).await
    }
}

#[async_trait]
impl AgentSession for Session {
    async fn turn(&mut self, turn: Turn, sink: Sink) -> Result<TurnEnd> {
        self.tell_who_decides(&sink).await?;
        let (site, mode) = (self.site.clone(), self.agent.mode.clone());
        let link = tokio::select! {
            link = self.ready() => link?,
            () = turn.stop.cancelled() => return Ok(turn::stopped_before_it_began()),
        };
        turn::play(link, &site, mode.as_deref(), &turn, sink).await
    }

    async fn close(mut self: Box<Self>) -> Result<()> {
        if let Some(link) = self.link.take() {
            link.close().await?;
        }
        containment::sweep(&self.site).await
    }
}

/// What goes wrong with the agent.
fn fault(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Agent, message).operation("agent.acp")
}
