//! What a run does and did. ("Run telemetry", "SSE event format")

use std::fmt;

use grump_core::{Json, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CommandId, EventId, Extra, FileId, ProjectId, RunId, Severity, answers::any_answer};
use crate::lenient::{count, or_default};

/// An event of a run. ("SSE event format" shows the first three members and elides the others, which
/// are the field's)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentEvent {
    /// Its number, which grows over all runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EventId>,
    /// The run it happened to; events about snapshots may name none. (ambiguity C-23)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// The project of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// What happened: `file_updated`, `snapshot_created` or another word.
    #[serde(default, deserialize_with = "or_default")]
    pub event_type: String,
    /// How grave it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What happened, for people, in a word or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What happened, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The file it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it is about. ("POST /api/snapshots/{snapshot}/restore")
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The members of its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    pub payload: Option<Json>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `{run}` and `{file}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilePath {
    /// The run's id.
    pub run: RunId,
    /// The file's id, from the list.
    pub file: FileId,
}

/// A file of a run's workspace. ("GET /api/runs/{run}/files", and with its diff
/// "GET /api/runs/{run}/files/{file}"; the members are ours)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceFile {
    /// The file's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FileId>,
    /// Where it lies in the repository.
    #[serde(default, deserialize_with = "or_default")]
    pub path: String,
    /// Where it lay before it was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// What happened to it: `added`, `modified`, `deleted`, `renamed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Lines added.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub additions: Option<u64>,
    /// Lines deleted.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub deletions: Option<u64>,
    /// Its part of the unified diff, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `{run}` and `{command}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandPath {
    /// The run's id.
    pub run: RunId,
    /// The command's id.
    pub command: CommandId,
}

/// A URL that is good for a short time to whoever has it: fetch it at once, and without a token. Its
/// query, which is the secret, stands in no `Debug` output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SignedUrl(pub String);

impl SignedUrl {
    /// The URL, with its secret.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, query) = self.0.split_once('?').unwrap_or((&self.0, ""));
        let hidden = if query.is_empty() { "" } else { "?…" };
        write!(f, "{path}{hidden}")
    }
}

/// A command that a run executed. ("GET /api/runs/{run}/commands", and with URLs of its output
/// "GET /api/runs/{run}/commands/{command}"; the members are ours)
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandExecution {
    /// The command's id.
    pub id: CommandId,
    /// The command line.
    #[serde(default, deserialize_with = "or_default")]
    pub command: String,
    /// What it exited with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Where it is: `running`, `completed`, `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub duration_ms: Option<u64>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub completed_at: Option<Timestamp>,
    /// Where its standard output is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout_url: Option<SignedUrl>,
    /// Where its standard error is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr_url: Option<SignedUrl>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl CommandExecution {
    /// Where its standard output is, also where the server calls it otherwise: any member that ends
    /// in `Url` and speaks of it. (ambiguity C-20)
    #[must_use]
    pub fn stdout(&self) -> Option<SignedUrl> {
        self.stdout_url.clone().or_else(|| self.url_of("stdout"))
    }

    /// As [`stdout`](Self::stdout), for standard error.
    #[must_use]
    pub fn stderr(&self) -> Option<SignedUrl> {
        self.stderr_url.clone().or_else(|| self.url_of("stderr"))
    }

    fn url_of(&self, output: &str) -> Option<SignedUrl> {
        let mut members = self.extra.iter();
        let (_, url) = members
            .find(|(name, _)| name.ends_with("Url") && name.to_lowercase().contains(output))?;
        Some(SignedUrl(url.as_str()?.to_owned()))
    }
}

impl fmt::Debug for CommandExecution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandExecution")
            .field("id", &self.id)
            .field("command", &self.command)
            .field("exit_code", &self.exit_code)
            .field("status", &self.status)
            .field("stdout_url", &self.stdout_url)
            .field("stderr_url", &self.stderr_url)
            .finish_non_exhaustive()
    }
}

/// What a run did, in the end. ("GET /api/runs/{run}/summary": "changed files, risks, tests, docs";
/// of what form they are it does not say)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct RunSummary {
    /// What it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_files: Option<Value>,
    /// What may go wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risks: Option<Value>,
    /// What was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Value>,
    /// What was documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs: Option<Value>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

any_answer!(RunSummary);
