//! The event that everybody tells: 236 bytes of JSON with a label, by which whoever listens sees
//! that nothing is missing.

use grump_core::{Event, Json, RunRef, Timestamp, payload::ToolCalled};
use grump_wire::ralpher;

/// How long an event's JSON is, in bytes.
pub(crate) const LENGTH: usize = 236;

/// What every label begins with. It is found nowhere else in a stream.
pub(crate) const MARK: &[u8] = b"nr=";

/// The digits of the number, right behind the mark.
pub(crate) const NUMBER: std::ops::Range<usize> = 3..11;

/// The hexadecimal digits of the time stamp.
pub(crate) const STAMP: std::ops::Range<usize> = 12..28;

/// How long a label is, in bytes.
pub(crate) const LABEL: usize = STAMP.end;

/// The loop that the events are of.
pub(crate) const LOOP: &str = "loop-1";

/// Who has which number, and when it was published, in nanoseconds of the monotonic clock; 0 where
/// that is not asked for.
fn label(number: u64, stamp: u64) -> String {
    format!("nr={number:08},{stamp:016x}")
}

/// The events of a run of the bench, one by one.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    event: Event,
    /// Behind the label in the tool's command, as long as it takes.
    padding: String,
    text: String,
    /// Where the label stands in the text.
    place: usize,
}

impl Template {
    /// Events of [`LOOP`].
    pub(crate) fn new() -> Self {
        Self::of(RunRef::of_loop(LOOP))
    }

    /// Events of this loop.
    pub(crate) fn of(run: RunRef) -> Self {
        let mut event = Event::new(run, called(""));
        event.at = Some(Timestamp::from_millis(1_790_000_000_000));
        event.iteration = Some(3);
        let padding = "x".repeat(LENGTH - written(&event).len() - LABEL);
        event.payload = called(&format!("{}{padding}", label(0, 0))).into();
        let text = written(&event);
        let place = text.find("nr=").expect("the label is in the text");
        assert_eq!(text.len(), LENGTH, "an event of another length");
        Self {
            event,
            padding,
            text,
            place,
        }
    }

    /// An event as planes tell it.
    pub(crate) fn event(&self, number: u64, stamp: u64) -> Event {
        let mut event = self.event.clone();
        event.payload = called(&self.command(number, stamp)).into();
        event
    }

    /// What the tool of an event was called with.
    pub(crate) fn command(&self, number: u64, stamp: u64) -> String {
        format!("{}{}", label(number, stamp), self.padding)
    }

    /// The JSON that an event is on the wire, in the Ralpher dialect.
    pub(crate) fn text(&self, number: u64, stamp: u64) -> String {
        let mut text = self.text.clone();
        text.replace_range(self.place..self.place + LABEL, &label(number, stamp));
        text
    }
}

fn called(command: &str) -> ToolCalled {
    let input = serde_json::json!({ "command": command });
    ToolCalled {
        tool: "bash".into(),
        input: Some(Json::of(&input).expect("it is JSON")),
        call_id: Some("c1".into()),
        status: Some("running".into()),
        output: None,
    }
}

fn written(event: &Event) -> String {
    let text = ralpher::events::encode(event);
    text.expect("the dialect has a word for it").into_owned()
}

/// The monotonic clock, which is the same in all processes, in nanoseconds.
pub(crate) fn now() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
