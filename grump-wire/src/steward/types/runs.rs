//! Runs. ("Runs")

use grump_core::{Json, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AgentRole, EventId, Extra, ProjectId, Review, RunId, RunStatus, answers::body};
use crate::lenient::{count, or_default};

/// `{run}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunPath {
    /// The run's id.
    pub run: RunId,
}

/// A piece of work of an agent. ("Runs"; the members of answers are ours)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The run's id.
    pub id: RunId,
    /// The project that it works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// What the agent is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Where it is.
    #[serde(default, deserialize_with = "or_default")]
    pub status: RunStatus,
    /// Which agent does the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected_agent: Option<AgentRole>,
    /// Which model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected_model: Option<String>,
    /// Whether the agent is given what was found by searching the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rag_enabled: Option<bool>,
    /// Whether the agent is kept from what may do harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_mode: Option<bool>,
    /// The branch that it works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub error: Option<Json>,
    /// The last review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// What happened, in short. ("GET /api/runs/{run}": "includes timeline summary")
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timeline>")]
    pub timeline: Option<Json>,
    /// When it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub updated_at: Option<Timestamp>,
    /// When its work began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// When its work ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub completed_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl Run {
    /// What happened, in short, where the server says it in our form.
    #[must_use]
    pub fn timeline(&self) -> Option<Timeline> {
        self.timeline.as_ref()?.parse().ok()
    }
}

/// What happened to a run, in short. ("GET /api/runs/{run}"; the members are ours)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// How many events there are.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub events: Option<u64>,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_id: Option<EventId>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A run to create. ("POST /api/runs")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRequest {
    /// The project to work on.
    pub project_id: ProjectId,
    /// What people call it.
    pub title: String,
    /// What the agent is told.
    pub prompt: String,
    /// Which agent does the work.
    pub selected_agent: AgentRole,
    /// Which model.
    pub selected_model: String,
    /// Whether the agent is given what was found by searching the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rag_enabled: Option<bool>,
    /// Whether the agent is kept from what may do harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_mode: Option<bool>,
}

body!(required RunRequest);
