//! [`Loop`]: the same prompt again and again in a worktree until a stop pattern matches; [`Loops`]:
//! the trait that makes and edits them.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    model::ModelRef,
    plane::Member,
    review::Policy,
    run::{Run, RunRef},
    time::Timestamp,
    usage::{Budget, Usage},
};

/// The stop pattern of a loop that names none. (Ralpher, "POST /api/loops".)
pub const DEFAULT_STOP_PATTERN: &str = "<promise>COMPLETE</promise>$";
/// How many errors in a row end a loop that does not say. (Ralpher, "POST /api/loops".)
pub const DEFAULT_MAX_CONSECUTIVE_ERRORS: u32 = 10;

/// What only loops have, beside what every [`Run`] has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Loop {
    /// What it is told to do, and how.
    pub config: LoopConfig,
    /// The iteration it is in, or was in last; 0 before the first.
    pub iteration: u64,
    /// How many iterations ended in an error since the last that did not.
    pub consecutive_errors: u32,
    /// The last iterations, the newest last; at most [`Loop::RECENT`].
    pub recent_iterations: Vec<Iteration>,
    /// The prompt of the next iteration instead of the configured one; used once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_prompt: Option<String>,
    /// The branch that holds its work, once it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The branch its work is to be merged into: the one checked out when it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_branch: Option<String>,
    /// The folder it works in, once it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worktree: Option<String>,
    /// Tokens used in all its iterations.
    #[serde(default)]
    pub usage: Usage,
    /// Time at work in all its iterations, in milliseconds.
    #[serde(default)]
    pub worked_ms: u64,
}

impl Loop {
    /// How many iterations [`recent_iterations`](Self::recent_iterations) keeps.
    pub const RECENT: usize = 10;

    /// A loop that has not begun.
    #[must_use]
    pub fn new(config: LoopConfig) -> Self {
        Self {
            config,
            iteration: 0,
            consecutive_errors: 0,
            recent_iterations: Vec::new(),
            pending_prompt: None,
            branch: None,
            target_branch: None,
            worktree: None,
            usage: Usage::default(),
            worked_ms: 0,
        }
    }
}

/// One pass of a loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// Its number, from 1.
    pub number: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How it ended.
    pub outcome: IterationOutcome,
    /// The commit of what it changed; `None` where it changed nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The error it ended in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IterationOutcome {
    /// The stop pattern did not match: the loop goes on.
    Continue,
    /// The stop pattern matched.
    Matched,
    /// It ended in an error.
    Error,
}

impl IterationOutcome {
    /// The outcome in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Matched => "matched",
            Self::Error => "error",
        }
    }
}

/// What a loop is told to do, and how. (Ralpher, "POST /api/loops"; members beyond that document
/// say so.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoopConfig {
    /// Absolute path of the folder to work on, on the plane's machine.
    pub directory: String,
    /// What the agent is told in each iteration.
    pub prompt: String,
    /// Which agent does the work.
    #[serde(default)]
    pub backend: Backend,
    /// The model; the agent's own default where it is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// How many iterations there may be since the last start; `None` is without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_iterations: Option<u32>,
    /// How many errors in a row end the loop.
    pub max_consecutive_errors: u32,
    /// A regular expression on the assistant's final message, trailing white space trimmed. The
    /// engine takes Rust's syntax (the `regex` crate).
    pub stop_pattern: String,
    /// How branches and commits are named.
    pub git: GitConfig,
    /// Beyond the document: how much time and how many tokens it may use.
    #[serde(default)]
    pub budget: Budget,
    /// Beyond the document: what the agent may do without asking.
    #[serde(default)]
    pub policy: Policy,
    /// Beyond the document: a match counts only if the loop has changed something.
    #[serde(default)]
    pub require_changes: bool,
    /// Beyond the document: a match counts only if this command succeeds in the worktree; split
    /// like a shell would, run without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<String>,
}

