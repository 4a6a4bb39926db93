//! What opencode's events and answers hold, spelled as it spells it and read tolerantly.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A session; one with a parent is a sub-agent's.
#[derive(Debug, Deserialize)]
pub(super) struct SessionInfo {
    pub(super) id: String,
    #[serde(rename = "parentID")]
    pub(super) parent: Option<String>,
}

/// What a session is at. `GET /session/status` leaves out those that are idle.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Status {
    Idle,
    Retry {
        attempt: u64,
        message: String,
        /// Milliseconds since 1970.
        next: Option<i64>,
    },
    #[serde(other)]
    Busy,
}

pub(super) type Statuses = HashMap<String, Status>;

/// Why a message or a session failed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Failure {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) data: FailureData,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FailureData {
    pub(super) message: Option<String>,
    pub(super) status_code: Option<u16>,
    pub(super) is_retryable: Option<bool>,
}

impl Failure {
    pub(super) fn is_abort(&self) -> bool {
        self.name == "MessageAbortedError"
    }
}

/// A message without its parts.
#[derive(Debug, Deserialize)]
pub(super) struct MessageInfo {
    pub(super) id: String,
    #[serde(rename = "sessionID")]
    pub(super) session: String,
    pub(super) role: String,
    #[serde(default)]
    pub(super) time: MessageTime,
    pub(super) finish: Option<String>,
    pub(super) error: Option<Failure>,
    /// What opencode wrote to shorten the conversation, rather than the model to go on with it. On a
    /// user's message this member is something else.
    #[serde(default)]
    summary: Value,
}

impl MessageInfo {
    /// Whether the model wrote it for the user.
    pub(super) fn is_said(&self) -> bool {
        self.role == "assistant" && self.summary != true
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct MessageTime {
    pub(super) completed: Option<Value>,
}

/// A message with its parts, as `GET /session/{id}/message` lists them.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) info: MessageInfo,
    pub(super) parts: Vec<Part>,
}

/// A part of a message, always whole.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    pub(super) id: String,
    #[serde(rename = "messageID")]
    pub(super) message: String,
    #[serde(flatten)]
    pub(super) body: PartBody,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum PartBody {
    Text {
        text: String,
    },
    Tool {
        tool: String,
        #[serde(rename = "callID")]
        call: String,
        state: ToolState,
    },
    StepFinish {
        #[serde(default)]
        tokens: Tokens,
        #[serde(default)]
        cost: f64,
    },
    Patch {
        files: Vec<String>,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToolState {
    /// `pending`, `running`, `completed`, `error`.
    pub(super) status: String,
    pub(super) input: Option<Value>,
    pub(super) output: Option<Value>,
    pub(super) error: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tokens {
    pub(super) input: f64,
    pub(super) output: f64,
    pub(super) reasoning: f64,
    pub(super) cache: CacheTokens,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CacheTokens {
    pub(super) read: f64,
    pub(super) write: f64,
}

/// A piece of a part that is being written.
#[derive(Debug, Deserialize)]
pub(super) struct Delta {
    #[serde(rename = "partID")]
    pub(super) part: String,
    pub(super) field: String,
    pub(super) delta: String,
}

/// A permission that is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Permission {
    pub(super) id: String,
    #[serde(rename = "sessionID")]
    pub(super) session: String,
    pub(super) permission: String,
    #[serde(default)]
    pub(super) patterns: Vec<String>,
    #[serde(default)]
    pub(super) metadata: Value,
    pub(super) tool: Option<ToolRef>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToolRef {
    #[serde(rename = "callID")]
    pub(super) call: String,
}

/// A question with answers to choose from.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    pub(super) id: String,
    #[serde(rename = "sessionID")]
    pub(super) session: String,
    #[serde(default)]
    pub(super) questions: Vec<QuestionText>,
}

#[derive(Debug, Deserialize)]
pub(super) struct QuestionText {
    #[serde(default)]
    pub(super) question: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Todo {
    pub(super) content: String,
    pub(super) status: String,
}

/// One of the agents that opencode has, of `GET /agent`.
#[derive(Debug, Deserialize)]
pub(super) struct AgentInfo {
    pub(super) name: String,
    #[serde(default)]
    pub(super) permission: Vec<Rule>,
}

/// What is allowed, denied or asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) permission: String,
    pub(super) pattern: String,
    pub(super) action: String,
}

impl Rule {
    pub(super) fn new(permission: &str, pattern: &str, action: &str) -> Self {
        Self {
            permission: permission.to_owned(),
            pattern: pattern.to_owned(),
            action: action.to_owned(),
        }
    }
}

/// `GET /config/providers`.
#[derive(Debug, Deserialize)]
pub(super) struct Providers {
    pub(super) providers: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Provider {
    pub(super) id: String,
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) models: serde_json::Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_an_unknown_type_keeps_its_place() {
        let part: Part = serde_json::from_str(
            r#"{"id":"p","sessionID":"s","messageID":"m","type":"hologram","x":1}"#,
        )
        .unwrap();
        assert!(matches!(part.body, PartBody::Other));
    }

    #[test]
    fn a_status_without_a_name_here_is_busy() {
        let status: Status = serde_json::from_str(r#"{"type":"compacting"}"#).unwrap();
        assert!(matches!(status, Status::Busy));
    }
}
