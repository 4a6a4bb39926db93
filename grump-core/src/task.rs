//! [`Task`]: one piece of work that a plane was told in words; [`Tasks`]: the trait that makes them.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    artifact::Artifact,
    error::Result,
    folder::FolderId,
    json::{Ext, Json},
    noun::{noun, request},
    plane::{Member, Operation, unsupported},
    project::ProjectId,
    run::{Run, RunRef},
};

/// What only tasks have, beside what every [`Run`] has. (Steward, "Runs"; `MetaForge`, "Session
/// Management" and "Agent Execution"; Mini-Devin, "Tasks".)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Task {
    /// What it was told to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// What the agent is to do, where the plane names it. (`MetaForge`)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skill: Option<String>,
    /// The agent that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The model, as the plane calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The project that it works on. (Steward)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// The folder that it is in. (Mini-Devin)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderId>,
    /// The branch that holds its work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// How often the agent went round. (Mini-Devin)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
    /// The agent's plan, in full: `{"steps": [{"id", "description", "status"}]}`. (Mini-Devin)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Json>,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<TaskResult>,
    /// What it made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// What happened so far, in short. (Steward, "Run detail (includes timeline summary)".)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Json>,
}

impl Task {
    /// A task of which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

noun! {
    /// What came of a task. (Mini-Devin, "Tasks", `result`.)
    TaskResult {
        ;
        /// Whether it worked. Where this and the status differ, both are told.
        success: bool,
        /// What was done, in words.
        summary: String,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// A task to make. What a plane has no word for is refused before any I/O: see
    /// [`members`](Self::members).
    ///
    /// ```
    /// use grump_core::NewTask;
    ///
    /// let fix = NewTask::told("Fix the failing test").model("gpt-4o");
    /// let spec = NewTask::new().skill("spec").files(vec!["PRD.md".to_owned()]);
    /// assert_eq!(fix.members().count() + spec.members().count(), 4);
    /// ```
    #[derive(Default, PartialEq)]
    NewTask {
        ;
        /// What the agent is told. (Steward, `prompt`; Mini-Devin, `description`.)
        prompt: String,
        /// What the agent is to do, where the plane names it. (`MetaForge`, `skill`.)
        skill: String,
        /// What people call it; made from the prompt where the plane has no place for it, or wants
        /// one and this says none.
        title: String,
        /// The project to work on. (Steward, `projectId`.)
        project: ProjectId,
        /// The folder to put it in. (Mini-Devin, the session.)
        folder: FolderId,
        /// The agent to do it. (Steward, `selectedAgent`.)
        agent: String,
        /// The model, as the plane calls it. (Steward, `selectedModel`; Mini-Devin, `model`.)
        model: String,
        /// Whether the project's index is searched for what fits. (Steward, `ragEnabled`.)
        rag: bool,
        /// Whether the agent is held back. (Steward, `safeMode`.)
        safe_mode: bool,
        /// How far the agent may reach: `offline`, … (Mini-Devin, `run_mode`.)
        run_mode: String,
        /// A create that is sent twice with one key makes one task.
        idempotency_key: String,
        ;
        /// Files to work from, on the plane's machine. (`MetaForge`, `input.files`.)
        files: Vec<String>,
        /// What the skill takes besides. (`MetaForge`, `input.args`.)
        args: Ext,
        /// How the agent is set: `temperature`, `verbose`. (`MetaForge`, `options`.)
        options: Ext,
    }
}

impl NewTask {
    /// A task that is told in words.
    #[must_use]
    pub fn told(prompt: impl Into<String>) -> Self {
        Self::new().prompt(prompt)
    }

    /// The members that this task sets and that not every plane takes.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        [
            (Member::TaskPrompt, self.prompt.is_some()),
            (Member::TaskSkill, self.skill.is_some()),
            (
                Member::TaskInput,
                !self.files.is_empty() || !self.args.is_empty(),
            ),
            (Member::TaskOptions, !self.options.is_empty()),
            (Member::TaskProject, self.project.is_some()),
            (Member::TaskFolder, self.folder.is_some()),
            (Member::TaskAgent, self.agent.is_some()),
            (Member::TaskModel, self.model.is_some()),
            (Member::TaskRag, self.rag.is_some()),
            (Member::TaskSafeMode, self.safe_mode.is_some()),
            (Member::TaskRunMode, self.run_mode.is_some()),
            (Member::TaskIdempotencyKey, self.idempotency_key.is_some()),
        ]
        .into_iter()
        .filter_map(|(member, is_set)| is_set.then_some(member))
    }
}

request! {
    /// Something to tell an agent that is at work.
    #[derive(PartialEq, Eq)]
    SendInput {
        /// The run whose agent it is for.
        run: RunRef,
        /// What to tell it.
        text: String,
    }
}

/// The facet that makes tasks, and speaks to the agent that does one. What became of a task is read
/// as of any run: [`Runs`](crate::Runs).
#[async_trait]
pub trait Tasks: Send + Sync + fmt::Debug {
    /// Makes a task; nothing runs yet.
    ///
    /// # Behaviour
    /// - Never repeated by itself: where the answer was lost, the error says that the task may be
    ///   there.
    ///
    /// # Errors
    /// `InvalidInput` for what the plane insists on and the task does not say; `NotFound` for a
    /// project or folder that is not there.
    async fn create(&self, new: NewTask) -> Result<Run> {
        unsupported(Operation::TasksCreate, new)
    }

    /// Makes a task and starts it in one step. The answer names the run to follow.
    ///
    /// # Behaviour
    /// - As for [`create`](Self::create).
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    async fn create_and_start(&self, new: NewTask) -> Result<Run> {
        unsupported(Operation::TasksCreateAndStart, new)
    }

    /// Tells an agent something while it works.
    ///
    /// # Behaviour
    /// - Nothing says that an agent waits for it: it may be told at any time while it runs.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `not_running`.
    async fn send_input(&self, input: SendInput) -> Result<()> {
        unsupported(Operation::TasksSendInput, input)
    }
}
