//! The bodies, spelled as the document spells them.

mod account;
mod agents;
mod answer;
mod chat;
mod frames;
mod jobs;
mod make;
mod ship;
mod system;
mod webhooks;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

pub use self::{
    account::{Allowance, MonthUsage, TierInfo, TierList, UsageMonth, UsageReport},
    agents::{Agent, AgentList, AgentStatus, AgentTask},
    answer::{Answer, Anything, ErrorBody, ErrorDetail, Meta},
    chat::{
        AgentProfile, ChatMessage, ChatMode, ChatRequest, ModelPreset, Provider, SubscriptionTier,
    },
    frames::{
        ChatEvent, ClientMessage, Complete, ErrorFrame, PhaseComplete, PhaseStart, ServerMessage,
        ShipEvent, Start, TextPiece, ToolCall, ToolResult, UnknownFrame,
    },
    jobs::{Job, JobFilter, JobKind, JobList, JobQuery, JobStatus},
    make::{
        Architecture, ArchitectureRequest, BundleFormat, BundleJob, BundleRequest, C4Diagrams,
        Component, IntentOptions, IntentRequest, Prd, PrdRequest, PrdSections, WorkspaceRequest,
    },
    ship::{
        Execution, PhaseResult, Preferences, ResumePhase, SessionStatus, ShipRequest, ShipSession,
        ShipStarted, StreamRequest,
    },
    system::{HealthReport, HealthStatus},
    webhooks::{Delivery, Webhook, WebhookEvent, WebhookList, WebhookRequest},
};
use crate::{
    endpoint::{BodyError, BodyKind, RequestBody, read_body},
    shapes::{ids, required},
};

pub(super) use crate::shapes::Extra;

ids! {
    /// The id of a SHIP session.
    SessionId
    /// The id of a background job.
    JobId
    /// The id of an agent: `architect`, `coder`.
    AgentId
    /// The id of a registered webhook.
    WebhookId
}

/// `{sessionId}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionPath {
    /// The SHIP session's id.
    pub session_id: SessionId,
}

/// `{jobId}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobPath {
    /// The job's id.
    pub job_id: JobId,
}

/// `{agentId}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentPath {
    /// The agent's id.
    pub agent_id: AgentId,
}

/// `{webhookId}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookPath {
    /// The webhook's id.
    pub webhook_id: WebhookId,
}

required!(
    ShipRequest,
    ChatRequest,
    ArchitectureRequest,
    WorkspaceRequest,
    PrdRequest,
    IntentRequest,
    AgentTask,
    WebhookRequest
);

/// Bodies that need not be there, and are sent all the same: as `{}` where they say nothing.
/// (ambiguity G-03)
macro_rules! always_sent {
    ($($body:ty),+) => { $(
        impl RequestBody for $body {
            const KIND: BodyKind = BodyKind::Optional;

            fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
                Some(generator.subschema_for::<Self>())
            }

            fn write(&self) -> Option<Vec<u8>> {
                Some(serde_json::to_vec(self).expect("bodies have text for keys"))
            }

            fn read(bytes: &[u8]) -> Result<Self, BodyError> {
                match bytes.trim_ascii() {
                    [] => Ok(Self::default()),
                    said => read_body(said),
                }
            }
        }
    )+ };
}

always_sent!(StreamRequest, BundleRequest);
