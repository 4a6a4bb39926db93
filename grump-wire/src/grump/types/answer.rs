//! Answers that the document does not show, and errors. (G-Rump, "Response Format")

use grump_core::{Json, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Extra, JobId};
use crate::endpoint::{ReadError, Received, ResponseBody, ResponseKind, Whole, Wrapped};

/// An answer whose shape the document does not show: any JSON, and what is expected in it.
/// (ambiguity G-22)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answer(pub Json);

impl Answer {
    /// The answer as a tree.
    #[must_use]
    pub fn value(&self) -> Value {
        self.0.value()
    }

    /// The answer as a `T`.
    ///
    /// # Errors
    /// If it is not a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        self.0.parse()
    }

    /// The job that does what was asked for, if the answer names one.
    #[must_use]
    pub fn job_id(&self) -> Option<JobId> {
        self.member("jobId")
    }

    /// Its member `id`.
    #[must_use]
    pub fn id(&self) -> Option<JobId> {
        self.member("id")
    }

    /// Its member `status`.
    #[must_use]
    pub fn status(&self) -> Option<String> {
        self.member("status")
    }

    /// The text that it is, if it is text and nothing else.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.parse().ok()
    }

    fn member<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let mut members: Extra = self.parse().ok()?;
        serde_json::from_value(members.remove(name)?).ok()
    }
}

impl JsonSchema for Answer {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Answer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

/// The kind of an [`Answer`]: JSON, bare or in an envelope; text that is none is a JSON string.
#[derive(Debug)]
pub struct Anything;

impl ResponseBody for Anything {
    type Value = Answer;
    const KIND: ResponseKind = ResponseKind::Json;

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Answer>()
    }

    fn check(received: Received<'_>) -> Result<(), ReadError> {
        Self::read(received).map(drop)
    }
}

impl Whole for Anything {
    fn read(received: Received<'_>) -> Result<Answer, ReadError> {
        let read = Wrapped::<Answer>::read(received);
        if received.content_type.contains("json") {
            return read;
        }
        read.or_else(|_| {
            Ok(Answer(Json::string(&String::from_utf8_lossy(
                received.body,
            ))))
        })
    }
}

/// What went wrong. ("Error Response")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// Never.
    pub success: bool,
    /// What.
    pub error: ErrorDetail,
    /// Of which request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
}

/// What went wrong. ("Error Response", `error`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ErrorDetail {
    /// The machine-readable code. ("Error Codes")
    pub code: String,
    /// What happened, for people.
    pub message: String,
    /// More, of any shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// Of which request an answer is, and of when. ("Response Format", `meta`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub timestamp: Option<Timestamp>,
    /// The server's id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}
