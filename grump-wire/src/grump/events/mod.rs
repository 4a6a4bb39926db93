//! One frame of a stream, a socket's message or a delivery to an event of the domain, and back.
//! (G-Rump, "Execute with Streaming", "Streaming Chat", "WebSocket API", "Webhook Endpoints")

mod chat;
mod delivery;

use std::borrow::Cow;

use grump_core::{
    Event, EventKind, Native, Payload, Phase, RunId, RunKind, RunRef,
    payload::{ErrorReported, PhaseCompleted, PhaseStarted, RunCompleted, RunStarted, Unknown},
};

pub(super) use self::delivery::said;
pub use self::{
    chat::ChatReader,
    delivery::{decode_delivery, encode_delivery},
};
use super::types::{
    self as wire, ChatEvent, Complete, ErrorFrame, PhaseComplete, PhaseStart, ServerMessage,
    ShipEvent, Start, TextPiece, ToolCall, UnknownFrame,
};
use crate::contract;

/// The channel that [`Native::channel`] names for frames of a SHIP session's stream.
pub const SHIP: &str = "grump.sse.ship";
/// The same for frames of a chat's stream.
pub const CHAT: &str = "grump.sse.chat";
/// The same for messages of the WebSocket.
pub const SOCKET: &str = "grump.ws";
/// The same for deliveries to a webhook.
pub const WEBHOOK: &str = "grump.webhook";

/// The kinds of events that can be told on the stream of a SHIP session.
pub const SHIP_KINDS: &[EventKind] = &[
    EventKind::RunStarted,
    EventKind::PhaseStarted,
    EventKind::PhaseCompleted,
    EventKind::RunCompleted,
];

/// The kinds of events that can be told on the stream of a chat.
pub const CHAT_KINDS: &[EventKind] = &[
    EventKind::TextDelta,
    EventKind::ToolCalled,
    EventKind::ToolResult,
    EventKind::RunCompleted,
];

/// The document's events: those of a session's stream, of a chat's, what a client says on the
/// WebSocket, and what webhooks are told.
pub const TYPES: &[&str] = &[
    "start",
    "phase_start",
    "phase_complete",
    "complete",
    "text",
    "tool_call",
    "tool_result",
    "complete",
    "authenticate",
    "job.completed",
    "job.failed",
    "ship.phase_complete",
];

const _: () = contract::compare_events(contract::GRUMP_EVENTS, TYPES);

/// Reads a frame's data of this session's stream. Nothing is an error: what is no event of the
/// document becomes one of kind [`Unknown`](EventKind::Unknown).
///
/// `complete` is told as [`RunCompleted`], though it ends only the call: servers in the field do one
/// phase a call. Only the session says whether it is done.
#[must_use]
pub fn decode_ship(data: &str, session: &RunId) -> Event {
    let frame = ShipEvent::read(data);
    let run = RunRef::new(RunKind::Ship, session);
    with_native(ship_event(&frame, run), SHIP, frame.kind(), data)
}

fn ship_event(frame: &ShipEvent, run: RunRef) -> Event {
    let (payload, phase): (Payload, _) = match frame {
        ShipEvent::Start(start) => (RunStarted { skill: None }.into(), start.phase.clone()),
        ShipEvent::PhaseStart(start) => (PhaseStarted {}.into(), start.phase.clone()),
        ShipEvent::PhaseComplete(end) => (phase_completed(end), end.phase.clone()),
        ShipEvent::Complete(_) => (completed(), None),
        ShipEvent::Error(error) => (reported(error), error.phase.clone()),
        ShipEvent::Unknown(unknown) => (unknown_payload(unknown), None),
    };
    let mut event = Event::new(run, payload);
    event.phase = phase;
    event
}

fn phase_completed(end: &PhaseComplete) -> Payload {
    PhaseCompleted {
        result: end.result.clone(),
        next_phase: end.next_phase.as_ref().map(ToString::to_string),
    }
    .into()
}

fn completed() -> Payload {
    RunCompleted {
        status: None,
        message: None,
        artifacts: None,
    }
    .into()
}

fn reported(error: &ErrorFrame) -> Payload {
    ErrorReported {
        message: error.message.clone(),
        code: error.error_type.clone(),
    }
    .into()
}

fn unknown_payload(unknown: &UnknownFrame) -> Payload {
    let name = match &*unknown.kind {
        "" => "unknown",
        kind => kind,
    };
    Payload::Unknown(Unknown {
        name: name.to_owned(),
        body: unknown.body.clone(),
    })
}

