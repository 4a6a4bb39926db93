//! The bodies, spelled as the document spells them.

use grump_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::{
    lenient::{count, or_default},
    shapes::{Extra, Secret, ids, maybe, required, twins, words},
};

ids! {
    /// Names a user. (Mini-Devin, "Authentication")
    UserId
    /// Names an API key. (Mini-Devin, "Authentication")
    ApiKeyId
    /// Names a session. (Mini-Devin, "Sessions")
    SessionId
    /// Names a task. (Mini-Devin, "Tasks")
    TaskId
    /// Names an artifact of a task. (Mini-Devin, "Artifacts")
    ArtifactId
}

words! {
    /// Who serves models. (Mini-Devin, "Models and Providers")
    ProviderName {
        /// OpenAI.
        OpenAi = "openai",
        /// Anthropic.
        Anthropic = "anthropic",
        /// Ollama.
        Ollama = "ollama",
        /// Azure.
        Azure = "azure",
    }

    /// Where a session is. (Mini-Devin, "Sessions"; the document shows `active` alone, ambiguity D-16)
    SessionStatus {
        /// It can be worked in.
        Active = "active",
        /// Nothing runs in it.
        Idle = "idle",
        /// A task runs in it.
        Running = "running",
        /// Its last task failed.
        Error = "error",
        /// It was stopped.
        Stopped = "stopped",
    }

    /// Where a task is. (Mini-Devin, "Tasks"; the list is never given, ambiguity D-04)
    TaskStatus {
        /// It waits. The document does not show it.
        Pending = "pending",
        /// Its agent works.
        Running = "running",
        /// It is done.
        Completed = "completed",
        /// Somebody stopped it.
        Stopped = "stopped",
        /// It failed. The document does not show it.
        Failed = "failed",
        /// Somebody stopped it, in the word of servers in the field.
        Cancelled = "cancelled",
    }

    /// Where a step of a plan is. (Mini-Devin, "Tasks")
    StepStatus {
        /// Nothing was done about it yet. The document does not show it.
        Pending = "pending",
        /// The agent is at it.
        InProgress = "in_progress",
        /// It is done.
        Completed = "completed",
        /// It failed. The document does not show it.
        Failed = "failed",
    }

    /// How a task runs. (Mini-Devin, "Tasks"; the document shows `offline` alone, ambiguity D-13)
    RunMode {
        /// Without the network.
        Offline = "offline",
        /// With a browser.
        Browse = "browse",
        /// Asking its user.
        Interactive = "interactive",
    }
}

impl TaskStatus {
    /// The work is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Stopped | Self::Failed | Self::Cancelled
        )
    }
}

/// `{session_id}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionPath {
    /// The session's id.
    pub session_id: SessionId,
}

/// `{task_id}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskPath {
    /// The task's id.
    pub task_id: TaskId,
}

/// `{task_id}` and `{artifact_id}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactPath {
    /// The task's id.
    pub task_id: TaskId,
    /// The artifact's id.
    pub artifact_id: ArtifactId,
}

/// The query of "`GET /api/models`".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelsQuery {
    /// Only this provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
}

/// The query of a task's socket. ("Task Streaming")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenQuery {
    /// The JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
}

/// How the server is. ("`GET /health`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthReport {
    /// `healthy`, or another word.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// Its version.
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A user to register. ("`POST /api/auth/register`")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// The address, by which the user logs in.
    pub email: String,
    /// The password.
    pub password: Secret,
    /// What people call the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A user. ("`POST /api/auth/register`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "User")]
pub struct User {
    /// The user's id.
    #[serde(default)]
    pub id: UserId,
    /// The address, by which the user logs in.
    #[serde(default, deserialize_with = "or_default")]
    pub email: String,
    /// What people call the user.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Since when there is this user.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub created_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Who logs in. ("`POST /api/auth/login`")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The address that was registered.
    pub email: String,
    /// The password.
    pub password: Secret,
}

/// A JWT to show. ("`POST /api/auth/login`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccessToken {
    /// The token.
    pub access_token: Secret,
    /// `bearer`.
    #[serde(default, deserialize_with = "or_default")]
    pub token_type: String,
    /// For how many seconds it is good.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_in: Option<u64>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// An API key to create. ("`POST /api/auth/api-keys`")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRequest {
    /// What people call it.
    pub name: String,
    /// Until when it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub expires_at: Option<Timestamp>,
}

/// An API key. ("`POST /api/auth/api-keys`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "ApiKey")]
pub struct ApiKey {
    /// Its id.
    #[serde(default)]
    pub id: ApiKeyId,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The key itself, which is shown this once.
    pub key: Secret,
    /// Since when there is this key.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub created_at: Option<Timestamp>,
    /// Until when it is good.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub expires_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// The models. ("`GET /api/models`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelList {
    /// The models.
    #[serde(default, deserialize_with = "or_default")]
    pub models: Vec<Model>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A model. ("`GET /api/models`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Model")]
