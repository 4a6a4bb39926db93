//! What all areas share: unknown members, answers that the document does not show, bodies of
//! requests, and the error.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient::or_default;

/// Members that the document does not have, kept as they came.
pub(crate) type Extra = Map<String, Value>;

/// Where a value is kept that is no object though one is due.
const VALUE: &str = "value";

/// The members of an answer that the document does not show: whatever came.
pub(super) fn members(answer: Value) -> Value {
    match answer {
        object @ Value::Object(_) => object,
        Value::Null => Value::Object(Extra::new()),
        other => Value::Object([(VALUE.to_owned(), other)].into_iter().collect()),
    }
}

/// Makes answers that the document does not show readable from any JSON: their derived forms take
/// objects only (`#[serde(remote = "Self")]`).
macro_rules! any_answer {
    ($($type:ident),*) => { $(
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let answer = ::serde_json::Value::deserialize(from)?;
                let members = $crate::steward::types::answers::members(answer);
                Self::deserialize(members).map_err(::serde::de::Error::custom)
            }
        }

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, to)
            }
        }
    )* };
}

/// Makes types the bodies of requests: one that must be there, or one that is left out where it
/// says nothing.
macro_rules! body {
    (required $($body:ty),*) => { $(
        impl $crate::endpoint::RequestBody for $body {
            const KIND: $crate::endpoint::BodyKind = $crate::endpoint::BodyKind::Required;

            fn schema(generator: &mut ::schemars::SchemaGenerator) -> Option<::schemars::Schema> {
                Some(generator.subschema_for::<Self>())
            }

            fn write(&self) -> Option<Vec<u8>> {
                Some(::serde_json::to_vec(self).expect("bodies have text for keys"))
            }

            fn read(bytes: &[u8]) -> Result<Self, $crate::endpoint::BodyError> {
                $crate::endpoint::read_body(bytes)
            }
        }
    )* };
    (optional $($body:ty),*) => { $(
        impl $crate::endpoint::RequestBody for $body {
            const KIND: $crate::endpoint::BodyKind = $crate::endpoint::BodyKind::Optional;

            fn schema(generator: &mut ::schemars::SchemaGenerator) -> Option<::schemars::Schema> {
                Some(generator.subschema_for::<Self>())
            }

            fn write(&self) -> Option<Vec<u8>> {
                let is_said = *self != Self::default();
                is_said.then(|| ::serde_json::to_vec(self).expect("bodies have text for keys"))
            }

            fn read(bytes: &[u8]) -> Result<Self, $crate::endpoint::BodyError> {
                match bytes.trim_ascii() {
                    [] => Ok(Self::default()),
                    said => $crate::endpoint::read_body(said),
                }
            }
        }
    )* };
}

pub(super) use {any_answer, body};

/// What went wrong. ("Error model (RFC 7807)", which RFC 9457 replaced; sent as
/// `application/problem+json`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URL that names the sort of problem by its last part.
    #[serde(
        default,
        rename = "type",
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// The sort of problem, for people.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub title: String,
    /// What happened, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The path of what was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The members of this sort of problem, such as `runId` and `currentStatus`.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}
