//! The `script` agent: plays a written part, turn by turn, without a model and without an account.
//!
//! It is the agent of the demo and of tests. What it says goes through the same events as any
//! agent's; the files it changes and the commands it runs are real. Iteration n of a loop plays the
//! nth turn of its [`Script`], so that an iteration that is run again after a crash plays the same
//! turn again. `docs/script-agent.md` shows the JSON with an example; [`Step`] says what may happen.

mod files;
mod format;
mod play;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use grump_core::{Error, ErrorKind, Model, Result};

pub use format::{After, PlanStep, Scene, Script, Step};

use super::{Agent, AgentSession, Sink, Site, Turn, TurnEnd, containment};

/// The agent that plays a [`Script`].
#[derive(Clone, Debug)]
pub struct ScriptAgent {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    Script(Arc<Script>),
}

impl ScriptAgent {
    /// Plays this script.
    #[must_use]
    pub fn new(script: Script) -> Self {
        Self {
            source: Source::Script(script.into()),
        }
    }

    /// Plays the script in this file, which is read anew for each run.
    #[must_use]
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self {
            source: Source::File(path.into()),
        }
    }
}

#[async_trait]
impl Agent for ScriptAgent {
    async fn open(&self, site: Site) -> Result<Box<dyn AgentSession>> {
        containment::refuse_connecting(&site, "a script")?;
        let script = match &self.source {
            Source::Script(script) => script.clone(),
            Source::File(path) => read(path).await?.into(),
        };
        Ok(Box::new(ScriptSession { script, site }))
    }

    async fn models(&self, _: Site) -> Result<Vec<Model>> {
        Ok(Vec::new())
    }
}

async fn read(path: &Path) -> Result<Script> {
    let json = tokio::fs::read_to_string(path).await.map_err(|error| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("the script cannot be read: {error}"),
        )
        .with("file", path.display())
        .advise("check the path after `script:`")
        .caused_by(error)
    })?;
    json.parse()
        .map_err(|error: Error| error.with("file", path.display()))
}

#[derive(Debug)]
struct ScriptSession {
    script: Arc<Script>,
    site: Site,
}

#[async_trait]
impl AgentSession for ScriptSession {
    async fn turn(&mut self, turn: Turn, sink: Sink) -> Result<TurnEnd> {
        let scene = self.script.scene(turn.iteration)?;
        let player = play::Player::new(&self.site, &self.script, &turn, &sink);
        player.play(scene).await
    }

    async fn close(self: Box<Self>) -> Result<()> {
        containment::sweep(&self.site).await
    }
}
