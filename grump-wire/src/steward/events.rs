//! One frame of an event stream to an event of the domain, and back. ("SSE event format")
//!
//! The document names two types of events and elides most members. Every kind of ours travels as
//! its name in snake case, its members in `payload`.

use std::borrow::Cow;

use grump_core::{
    Event, EventKind, Json, Native, Payload, Phase, RunId, RunKind, RunRef, Timestamp,
    payload::{FileChanged, RunStatusChanged, SnapshotCreated, Unknown},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};

use super::{map, types::AgentEvent};
use crate::contract;

/// The channel that [`Native::channel`] names for frames of this dialect.
pub const CHANNEL: &str = "steward.sse";

/// The name of the document's one sort of frame: what it tells is its `eventType`.
pub const AGENT_EVENT: &str = "agent_event";

/// The comment that says that the stream is alive.
pub const PING: &str = "ping";

/// What the document names of events: the sort of frame, two types, and the heartbeat.
pub const NAMED: &[&str] = &[
    "agent_event",
    "agent_event/file_updated",
    "agent_event/snapshot_created",
    ":ping",
];

const _: () = contract::compare_events(contract::STEWARD_EVENTS, NAMED);

const FILE_UPDATED: &str = "file_updated";
const SNAPSHOT_CREATED: &str = "snapshot_created";

/// The kinds of events that can be told: all but the heartbeat, which is a comment.
pub const KINDS: &[EventKind] = &{
    let mut kinds = [EventKind::RunCreated; EventKind::ALL.len() - 1];
    let (mut from, mut to) = (0, 0);
    while from < EventKind::ALL.len() {
        if !matches!(EventKind::ALL[from], EventKind::Heartbeat) {
            kinds[to] = EventKind::ALL[from];
            to += 1;
        }
        from += 1;
    }
    kinds
};

/// A frame, as it was received.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received<'a> {
    /// Its `event:` line; empty where there was none.
    pub name: &'a str,
    /// Its `id:` line.
    pub id: Option<&'a str>,
    /// Its data.
    pub data: &'a str,
}

/// What a frame tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The event. Its `seq` is the position behind it; the data's id wins over the frame's.
    /// (ambiguity C-11)
    pub event: Event,
    /// Whether the run's work may be over with it: only reading the run says so.
    pub look: bool,
}

/// Reads a frame of a run's stream.
///
/// Nothing is an error: what is no event of the document or of ours becomes one of kind
/// [`Unknown`](EventKind::Unknown).
#[must_use]
pub fn decode(received: Received<'_>, stream: &RunId) -> Decoded {
    let is_agent_event = ["", "message", AGENT_EVENT].contains(&received.name);
    let frame: Option<Frame<'_>> = serde_json::from_str(received.data).ok();
    let frame = frame.unwrap_or_default();
    let name = match &frame.event_type {
        Some(name) if is_agent_event => &**name,
        _ => received.name,
    };
    let payload = match &frame.event_type {
        Some(_) if is_agent_event => payload(name, &frame, received.data),
        _ => unknown(name, received.data),
    };
    let run = frame.run_id.clone().unwrap_or_else(|| stream.clone());
    let mut event = Event::new(RunRef::new(RunKind::Task, run), payload);
    let id = frame.id.as_ref().map(RunId::as_str).or(received.id);
    event.seq = id.filter(|id| !id.is_empty()).map(Into::into);
    event.iteration = frame.iteration;
    event.phase.clone_from(&frame.phase);
    event.severity = frame.severity.as_deref().map(str::to_owned);
    event.at.clone_from(&frame.created_at);
    event.native = Some(Box::new(Native {
        channel: CHANNEL,
        name: name.to_owned(),
        raw: Some(received.data.into()),
    }));
    let look = event.kind() == EventKind::Unknown && name.starts_with("run");
    Decoded { event, look }
}

/// An event that was read from a list, as [`decode`] reads it from a stream.
#[must_use]
pub fn of_list(event: &AgentEvent, run: &RunId) -> Decoded {
    let data = serde_json::to_string(event).expect("an event has text for keys");
    let received = Received {
        name: AGENT_EVENT,
        id: None,
        data: &data,
    };
    decode(received, run)
}

