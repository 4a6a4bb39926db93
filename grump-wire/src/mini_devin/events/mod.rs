//! The messages of a task's socket. (Mini-Devin, "Message Types")
//!
//! [`TaskMessage`] and [`ClientMessage`] are what the document shows; `decode` makes events of the
//! domain of the former, `encode` goes back.

mod decode;
mod encode;

use std::borrow::Cow;

use grump_core::{EventKind, Json, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Map, Value, json};

pub use self::{
    decode::{Decoded, Decoder},
    encode::encode,
};
use super::types::{Plan, TaskStatus};
use crate::{
    contract,
    lenient::or_default,
    shapes::{Extra, maybe},
};

/// The channel that [`Native::channel`](grump_core::Native::channel) names for messages of this
/// dialect.
pub const CHANNEL: &str = "mini-devin.ws";

/// The kinds of events that can be told.
pub const KINDS: &[EventKind] = &[
    EventKind::RunStarted,
    EventKind::TextDelta,
    EventKind::ToolCalled,
    EventKind::ToolResult,
    EventKind::PlanUpdated,
    EventKind::RunStatusChanged,
    EventKind::RunCompleted,
    EventKind::RunLimitReached,
    EventKind::RunFailed,
    EventKind::RunCancelled,
    EventKind::ErrorReported,
];

/// The document's message types: the server's, then the client's. ("Message Types")
pub const TYPES: &[&str] = &[
    "token",
    "tool_call",
    "tool_result",
    "plan_update",
    "status",
    "error",
    "stop",
    "input",
];

const _: () = contract::compare_events(contract::MINI_DEVIN_EVENTS, TYPES);

/// Defines a message of the server: its members, and that it is read, written and described.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$member_doc:meta])* $member:ident: $type:ty,)+
    })+) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            $($(#[$member_doc])* pub $member: $type,)+
            /// When.
            #[serde(default, deserialize_with = "maybe", skip_serializing_if = "Option::is_none")]
            #[schemars(with = "String")]
            pub timestamp: Option<Timestamp>,
            /// Other members.
            #[serde(flatten)]
            #[schemars(skip)]
            pub extra: Extra,
        }
    )+ };
}

messages! {
    /// A piece of what the agent writes. ("Token Stream")
    Token {
        /// The piece; pieces are joined without anything between them. (ambiguity D-17)
        content: String,
    }

    /// The agent calls a tool. ("Tool Call"; calls have no id, ambiguity D-09)
    ToolCall {
        /// The tool's name.
        tool: String,
        /// What it is called with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Value")]
        input: Option<Value>,
    }

    /// A tool call came back. ("Tool Result")
    ToolResult {
        /// The tool's name.
        tool: String,
        /// What it gave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Value")]
        output: Option<Value>,
        /// Whether it worked.
        #[serde(default, deserialize_with = "maybe", skip_serializing_if = "Option::is_none")]
        success: Option<bool>,
    }

    /// The agent's plan is now this one, in full. ("Plan Update"; ambiguity D-18)
    PlanUpdate {
        /// The plan.
        plan: Plan,
    }

    /// Where the task is. ("Status Update")
    StatusMessage {
        /// Where.
        status: TaskStatus,
        /// A word about it.
        #[serde(default, deserialize_with = "maybe", skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    }

    /// Something went wrong; the task may go on. ("Error"; ambiguity D-07)
    ErrorMessage {
        /// What.
        error: String,
        /// The machine-readable code.
        #[serde(default, deserialize_with = "maybe", skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    }
}

/// A message of the server's: `{"type", …}`. ("Server Messages")
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TaskMessage {
    /// `token`
    Token(Token),
    /// `tool_call`
    ToolCall(ToolCall),
    /// `tool_result`
    ToolResult(ToolResult),
    /// `plan_update`
    PlanUpdate(PlanUpdate),
    /// `status`
    Status(StatusMessage),
    /// `error`
    Error(ErrorMessage),
    /// Anything else, as it came.
    Unknown(UnknownMessage),
}

/// A message that the document does not have, or whose members are not the document's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnknownMessage {
    /// Its type; empty where it names none.
    #[serde(default, deserialize_with = "or_default")]
    pub kind: String,
    /// The whole message: any JSON, or text that is none.
    pub message: Value,
}

/// A message of the client's. ("Client Messages")
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientMessage {
    /// Stops the task, as `POST /api/tasks/{task_id}/stop` does, which also answers. ("Stop Task")
    Stop,
    /// Tells the agent something. ("Provide Input")
    Input {
        /// What.
        content: String,
    },
}

impl TaskMessage {
    /// Reads a message. Nothing is an error: what is not understood is kept.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let message = serde_json::from_str(text);
        Self::of(message.unwrap_or_else(|_| Value::from(text)))
    }

    fn of(message: Value) -> Self {
        let kind = message.get("type").and_then(Value::as_str);
        let kind = kind.unwrap_or_default().to_owned();
        let known = match (&*kind, flat(&message)) {
            ("token", Some(flat)) => members(flat, Self::Token),
            ("tool_call", Some(flat)) => members(flat, Self::ToolCall),
            ("tool_result", Some(flat)) => members(flat, Self::ToolResult),
            ("plan_update", Some(flat)) => members(flat, Self::PlanUpdate),
            ("status", Some(flat)) => members(flat, Self::Status),
            ("error", Some(flat)) => members(flat, Self::Error),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Unknown(UnknownMessage { kind, message }))
    }

    /// The message's type; empty where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Token(_) => "token",
            Self::ToolCall(_) => "tool_call",
            Self::ToolResult(_) => "tool_result",
            Self::PlanUpdate(_) => "plan_update",
            Self::Status(_) => "status",
            Self::Error(_) => "error",
            Self::Unknown(unknown) => &unknown.kind,
        }
    }
}

