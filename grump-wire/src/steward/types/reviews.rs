//! Approval and git actions. ("Run approval & Git actions")

use grump_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Extra, ReviewId, ReviewStatus, RunId,
    answers::{any_answer, body},
};

/// Yes to a run. ("POST /api/runs/{run}/approve"; the body is optional)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    /// A word about why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Whether to commit at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<bool>,
}

/// No to a run. ("POST /api/runs/{run}/reject"; the body is optional)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectRequest {
    /// A word about why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// What was decided about a run: a row of `run_reviews`. ("Run approval & Git actions"; the members
/// are ours)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Review {
    /// The review's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ReviewId>,
    /// The run it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ReviewStatus>,
    /// What the person who decided wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What a run changed was committed. ("POST /api/runs/{run}/commit"; the members are ours)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Committed {
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<String>,
    /// The branch that it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl Committed {
    /// The commit, also where the server calls it otherwise.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        let others = ["commitSha", "commitHash", "commit", "hash"];
        let mut others = others.iter().filter_map(|name| self.extra.get(*name));
        self.sha
            .as_deref()
            .or_else(|| others.find_map(|found| found.as_str().or_else(|| found["sha"].as_str())))
    }
}

/// A run's branch was pushed. ("POST /api/runs/{run}/push"; the members are ours)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Pushed {
    /// The branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// The commit that it is at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

any_answer!(Review, Committed, Pushed);
body!(optional ApproveRequest, RejectRequest);
