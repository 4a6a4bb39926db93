//! The bodies, spelled as the document spells them.

use grump_core::{Json, RunId, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    endpoint::{BodyError, BodyKind, RequestBody, read_body},
    lenient::{count, count_or_zero, or_default},
};

/// Members that the document does not have, kept as they came.
pub(super) type Extra = Map<String, Value>;

/// `{id}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoopPath {
    /// The loop's id.
    pub id: String,
}

/// `?directory=` in a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryQuery {
    /// An absolute path on the server.
    pub directory: String,
}

/// The answer of "GET /api/health".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthReport {
    /// Whether the server works.
    #[serde(default, deserialize_with = "or_default")]
    pub healthy: bool,
    /// Its version.
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
}

/// A loop. ("GET /api/loops")
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Loop {
    /// What it is told to do, and how.
    pub config: LoopConfig,
    /// Where it is.
    pub state: LoopState,
}

/// What a loop is told to do, and how. ("GET /api/loops")
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoopConfig {
    /// The loop's id.
    #[schemars(with = "String")]
    pub id: RunId,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Absolute path of the folder to work on, on the server.
    #[serde(default, deserialize_with = "or_default")]
    pub directory: String,
    /// What the agent is told in each iteration.
    #[serde(default, deserialize_with = "or_default")]
    pub prompt: String,
    /// When it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub updated_at: Option<Timestamp>,
    /// Which agent does the work.
    #[serde(default, deserialize_with = "or_default")]
    pub backend: Backend,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// How many iterations there may be; without limit where it is absent.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_iterations: Option<u64>,
    /// How many errors in a row end it; 10 where it is absent.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_consecutive_errors: Option<u64>,
    /// A regular expression that ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_pattern: Option<String>,
    /// How branches and commits are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Which agent does the work. ("POST /api/loops", `backend`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Backend {
    /// The agent's name; `opencode` where it is absent.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `spawn` or `connect`; `spawn` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The host, for `connect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The port, for `connect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Other members; a request must not have any.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Names a model. ("POST /api/loops", `model`)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelRef {
    /// Who serves it.
    #[serde(
        default,
        rename = "providerID",
        skip_serializing_if = "Option::is_none"
    )]
    pub provider_id: Option<String>,
    /// Its name there.
    #[serde(default, rename = "modelID", skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// Other members; a request must not have any.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// How branches and commits are named. ("POST /api/loops", `git`)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Git {
    /// What a branch's name begins with; `ralph/` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_prefix: Option<String>,
    /// What a commit's message begins with; `[Ralph]` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_prefix: Option<String>,
    /// Other members; a request must not have any.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Where a loop is. ("GET /api/loops")
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoopState {
    /// The loop's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub id: Option<RunId>,
    /// Its status. ("Loop Status")
    pub status: String,
    /// The iteration it is in; 0 before the first.
    #[serde(default, deserialize_with = "count_or_zero")]
    pub current_iteration: u64,
    /// Its last iterations.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(with = "Vec<Iteration>")]
    pub recent_iterations: Vec<Json>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// One of a loop's last iterations. The document shows none: the members are ours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Iteration {
    /// Its number, from 1.
    #[serde(default, deserialize_with = "count_or_zero")]
    pub iteration: u64,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub completed_at: Option<Timestamp>,
    /// How it ended: `continue`, `matched`, `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The commit of what it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The error that it ended in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A loop to create. ("POST /api/loops")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoopRequest {
    /// What people call it.
    pub name: String,
    /// Absolute path of the folder to work on, on the server.
    pub directory: String,
    /// What the agent is told in each iteration.
    pub prompt: String,
    /// Which agent does the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<Backend>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// How many iterations there may be; without limit where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_iterations: Option<u32>,
    /// How many errors in a row end it; 10 where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_consecutive_errors: Option<u32>,
    /// A regular expression that ends it; `<promise>COMPLETE</promise>$` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_pattern: Option<String>,
    /// How branches and commits are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
}

/// What to change about a loop. ("PATCH /api/loops/:id")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoopChange {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the agent is told in each iteration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// How many iterations there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_iterations: Option<u32>,
    /// How many errors in a row end it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_consecutive_errors: Option<u32>,
    /// A regular expression that ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_pattern: Option<String>,
    /// How branches and commits are named; what is absent stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
}

/// How to start a loop. ("POST /api/loops/:id/start"; the body is optional)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartRequest {
    /// What to do about uncommitted changes: `commit` or `stash`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle_uncommitted: Option<String>,
}