fn with_native(mut event: Event, channel: &'static str, name: &str, raw: &str) -> Event {
    event.native = Some(Box::new(Native {
        channel,
        name: name.to_owned(),
        raw: Some(raw.into()),
    }));
    event
}

/// Reads the messages of the WebSocket. What looks like an event of a stream is taken as one, of the
/// session that it names or that was named last. A run that nothing names has an empty id.
#[derive(Clone, Debug)]
pub struct SocketReader {
    session: RunId,
    chat: ChatReader,
}

impl Default for SocketReader {
    fn default() -> Self {
        Self {
            session: RunId::new(""),
            chat: ChatReader::new(""),
        }
    }
}

impl SocketReader {
    /// Reads a message.
    pub fn decode(&mut self, text: &str) -> Event {
        let message = ServerMessage::read(text);
        let event = match &message {
            ServerMessage::Ship(frame) => {
                if let Some(id) = frame.session_id() {
                    self.session = id.into();
                }
                ship_event(frame, RunRef::new(RunKind::Ship, &self.session))
            }
            ServerMessage::Chat(frame) => self.of_chat(frame),
            ServerMessage::Unknown(unknown) => {
                let run = RunRef::new(RunKind::Ship, &self.session);
                Event::new(run, unknown_payload(unknown))
            }
        };
        with_native(event, SOCKET, message.kind(), text)
    }

    /// Turns follow each other on one socket: the end of one is the beginning of the next.
    fn of_chat(&mut self, frame: &ChatEvent) -> Event {
        if self.chat.is_over() && !matches!(frame, ChatEvent::Complete(_)) {
            self.chat = ChatReader::new("");
        }
        let payload = self.chat.payload(frame).unwrap_or_else(completed);
        Event::new(self.chat.run.clone(), payload)
    }
}

/// Writes an event's frame for the stream of its SHIP session; `None` where the dialect has no word
/// for it. The stream of a session that fails has no last event: it ends.
///
/// A frame that was read from such a stream is passed on as it came.
#[must_use]
pub fn encode_ship(event: &Event) -> Option<Cow<'_, str>> {
    if let Some(raw) = native(event, SHIP) {
        return Some(Cow::Borrowed(raw));
    }
    let session_id = Some(event.run.id.clone().into());
    let phase = event.phase.clone();
    let frame = match &event.payload {
        Payload::RunStarted(_) => ShipEvent::Start(Start {
            session_id,
            phase,
            ..Start::default()
        }),
        Payload::PhaseStarted(_) => ShipEvent::PhaseStart(PhaseStart {
            phase,
            ..PhaseStart::default()
        }),
        Payload::PhaseCompleted(end) => ShipEvent::PhaseComplete(PhaseComplete {
            phase,
            result: end.result.clone(),
            next_phase: end.next_phase.clone().map(Phase::from),
            ..PhaseComplete::default()
        }),
        Payload::RunCompleted(_) => ShipEvent::Complete(Complete {
            session_id,
            ..Complete::default()
        }),
        _ => return None,
    };
    serde_json::to_string(&frame).ok().map(Cow::Owned)
}

/// Writes an event's frame for the stream of its chat; `None` where the dialect has no word for it.
///
/// A frame that was read from such a stream is passed on as it came.
#[must_use]
pub fn encode_chat(event: &Event) -> Option<Cow<'_, str>> {
    if let Some(raw) = native(event, CHAT) {
        return Some(Cow::Borrowed(raw));
    }
    let frame = match &event.payload {
        Payload::TextDelta(delta) => ChatEvent::Text(TextPiece {
            content: delta.text.clone(),
            ..TextPiece::default()
        }),
        Payload::ToolCalled(called) => ChatEvent::ToolCall(ToolCall {
            tool: called.tool.clone(),
            args: called.input.clone(),
            ..ToolCall::default()
        }),
        Payload::ToolResult(result) => ChatEvent::ToolResult(wire::ToolResult {
            tool: result.tool.clone(),
            result: result.output.clone(),
            ..wire::ToolResult::default()
        }),
        Payload::RunCompleted(_) => ChatEvent::Complete(Complete::default()),
        _ => return None,
    };
    serde_json::to_string(&frame).ok().map(Cow::Owned)
}

fn native<'e>(event: &'e Event, channel: &str) -> Option<&'e str> {
    let native = event
        .native
        .as_ref()
        .filter(|native| native.channel == channel);
    native?.raw.as_deref()
}
