//! Handle of the facet `Agents`.

use grump_core::{AgentAnswer, AgentInfo, RunAgent};

use super::handle;

handle! {
    /// Agents that the plane offers.
    Agents agents {
        /// Lists the agents.
        AgentsList list() -> Vec<AgentInfo>;
        /// Has an agent do something.
        AgentsRun run(request: RunAgent) -> AgentAnswer;
    }
}
