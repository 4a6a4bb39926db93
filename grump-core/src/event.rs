//! [`Event`]: something happened to a run; [`Events`]: the trait that tells of it.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

use crate::{
    error::Result,
    json::Json,
    payload::{EventKind, Payload},
    plane::{Member, Operation, unsupported},
    run::{Run, RunRef},
    ship::Phase,
    stored::StoredPage,
    stream::EventStream,
    time::Timestamp,
};

/// Something happened to a run.
///
/// As JSON: `{"seq", "kind", "run", "at", "received_at", "iteration", "phase", "severity",
/// "origin", "payload"}`, absent members left out. Two events are equal if they tell the same,
/// whenever each was received and in whatever frame.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The plane's number of the event, where it has one. Compared as text, never parsed.
    pub seq: Option<Arc<str>>,
    /// The run it happened to.
    pub run: RunRef,
    /// When it happened, by the plane's clock.
    pub at: Option<Timestamp>,
    /// When it was received, by this machine's clock.
    pub received_at: Timestamp,
    /// The iteration it happened in, from 1.
    pub iteration: Option<u64>,
    /// The phase it happened in.
    pub phase: Option<Phase>,
    /// How grave it is, in the plane's words.
    pub severity: Option<String>,
    /// Whether the plane told it, or it was found by comparing two reads.
    pub origin: Origin,
    /// What happened.
    pub payload: Payload,
    /// The frame it was read from.
    pub native: Option<Box<Native>>,
}

impl Event {
    /// An event of this run, received now, with nothing else known of it.
    #[must_use]
    pub fn new(run: RunRef, payload: impl Into<Payload>) -> Self {
        Self {
            seq: None,
            run,
            at: None,
            received_at: Timestamp::now(),
            iteration: None,
            phase: None,
            severity: None,
            origin: Origin::Wire,
            payload: payload.into(),
            native: None,
        }
    }

    /// What kind of event it is.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        self.payload.kind()
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq
            && self.run == other.run
            && self.at == other.at
            && self.iteration == other.iteration
            && self.phase == other.phase
            && self.severity == other.severity
            && self.origin == other.origin
            && self.payload == other.payload
    }
}

/// Where an event comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// The plane told it.
    #[default]
    Wire,
    /// It was found by comparing two reads, or follows from a command's own answer.
    Synthesised,
}

/// The frame that an event was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    /// The channel it came on, such as `sse`.
    pub channel: &'static str,
    /// The dialect's own name of the event.
    pub name: String,
    /// The frame, as it was received.
    pub raw: Option<Arc<str>>,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 10)?;
        optional(&mut event, "seq", self.seq.as_ref())?;
        event.serialize_field("kind", self.payload.name())?;
        event.serialize_field("run", &self.run)?;
        optional(&mut event, "at", self.at.as_ref())?;
        event.serialize_field("received_at", &self.received_at)?;
        optional(&mut event, "iteration", self.iteration.as_ref())?;
        optional(&mut event, "phase", self.phase.as_ref())?;
        optional(&mut event, "severity", self.severity.as_ref())?;
        if self.origin != Origin::Wire {
            event.serialize_field("origin", &self.origin)?;
        }
        event.serialize_field("payload", &self.payload)?;
        event.end()
    }
}

fn optional<S: SerializeStruct, T: Serialize>(
    event: &mut S,
    name: &'static str,
    value: Option<&T>,
) -> Result<(), S::Error> {
    value.map_or(Ok(()), |value| event.serialize_field(name, value))
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = EventWire::deserialize(deserializer)?;
        Ok(Self {
            seq: wire.seq,
            run: wire.run,
            at: wire.at,
            received_at: wire.received_at,
            iteration: wire.iteration,
            phase: wire.phase,
            severity: wire.severity,
            origin: wire.origin,
            payload: Payload::decode(&wire.kind, wire.payload),
            native: None,
        })
    }
}