fn members<T: DeserializeOwned>(flat: Value, known: fn(T) -> TaskMessage) -> Option<TaskMessage> {
    serde_json::from_value(flat).ok().map(known)
}

/// The names under which the document's members were seen, by name.
const TWINS: &[(&str, &str)] = &[
    ("text", "content"),
    ("token", "content"),
    ("name", "tool"),
    ("tool_name", "tool"),
    ("arguments", "input"),
    ("args", "input"),
    ("result", "output"),
    ("message", "error"),
];

/// A message's members under the document's names, without its type: servers in the field put them
/// into `data`. (ambiguity D-21)
fn flat(message: &Value) -> Option<Value> {
    let mut flat: Map<String, Value> = message.as_object()?.clone();
    let kind = flat.shift_remove("type");
    if let Some(Value::Object(data)) = flat.get("data") {
        let data = data.clone();
        flat.shift_remove("data");
        for (name, value) in data {
            flat.entry(name).or_insert(value);
        }
    }
    let wanted = wanted(kind.as_ref().and_then(Value::as_str).unwrap_or_default());
    for (twin, member) in TWINS.iter().filter(|(_, member)| wanted.contains(member)) {
        if !flat.contains_key(*member)
            && let Some(value) = flat.shift_remove(*twin)
        {
            flat.insert((*member).to_owned(), value);
        }
    }
    Some(Value::Object(flat))
}

/// The members of a type that have twins.
fn wanted(kind: &str) -> &'static [&'static str] {
    match kind {
        "token" => &["content"],
        "tool_call" => &["tool", "input"],
        "tool_result" => &["tool", "output"],
        "error" => &["error"],
        _ => &[],
    }
}

impl Serialize for TaskMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Typed<'a, T> {
            r#type: &'a str,
            #[serde(flatten)]
            members: &'a T,
        }
        let r#type = self.name();
        match self {
            Self::Token(members) => Typed { r#type, members }.serialize(serializer),
            Self::ToolCall(members) => Typed { r#type, members }.serialize(serializer),
            Self::ToolResult(members) => Typed { r#type, members }.serialize(serializer),
            Self::PlanUpdate(members) => Typed { r#type, members }.serialize(serializer),
            Self::Status(members) => Typed { r#type, members }.serialize(serializer),
            Self::Error(members) => Typed { r#type, members }.serialize(serializer),
            Self::Unknown(unknown) => unknown.message.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for TaskMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::of)
    }
}

impl JsonSchema for TaskMessage {
    fn schema_name() -> Cow<'static, str> {
        "TaskMessage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        fn message<T: JsonSchema>(generator: &mut SchemaGenerator, kind: &str) -> Value {
            let members = generator.subschema_for::<T>();
            let typed = json!({"required": ["type"], "properties": {"type": {"const": kind}}});
            json!({ "allOf": [typed, members] })
        }
        let messages = [
            message::<Token>(generator, "token"),
            message::<ToolCall>(generator, "tool_call"),
            message::<ToolResult>(generator, "tool_result"),
            message::<PlanUpdate>(generator, "plan_update"),
            message::<StatusMessage>(generator, "status"),
            message::<ErrorMessage>(generator, "error"),
        ];
        schemars::json_schema!({ "oneOf": messages })
    }
}

/// A value as it is carried.
fn carried(value: Option<&Value>) -> Option<Json> {
    value.and_then(|value| Json::of(value).ok())
}