pub struct Model {
    /// Its name at its provider.
    pub id: String,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Who serves it.
    #[serde(default)]
    pub provider: ProviderName,
    /// How many tokens it can look at.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub context_window: Option<u64>,
    /// Whether it can look at pictures.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub supports_vision: Option<bool>,
    /// Whether it can call tools.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub supports_function_calling: Option<bool>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// The providers. ("`GET /api/providers`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderList {
    /// The providers.
    #[serde(default, deserialize_with = "or_default")]
    pub providers: Vec<Provider>,
    /// The model of tasks that name none.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub default_model: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Who serves models. ("`GET /api/providers`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Provider")]
pub struct Provider {
    /// The name by which models say who serves them.
    #[serde(default)]
    pub id: ProviderName,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Whether its models can be used now.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub configured: Option<bool>,
    /// How many models it has.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub models_count: Option<u64>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A session to create. ("`POST /api/sessions`"; nothing is required, ambiguity D-03)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The folder that its tasks work in, on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
}

/// A session: where tasks work. ("`GET /api/sessions`", "`POST /api/sessions`",
/// "`GET /api/sessions/{session_id}`"; each shows other members of it, ambiguity D-16)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Session")]
pub struct Session {
    /// Its id.
    #[serde(default)]
    pub id: SessionId,
    /// What people call it.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Where it is.
    #[serde(default)]
    pub status: SessionStatus,
    /// The folder that its tasks work in, on the server.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub working_directory: Option<String>,
    /// When it was created.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub updated_at: Option<Timestamp>,
    /// How many tasks it has; in a list.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub task_count: Option<u64>,
    /// Its tasks; where it is read by itself.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub tasks: Option<Vec<Task>>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A task to create and start. ("`POST /api/sessions/{session_id}/tasks`")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskRequest {
    /// What the agent is to do.
    pub description: String,
    /// The model, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_mode: Option<RunMode>,
}

/// A task. ("`GET /api/sessions/{session_id}/tasks`", "`POST …`", "`GET /api/tasks/{task_id}`"; each
/// shows other members of it)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Task")]
pub struct Task {
    /// Its id.
    #[serde(default)]
    pub id: TaskId,
    /// What the agent is to do.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Where it is.
    #[serde(default)]
    pub status: TaskStatus,
    /// When it was created.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub created_at: Option<Timestamp>,
    /// When it was done.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub completed_at: Option<Timestamp>,
    /// How often the agent was asked.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub iterations: Option<u64>,
    /// What the agent means to do.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub plan: Option<Plan>,
    /// What came of it.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub result: Option<TaskResult>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What an agent means to do. ("`GET /api/tasks/{task_id}`", `plan`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// One after the other.
    #[serde(default, deserialize_with = "or_default")]
    pub steps: Vec<Step>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A step of a plan. ("`GET /api/tasks/{task_id}`", `plan.steps`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its id, within the plan.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// What is to be done.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Where it is.
    #[serde(default)]
    pub status: StepStatus,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What came of a task. ("`GET /api/tasks/{task_id}`", `result`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskResult {
    /// Whether it did what it was to do.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub success: Option<bool>,
    /// What was done, for people.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub summary: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A task was stopped. ("`POST /api/tasks/{task_id}/stop`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "StoppedTask")]
pub struct StoppedTask {
    /// Its id.
    #[serde(default)]
    pub id: TaskId,
    /// Where it is.
    #[serde(default)]
    pub status: TaskStatus,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Something that a task made and that can be downloaded. ("`GET /api/tasks/{task_id}/artifacts`")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Artifact")]
pub struct Artifact {
    /// Its id.
    #[serde(default)]
    pub id: ArtifactId,
    /// Its file's name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// What it is: `plan`, `diff`.
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
    /// When it was made.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String")]
    pub created_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl Serialize for Artifact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Artifact {
    /// Servers in the field give names alone, and know artifacts by them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut artifact = match Value::deserialize(deserializer)? {
            Value::String(name) => Self {
                name,
                ..Self::default()
            },
            other => Self::deserialize(other).map_err(de::Error::custom)?,
        };
        if artifact.id == ArtifactId::default() {
            artifact.id = ArtifactId::new(&artifact.name);
        }
        Ok(artifact)
    }
}

/// What went wrong. ("Error Responses")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// What happened, for people.
    pub detail: String,
    /// The machine-readable code. ("Common Error Codes")
    pub code: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub timestamp: Option<Timestamp>,
}

required!(
    RegisterRequest,
    LoginRequest,
    ApiKeyRequest,
    SessionRequest,
    TaskRequest
);

twins! {
    User { "user_id" => "id", "username" => "name" }
    ApiKey { "api_key_id" => "id" }
    Model { "supports_tools" => "supports_function_calling" }
    Provider { "enabled" => "configured" }
    Session { "session_id" => "id", "title" => "name", "total_tasks" => "task_count" }
    Task { "task_id" => "id" }
    StoppedTask { "task_id" => "id" }
}
