//! The bodies, spelled as the document spells them.

use grump_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Number, Value};

use crate::{
    lenient::{count, or_default},
    shapes::{Extra, ids, maybe, maybe_default, optional, required, twins, words},
};

ids! {
    /// Names a session. (MetaForge, "Create Session")
    SessionId
}

words! {
    /// Where a session is. (MetaForge, "Session Management"; the list is never given, ambiguity M-04)
    SessionStatus {
        /// It exists, and nothing has run.
        Created = "created",
        /// Its agent works.
        Running = "running",
        /// Its agent is done, and what it made waits for a decision.
        PendingApproval = "pending_approval",
        /// It is done: there was nothing to approve, or it was approved. (ambiguity M-05)
        Completed = "completed",
        /// What it made was approved.
        Approved = "approved",
        /// What it made was rejected.
        Rejected = "rejected",
        /// Its agent, or a tool, failed. The document does not show it.
        Failed = "failed",
    }
}

impl SessionStatus {
    /// The agent is still to work, or at it. (ambiguity M-03)
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::Created | Self::Running)
            || ["queued", "pending", "starting"].contains(&self.as_str())
    }
}

impl SessionStatus {
    /// The agent is done: by a word of the document, or one that other servers use for an end. A word
    /// that nobody knows is none. (ambiguity M-04)
    #[must_use]
    pub fn is_done(&self) -> bool {
        match self {
            Self::PendingApproval
            | Self::Completed
            | Self::Approved
            | Self::Rejected
            | Self::Failed => true,
            other => ["error", "cancelled", "canceled", "stopped"].contains(&other.as_str()),
        }
    }
}

/// `{id}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionPath {
    /// The session's id.
    pub id: SessionId,
}

/// `{session}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PendingPath {
    /// The session's id.
    pub session: SessionId,
}

/// The query of "List Sessions".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionsQuery {
    /// How many at most; 50 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How many are left out before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Only those of this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SessionStatus>,
}

/// What a skill works on. ("Create Session", `input`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SkillInput {
    /// Paths of files, on the server.
    #[serde(default)]
    pub files: Vec<String>,
    /// Whatever else the skill takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Map<String, Value>>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A session to create. ("Create Session")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    /// The skill that it is for.
    pub skill: String,
    /// What the skill works on.
    #[serde(default)]
    pub input: SkillInput,
}

/// A skill to run. ("Run Agent")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The skill.
    pub skill: String,
    /// What it works on.
    #[serde(default)]
    pub input: SkillInput,
    /// How it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<RunOptions>,
}

/// How a skill works. ("Run Agent", `options`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunOptions {
    /// The model's temperature; its range is not documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Whether it tells more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbose: Option<bool>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A session. ("Create Session", "Get Session", "List Sessions")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Session")]
