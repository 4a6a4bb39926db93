//! Settings. ("Settings (server params)")

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Extra, answers::body};
use crate::lenient::or_default;

/// The server's parameters, or those of them to change. ("GET /api/settings/server-params", "PUT
/// /api/settings/server-params"; which there are the document does not say) The values stand in no
/// `Debug` output.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ServerParams(pub Map<String, Value>);

impl ServerParams {
    /// The value of a parameter, which may stand under its whole name, `safety.auto_git_push`, or
    /// part for part in objects. (ambiguity C-24)
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Value> {
        fn below<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
            if let Some(found) = members.get(name) {
                return Some(found);
            }
            let mut dots = name.match_indices('.');
            dots.find_map(|(at, _)| below(members.get(&name[..at])?.as_object()?, &name[at + 1..]))
        }
        below(&self.0, name)
    }

    /// The name of the first parameter that holds a mask: what was read must not be written back.
    #[must_use]
    pub fn masked(&self) -> Option<&str> {
        let mut members = self.0.iter();
        let found = members.find(|(_, value)| is_masked(value));
        found.map(|(name, _)| name.as_str())
    }
}

/// Whether this stands for a secret that is not shown: stars or dots and nothing else, here or
/// anywhere inside.
#[must_use]
pub fn is_masked(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.chars().count() >= 3 && text.chars().all(|mark| matches!(mark, '*' | '•' | '●'))
        }
        Value::Array(items) => items.iter().any(is_masked),
        Value::Object(members) => members.values().any(is_masked),
        _ => false,
    }
}

impl fmt::Debug for ServerParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// `{key}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderPath {
    /// The provider's name.
    pub key: String,
}

/// Who serves models or agents: a row of `agent_providers`. ("GET /api/settings/providers"; the
/// members are ours)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Provider {
    /// Its name in paths.
    #[serde(default, deserialize_with = "or_default")]
    pub key: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it may be used.
    #[serde(default, deserialize_with = "or_default")]
    pub enabled: bool,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What to change about a provider. ("PUT /api/settings/providers/{key}")
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderChange {
    /// Whether it may be used.
    pub enabled: bool,
}

body!(required ServerParams, ProviderChange);
