//! SHIP sessions. (G-Rump, "SHIP Workflow Endpoints")

use grump_core::{Phase, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, JobId, SessionId};
use crate::{
    lenient::{maybe_text, or_default, text},
    shapes::{closed, words},
};

words! {
    /// Where a SHIP session is. The document shows `pending`, `running` and `completed`; the others
    /// are the field's. (ambiguity G-05)
    SessionStatus {
        /// It exists; nothing runs until it is executed.
        Pending = "pending",
        /// Its phases are worked on, or are about to be.
        Running = "running",
        /// All its phases are done.
        Completed = "completed",
        /// A phase failed.
        Failed = "failed",
        /// Suspended.
        Paused = "paused",
        /// Being set up.
        Initializing = "initializing",
    }
}

closed! {
    /// The phase that a stream begins with. ("Execute with Streaming")
    ResumePhase {
        /// The architecture.
        Design = "design",
        /// The specifications.
        Spec = "spec",
        /// The tasks.
        Plan = "plan",
        /// The files.
        Code = "code",
    }
}

impl ResumePhase {
    /// The phase of this word; `None` for one that the document does not list.
    #[must_use]
    pub fn of(phase: &Phase) -> Option<Self> {
        let known = Self::ALL
            .iter()
            .find(|known| known.as_str() == phase.as_str());
        known.copied()
    }
}

/// A session to start. ("Start SHIP Session")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShipRequest {
    /// What is to be built.
    pub project_description: String,
    /// How it is to be built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferences: Option<Preferences>,
    /// The project that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
}

/// How something is to be built: the document's three wishes, and any other. ("Start SHIP Session")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preferences {
    /// What to build with: `react`, `node`, `stripe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tech_stack: Option<Vec<String>>,
    /// `modern`, or any other word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// `medium`, or any other word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<String>,
    /// Other wishes. (ambiguity G-08)
    #[serde(flatten)]
    pub extra: Extra,
}

/// A session was made. ("Start SHIP Session")
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShipStarted {
    /// The session's id.
    #[serde(alias = "id")]
    pub session_id: SessionId,
    /// The phase it begins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub phase: Option<Phase>,
    /// Where it is.
    #[serde(default)]
    pub status: SessionStatus,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A session, and what its phases made. ("Get Session Status")
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShipSession {
    /// The session's id.
    #[serde(alias = "id")]
    pub session_id: SessionId,
    /// What is to be built.
    #[serde(default, deserialize_with = "text")]
    pub project_description: String,
    /// How it is to be built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferences: Option<Preferences>,
    /// The project that it belongs to.
    #[serde(
        default,
        deserialize_with = "maybe_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub project_id: Option<String>,
    /// The phase it is in, or was in last. (ambiguity G-06: the status decides whether it is done)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub phase: Option<Phase>,
    /// Where it is.
    #[serde(default)]
    pub status: SessionStatus,
    /// What the design phase made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design_result: Option<PhaseResult>,
    /// What the spec phase made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec_result: Option<PhaseResult>,
    /// What the plan phase made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_result: Option<PhaseResult>,
    /// What the code phase made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_result: Option<PhaseResult>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub updated_at: Option<Timestamp>,
    /// What went wrong, as servers in the field say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl ShipSession {
    /// What a phase made, if it made anything yet.
    #[must_use]
    pub const fn result(&self, phase: &Phase) -> Option<&PhaseResult> {
        match phase {
            Phase::Design => self.design_result.as_ref(),
            Phase::Spec => self.spec_result.as_ref(),
            Phase::Plan => self.plan_result.as_ref(),
            Phase::Code => self.code_result.as_ref(),
            _ => None,
        }
    }
}

/// What a phase made: a status, and members of the phase's own. ("Get Session Status": design has
/// `architecture` and `components`, spec `specifications`, plan `tasks`, code `files`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseResult {
    /// Where the phase is: `pending`, `running`, `completed`, `failed`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// What it made.
    #[serde(flatten)]
    pub made: Extra,
}

/// A session's work was enqueued. ("Execute SHIP Workflow")
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// The session's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The job that does the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// Where the session is; the job may still be queued. (ambiguity G-07)
    #[serde(default)]
    pub status: SessionStatus,
    /// A word to people.
    #[serde(default, deserialize_with = "text")]
    pub message: String,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Where a stream begins. ("Execute with Streaming"; the member is optional)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamRequest {
    /// The phase to begin with; the first that is not done unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_from_phase: Option<ResumePhase>,
}
