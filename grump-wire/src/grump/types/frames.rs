//! What streams and the WebSocket tell, in the dialect's own terms. (G-Rump, "Execute with
//! Streaming", "Streaming Chat", "WebSocket API")

use std::{collections::BTreeMap, fmt};

use grump_core::{Json, Phase};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::{Extra, SessionId};

/// What the stream of a SHIP session tells. ("Execute with Streaming")
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShipEvent {
    /// The work began.
    Start(Start),
    /// A phase began.
    PhaseStart(PhaseStart),
    /// A phase is done.
    PhaseComplete(PhaseComplete),
    /// What the call was to do is done: nothing follows. Whether the session is done, its status
    /// says: servers in the field do one phase a call.
    Complete(Complete),
    /// Something went wrong. The document shows no such event. (ambiguity G-10)
    Error(ErrorFrame),
    /// Anything else, as it came.
    #[serde(untagged)]
    Unknown(UnknownFrame),
}

/// What the stream of a chat tells. ("Streaming Chat")
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatEvent {
    /// A piece of the answer.
    Text(TextPiece),
    /// A tool was called.
    ToolCall(ToolCall),
    /// A tool call came back.
    ToolResult(ToolResult),
    /// The turn is over: nothing follows. Servers in the field say `done`, and say it twice.
    Complete(Complete),
    /// Something went wrong. The document shows no such event.
    Error(ErrorFrame),
    /// Anything else, as it came.
    #[serde(untagged)]
    Unknown(UnknownFrame),
}

/// What the server says on the WebSocket. The document shows nothing of it: what looks like an event
/// of a stream is taken as one. (ambiguity G-25)
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ServerMessage {
    /// As on the stream of a SHIP session.
    Ship(ShipEvent),
    /// As on the stream of a chat.
    Chat(ChatEvent),
    /// Anything else, as it came.
    Unknown(UnknownFrame),
}

/// What a client says on the WebSocket. ("WebSocket API") The key appears in no `Debug` output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum ClientMessage {
    /// Who it is. Sent first, and once.
    Authenticate {
        /// The API key.
        api_key: String,
    },
}

impl fmt::Debug for ClientMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticate(…)")
    }
}

/// `start`: the work began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The phase it begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub phase: Option<Phase>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `phase_start`: a phase began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct PhaseStart {
    /// Which.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub phase: Option<Phase>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `phase_complete`: a phase is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseComplete {
    /// Which.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub phase: Option<Phase>,
    /// What it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub result: Option<Json>,
    /// The phase that follows; none after the last. (ambiguity G-10)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub next_phase: Option<Phase>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `complete`: nothing follows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Complete {
    /// The session, where it is the stream of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `error`: something went wrong, as servers in the field say it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorFrame {
    /// What.
    pub message: String,
    /// The server's word for what sort of error it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// Whether trying again may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// In which phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub phase: Option<Phase>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `text`: a piece of the answer. Pieces are joined without anything between them. (ambiguity G-18)
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct TextPiece {
    /// The piece.
    pub content: String,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `tool_call`: a tool was called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct ToolCall {
    /// Pairs the call with its result; the document has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool's name.
    pub tool: String,
    /// What it was called with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub args: Option<Json>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `tool_result`: a tool call came back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct ToolResult {
    /// Pairs the result with its call; the document has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool's name.
    pub tool: String,
    /// What it gave: text in the document, any JSON elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub result: Option<Json>,
    /// Whether it worked; the document does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What is no event of the document.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct UnknownFrame {
    /// Its `type`; empty where it has none.
    #[serde(skip)]
    pub kind: String,
    /// All of it; text that is no JSON is a JSON string.
    #[schemars(with = "Value")]
    pub body: Json,
}

impl UnknownFrame {
    pub(in crate::grump) fn of(kind: &str, data: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            body: serde_json::from_str(data).unwrap_or_else(|_| Json::string(data)),
        }
    }
}

impl ShipEvent {
    /// Reads a frame's data. Nothing is an error: what is no event is
    /// [`Unknown`](Self::Unknown).
    #[must_use]
    pub fn read(data: &str) -> Self {
        let (kind, mut frame) = Frame::of(data);
        match &*kind {
            "start" => Self::Start(Start {
                session_id: frame.take(&["sessionId"]),
                phase: frame.take(&["phase"]),
                extra: frame.rest(),
            }),
            "phase_start" => Self::PhaseStart(PhaseStart {
                phase: frame.take(&["phase"]),
                extra: frame.rest(),
            }),
            "phase_complete" => Self::PhaseComplete(PhaseComplete {
                phase: frame.take(&["phase"]),
                result: frame.take(&["result"]),
                next_phase: frame.take(&["nextPhase"]),
                extra: frame.rest(),
            }),
            "complete" | "done" => Self::Complete(frame.complete()),
            "error" => Self::Error(frame.error()),
            _ => Self::Unknown(UnknownFrame::of(&kind, data)),
        }
    }

