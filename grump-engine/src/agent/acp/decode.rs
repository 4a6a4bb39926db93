//! From a line of the agent's to what it tells, read tolerantly.

use std::borrow::Cow;

use grump_core::Json;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::super::output::{VALUE_CAP, clipped};

/// What a line is.
#[derive(Debug)]
pub(super) enum Line {
    /// The answer to a request of ours.
    Answer,
    /// A request of this method, whole.
    Request { method: String, body: Json },
    /// Something happened in a session.
    Update {
        session: String,
        /// The protocol's word for it.
        name: String,
        update: Update,
    },
    /// Not known here, or not in the form that is known.
    Unknown { name: String, body: Json },
    /// No message at all: something that a wrapper or a runtime printed.
    Text(String),
}

/// What happened in a session.
#[derive(Debug, Deserialize)]
#[serde(tag = "sessionUpdate", rename_all = "snake_case")]
pub(super) enum Update {
    #[serde(rename = "agent_message_chunk")]
    Message(Chunk),
    #[serde(alias = "tool_call_update")]
    ToolCall(Box<ToolCall>),
    Plan(Plan),
    #[serde(rename = "usage_update")]
    Spent(Spent),
    /// Known and of no interest: what the user said, what the model thinks, what there is to choose.
    #[serde(
        rename = "user_message_chunk",
        alias = "agent_thought_chunk",
        alias = "available_commands_update",
        alias = "current_mode_update",
        alias = "config_option_update",
        alias = "session_info_update"
    )]
    Noise {},
}

/// A piece of a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chunk {
    pub(super) message_id: Option<String>,
    pub(super) content: Content,
}

/// What a message is made of; only text is.
#[derive(Debug, Deserialize)]
pub(super) struct Content {
    pub(super) text: String,
}

/// A tool call as far as it is known: each update holds what is new.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolCall {
    #[serde(rename = "toolCallId")]
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) kind: Option<String>,
    /// `pending`, `in_progress`, `completed`, `failed`.
    pub(super) status: Option<String>,
    pub(super) raw_input: Option<Value>,
    pub(super) raw_output: Option<Value>,
    pub(super) content: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) locations: Option<Vec<Location>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Location {
    pub(super) path: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Plan {
    pub(super) entries: Vec<Step>,
}

/// A step of a plan, or an entry of a list of things to do.
#[derive(Debug, Deserialize)]
pub(super) struct Step {
    pub(super) content: String,
    pub(super) status: String,
}

/// What the session came to so far.
#[derive(Debug, Deserialize)]
pub(super) struct Spent {
    pub(super) cost: Option<Cost>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cost {
    pub(super) amount: f64,
    pub(super) currency: String,
}

/// What an agent wants to be allowed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Permission {
    #[serde(rename = "sessionId")]
    pub(super) session: String,
    pub(super) tool_call: ToolCall,
    #[serde(default)]
    options: Vec<PermissionOption>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PermissionOption {
    option_id: String,
    kind: String,
}

impl Permission {
    /// The id of the first option of this kind: what the ids are differs per agent.
    pub(super) fn option(&self, kind: &str) -> Option<&str> {
        let found = self.options.iter().find(|option| option.kind == kind);
        found.map(|option| &*option.option_id)
    }
}

/// The end of a prompt.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stopped {
    pub(super) stop_reason: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) usage: Option<Tokens>,
}

/// The tokens of a prompt. Whether cached ones are among the input differs per agent; the total is
/// always of all.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Tokens {
    pub(super) total_tokens: Option<u64>,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cached_read_tokens: Option<u64>,
    pub(super) cached_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

/// Reads a line.
pub(super) fn decode(line: &str) -> Line {
    // A list would be taken for a frame's members in their order.
    let object = line.trim_start().starts_with('{');
    let frame = serde_json::from_str::<Frame<'_>>(line)
        .ok()
        .filter(|_| object);
    let Some(frame) = frame else {
        return Line::Text(line.to_owned());
    };
    match (frame.method, frame.id) {
        (Some(method), Some(_)) => Line::Request {
            body: whole(line),
            method: method.into_owned(),
        },
        (None, Some(_)) => Line::Answer,
        (Some(method), None) if method == "session/update" => frame.params.map_or_else(
            || unknown(&method, line),
            |params| update(params.get(), line),
        ),
        (Some(method), None) => unknown(&method, line),
        (None, None) => unknown("", line),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    session_id: String,
    #[serde(borrow)]
    update: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    session_update: String,
}

fn update(params: &str, line: &str) -> Line {
    let Ok(params) = serde_json::from_str::<Params<'_>>(params) else {
        return unknown("session/update", line);
    };
    let Some(named) = read::<Named>(params.update.get()) else {
        return unknown("session/update", line);
    };
    match read(params.update.get()) {
        Some(update) => Line::Update {
            session: params.session_id,
            name: named.session_update,
            update,
        },
        None => unknown(&named.session_update, line),
    }
}

fn unknown(name: &str, line: &str) -> Line {
    Line::Unknown {
        name: name.to_owned(),
        body: whole(line),
    }
}

/// A line as it came; the beginning of one that is too long for an event.
fn whole(line: &str) -> Json {
    match serde_json::from_str(line) {
        Ok(json) if line.len() <= VALUE_CAP => json,
        _ => Json::string(&clipped(line)),
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text)
        .inspect_err(|error| tracing::debug!(%error, "an update over ACP has another form"))
        .ok()
}

/// A member that is not what it should be is as good as absent.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(serde_json::from_value(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_a_line_of_text() {
        for line in ["Warning: no colours", "", "{\"jsonrpc\":", "7", "[]"] {
            assert!(
                matches!(decode(line), Line::Text(text) if text == line),
                "{line}"
            );
        }
    }

    #[test]
    fn a_message_is_told_by_its_members_in_any_order_and_without_a_version() {
        assert!(matches!(decode(r#"{"result":{},"id":3}"#), Line::Answer));
        assert!(matches!(
            decode(r#"{"error":{"code":1,"message":""},"id":"a"}"#),
            Line::Answer
        ));
        let asked = decode(r#"{"params":{},"method":"fs/read_text_file","id":0}"#);
        assert!(matches!(asked, Line::Request { method, .. } if method == "fs/read_text_file"));
    }

    #[test]
    fn an_update_of_a_newer_protocol_survives_whole() {
        let line = r#"{"method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tea_ready","hot":1.50}}}"#;
        let Line::Unknown { name, body } = decode(line) else {
            panic!("it is not known");
        };
        assert_eq!((&*name, body.text()), ("tea_ready", line));
        let other = decode(r#"{"method":"_vendor/hello","params":[]}"#);
        assert!(matches!(other, Line::Unknown { name, .. } if name == "_vendor/hello"));
    }

    #[test]
    fn a_known_update_in_another_form_survives_whole() {
        let line = r#"{"method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"image","data":"…"}}}}"#;
        assert!(
            matches!(decode(line), Line::Unknown { name, .. } if name == "agent_message_chunk")
        );
    }

    #[test]
    fn a_strange_member_does_not_spoil_a_tool_call() {
        let line = r#"{"method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tool_call_update","toolCallId":"c","status":null,"locations":[{"path":7}]}}}"#;
        let Line::Update {
            update: Update::ToolCall(call),
            ..
        } = decode(line)
        else {
            panic!("it is a tool call");
        };
        assert_eq!(call.id, "c");
        assert!(call.status.is_none() && call.locations.is_none());
    }
}
