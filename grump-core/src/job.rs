//! [`Job`]: work in the background that a plane was told to do.

use serde::{Deserialize, Serialize};

use crate::{json::Json, noun::words};

words! {
    /// What a job does. (G-Rump, "List Jobs", `type`.)
    JobType {
        /// The phases of a SHIP session.
        "ship" Ship,
        /// The code of a SHIP session.
        "codegen" Codegen,
        /// An agent's task.
        "agent" Agent,
    }
}

/// What only jobs have, beside what every [`Run`](crate::Run) has: progress and error are the
/// run's, and the run of which it is a part is [`Run::parent`](crate::Run::parent). (G-Rump, "Get
/// Job Status".)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Job {
    /// What it does, where the plane says so.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub job_type: Option<JobType>,
    /// What it gave, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
    /// What it wrote on the way, the oldest first: lines, or whatever the plane keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<Json>,
}

impl Job {
    /// A job of which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
