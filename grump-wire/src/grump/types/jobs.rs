//! Background jobs. (G-Rump, "Job Management Endpoints")

use grump_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, JobId};
use crate::{
    lenient::{count, number, or_default, write_number},
    shapes::{closed, words},
};

words! {
    /// What a job does. The document shows `ship`. (ambiguity G-14)
    JobKind {
        /// It works on a SHIP session.
        Ship = "ship",
        /// It generates code.
        Codegen = "codegen",
        /// It runs an agent.
        Agent = "agent",
    }

    /// Where a job is. How the document spells the end of one that was cancelled, it does not show.
    /// (ambiguity G-15)
    JobStatus {
        /// No worker has it yet.
        Queued = "queued",
        /// A worker has it.
        Running = "running",
        /// It is done.
        Completed = "completed",
        /// It failed.
        Failed = "failed",
        /// Somebody cancelled it.
        Cancelled = "cancelled",
        /// The same, in the other spelling.
        Canceled = "canceled",
    }
}

closed! {
    /// Which jobs to list. ("List Jobs", `status`)
    JobFilter {
        /// Those that no worker has yet.
        Queued = "queued",
        /// Those at work.
        Running = "running",
        /// Those that are done.
        Completed = "completed",
        /// Those that failed.
        Failed = "failed",
    }
}

/// Which jobs to list. ("List Jobs", "Query Parameters")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobQuery {
    /// Only in this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<JobFilter>,
    /// At most so many; 50 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Leave out so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// Some jobs. ("List Jobs")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JobList {
    /// The jobs.
    #[serde(deserialize_with = "or_default")]
    pub jobs: Vec<Job>,
    /// How many there are in all.
    #[serde(deserialize_with = "count", skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// How many were asked for.
    #[serde(deserialize_with = "count", skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How many were left out before these.
    #[serde(deserialize_with = "count", skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A background job. ("Get Job Status")
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id.
    #[serde(alias = "jobId")]
    pub id: JobId,
    /// What it does.
    #[serde(default, rename = "type")]
    pub kind: JobKind,
    /// Where it is.
    #[serde(default)]
    pub status: JobStatus,
    /// How far it is, in percent: 0 to 100. (ambiguity G-13)
    #[serde(
        default,
        deserialize_with = "number",
        serialize_with = "write_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub progress: Option<f64>,
    /// What it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// What it wrote: texts or objects, the document does not show which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Vec<Value>>,
    /// What went wrong, as servers in the field say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub completed_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl Job {
    /// How far it is: 0 to 1, where it says so.
    #[must_use]
    pub fn fraction(&self) -> Option<f64> {
        Some((self.progress? / 100.0).clamp(0.0, 1.0))
    }
}
