//! [`World`]: all that a server knows.

use std::collections::{BTreeSet, VecDeque};

use axum::body::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::{
    Failure,
    dialect::{Dialect, Refusal},
    ralpher::Loops,
    tokens::Tokens,
};
use crate::serving::{
    Asked, Sent,
    transitions::{self, Illegal, Step},
};

/// Something that has an id: a session, a run, a project.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    pub(super) kind: &'static str,
    pub(super) id: String,
    /// The members that it is shown with; one that is null is not shown.
    pub(super) data: Map<String, Value>,
}

impl Entity {
    pub(super) fn status(&self) -> &str {
        self.text("status")
    }

    /// A member that is text; empty where it is none.
    pub(super) fn text(&self, name: &str) -> &str {
        let value = self.data.get(name).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.data.insert(name.to_owned(), value.into());
    }
}

/// An event that was told, as the dialects with positions keep it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) id: u64,
    pub(super) run: String,
    pub(super) event: Value,
}

/// A stream or a socket that is open.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) number: u64,
    /// What it is of; all where that is nothing.
    pub(super) of: Option<String>,
    pub(super) is_socket: bool,
    /// Whether it is told anything; a socket that has to authenticate is not before it has.
    pub(super) ready: bool,
    pub(super) frames: mpsc::UnboundedSender<Sent>,
    /// After so many more events it is cut.
    left: Option<u64>,
}

/// What is told on a stream, to be read.
pub(super) type Frames = mpsc::UnboundedReceiver<Sent>;

/// All that a server knows.
#[derive(Debug)]
pub(super) struct World {
    pub(super) dialect: Dialect,
    /// Its own URL.
    pub(super) url: String,
    pub(super) entities: Vec<Entity>,
    pub(super) settings: Map<String, Value>,
    pub(super) requests: Vec<Asked>,
    pub(super) violations: Vec<String>,
    /// What clients said on sockets.
    pub(super) messages: Vec<Value>,
    pub(super) failures: VecDeque<(String, Failure)>,
    pub(super) oddities: BTreeSet<&'static str>,
    pub(super) tokens: Tokens,
    pub(super) streams: Vec<Open>,
    pub(super) told: Vec<Told>,
    /// What streams that do their own work are to tell instead of it, in order.
    pub(super) scripts: VecDeque<Vec<Value>>,
    /// How big downloads are, in bytes; as documented where it is not said.
    pub(super) download: Option<usize>,
    /// After how many events the streams to come are cut.
    pub(super) cut_after: VecDeque<u64>,
    /// Whether streams stay open when their run is over.
    pub(super) holds: bool,
    /// How long a token lasts, as it is told, in seconds.
    pub(super) token_life: u64,
    /// The loops, where it plays Ralpher.
    pub(super) loops: Loops,
    numbers: u64,
    times: u64,
}

impl World {
    pub(super) fn new(dialect: Dialect, url: String) -> Self {
        Self {
            dialect,
            url,
            entities: Vec::new(),
            settings: super::steward::settings(),
            requests: Vec::new(),
            violations: Vec::new(),
            messages: Vec::new(),
            failures: VecDeque::new(),
            oddities: BTreeSet::new(),
            tokens: Tokens::new(dialect),
            streams: Vec::new(),
            told: Vec::new(),
            scripts: VecDeque::new(),
            download: None,
            cut_after: VecDeque::new(),
            holds: false,
            token_life: 3600,
            loops: Loops::default(),
            numbers: 0,
            times: 0,
        }
    }

