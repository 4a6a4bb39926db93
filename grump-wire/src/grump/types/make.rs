//! What is generated: code, architecture, requirements, intents. (G-Rump, "Code Generation
//! Endpoints", "Architecture Endpoints", "PRD Endpoints", "Intent Compiler Endpoints")

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, JobId, JobStatus};
use crate::{
    lenient::{maybe_text, or_default, text},
    shapes::closed,
};

closed! {
    /// The form in which code is delivered. ("Get Generated Code")
    BundleFormat {
        /// A zip file.
        Zip = "zip",
        /// A JSON object with the files' contents.
        Json = "json",
        /// A JSON array of file objects.
        Files = "files",
    }
}

/// How code is to be generated. ("Generate Code"; all members are taken as optional)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleRequest {
    /// In which form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<BundleFormat>,
    /// The folder for the files, on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_dir: Option<String>,
    /// Whether there are to be tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_tests: Option<bool>,
    /// Whether there is to be documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_docs: Option<bool>,
}

/// Code is being generated. ("Generate Code")
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BundleJob {
    /// The job that does it.
    #[serde(alias = "id")]
    pub job_id: JobId,
    /// Where the job is.
    #[serde(default)]
    pub status: JobStatus,
    /// How long it will take, in the server's words: `2m`.
    #[serde(
        default,
        deserialize_with = "maybe_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub estimated_time: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// An architecture to design. ("Generate Architecture")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArchitectureRequest {
    /// What is to be built.
    pub description: String,
    /// How diagrams are written: `mermaid`, or any other word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Whether there are to be C4 diagrams.
    #[serde(default, rename = "includeC4", skip_serializing_if = "Option::is_none")]
    pub include_c4: Option<bool>,
    /// What to build with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tech_stack: Option<Vec<String>>,
}

/// An architecture. ("Generate Architecture"; servers in the field answer `{id, status,
/// architecture, timestamp}`, which stands in `extra`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Architecture {
    /// The diagram, in the format that was asked for.
    #[serde(deserialize_with = "text")]
    pub diagram: String,
    /// What it is made of.
    #[serde(deserialize_with = "or_default")]
    pub components: Vec<Component>,
    /// The C4 diagrams, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c4_diagrams: Option<C4Diagrams>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A part of an architecture. ("Generate Architecture")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Component {
    /// What it is called.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// What sort of thing it is: `service`.
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: String,
    /// What it is for.
    #[serde(deserialize_with = "text")]
    pub description: String,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// C4 diagrams, by level. ("Generate Architecture")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct C4Diagrams {
    /// The system among its users and neighbours.
    #[serde(deserialize_with = "text")]
    pub context: String,
    /// What the system consists of.
    #[serde(deserialize_with = "text")]
    pub container: String,
    /// Other levels.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A codebase to look at. ("Analyze Workspace")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkspaceRequest {
    /// The folder, on the server.
    pub workspace_path: String,
    /// Whether there are to be metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_metrics: Option<bool>,
    /// How the answer is written: `markdown`, or any other word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_format: Option<String>,
}

/// Requirements to write. ("Generate PRD")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrdRequest {
    /// What is to be built.
    pub description: String,
    /// The template: `default`, or any other word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Whether there are to be user stories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_user_stories: Option<bool>,
    /// Whether there are to be acceptance criteria.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_acceptance_criteria: Option<bool>,
}

/// A product requirements document. ("Generate PRD"; where a server in the field sends an object
/// instead of text, `prd` is its JSON)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Prd {
    /// The document, as Markdown.
    #[serde(deserialize_with = "text")]
    pub prd: String,
    /// Its parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sections: Option<PrdSections>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// The parts of a product requirements document. ("Generate PRD"; what a feature and a user story
/// look like is not shown)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PrdSections {
    /// What it is about.
    #[serde(deserialize_with = "text")]
    pub overview: String,
    /// What there is to be.
    #[serde(deserialize_with = "or_default")]
    pub features: Vec<Value>,
    /// Who wants what, and why.
    #[serde(deserialize_with = "or_default")]
    pub user_stories: Vec<Value>,
    /// What engineers need to know.
    #[serde(deserialize_with = "text")]
    pub technical_requirements: String,
    /// Other parts.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Intent files to compile. ("Compile Intent")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntentRequest {
    /// Paths on the server, with wildcards.
    pub files: Vec<String>,
    /// How the answer is written: `json`, or any other word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_format: Option<String>,
    /// How they are compiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<IntentOptions>,
}

/// How intent files are compiled: the document's three options, and any other. ("Compile Intent")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IntentOptions {
    /// Whether to go on when a file changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<bool>,
    /// Whether to analyse them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyze: Option<bool>,
    /// Whether to do several at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<bool>,
    /// Other options.
    #[serde(flatten)]
    pub extra: Extra,
}
