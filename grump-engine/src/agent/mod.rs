//! Agents: what does the work.
//!
//! An [`Agent`] is configured once by name. For each run it opens an [`AgentSession`], which holds
//! what lasts for the whole run (a server, a login), and plays one [`Turn`] in it per iteration,
//! each in a fresh session of the agent's own.
//!
//! Everything that happens in a turn goes into its [`Sink`] in the words of the domain: text
//! deltas, messages, tool calls with their results, file changes, usage, retries. What the agent
//! wants to be allowed goes through [`Sink::ask`], which answers in its own time: an adapter must
//! go on reading its agent meanwhile.

pub mod acp;
pub mod cmd;
mod containment;
pub mod hosts;
mod opencode;
mod options;
pub(crate) mod output;
pub mod registry;
pub mod script;
pub mod spec;

use std::{fmt, path::PathBuf};

use async_trait::async_trait;
use grump_core::{Endpoint, Error, ErrorKind, Json, Model, ModelRef, Native, Payload, Result};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

pub use self::opencode::OpenCode;
use crate::process::Launcher;

/// A coding agent that can be put to work.
#[async_trait]
pub trait Agent: Send + Sync + fmt::Debug {
    /// Sets up what lasts for a whole run.
    ///
    /// # Behaviour
    /// - Whatever it starts carries the run's mark, and is ended by
    ///   [`AgentSession::close`] or by dropping the session.
    ///
    /// # Errors
    /// `Agent` if it is not installed or does not come up; the message says what to do.
    async fn open(&self, site: Site) -> Result<Box<dyn AgentSession>>;

    /// The models that it can use at this site; empty where it does not say.
    ///
    /// # Errors
    /// `Agent` if it cannot be asked.
    async fn models(&self, site: Site) -> Result<Vec<Model>>;
}

/// An agent at work for one run.
#[async_trait]
pub trait AgentSession: Send + fmt::Debug {
    /// Gives the agent a prompt and waits until it is done with it.
    ///
    /// # Behaviour
    /// - Everything is told to the sink in order before the turn ends.
    /// - When [`Turn::stop`] is cancelled, the agent is told so in its own protocol, and the turn
    ///   ends soon with [`TurnOutcome::Stopped`]. What it started may still be alive until
    ///   [`close`](Self::close).
    ///
    /// # Errors
    /// `Agent` if the agent failed: it ended, reported an error, or broke its protocol. The session
    /// may be used for another turn.
    async fn turn(&mut self, turn: Turn, sink: Sink) -> Result<TurnEnd>;

    /// Ends everything that the session started, and answers when nothing of it is left.
    ///
    /// # Errors
    /// `Agent`, naming the processes that could not be ended.
    async fn close(self: Box<Self>) -> Result<()>;
}

/// Where an agent works, and how it is contained.
#[derive(Clone, Debug)]
pub struct Site {
    /// The folder it works in.
    pub directory: PathBuf,
    /// The run's id, which marks every process that is started for it.
    pub run: String,
    /// What starts processes.
    pub launcher: Launcher,
    /// Where an agent that is running already listens; `None` starts one.
    pub connect: Option<Endpoint>,
    /// Whether the agent is to ask before it edits or runs something. Where it is `false` it is
    /// allowed everything that its own configuration does not deny.
    pub ask: bool,
}

/// One prompt for an agent.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What it is told.
    pub prompt: String,
    /// The model; the agent's own default where it is `None`.
    pub model: Option<ModelRef>,
    /// The iteration it is for, from 1.
    pub iteration: u64,
    /// Cancelled when the turn is to end early.
    pub stop: CancellationToken,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnEnd {
    /// The assistant's final message: the text of the last message it wrote, and nothing else. A
    /// stop pattern is matched against this.
    pub final_message: String,
    /// How it came to its end.
    pub outcome: TurnOutcome,
}

/// How a turn came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnOutcome {
    /// The agent was done.
    Finished,
    /// The agent gave up because something it asked for was refused.
    Refused,
    /// The model's output was cut off at a limit.
    CutOff,
    /// It was told to stop.
    Stopped,
}

/// What an agent wants to be allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What kind of thing it is: `edit`, `bash`, …
    pub action: String,
    /// What it is, for people, on one line.
    pub title: String,
    /// The agent's own description: patterns, command, diff.
    pub detail: Option<Json>,
    /// The tool call that waits for it.
    pub call_id: Option<String>,
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Yes, this once.
    Allow,
    /// No, with a word to the agent where there is one.
    Deny(Option<String>),
}

/// What a turn tells: an event, or a question that wants an answer.
#[derive(Debug)]
pub enum Told {
    /// Something happened; with what it was read from, where the agent's words are kept beside ours.
    Event(Payload, Option<Box<Native>>),
    /// The agent waits for an answer.
    Question(Question, oneshot::Sender<Ruling>),
}

/// Where a turn tells what happens. Cheap to clone; bounded, so a journal that is slow slows the
/// agent down.
#[derive(Clone, Debug)]
pub struct Sink(mpsc::Sender<Told>);

impl Sink {
    /// A sink, and where what is told arrives. At most `capacity` things wait in between.
    #[must_use]
    pub fn channel(capacity: usize) -> (Self, mpsc::Receiver<Told>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self(sender), receiver)
    }

    /// Tells of an event.
    ///
    /// # Errors
    /// `Internal` if nobody listens any more: the turn is to end.
    pub async fn tell(&self, event: impl Into<Payload>) -> Result<()> {
        let event = Told::Event(event.into(), None);
        self.0.send(event).await.map_err(|_| gone())
    }

    /// Tells of an event, with what it was read from.
    ///
    /// # Errors
    /// `Internal` if nobody listens any more: the turn is to end.
    pub async fn tell_from(&self, event: impl Into<Payload>, native: Native) -> Result<()> {
        let event = Told::Event(event.into(), Some(Box::new(native)));
        self.0.send(event).await.map_err(|_| gone())
    }

    /// Asks whether the agent may do something, and waits for the answer, which always comes: by
    /// policy, from a person, or when a deadline passes.
    ///
    /// # Errors
    /// `Internal` if nobody listens any more: the turn is to end.
    pub async fn ask(&self, question: Question) -> Result<Ruling> {
        let (answer, answered) = oneshot::channel();
        self.0
            .send(Told::Question(question, answer))
            .await
            .map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }
}

fn gone() -> Error {
    Error::new(
        ErrorKind::Internal,
        "the turn's events are not wanted any more",
    )
}