impl LoopConfig {
    /// The configuration of a loop that says nothing but where and what.
    #[must_use]
    pub fn new(directory: impl Into<String>, prompt: impl Into<String>) -> Self {
        Self {
            directory: directory.into(),
            prompt: prompt.into(),
            backend: Backend::default(),
            model: None,
            max_iterations: None,
            max_consecutive_errors: DEFAULT_MAX_CONSECUTIVE_ERRORS,
            stop_pattern: DEFAULT_STOP_PATTERN.to_owned(),
            git: GitConfig::default(),
            budget: Budget::default(),
            policy: Policy::default(),
            require_changes: false,
            verify: None,
        }
    }
}

impl LoopConfig {
    /// The members beyond the document that this configuration sets: a plane that lacks one of
    /// them cannot be told.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        [
            (Member::LoopBudget, self.budget != Budget::default()),
            (Member::LoopPolicy, self.policy != Policy::default()),
            (Member::LoopRequireChanges, self.require_changes),
            (Member::LoopVerify, self.verify.is_some()),
        ]
        .into_iter()
        .filter_map(|(member, is_set)| is_set.then_some(member))
    }
}

/// How a loop's branches and commits are named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GitConfig {
    /// What its branch's name begins with.
    pub branch_prefix: String,
    /// What its commits' messages begin with.
    pub commit_prefix: String,
}

impl Default for GitConfig {
    /// `ralph/` and `[Ralph]`. (Ralpher, "POST /api/loops".)
    fn default() -> Self {
        Self {
            branch_prefix: "ralph/".to_owned(),
            commit_prefix: "[Ralph]".to_owned(),
        }
    }
}

/// Which agent does the work, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// The agent's name in the plane's configuration.
    #[serde(rename = "type")]
    pub agent: String,
    /// Where an agent that is running already listens; `None` starts one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<Endpoint>,
}

impl Default for Backend {
    /// An `opencode` of the loop's own. (Ralpher, "POST /api/loops".)
    fn default() -> Self {
        Self {
            agent: "opencode".to_owned(),
            connect: None,
        }
    }
}

/// Where a running agent listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Host name or address.
    pub hostname: String,
    /// TCP port.
    pub port: u16,
}

/// A loop to create.
///
/// ```
/// use grump_core::NewLoop;
///
/// let new = NewLoop::new("dark mode", "/home/me/app", "Add dark mode").max_iterations(10);
/// assert_eq!(new.config.max_iterations, Some(10));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewLoop {
    /// What people call it.
    pub title: String,
    /// What it is told to do, and how.
    pub config: LoopConfig,
    /// A second request with the same key answers with the loop that the first one made.
    pub idempotency_key: Option<String>,
}

impl NewLoop {
    /// A loop that says nothing but its name, where and what.
    #[must_use]
    pub fn new(
        title: impl Into<String>,
        directory: impl Into<String>,
        prompt: impl Into<String>,
    ) -> Self {
        Self {
            title: title.into(),
            config: LoopConfig::new(directory, prompt),
            idempotency_key: None,
        }
    }

    /// Makes the request safe to repeat: a second one with this key, which nobody else uses, makes
    /// no second loop.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Names the agent that does the work.
    #[must_use]
    pub fn agent(mut self, name: impl Into<String>) -> Self {
        self.config.backend.agent = name.into();
        self
    }

    /// Names the model.
    #[must_use]
    pub fn model(mut self, model: ModelRef) -> Self {
        self.config.model = Some(model);
        self
    }

    /// Limits the iterations.
    #[must_use]
    pub const fn max_iterations(mut self, limit: u32) -> Self {
        self.config.max_iterations = Some(limit);
        self
    }

    /// Sets how many errors in a row end the loop.
    #[must_use]
    pub const fn max_consecutive_errors(mut self, limit: u32) -> Self {
        self.config.max_consecutive_errors = limit;
        self
    }

    /// Sets the regular expression that the assistant's final message must match.
    #[must_use]
    pub fn stop_pattern(mut self, pattern: impl Into<String>) -> Self {
        self.config.stop_pattern = pattern.into();
        self
    }

