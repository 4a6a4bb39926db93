//! Pieces of work. ("Runs"; what they do is in `telemetry`)

use grump_core::Result;
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    steward::{
        AgentRole, CancelRun, CreateRun, OpenRun, PauseRun, ProjectId, ResumeRun, RetryRun, Run,
        RunId, RunPath, RunRequest, StartRun,
    },
};

use super::{StewardClient, StewardRunOptions, part};

/// Pieces of work, and what they do. ("Runs", "Run telemetry")
///
/// There is no list of runs: who made one keeps its id.
#[derive(Clone, Copy, Debug)]
pub struct StewardRuns<'c>(pub(super) &'c StewardClient);

impl StewardRuns<'_> {
    /// Create a draft: of which project, what people call it, what the agent is told, which agent
    /// and which model.
    pub async fn create(
        self,
        project: impl Into<ProjectId>,
        title: impl Into<String>,
        prompt: impl Into<String>,
        agent: impl Into<AgentRole>,
        model: impl Into<String>,
        options: StewardRunOptions,
    ) -> Result<Run> {
        let body = RunRequest {
            project_id: project.into(),
            title: title.into(),
            prompt: prompt.into(),
            selected_agent: agent.into(),
            selected_model: model.into(),
            rag_enabled: options.rag_enabled,
            safe_mode: options.safe_mode,
        };
        self.make(body, options.key).await
    }

    pub(crate) async fn make(self, body: RunRequest, key: Option<String>) -> Result<Run> {
        self.0.create::<CreateRun>(NoPath {}, body, key).await
    }

    /// Run detail, with a summary of the timeline.
    pub async fn open(self, run: impl Into<RunId>) -> Result<Run> {
        self.0.get::<OpenRun>(at(run)?, NoQuery {}).await
    }

    /// Start a draft. Six starts in a minute are allowed.
    pub async fn start(self, run: impl Into<RunId>) -> Result<Run> {
        self.0.send::<StartRun>(at(run)?, NoBody).await
    }

    /// Pause a run that is running.
    pub async fn pause(self, run: impl Into<RunId>) -> Result<Run> {
        self.0.send::<PauseRun>(at(run)?, NoBody).await
    }

    /// Resume a run that is paused.
    pub async fn resume(self, run: impl Into<RunId>) -> Result<Run> {
        self.0.send::<ResumeRun>(at(run)?, NoBody).await
    }

    /// Cancel a run whose work is not over.
    pub async fn cancel(self, run: impl Into<RunId>) -> Result<Run> {
        self.0.send::<CancelRun>(at(run)?, NoBody).await
    }

    /// Queue a run again that failed: the same prompt on a new branch. Whether that is the same run
    /// the answer's id says. (ambiguity C-07)
    pub async fn retry(self, run: impl Into<RunId>) -> Result<Run> {
        self.0.send::<RetryRun>(at(run)?, NoBody).await
    }
}

pub(crate) fn at(run: impl Into<RunId>) -> Result<RunPath> {
    let run = part("run", run.into())?;
    Ok(RunPath { run })
}