    /// The document's word for it; an unknown one's own.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Start(_) => "start",
            Self::PhaseStart(_) => "phase_start",
            Self::PhaseComplete(_) => "phase_complete",
            Self::Complete(_) => "complete",
            Self::Error(_) => "error",
            Self::Unknown(unknown) => &unknown.kind,
        }
    }

    /// The session that it names, if it does.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        let extra = match self {
            Self::Start(Start {
                session_id, extra, ..
            })
            | Self::Complete(Complete { session_id, extra }) => {
                return session_id.clone().or_else(|| named(extra));
            }
            Self::PhaseStart(PhaseStart { extra, .. })
            | Self::PhaseComplete(PhaseComplete { extra, .. })
            | Self::Error(ErrorFrame { extra, .. }) => extra,
            Self::Unknown(unknown) => return named(&unknown.body.parse().ok()?),
        };
        named(extra)
    }
}

fn named(extra: &Extra) -> Option<SessionId> {
    SessionId::deserialize(extra.get("sessionId")?).ok()
}

impl ChatEvent {
    /// Reads a frame's data. Nothing is an error: what is no event is
    /// [`Unknown`](Self::Unknown).
    #[must_use]
    pub fn read(data: &str) -> Self {
        let (kind, mut frame) = Frame::of(data);
        match &*kind {
            "text" => match frame.take(&["content", "text"]) {
                Some(content) => Self::Text(TextPiece {
                    content,
                    extra: frame.rest(),
                }),
                None => Self::Unknown(UnknownFrame::of("text", data)),
            },
            "tool_call" => Self::ToolCall(ToolCall {
                id: frame.take(&["id"]),
                tool: frame
                    .take(&["tool", "name", "toolName"])
                    .unwrap_or_default(),
                args: frame.take(&["args", "input"]),
                extra: frame.rest(),
            }),
            "tool_result" => Self::ToolResult(ToolResult {
                id: frame.take(&["id"]),
                tool: frame
                    .take(&["tool", "toolName", "name"])
                    .unwrap_or_default(),
                result: frame.take(&["result", "output"]),
                success: frame.take(&["success"]),
                extra: frame.rest(),
            }),
            "complete" | "done" => Self::Complete(frame.complete()),
            "error" => Self::Error(frame.error()),
            _ => Self::Unknown(UnknownFrame::of(&kind, data)),
        }
    }

    /// The document's word for it; an unknown one's own.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Text(_) => "text",
            Self::ToolCall(_) => "tool_call",
            Self::ToolResult(_) => "tool_result",
            Self::Complete(_) => "complete",
            Self::Error(_) => "error",
            Self::Unknown(unknown) => &unknown.kind,
        }
    }
}

impl ServerMessage {
    /// Reads a message. Nothing is an error.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let (kind, frame) = Frame::of(text);
        let is_of_session = ["sessionId", "phase"]
            .iter()
            .any(|name| frame.0.contains_key(*name));
        match &*kind {
            "start" | "phase_start" | "phase_complete" => Self::Ship(ShipEvent::read(text)),
            "complete" | "error" if is_of_session => Self::Ship(ShipEvent::read(text)),
            "text" | "tool_call" | "tool_result" | "complete" | "done" | "error" => {
                Self::Chat(ChatEvent::read(text))
            }
            _ => Self::Unknown(UnknownFrame::of(&kind, text)),
        }
    }

    /// The document's word for it; an unknown one's own.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Ship(event) => event.kind(),
            Self::Chat(event) => event.kind(),
            Self::Unknown(unknown) => &unknown.kind,
        }
    }
}

/// The members of a frame, each looked into when it is asked for.
struct Frame<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Frame<'a> {
    /// The frame's `type`, and its other members.
    fn of(data: &'a str) -> (String, Self) {
        let mut frame = Self(serde_json::from_str(data).unwrap_or_default());
        (frame.take(&["type"]).unwrap_or_default(), frame)
    }

    /// Takes the first of these members that is a `T`. One that is none stays with the rest.
    fn take<T: DeserializeOwned>(&mut self, names: &[&str]) -> Option<T> {
        names.iter().find_map(|name| {
            let raw = self.0.get(*name)?.get();
            let read = serde_json::from_str(raw).ok().filter(|_| raw != "null")?;
            self.0.remove(*name);
            Some(read)
        })
    }

    fn complete(&mut self) -> Complete {
        Complete {
            session_id: self.take(&["sessionId"]),
            extra: self.rest(),
        }
    }

    /// The message stands in `message`, in `error`, or in either's own `message`.
    fn error(&mut self) -> ErrorFrame {
        let message = self.take(&["message", "error"]).or_else(|| {
            let detail = self.0.get("error")?.get();
            let detail: Extra = serde_json::from_str(detail).ok()?;
            Some(detail.get("message")?.as_str()?.to_owned())
        });
        ErrorFrame {
            message: message.unwrap_or_else(|| "the server reported an error".to_owned()),
            error_type: self.take(&["errorType", "code"]),
            retryable: self.take(&["retryable"]),
            phase: self.take(&["phase"]),
            extra: self.rest(),
        }
    }

    /// What was not taken.
    fn rest(&mut self) -> Extra {
        let rest = std::mem::take(&mut self.0).into_iter();
        let value = |raw: &RawValue| {
            serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::from(raw.get()))
        };
        rest.map(|(name, raw)| (name, value(raw))).collect()
    }
}