#[derive(Deserialize)]
struct EventWire<'a> {
    seq: Option<Arc<str>>,
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
    run: RunRef,
    at: Option<Timestamp>,
    received_at: Timestamp,
    iteration: Option<u64>,
    phase: Option<Phase>,
    severity: Option<String>,
    #[serde(default)]
    origin: Origin,
    payload: Json,
}

/// A position in a plane's events: opaque, good for resuming, not for anything else.
///
/// Access is checked again on every resume. A cursor of another journal, or one whose events were
/// trimmed away, is refused with [`CursorExpired`](crate::ErrorKind::CursorExpired).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Arc<str>);

impl Cursor {
    /// The cursor of this text.
    #[must_use]
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().into())
    }

    /// The cursor as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({})", self.0)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text =
            std::borrow::Cow::<'de, str>::deserialize(deserializer).map_err(de::Error::custom)?;
        Ok(Self::new(text))
    }
}

/// Where watching begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Since {
    /// With the first event there is.
    #[default]
    Beginning,
    /// With what happens from now on.
    Now,
    /// With the event after this position.
    Cursor(Cursor),
}

impl From<Cursor> for Since {
    fn from(cursor: Cursor) -> Self {
        Self::Cursor(cursor)
    }
}

/// What an [`EventStream`] yields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Update {
    /// The next event, shared with whoever else watches.
    Event(Arc<Event>),
    /// Events may be missing here, and the plane has no way to tell which.
    Gap(Gap),
    /// The run as it is now, read anew after a gap.
    Resync(Box<Run>),
}

impl Update {
    /// The event, if that is what it is.
    #[must_use]
    pub fn event(&self) -> Option<&Event> {
        match self {
            Self::Event(event) => Some(event),
            _ => None,
        }
    }
}

/// A place in a stream where events may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The last position before it.
    pub after: Option<Cursor>,
    /// The first position behind it.
    pub before: Option<Cursor>,
    /// How it came about.
    pub reason: String,
}

/// Which stored events to read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventQuery {
    /// Only those of this run.
    pub run: Option<RunRef>,
    /// Only those after this position.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: usize,
    /// Only those of these kinds, in the plane's own words; all where it is empty. (Steward,
    /// `eventTypes`.)
    pub kinds: Vec<String>,
    /// Only those as grave as this, in the plane's own words. (Steward, `severity`.)
    pub severity: Option<String>,
    /// Only those about this file. (Steward, `path`.)
    pub path: Option<String>,
}

impl Default for EventQuery {
    /// All runs, from the beginning, 500 at a time.
    fn default() -> Self {
        Self {
            run: None,
            after: None,
            limit: 500,
            kinds: Vec::new(),
            severity: None,
            path: None,
        }
    }
}

impl EventQuery {
    /// The events of one run.
    #[must_use]
    pub fn of(run: RunRef) -> Self {
        Self {
            run: Some(run),
            ..Self::default()
        }
    }

    /// The members that this query sets and that not every plane takes.
    pub fn members(&self) -> impl Iterator<Item = Member> + use<> {
        let filters = !self.kinds.is_empty() || self.severity.is_some() || self.path.is_some();
        filters.then_some(Member::EventsFilter).into_iter()
    }

    /// Only those after this position.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// At most so many.
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// Some events, and where to go on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EventPage {
    /// The events, in order.
    pub events: Vec<Event>,
    /// The position behind the last of them; `None` where there were none and none was asked for.
    pub cursor: Option<Cursor>,
    /// Whether there were more when the page was read.
    pub has_more: bool,
}

impl EventPage {
    /// A page.
    #[must_use]
    pub const fn new(events: Vec<Event>, cursor: Option<Cursor>, has_more: bool) -> Self {
        Self {
            events,
            cursor,
            has_more,
        }
    }
}