pub struct Session {
    /// Its id.
    #[serde(default)]
    pub id: SessionId,
    /// The skill that it is for.
    #[serde(default, deserialize_with = "or_default")]
    pub skill: String,
    /// Where it is.
    #[serde(default)]
    pub status: SessionStatus,
    /// When it was created.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub created: Option<Timestamp>,
    /// When it last changed.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub updated: Option<Timestamp>,
    /// What it made.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<SessionOutput>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What a session made. ("Get Session", `output`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionOutput {
    /// The files.
    #[serde(default, deserialize_with = "maybe_default")]
    pub artifacts: Vec<Artifact>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A file that a session made. ("Get Session", "Get Agent Status", "List Pending Approvals"; each
/// shows other members of it, ambiguity M-10)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Artifact")]
pub struct Artifact {
    /// Its path, in the workspace.
    #[serde(default, deserialize_with = "or_default")]
    pub path: String,
    /// What it is: `file`.
    #[serde(
        default,
        rename = "type",
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// How many bytes it has.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub size: Option<u64>,
    /// How many lines were added and removed: `+50 -0`.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub diff: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl Artifact {
    /// The file at this path, of which nothing else is known.
    #[must_use]
    pub fn at(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    /// How many lines were added and removed, where it says so in the document's form.
    #[must_use]
    pub fn lines(&self) -> Option<(u64, u64)> {
        let (added, removed) = self.diff.as_deref()?.split_once(' ')?;
        let added = added.strip_prefix('+')?.parse().ok()?;
        Some((added, removed.trim().strip_prefix('-')?.parse().ok()?))
    }
}

impl Serialize for Artifact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Artifact {
    /// Some answers name the path alone. (ambiguity X-18)
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(path) => Ok(Self::at(path)),
            other => Self::deserialize(other).map_err(de::Error::custom),
        }
    }
}

/// Writes the paths alone, where the document does.
pub(super) fn as_paths<S: Serializer>(
    artifacts: &[Artifact],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(artifacts.iter().map(|artifact| &artifact.path))
}

/// A page of sessions. ("List Sessions")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionPage {
    /// The sessions.
    #[serde(default, deserialize_with = "or_default")]
    pub sessions: Vec<Session>,
    /// How many there are on all pages.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub total: Option<u64>,
    /// How many were asked for.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub limit: Option<u64>,
    /// How many were left out before.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub offset: Option<u64>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A session was deleted. ("Delete Session")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "DeletedSession")]
pub struct DeletedSession {
    /// Whether it was. `false` is not documented, and an error.
    #[serde(default = "yes")]
    pub success: bool,
    /// Which.
    #[serde(default)]
    pub deleted: SessionId,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

const fn yes() -> bool {
    true
}

/// An agent was started. ("Run Agent")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "AgentStarted")]
pub struct AgentStarted {
    /// The session that was made for it.
    #[serde(default)]
    pub session_id: SessionId,
    /// Where the session is.
    #[serde(default)]
    pub status: SessionStatus,
    /// The agent's name.
    #[serde(default, deserialize_with = "or_default")]
    pub agent: String,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Where an agent is. ("Get Agent Status")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "AgentStatus")]
pub struct AgentStatus {
    /// Its session.
    #[serde(default)]
    pub session_id: SessionId,
    /// Where the session is.
    #[serde(default)]
    pub status: SessionStatus,
    /// The agent's name.
    #[serde(default, deserialize_with = "or_default")]
    pub agent: String,
    /// What it made so far.
    #[serde(default, deserialize_with = "maybe_default")]
    pub artifacts: Vec<Artifact>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What waits for a decision. ("List Pending Approvals")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PendingSessions {
    /// The sessions.
    #[serde(default, deserialize_with = "or_default")]
    pub pending: Vec<PendingSession>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A session whose work waits for a decision. ("List Pending Approvals")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "PendingSession")]
pub struct PendingSession {
    /// The session.
    #[serde(default)]
    pub session_id: SessionId,
    /// The skill that it is for.
    #[serde(default, deserialize_with = "or_default")]
    pub skill: String,
    /// When it was created.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub created: Option<Timestamp>,
    /// What there is to approve.
    #[serde(default, deserialize_with = "maybe_default")]
    pub artifacts: Vec<Artifact>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// How to approve. ("Approve Session"; the body is optional)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    /// A word about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A session was approved. ("Approve Session")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Approved")]
pub struct Approved {
    /// The session.
    #[serde(default)]
    pub session_id: SessionId,
    /// Where it is.
    #[serde(default)]
    pub status: SessionStatus,
    /// Whether the changes are in the workspace. (ambiguity M-08)
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub applied: Option<bool>,
    /// What was approved. Written as paths.
    #[serde(
        default,
        deserialize_with = "maybe_default",
        serialize_with = "as_paths"
    )]
    #[schemars(with = "Vec<String>")]
    pub artifacts: Vec<Artifact>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Why a session is rejected. ("Reject Session"; the body is not optional, ambiguity M-07)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectRequest {
    /// Why.
    pub reason: String,
}

/// A session was rejected. ("Reject Session")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Rejected")]
pub struct Rejected {
    /// The session.
    #[serde(default)]
    pub session_id: SessionId,
    /// Where it is.
    #[serde(default)]
    pub status: SessionStatus,
    /// Why.
    #[serde(default, deserialize_with = "or_default")]
    pub reason: String,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// How the gateway is. ("Health Check")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthReport {
    /// `healthy`, or another word.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// Its version.
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
    /// For how many seconds it runs.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub uptime: Option<Number>,
    /// How its parts are.
    #[serde(default, deserialize_with = "maybe_default")]
    pub components: Components,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// How the gateway's parts are. ("Health Check", `components`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Components {
    /// The gateway itself: `ok`.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub gateway: Option<String>,
    /// Whoever serves the models: `ok`.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub llm_provider: Option<String>,
    /// Each tool: `detected`, `not_found`.
    #[serde(default, deserialize_with = "maybe_default")]
    pub tools: Map<String, Value>,
    /// Other parts.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What the gateway has and does. ("System Status")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SystemReport {
    /// Its version.
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
    /// The folder it works in, on the server.
    #[serde(default, deserialize_with = "or_default")]
    pub workspace: String,
    /// How many sessions there are.
    #[serde(default, deserialize_with = "maybe_default")]
    pub sessions: SessionCounts,
    /// The tools it knows.
    #[serde(default, deserialize_with = "or_default")]
    pub tools: Vec<ToolReport>,
    /// The agents it knows.
    #[serde(default, deserialize_with = "or_default")]
    pub agents: Vec<AgentReport>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// How many sessions there are. ("System Status", `sessions`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionCounts {
    /// At work.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub active: Option<u64>,
    /// Waiting for a decision.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub pending: Option<u64>,
    /// Done.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub completed: Option<u64>,
    /// Other counts.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A tool that agents use. ("System Status", `tools`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolReport {
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Its version.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub version: Option<String>,
    /// Whether it is there.
    #[serde(default, deserialize_with = "or_default")]
    pub available: bool,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// An agent. ("System Status", `agents`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentReport {
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Its version.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub version: Option<String>,
    /// Whether it can be used.
    #[serde(default, deserialize_with = "or_default")]
    pub loaded: bool,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What went wrong. ("Error Format")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// The inside of an error. ("Error Format", `error`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDetail {
    /// The machine-readable code. ("Error Codes")
    pub code: String,
    /// What happened, for people.
    pub message: String,
    /// What is wrong in particular: `{"field", "expected"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

required!(CreateRequest, RunRequest, RejectRequest);
optional!(ApproveRequest);

twins! {
    Session { "session_id" => "id", "created_at" => "created", "updated_at" => "updated" }
    DeletedSession { "session_id" => "deleted", "id" => "deleted" }
    AgentStarted { "id" => "session_id" }
    AgentStatus { "id" => "session_id" }
    PendingSession { "id" => "session_id", "created_at" => "created" }
    Approved { "id" => "session_id" }
    Rejected { "id" => "session_id" }
}
