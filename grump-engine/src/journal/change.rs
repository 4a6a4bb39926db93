//! What is committed to a journal, and what is read from it.

use std::sync::Arc;

use grump_core::{Approval, Error, ErrorKind, Event, Json, Result, Run, RunRef, RunStatus};
use serde::Serialize;

use super::Position;

/// A run, and what the engine keeps of it for itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The run, as planes show it.
    pub run: Run,
    /// The engine's private state of it, which the journal does not look into.
    pub engine: Json,
}

/// Events and the state they change: committed in one transaction, or not at all.
///
/// ```
/// use grump_core::{Event, Payload, RunRef};
/// use grump_engine::journal::Change;
///
/// let told = Event::new(RunRef::of_loop("l-1"), Payload::log("info", "hello"));
/// let change = Change::default().event(told);
/// assert_eq!(change.events.len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// What happened, in order. `seq` is set by the journal and `native` is dropped, so that those
    /// who watch see exactly what is stored.
    pub events: Vec<Event>,
    /// Runs to create or replace.
    pub put: Vec<Record>,
    /// Approvals to create or replace, each of a run that has a record.
    pub approvals: Vec<Approval>,
    /// Preferences to set, by name.
    pub preferences: Vec<(String, Json)>,
    /// Runs to purge: record, approvals and earlier events go; events of this change stay.
    pub forget: Vec<RunRef>,
}

impl Change {
    /// Adds an event.
    #[must_use]
    pub fn event(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    /// Adds a run to create or replace.
    #[must_use]
    pub fn put(mut self, record: Record) -> Self {
        self.put.push(record);
        self
    }

    /// Adds an approval to create or replace.
    #[must_use]
    pub fn approval(mut self, approval: Approval) -> Self {
        self.approvals.push(approval);
        self
    }

    /// Sets a preference.
    #[must_use]
    pub fn preference(mut self, name: impl Into<String>, value: Json) -> Self {
        self.preferences.push((name.into(), value));
        self
    }

    /// Purges a run.
    #[must_use]
    pub fn forget(mut self, run: RunRef) -> Self {
        self.forget.push(run);
        self
    }
}

impl From<Event> for Change {
    fn from(event: Event) -> Self {
        Self::default().event(event)
    }
}

/// Where a change's events are in the journal; `last` is `first - 1` where it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The position of its first event.
    pub first: Position,
    /// The position of its last event.
    pub last: Position,
}

/// An event and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The event's position.
    pub position: Position,
    /// The event, with its position as `seq`.
    pub event: Arc<Event>,
}

/// A change in the form the writer binds to its statements.
pub(super) struct Prepared {
    pub(super) events: Vec<PreparedEvent>,
    pub(super) put: Vec<PreparedRecord>,
    pub(super) approvals: Vec<PreparedApproval>,
    pub(super) preferences: Vec<(String, Json)>,
    pub(super) forget: Vec<RunRef>,
}

pub(super) struct PreparedEvent {
    pub(super) event: Event,
    /// The event's JSON without `seq`.
    pub(super) body: String,
}

pub(super) struct PreparedRecord {
    pub(super) name: RunRef,
    pub(super) status: RunStatus,
    pub(super) run: String,
    pub(super) engine: Json,
}

pub(super) struct PreparedApproval {
    pub(super) id: String,
    pub(super) run: RunRef,
    pub(super) pending: bool,
    pub(super) approval: String,
}

impl Prepared {
    /// Writes the change's JSON, so that the writer thread need not.
    pub(super) fn new(change: Change) -> Result<Self> {
        Ok(Self {
            events: all(change.events, PreparedEvent::new)?,
            put: all(change.put, PreparedRecord::new)?,
            approvals: all(change.approvals, PreparedApproval::new)?,
            preferences: change.preferences,
            forget: change.forget,
        })
    }
}

impl PreparedEvent {
    fn new(mut event: Event) -> Result<Self> {
        event.seq = None;
        event.native = None;
        let body = json("event", &event)?;
        Ok(Self { event, body })
    }

    /// Writes the frame of this event at this position over `frame`.
    pub(super) fn write_frame(&self, position: Position, frame: &mut String) {
        frame.clear();
        frame.push_str("{\"seq\":\"");
        frame.push_str(&position.to_string());
        frame.push_str("\",");
        frame.push_str(&self.body[1..]);
    }

    /// The event as those who watch see it.
    pub(super) fn stored(mut self, position: Position) -> Stored {
        self.event.seq = Some(position.to_string().into());
        Stored {
            position,
            event: Arc::new(self.event),
        }
    }
}

impl PreparedRecord {
    fn new(record: Record) -> Result<Self> {
        Ok(Self {
            run: json("run", &record.run)?,
            status: record.run.status.unified,
            name: record.run.name,
            engine: record.engine,
        })
    }
}

impl PreparedApproval {
    fn new(approval: Approval) -> Result<Self> {
        Ok(Self {
            approval: json("approval", &approval)?,
            id: approval.id.to_string(),
            pending: approval.decision.is_none(),
            run: approval.run,
        })
    }
}

fn all<T, P>(items: Vec<T>, prepare: fn(T) -> Result<P>) -> Result<Vec<P>> {
    items.into_iter().map(prepare).collect()
}

fn json(what: &'static str, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "this cannot be written as JSON")
            .with("what", what)
            .caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use grump_core::{Payload, RunKind, Timestamp};

    use super::*;

    #[test]
    fn a_frame_is_the_json_of_the_event_as_it_is_told() {
        let run = RunRef::new(RunKind::Loop, "l \"1\"");
        let mut event = Event::new(run, Payload::log("info", "{\"seq\":\"7\"}"));
        event.seq = Some("of elsewhere".into());
        event.at = Some(Timestamp::now());
        let prepared = PreparedEvent::new(event).unwrap();
        let mut frame = "what was there".to_owned();
        prepared.write_frame(Position(12), &mut frame);
        let told = prepared.stored(Position(12)).event;
        assert_eq!(frame, serde_json::to_string(&told).unwrap());
        assert_eq!(told.seq.as_deref(), Some("12"));
    }
}