/// The facet that tells what happens.
#[async_trait]
pub trait Events: Send + Sync + fmt::Debug {
    /// Reads stored events in order.
    ///
    /// # Behaviour
    /// - Reading changes nothing; two readers do not disturb each other.
    /// - An empty page with a cursor means that nothing has happened since that cursor.
    ///
    /// # Errors
    /// `CursorExpired` for a cursor of another journal or before what is kept; `NotFound` for a run
    /// that is not there.
    async fn history(&self, query: EventQuery) -> Result<EventPage> {
        unsupported(Operation::EventsHistory, query)
    }

    /// As [`history`](Self::history), as the text that is stored; `None` from a plane that keeps
    /// none. That is no refusal: the same is read by `history` or `watch`.
    ///
    /// # Behaviour
    /// - A page may end before `limit` where its text gets long: `has_more` says so.
    /// - Only a plane that misses none of its events answers with a page.
    /// - The JSON is that of [`Event`], written by `serde_json`, with the plane's number as `seq`.
    /// - Whoever wraps a plane and leaves something out of `history` leaves it out here, or keeps
    ///   this default.
    ///
    /// # Errors
    /// As for [`history`](Self::history).
    async fn stored(&self, query: EventQuery) -> Result<Option<StoredPage>> {
        let _ = query;
        Ok(None)
    }

    /// Watches one run: what is stored from `since` on, then what happens.
    ///
    /// # Behaviour
    /// - Every event once and in order, or an explicit [`Gap`].
    /// - Ends with `None` only when everything was told and the run's work is over.
    /// - From [`Since::Now`] on a run whose work is over: one [`Update::Resync`], then the end.
    /// - Dropping the stream ends the watching and touches nothing else.
    ///
    /// # Errors
    /// `NotFound` for a run that is not there; `CursorExpired` as for [`history`](Self::history).
    async fn watch(&self, run: &RunRef, since: Since) -> Result<EventStream> {
        unsupported(Operation::EventsWatch, (run, since))
    }

    /// Watches all runs; as [`watch`](Self::watch), but without an end.
    ///
    /// # Errors
    /// `CursorExpired` as for [`history`](Self::history).
    async fn watch_all(&self, since: Since) -> Result<EventStream> {
        unsupported(Operation::EventsWatchAll, since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        payload::{TextDelta, ToolCalled, Unknown},
        run::RunKind,
    };

    fn event(payload: impl Into<Payload>) -> Event {
        Event::new(RunRef::new(RunKind::Loop, "l-1"), payload)
    }

    #[test]
    fn an_event_survives_the_way_through_json() {
        let mut sent = event(ToolCalled {
            tool: "write".into(),
            input: Some(serde_json::json!({"path": "a\"b.txt"}).into()),
            call_id: Some("c1".into()),
            status: None,
            output: None,
        });
        sent.seq = Some("12".into());
        sent.iteration = Some(3);
        let json = serde_json::to_string(&sent).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), sent);
    }

    #[test]
    fn absent_members_are_left_out() {
        let mut sent = event(TextDelta { text: "hi".into() });
        sent.received_at = Timestamp::from_millis(0);
        assert_eq!(
            serde_json::to_string(&sent).unwrap(),
            r#"{"kind":"text.delta","run":{"kind":"loop","id":"l-1"},"received_at":"1970-01-01T00:00:00.000Z","payload":{"text":"hi"}}"#
        );
    }

    /// Pitfall 25: an unknown event is an event, not an error.
    #[test]
    fn an_unknown_kind_keeps_its_name_and_body() {
        let json = r#"{"kind":"tea.ready","run":{"kind":"job","id":7},"received_at":"1970-01-01T00:00:00Z","payload":{"hot":true}}"#;
        let read: Event = serde_json::from_str(json).unwrap();
        assert_eq!(
            read.payload,
            Payload::Unknown(Unknown {
                name: "tea.ready".into(),
                body: serde_json::json!({"hot": true}).into()
            })
        );
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }

    #[test]
    fn a_known_kind_with_strange_members_is_still_delivered() {
        let body = Json::from(serde_json::json!({"text": 7}));
        assert_eq!(Payload::decode("text.delta", body).name(), "text.delta");
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in EventKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
    }
}
