//! [`Agents`]: agents.

use grump_core::Result;
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    grump::{Agent, AgentId, AgentPath, AgentTask, Answer, ListAgents, RunAgent},
};

use super::{AgentOptions, GrumpClient, check};

/// Agents. (G-Rump, "Agent Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Agents<'c>(pub(super) &'c GrumpClient);

impl Agents<'_> {
    /// Get available AI agents and their capabilities. (G-Rump, "List Agents")
    pub async fn list(&self) -> Result<Vec<Agent>> {
        let list = self.0.get::<ListAgents>(NoPath {}, NoQuery {}).await?;
        Ok(list.agents)
    }

    /// Execute a specific agent on a task. Whether a job answers or what it made, the document does
    /// not show. (G-Rump, "Run Agent")
    pub async fn run(
        &self,
        agent_id: impl Into<AgentId>,
        task: impl Into<String>,
        options: AgentOptions,
    ) -> Result<Answer> {
        let agent_id = agent_id.into();
        check("agent", agent_id.as_str())?;
        let request = AgentTask {
            task: task.into(),
            ..options.0
        };
        self.0
            .work::<RunAgent>(AgentPath { agent_id }, request)
            .await
    }
}