/// The prompt of the next iteration. ("PUT /api/loops/:id/pending-prompt")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PendingPrompt {
    /// The prompt.
    pub prompt: String,
}

/// It was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Success {
    /// Whether it was. `false` is never documented, and an error.
    #[serde(default = "yes")]
    pub success: bool,
}

impl Default for Success {
    fn default() -> Self {
        Self { success: true }
    }
}

/// A loop's branch was merged. ("POST /api/loops/:id/accept")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// Whether it was.
    #[serde(default = "yes")]
    pub success: bool,
    /// The commit that holds it.
    #[serde(default, deserialize_with = "or_default")]
    pub merge_commit: String,
}

const fn yes() -> bool {
    true
}

/// What was changed in one file. ("GET /api/loops/:id/diff")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileDiff {
    /// The file's path, the new one where it was renamed.
    pub path: String,
    /// `added`, `modified`, `deleted` or `renamed`. ("File Diff Status")
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// Lines added.
    #[serde(default, deserialize_with = "count_or_zero")]
    pub additions: u64,
    /// Lines deleted.
    #[serde(default, deserialize_with = "count_or_zero")]
    pub deletions: u64,
    /// The patch from its first hunk on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
}

/// A file of the loop's `.planning` folder. ("GET /api/loops/:id/plan")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanningFile {
    /// Its content; empty where it does not exist.
    #[serde(default, deserialize_with = "or_default")]
    pub content: String,
    /// Whether it exists.
    #[serde(default, deserialize_with = "or_default")]
    pub exists: bool,
}

/// A model. ("GET /api/models")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Who serves it.
    #[serde(rename = "providerID")]
    pub provider_id: String,
    /// What people call its provider.
    #[serde(default, deserialize_with = "or_default")]
    pub provider_name: String,
    /// Its name there.
    #[serde(rename = "modelID")]
    pub model_id: String,
    /// What people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub model_name: String,
    /// Whether it can be used now.
    #[serde(default, deserialize_with = "or_default")]
    pub connected: bool,
}

/// What a folder's `.planning` holds. ("GET /api/check-planning-dir")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanningFolder {
    /// Whether the folder exists.
    #[serde(default, deserialize_with = "or_default")]
    pub exists: bool,
    /// Whether there are files in it.
    #[serde(default, deserialize_with = "or_default")]
    pub has_files: bool,
    /// Their names.
    #[serde(default, deserialize_with = "or_default")]
    pub files: Vec<String>,
    /// A word to the user where something is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// What went wrong. ("Response Format")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The machine-readable code.
    pub error: String,
    /// What happened, for people.
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    /// What the caller may choose. ("Uncommitted Changes Response")
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub options: Vec<String>,
    /// The files with uncommitted changes. ("Uncommitted Changes Response")
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub changed_files: Vec<String>,
}

/// An event of a loop. ("Events (SSE)"; the document shows the members of three types, the others
/// are ours and the field's)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoopEvent {
    /// One of the document's event types, or another.
    #[serde(rename = "type")]
    pub kind: String,
    /// The loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub loop_id: Option<RunId>,
    /// The iteration it happened in.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub iteration: Option<u64>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub timestamp: Option<Timestamp>,
    /// The members of its type.
    #[serde(flatten)]
    pub members: Extra,
}

/// A tool call of a `loop.tool_call`. ("Events (SSE)")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Pairs a call with its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool's name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// What it was called with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    pub input: Option<Json>,
    /// What it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    pub output: Option<Json>,
    /// Where it is: `running`, `completed`, `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// A body that must be there.
macro_rules! required {
    ($($body:ty),*) => { $(
        impl RequestBody for $body {
            const KIND: BodyKind = BodyKind::Required;

            fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
                Some(generator.subschema_for::<Self>())
            }

            fn write(&self) -> Option<Vec<u8>> {
                Some(serde_json::to_vec(self).expect("bodies have text for keys"))
            }

            fn read(bytes: &[u8]) -> Result<Self, BodyError> {
                read_body(bytes)
            }
        }
    )* };
}

required!(LoopRequest, LoopChange, PendingPrompt, ModelRef);

impl RequestBody for StartRequest {
    const KIND: BodyKind = BodyKind::Optional;

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<Self>())
    }

    fn write(&self) -> Option<Vec<u8>> {
        let is_said = *self != Self::default();
        is_said.then(|| serde_json::to_vec(self).expect("bodies have text for keys"))
    }

    fn read(bytes: &[u8]) -> Result<Self, BodyError> {
        match bytes.trim_ascii() {
            [] => Ok(Self::default()),
            said => read_body(said),
        }
    }
}