/// Writes the data of an event's frame, whose `id:` is [`position`].
///
/// A frame that was read from this dialect is passed on as it came.
#[must_use]
pub fn encode(event: &Event) -> Option<Cow<'_, str>> {
    if let Some(native) = &event.native
        && native.channel == CHANNEL
        && let Some(raw) = &native.raw
    {
        return Some(Cow::Borrowed(raw));
    }
    if event.kind() == EventKind::Heartbeat {
        return None;
    }
    serde_json::to_string(&Written::of(event))
        .ok()
        .map(Cow::Owned)
}

/// The position behind an event, as it stands in `id:`: the number that the plane's own ends in.
#[must_use]
pub fn position(event: &Event) -> Option<u64> {
    let seq = event.seq.as_deref()?;
    let words = seq
        .trim_end_matches(|mark: char| mark.is_ascii_digit())
        .len();
    seq[words..].parse().ok()
}

/// The members that are looked at, borrowed where that is possible.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Frame<'a> {
    #[serde(deserialize_with = "lenient")]
    id: Option<RunId>,
    #[serde(deserialize_with = "lenient")]
    run_id: Option<RunId>,
    #[serde(borrow, deserialize_with = "text")]
    event_type: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    severity: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    title: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    path: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "text")]
    description: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient")]
    iteration: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    phase: Option<Phase>,
    #[serde(deserialize_with = "lenient")]
    created_at: Option<Timestamp>,
}

/// A member that counts as not said where it is of another type than it should be.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

fn text<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'de, str>>, D::Error> {
    let json = <&'de RawValue>::deserialize(deserializer)?.get();
    let plain = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    Ok(match plain {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str(json).ok().map(Cow::Owned),
    })
}

fn unknown(name: &str, data: &str) -> Payload {
    let body = serde_json::from_str(data).unwrap_or_else(|_| Json::string(data));
    Payload::Unknown(Unknown {
        name: name.to_owned(),
        body,
    })
}

/// The kind that travels as this type.
fn kind(event_type: &str) -> Option<EventKind> {
    match event_type {
        FILE_UPDATED => Some(EventKind::FileChanged),
        other => {
            let mut kinds = KINDS.iter().copied();
            kinds.find(|kind| is_snake_case_of(other, kind.as_str()))
        }
    }
}

fn is_snake_case_of(event_type: &str, kind: &str) -> bool {
    let same = |(one, other): (u8, u8)| one == other || (one == b'_' && other == b'.');
    event_type.len() == kind.len() && event_type.bytes().zip(kind.bytes()).all(same)
}

/// What travels as the type of an event of this kind.
fn event_type(payload: &Payload) -> Cow<'_, str> {
    match payload {
        Payload::FileChanged(_) => Cow::Borrowed(FILE_UPDATED),
        Payload::SnapshotCreated(_) => Cow::Borrowed(SNAPSHOT_CREATED),
        Payload::Unknown(unknown) => Cow::Borrowed(&unknown.name),
        known => Cow::Owned(known.kind().as_str().replace('.', "_")),
    }
}

/// What a frame of this type tells.
fn payload(event_type: &str, frame: &Frame<'_>, data: &str) -> Payload {
    let Some(kind) = kind(event_type) else {
        return unknown(event_type, data);
    };
    let payload = frame.payload.and_then(|raw| Json::of(&raw).ok());
    let owned = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
    match kind {
        EventKind::FileChanged => FileChanged {
            path: owned(&frame.path).or_else(|| inside(payload.as_ref(), "path")),
            change: inside(payload.as_ref(), "change"),
            description: owned(&frame.description),
        }
        .into(),
        EventKind::SnapshotCreated => SnapshotCreated {
            description: owned(&frame.description)
                .or_else(|| inside(payload.as_ref(), "description")),
            path: owned(&frame.path),
        }
        .into(),
        EventKind::RunStatusChanged => status_changed(frame, payload.as_ref()),
        _ => match payload.map(|body| Payload::decode(kind.as_str(), body)) {
            Some(told) if told.kind() == kind => told,
            _ => around(kind, frame, data),
        },
    }
}

