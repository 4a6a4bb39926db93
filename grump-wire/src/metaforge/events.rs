//! One message of the socket to an event of the domain, and back. (MetaForge, "Events")

use std::borrow::Cow;

use grump_core::{
    Event, EventKind, Json, Native, Payload, RunKind, RunRef,
    payload::{
        ApprovalRequested, Progress, RunCompleted, RunFailed, RunStarted, RunStatusChanged, Unknown,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    map,
    types::{Artifact, SessionId, SessionStatus, as_paths},
};
use crate::{
    contract,
    lenient::or_default,
    shapes::{Extra, maybe, maybe_default, twins},
};

/// The channel that [`Native::channel`] names for messages of this dialect.
pub const CHANNEL: &str = "metaforge.ws";

/// The kinds of events that can be told.
pub const KINDS: &[EventKind] = &[
    EventKind::RunStarted,
    EventKind::Progress,
    EventKind::ApprovalRequested,
    EventKind::RunCompleted,
    EventKind::RunStatusChanged,
];

/// The document's events. ("Events")
pub const TYPES: &[&str] = &["session.started", "agent.progress", "session.complete"];

const _: () = contract::compare_events(contract::METAFORGE_EVENTS, TYPES);

/// The scale of this dialect's progress: 0 to 1. (ambiguity X-11)
const SCALE: &str = "fraction";

/// A message of the socket: `{"event", "data"}`. ("WebSocket API")
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GatewayEvent {
    /// `session.started`
    SessionStarted(SessionStarted),
    /// `agent.progress`
    AgentProgress(AgentProgress),
    /// `session.complete`
    SessionComplete(SessionComplete),
    /// Anything else, as it came.
    Unknown(UnknownEvent),
}

/// A message of the client's: there is none. ("WebSocket API")
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoMessage {}

/// A session's agent begins. ("Events", "Session Started")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "SessionStarted")]
pub struct SessionStarted {
    /// The session.
    pub session_id: SessionId,
    /// The skill that it is for.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub skill: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// How far an agent is. ("Events", "Agent Progress")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "AgentProgress")]
pub struct AgentProgress {
    /// The session.
    pub session_id: SessionId,
    /// The agent's name.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub agent: Option<String>,
    /// From 0 to 1.
    pub progress: f64,
    /// What it does, for people.
    #[serde(
        default,
        deserialize_with = "maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub message: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A session's agent is done; what it made may wait for a decision. ("Events", "Session Complete")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "SessionComplete")]
pub struct SessionComplete {
    /// The session.
    pub session_id: SessionId,
    /// Where it is: `pending_approval` is not the end. (ambiguity M-11)
    #[serde(default)]
    pub status: SessionStatus,
    /// What it made. Written as paths.
    #[serde(
        default,
        deserialize_with = "maybe_default",
        serialize_with = "as_paths"
    )]
    #[schemars(with = "Vec<String>")]
    pub artifacts: Vec<Artifact>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A message that the document does not have, or whose members are not the document's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnknownEvent {
    /// Its event; empty where it names none.
    #[serde(default, deserialize_with = "or_default")]
    pub event: String,
    /// The whole message: any JSON, or text that is none.
    pub message: Value,
}

twins! {
    SessionStarted { "id" => "session_id" }
    AgentProgress { "id" => "session_id" }
    SessionComplete { "id" => "session_id" }
}

impl GatewayEvent {
    /// Reads a message. Nothing is an error: what is not understood is kept.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let message = serde_json::from_str(text);
        Self::of(message.unwrap_or_else(|_| Value::from(text)))
    }

    fn of(message: Value) -> Self {
        fn data<T: DeserializeOwned>(
            message: &Value,
            known: fn(T) -> GatewayEvent,
        ) -> Option<GatewayEvent> {
            T::deserialize(message.get("data")?).ok().map(known)
        }
        let event = message.get("event").and_then(Value::as_str);
        let event = event.unwrap_or_default().to_owned();
        let known = match &*event {
            "session.started" => data(&message, Self::SessionStarted),
            "agent.progress" => data(&message, Self::AgentProgress),
            "session.complete" => data(&message, Self::SessionComplete),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Unknown(UnknownEvent { event, message }))
    }

    /// The event's name; empty where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::SessionStarted(_) => "session.started",
            Self::AgentProgress(_) => "agent.progress",
            Self::SessionComplete(_) => "session.complete",
            Self::Unknown(unknown) => &unknown.event,
        }
    }

    /// The session that it happened to, where it says.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        match self {
            Self::SessionStarted(told) => Some(told.session_id.clone()),
            Self::AgentProgress(told) => Some(told.session_id.clone()),
            Self::SessionComplete(told) => Some(told.session_id.clone()),
            Self::Unknown(unknown) => named(&unknown.message),
        }
    }
}

/// The session that a message names, in its data or beside it.
fn named(message: &Value) -> Option<SessionId> {
    let places = [message.get("data"), Some(message)];
    let named = places
        .into_iter()
        .flatten()
        .find_map(|place| place.get("session_id"));
    SessionId::deserialize(named?).ok()
}

impl Serialize for GatewayEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Message<'a, T> {
            event: &'a str,
            data: &'a T,
        }
        let event = self.name();
        match self {
            Self::SessionStarted(data) => Message { event, data }.serialize(serializer),
            Self::AgentProgress(data) => Message { event, data }.serialize(serializer),
            Self::SessionComplete(data) => Message { event, data }.serialize(serializer),
            Self::Unknown(unknown) => unknown.message.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for GatewayEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::of)
    }
}

