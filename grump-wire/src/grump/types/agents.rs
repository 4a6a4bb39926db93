//! Agents. (G-Rump, "Agent Endpoints")

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AgentId, Extra};
use crate::{
    lenient::{or_default, text},
    shapes::words,
};

words! {
    /// Whether an agent can be used. The document shows `available`.
    AgentStatus {
        /// It can be.
        Available = "available",
    }
}

/// The agents that there are. ("List Agents")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AgentList {
    /// The agents.
    #[serde(deserialize_with = "or_default")]
    pub agents: Vec<Agent>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// An agent. ("List Agents")
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// What people call it.
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    /// What it does.
    #[serde(default, deserialize_with = "text")]
    pub description: String,
    /// What it is good at.
    #[serde(default, deserialize_with = "or_default")]
    pub capabilities: Vec<String>,
    /// Whether it can be used.
    #[serde(default)]
    pub status: AgentStatus,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What an agent is to do. ("Run Agent"; what is in `context` and `options` is up to the agent)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentTask {
    /// The task.
    pub task: String,
    /// What it needs to know: `code`, `language`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Extra>,
    /// How to do it: `strictness`, `focusAreas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Extra>,
}