/// A text inside a payload.
fn inside(payload: Option<&Json>, name: &str) -> Option<String> {
    let payload: Map<String, Value> = payload?.parse().ok()?;
    payload.get(name)?.as_str().map(str::to_owned)
}

fn status_changed(frame: &Frame<'_>, payload: Option<&Json>) -> Payload {
    let members: Map<String, Value> = payload
        .and_then(|told| told.parse().ok())
        .unwrap_or_default();
    let word = members.get("status").and_then(Value::as_str);
    let message = members.get("message").and_then(Value::as_str);
    RunStatusChanged {
        status: word.map(|word| map::status(word.to_owned())),
        message: message.or(frame.message.as_deref()).map(str::to_owned),
        artifacts: members.get("artifacts").cloned().map(Json::from),
    }
    .into()
}

/// What a frame tells whose payload does not say all of it: servers put a message beside it.
fn around(kind: EventKind, frame: &Frame<'_>, data: &str) -> Payload {
    let told = frame
        .payload
        .and_then(|raw| serde_json::from_str::<Map<String, Value>>(raw.get()).ok());
    let mut members = told.unwrap_or_default();
    let said = frame.message.as_deref().or(frame.title.as_deref());
    let level = frame.severity.as_deref().unwrap_or("info");
    let beside = [("message", said), ("text", said), ("level", Some(level))];
    for (name, value) in beside {
        if let Some(value) = value.filter(|_| !members.contains_key(name)) {
            members.insert(name.to_owned(), value.into());
        }
    }
    match Payload::decode(kind.as_str(), Value::Object(members).into()) {
        told if told.kind() == kind => told,
        _ => unknown(&kind.as_str().replace('.', "_"), data),
    }
}

/// A frame to be written: the members that the document shows, then those of the field.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    run_id: super::RunId,
    event_type: Cow<'a, str>,
    severity: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iteration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'a Phase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
    created_at: &'a Timestamp,
}

impl<'a> Written<'a> {
    fn of(event: &'a Event) -> Self {
        let (path, description) = beside(&event.payload);
        Self {
            id: position(event),
            run_id: super::RunId::new(event.run.id.as_str()),
            event_type: event_type(&event.payload),
            severity: event.severity.as_deref().unwrap_or(severity(event.kind())),
            path,
            description,
            iteration: event.iteration,
            phase: event.phase.as_ref(),
            payload: members(&event.payload),
            created_at: event.at.as_ref().unwrap_or(&event.received_at),
        }
    }
}

/// What stands beside the payload in the document's two types: path and description.
fn beside(payload: &Payload) -> (Option<&str>, Option<&str>) {
    match payload {
        Payload::FileChanged(changed) => (changed.path.as_deref(), changed.description.as_deref()),
        Payload::SnapshotCreated(made) => (made.path.as_deref(), made.description.as_deref()),
        _ => (None, None),
    }
}

/// The members of a payload; `None` where there are none.
fn members(payload: &Payload) -> Option<Value> {
    let members = match payload {
        Payload::FileChanged(changed) => {
            let change = changed.change.as_deref();
            change.map_or(
                Value::Null,
                |change| serde_json::json!({ "change": change }),
            )
        }
        Payload::SnapshotCreated(_) => Value::Null,
        Payload::RunStatusChanged(changed) => {
            let mut members = serde_json::to_value(changed).unwrap_or_default();
            if let Some(status) = &changed.status {
                members["status"] = map::wire_status(status).as_str().into();
            }
            members
        }
        other => serde_json::to_value(other).unwrap_or_default(),
    };
    let is_empty = members.is_null() || members.as_object().is_some_and(Map::is_empty);
    (!is_empty).then_some(members)
}

const fn severity(kind: EventKind) -> &'static str {
    match kind {
        EventKind::RunFailed | EventKind::ErrorReported => "error",
        EventKind::RunCompleted | EventKind::RunMerged => "success",
        EventKind::RunLimitReached | EventKind::RunCancelled | EventKind::Retrying => "warning",
        _ => "info",
    }
}