impl JsonSchema for GatewayEvent {
    fn schema_name() -> Cow<'static, str> {
        "GatewayEvent".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let message = |event: &str, data: schemars::Schema| {
            json!({
                "type": "object",
                "required": ["event", "data"],
                "properties": {"event": {"const": event}, "data": data},
            })
        };
        let started = message(
            "session.started",
            generator.subschema_for::<SessionStarted>(),
        );
        let progress = message("agent.progress", generator.subschema_for::<AgentProgress>());
        let complete = message(
            "session.complete",
            generator.subschema_for::<SessionComplete>(),
        );
        schemars::json_schema!({ "oneOf": [started, progress, complete] })
    }
}

/// Reads a message of the socket.
///
/// Nothing is an error: what is no event of the document becomes one of kind
/// [`Unknown`](EventKind::Unknown). `None` is a message that names no session, such as a greeting.
#[must_use]
pub fn decode(text: &str) -> Option<Event> {
    let told = GatewayEvent::read(text);
    let run = RunRef::new(RunKind::Task, told.session_id()?);
    let name = told.name().to_owned();
    let mut event = Event::new(run, payload(told, text));
    event.native = Some(Box::new(Native {
        channel: CHANNEL,
        name,
        raw: Some(text.into()),
    }));
    Some(event)
}

fn payload(told: GatewayEvent, text: &str) -> Payload {
    match told {
        GatewayEvent::SessionStarted(started) => RunStarted {
            skill: started.skill,
        }
        .into(),
        GatewayEvent::AgentProgress(told) => Progress {
            value: told.progress,
            scale: SCALE.to_owned(),
            agent: told.agent,
            message: told.message,
        }
        .into(),
        GatewayEvent::SessionComplete(complete) => completion(&complete),
        GatewayEvent::Unknown(unknown) => {
            let name = match unknown.event {
                name if name.is_empty() => "unknown".to_owned(),
                name => name,
            };
            let body = serde_json::from_str(text).unwrap_or_else(|_| Json::string(text));
            Payload::Unknown(Unknown { name, body })
        }
    }
}

/// What the end of an agent's work means is in the status.
fn completion(complete: &SessionComplete) -> Payload {
    let artifacts = artifacts(&complete.artifacts);
    let word = || Some(complete.status.as_str().to_owned());
    match complete.status {
        SessionStatus::PendingApproval => ApprovalRequested {
            status: word(),
            artifacts,
        }
        .into(),
        SessionStatus::Completed => RunCompleted {
            status: word(),
            message: None,
            artifacts,
        }
        .into(),
        _ => RunStatusChanged {
            status: Some(map::status(&complete.status)),
            message: None,
            artifacts,
        }
        .into(),
    }
}

/// Artifacts in the domain's terms: the paths where that is all there is.
fn artifacts(told: &[Artifact]) -> Option<Json> {
    let is_bare = |artifact: &Artifact| *artifact == Artifact::at(artifact.path.clone());
    if told.iter().all(is_bare) {
        let paths: Vec<_> = told.iter().map(|artifact| &artifact.path).collect();
        return Json::of(&paths).ok();
    }
    Json::of(&told).ok()
}

/// Writes an event's message; `None` where the dialect has no word for it.
///
/// A message that was read from this dialect is passed on as it came.
#[must_use]
pub fn encode(event: &Event) -> Option<Cow<'_, str>> {
    if let Some(native) = &event.native
        && native.channel == CHANNEL
        && let Some(raw) = &native.raw
    {
        return Some(Cow::Borrowed(raw));
    }
    let message = said(event)?;
    serde_json::to_string(&message).ok().map(Cow::Owned)
}

fn said(event: &Event) -> Option<GatewayEvent> {
    let session_id = SessionId::from(event.run.id.clone());
    Some(match &event.payload {
        Payload::RunStarted(started) => GatewayEvent::SessionStarted(SessionStarted {
            session_id,
            skill: started.skill.clone(),
            extra: Extra::new(),
        }),
        Payload::Progress(progress) => GatewayEvent::AgentProgress(AgentProgress {
            session_id,
            agent: progress.agent.clone(),
            progress: fraction(progress),
            message: progress.message.clone(),
            extra: Extra::new(),
        }),
        other => {
            let (status, artifacts) = ended(other)?;
            GatewayEvent::SessionComplete(SessionComplete {
                session_id,
                status,
                artifacts: artifacts
                    .and_then(|told| told.parse().ok())
                    .unwrap_or_default(),
                extra: Extra::new(),
            })
        }
    })
}

fn fraction(progress: &Progress) -> f64 {
    match &*progress.scale {
        SCALE => progress.value,
        _ => progress.value / 100.0,
    }
}

/// The status, and what was made, of an agent that is done.
fn ended(payload: &Payload) -> Option<(SessionStatus, Option<&Json>)> {
    Some(match payload {
        Payload::ApprovalRequested(asked) => {
            (SessionStatus::PendingApproval, asked.artifacts.as_ref())
        }
        Payload::RunCompleted(completed) => {
            (SessionStatus::Completed, completed.artifacts.as_ref())
        }
        Payload::RunFailed(RunFailed { .. }) => (SessionStatus::Failed, None),
        Payload::RunStatusChanged(changed) => {
            let status = map::wire_status(changed.status.as_ref()?);
            (!status.is_under_way()).then_some((status, changed.artifacts.as_ref()))?
        }
        _ => return None,
    })
}