    /// Limits time and tokens.
    #[must_use]
    pub const fn budget(mut self, budget: Budget) -> Self {
        self.config.budget = budget;
        self
    }

    /// Says what the agent may do without asking.
    #[must_use]
    pub const fn policy(mut self, policy: Policy) -> Self {
        self.config.policy = policy;
        self
    }

    /// A match counts only if the loop has changed something.
    #[must_use]
    pub const fn require_changes(mut self) -> Self {
        self.config.require_changes = true;
        self
    }

    /// A match counts only if this command succeeds in the worktree.
    #[must_use]
    pub fn verify(mut self, command: impl Into<String>) -> Self {
        self.config.verify = Some(command.into());
        self
    }
}

/// What to change about a loop; what is `None` stays. (Ralpher, "PATCH /api/loops/:id".)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoopEdit {
    /// What people call it.
    pub title: Option<String>,
    /// What the agent is told.
    pub prompt: Option<String>,
    /// The model.
    pub model: Option<ModelRef>,
    /// How many iterations there may be.
    pub max_iterations: Option<u32>,
    /// How many errors in a row end it.
    pub max_consecutive_errors: Option<u32>,
    /// What the final message must match.
    pub stop_pattern: Option<String>,
    /// What its branch's name begins with; counts only before the first start.
    pub branch_prefix: Option<String>,
    /// What its commits' messages begin with.
    pub commit_prefix: Option<String>,
    /// Beyond the document: time and tokens.
    pub budget: Option<Budget>,
}

/// A file of the loop's `.planning` folder. (Ralpher, "GET /api/loops/:id/plan".)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanningFile {
    /// Its content; empty where it does not exist.
    pub content: String,
    /// Whether it exists.
    pub exists: bool,
}

/// What a folder's `.planning` holds. (Ralpher, "GET /api/check-planning-dir".)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanningFolder {
    /// Whether the folder exists.
    pub exists: bool,
    /// The names of the files in it, sorted.
    pub files: Vec<String>,
}

/// The facet that makes and edits loops.
#[async_trait]
pub trait Loops: Send + Sync + fmt::Debug {
    /// Creates a loop; nothing runs yet.
    ///
    /// # Behaviour
    /// - With an idempotency key that was used before it answers with the loop that was made then,
    ///   as it is now, and makes none.
    ///
    /// # Errors
    /// `InvalidInput` for an empty name or prompt, a folder that is not absolute, a stop pattern
    /// that is no regular expression, an agent that is not configured (the error names those that
    /// are).
    async fn create(&self, new: NewLoop) -> Result<Run>;

    /// Changes a loop's configuration; one that is running takes it up with its next iteration.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` as for [`create`](Self::create), and then nothing changes.
    async fn edit(&self, run: &RunRef, edit: LoopEdit) -> Result<Run>;

    /// Sets the prompt of the next iteration, replacing one that was set before. It is used once.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `not_running`; `InvalidInput` for an empty prompt.
    async fn set_pending_prompt(&self, run: &RunRef, prompt: String) -> Result<()>;

    /// Clears the prompt of the next iteration; nothing happens where there is none.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `not_running`.
    async fn clear_pending_prompt(&self, run: &RunRef) -> Result<()>;

    /// Reads `.planning/plan.md`, from the worktree once there is one.
    ///
    /// # Errors
    /// `NotFound` for a loop that is not there; a file that is not there is no error.
    async fn plan(&self, run: &RunRef) -> Result<PlanningFile>;

    /// Reads `.planning/status.md`, as [`plan`](Self::plan) does.
    ///
    /// # Errors
    /// As for [`plan`](Self::plan).
    async fn status_file(&self, run: &RunRef) -> Result<PlanningFile>;

    /// Looks into a folder's `.planning`.
    ///
    /// # Errors
    /// `InvalidInput` for a path that is not absolute; a folder that is not there is no error.
    async fn check_planning_dir(&self, directory: &str) -> Result<PlanningFolder>;
}
