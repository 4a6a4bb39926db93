//! Snapshots. ("Snapshots")

use grump_core::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Extra, ProjectId, RunId, SnapshotId,
    answers::{any_answer, body},
};
use crate::endpoint::{ReadError, Received, ResponseBody, ResponseKind, Text, Whole, Wrapped};

/// `{snapshot}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotPath {
    /// The snapshot's id.
    pub snapshot: SnapshotId,
}

/// A state of a project's files that can be gone back to. ("Snapshots"; the members are ours but
/// for the description)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The snapshot's id.
    pub id: SnapshotId,
    /// The project it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// The run that took it; absent where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// What of, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A snapshot to take. ("POST /api/projects/{project}/snapshots")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotRequest {
    /// What of, for people.
    pub description: String,
}

/// What to compare a snapshot with. ("POST /api/snapshots/{snapshot}/compare"; the document's cell
/// is cut after `"current"`)
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// The files as they are now.
    Current,
    /// Another snapshot.
    Snapshot(SnapshotId),
}

const CURRENT: &str = "current";

impl Serialize for Against {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Current => serializer.serialize_str(CURRENT),
            Self::Snapshot(id) => id.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Against {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = SnapshotId::deserialize(deserializer)?;
        Ok(match id.as_str() {
            CURRENT => Self::Current,
            _ => Self::Snapshot(id),
        })
    }
}

impl From<SnapshotId> for Against {
    fn from(id: SnapshotId) -> Self {
        Self::Snapshot(id)
    }
}

/// A comparison to make. ("POST /api/snapshots/{snapshot}/compare")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareRequest {
    /// What with.
    #[schemars(with = "SnapshotId")]
    pub against: Against,
}

/// What is different between a snapshot and something else. ("POST /api/snapshots/{snapshot}/compare";
/// the document shows no answer: the members are ours, and any other answer is kept)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Comparison {
    /// The unified diff from the snapshot to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// An answer that is a [`Comparison`]: as JSON, or as a diff and nothing else.
#[derive(Debug)]
pub struct Compared;

impl ResponseBody for Compared {
    type Value = Comparison;
    const KIND: ResponseKind = ResponseKind::Json;

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Comparison>()
    }

    fn check(received: Received<'_>) -> Result<(), ReadError> {
        Self::read(received).map(drop)
    }
}

impl Whole for Compared {
    fn read(received: Received<'_>) -> Result<Comparison, ReadError> {
        if let Ok(comparison) = Wrapped::<Comparison>::read(received) {
            let text = comparison.extra.get("value").and_then(Value::as_str);
            return Ok(match text.map(str::to_owned) {
                diff @ Some(_) => Comparison {
                    diff,
                    extra: Extra::new(),
                },
                None => comparison,
            });
        }
        let diff = Text::read(received).map(Some)?;
        Ok(Comparison {
            diff,
            extra: Extra::new(),
        })
    }
}

/// A snapshot was gone back to. ("POST /api/snapshots/{snapshot}/restore"; the document shows no
/// answer: the members are ours, and any other answer is kept)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Restored {
    /// What was taken of the files as they were before: the "restore checkpoint".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Snapshot>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl Restored {
    /// The checkpoint, also where the server answers with nothing else.
    #[must_use]
    pub fn checkpoint(&self) -> Option<Snapshot> {
        let whole = || serde_json::from_value(Value::Object(self.extra.clone())).ok();
        self.checkpoint.clone().or_else(whole)
    }
}

any_answer!(Comparison, Restored);
body!(required SnapshotRequest, CompareRequest);
