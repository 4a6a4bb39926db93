//! Documentation. ("Documentation")

use grump_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, ProjectId, RunId, answers::any_answer};
use crate::lenient::or_default;

/// `{project}` and `{slug}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocPath {
    /// The project's id.
    pub project: ProjectId,
    /// The document's name, from the list.
    pub slug: String,
}

/// A document that is kept up to date, in the list without its text.
/// ("GET /api/projects/{project}/docs", "GET /api/projects/{project}/docs/{slug}"; the members are
/// ours)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedDoc {
    /// Its name in paths.
    #[serde(default, deserialize_with = "or_default")]
    pub slug: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text, as markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// When it was last brought up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub updated_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl ManagedDoc {
    /// Its text, also where the server calls it otherwise. (ambiguity C-18)
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let others = ["body", "content", "text"];
        let mut others = others.iter().filter_map(|name| self.extra.get(*name));
        self.markdown
            .as_deref()
            .or_else(|| others.find_map(Value::as_str))
    }
}

/// An entry of a project's change log. ("GET /api/projects/{project}/changelog"; the members are
/// ours, and any other entry is kept)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct ChangelogEntry {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub date: Option<Timestamp>,
    /// The run that changed something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// What was changed, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What was changed, as markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

any_answer!(ChangelogEntry);