    /// Whether it is odd in this way.
    pub(super) fn is(&self, oddity: &str) -> bool {
        self.oddities.contains(oddity)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The next moment, a second after the one before.
    pub(super) fn now(&mut self) -> Value {
        let count = self.times;
        self.times += 1;
        let zone = match () {
            () if self.is("offset-times") => ".123456+00:00",
            () if self.is("naive-times") => "",
            () => "Z",
        };
        let (minute, second) = (count / 60 % 60, count % 60);
        json!(format!("2026-01-20T10:{minute:02}:{second:02}{zone}"))
    }

    /// An id for the next entity of a kind: the one that the document shows, then others like it.
    fn new_id(&mut self, kind: &str, shown: &Value) -> Value {
        let before = self.all(kind).count() as u64;
        match shown {
            _ if self.is("integer-ids") => json!(self.number() + 40),
            _ if self.is("huge-ids") => json!(9_007_199_254_740_991 - self.number()),
            _ if self.is("hex-ids") => json!(format!("{:08x}", 0x5f0c_7a1e + self.number())),
            _ if self.is("text-ids") => json!(format!("{kind}_{}", self.number())),
            Value::Number(first) => json!(first.as_u64().unwrap_or_default() + before),
            Value::String(shown) if shown == "uuid" => {
                json!(format!("5f0c7a1e-0000-4000-8000-{:012x}", self.number()))
            }
            shown if before == 0 => shown.clone(),
            Value::String(shown) => json!(format!("{shown}-{}", before + 1)),
            shown => shown.clone(),
        }
    }

    /// Adds an entity. Its data begin with the member that names it, which holds the id that the
    /// document shows.
    pub(super) fn add(&mut self, kind: &'static str, data: Value) -> &mut Entity {
        let Value::Object(mut data) = data else {
            panic!("an entity has members: {data}");
        };
        let (name, shown) = data.iter().next().expect("it begins with its id");
        let (name, id) = (name.clone(), self.new_id(kind, &shown.clone()));
        data.insert(name, id.clone());
        let id = as_text(&id);
        self.entities.push(Entity { kind, id, data });
        self.entities.last_mut().expect("it was pushed")
    }

    pub(super) fn all(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Entity> {
        self.entities.iter().filter(move |one| one.kind == kind)
    }

    pub(super) fn find(&mut self, kind: &str, id: &str) -> Option<&mut Entity> {
        let mut all = self.entities.iter_mut();
        all.find(|one| one.kind == kind && one.id == id)
    }

    /// An entity that a request names.
    pub(super) fn named(&mut self, kind: &str, id: &str) -> Result<&mut Entity, Refusal> {
        let missing = self.missing(kind, id);
        self.find(kind, id).ok_or(missing)
    }

    /// That there is no such entity.
    pub(super) fn missing(&self, kind: &str, id: &str) -> Refusal {
        let message = format!("There is no {} {id}", kind.replace('_', " "));
        self.refusal(404, message)
    }

    /// An error of this status with its usual code.
    pub(super) fn refusal(&self, status: u16, message: impl Into<String>) -> Refusal {
        Refusal::new(status, self.dialect.usual_code(status), message)
    }

    /// That a request is not as documented.
    pub(super) fn invalid(&self, message: impl Into<String>) -> Refusal {
        self.refusal(self.dialect.invalid(), message)
    }

    /// Does to an entity what this trigger does by the table, or refuses it.
    pub(super) fn step(&mut self, kind: &str, id: &str, trigger: &str) -> Result<(), Refusal> {
        let (dialect, now) = (self.dialect, self.now());
        let entity = self.named(kind, id)?;
        let status = entity.status().to_owned();
        match transitions::step(dialect.name(), kind, &status, trigger) {
            Ok(Step::To(next)) => entity.set("status", next),
            Ok(Step::Same) => {}
            Ok(Step::Gone) => {
                self.entities.retain(|one| one.kind != kind || one.id != id);
                return Ok(());
            }
            Err(Illegal(http, code)) => return Err(illegal(dialect, kind, &status, http, code)),
        }
        for name in ["updatedAt", "updated_at", "updated"] {
            if entity.data.contains_key(name) {
                entity.set(name, now.clone());
            }
        }
        Ok(())
    }

    /// Opens a stream or a socket.
    pub(super) fn open(&mut self, of: Option<&str>, is_socket: bool, ready: bool) -> (u64, Frames) {
        let (frames, receiver) = mpsc::unbounded_channel();
        let number = self.number();
        self.streams.push(Open {
            number,
            of: of.map(str::to_owned),
            is_socket,
            ready,
            frames,
            left: self.cut_after.pop_front(),
        });
        self.odd_beginning(number, is_socket);
        (number, receiver)
    }

    /// Tells an event of a run to all streams that it concerns.
    pub(super) fn tell(&mut self, run: &str, event: &Value) {
        for event in self.odd_events(event) {
            self.tell_one(run, &event);
        }
    }

    fn tell_one(&mut self, run: &str, event: &Value) {
        let mut frame = format!("data: {event}\n\n");
        if self.dialect == Dialect::Steward {
            let id = event["id"].as_u64().unwrap_or_default();
            frame = format!("id: {id}\nevent: agent_event\n{frame}");
            let (run, event) = (run.to_owned(), event.clone());
            self.told.push(Told { id, run, event });
        }
        let frame = Bytes::from(self.commented(frame));
        let text = Bytes::from(event.to_string());
        self.tell_where(run, |open| match open.is_socket {
            true => text.clone(),
            false => frame.clone(),
        });
    }

    /// Sends what this makes for each stream that the run concerns. It counts as one event.
    pub(super) fn tell_where(&mut self, run: &str, make: impl Fn(&Open) -> Bytes) {
        self.streams.retain_mut(|open| {
            if !open.ready || open.of.as_deref().is_some_and(|of| of != run) {
                return true;
            }
            let _ = open.frames.send(Sent::Frame(make(open)));
            open.goes_on()
        });
    }

    /// Sends this to one stream, if it is still open.
    pub(super) fn send(&mut self, number: u64, frame: impl Into<Bytes>) {
        let frame = frame.into();
        self.streams.retain_mut(|open| {
            if open.number != number {
                return true;
            }
            let _ = open.frames.send(Sent::Frame(frame.clone()));
            open.goes_on()
        });
    }

    /// Sends this to one stream, and does not count it as an event.
    pub(super) fn send_uncounted(&mut self, number: u64, frame: &Bytes) {
        for open in self.streams.iter().filter(|open| open.number == number) {
            let _ = open.frames.send(Sent::Frame(frame.clone()));
        }
    }

    /// Ends the streams of a run; sockets stay where the dialect's are of everything.
    pub(super) fn end_streams(&mut self, run: &str) {
        if !self.holds {
            self.streams.retain(|open| open.of.as_deref() != Some(run));
        }
    }
}

impl Open {
    /// Counts an event that was sent; whether the stream is to go on.
    fn goes_on(&mut self) -> bool {
        let Some(left) = &mut self.left else {
            return true;
        };
        *left = left.saturating_sub(1);
        if *left == 0 {
            let _ = self.frames.send(Sent::Abort);
        }
        *left > 0
    }
}

/// How a change that the table does not have is refused.
fn illegal(dialect: Dialect, kind: &str, status: &str, http: u16, code: &str) -> Refusal {
    let message = format!("The {} is {status}", kind.replace('_', " "));
    let word = code.split(' ').next().unwrap_or_default();
    let code = match (dialect, kind) {
        (Dialect::Steward, "project") => "project-not-clonable",
        // What the table describes in words has no code of its own.
        (Dialect::Steward, _) if !word.contains('-') => dialect.usual_code(http),
        _ => word,
    };
    let refusal = Refusal::new(http, code, message);
    match dialect {
        Dialect::Steward => refusal.with("currentStatus", status),
        _ => refusal,
    }
}

/// An id as it stands in paths.
pub(super) fn as_text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
