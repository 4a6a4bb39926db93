//! [`World`]: all that a server knows.

use std::collections::VecDeque;

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    Asked, Reply,
    quirks::Quirks,
    transitions::{self, Illegal, Step},
};

/// A loop.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) config: Value,
    pub(super) state: Value,
    pub(super) diff: Value,
    /// How many starts will be refused because the loop was completed a moment ago.
    pub(super) busy: u32,
}

impl Entry {
    pub(super) fn new(id: &str, config: Value) -> Self {
        Self {
            config,
            state: json!({
                "id": id,
                "status": "idle",
                "currentIteration": 0,
                "recentIterations": [],
                "logs": [],
                "messages": [],
                "toolCalls": [],
            }),
            diff: json!([{
                "path": "src/foo.ts",
                "status": "added",
                "additions": 1,
                "deletions": 0,
                "patch": "@@ -0,0 +1 @@\n+export {};\n",
            }]),
            busy: 0,
        }
    }

    pub(super) fn id(&self) -> &str {
        self.config["id"].as_str().unwrap_or_default()
    }

    pub(super) fn status(&self) -> &str {
        self.state["status"].as_str().unwrap_or_default()
    }

    pub(super) fn is_running(&self) -> bool {
        ["starting", "running", "waiting"].contains(&self.status())
    }

    pub(super) fn iteration(&self) -> u64 {
        self.state["currentIteration"].as_u64().unwrap_or_default()
    }
}

/// A stream that is open.
#[derive(Debug)]
pub(super) struct Open {
    /// The loop that it is of; none for all.
    pub(super) only: Option<String>,
    pub(super) frames: mpsc::UnboundedSender<Sent>,
}

/// What a stream is told.
#[derive(Debug)]
pub(super) enum Sent {
    /// These bytes.
    Frame(Bytes),
    /// To break off in the middle of the answer.
    Abort,
}

/// All that a server knows.
#[derive(Debug)]
pub(super) struct World {
    pub(super) quirks: Quirks,
    pub(super) loops: Vec<Entry>,
    pub(super) streams: Vec<Open>,
    pub(super) asked: Vec<Asked>,
    /// Answers instead of the server's own: method, path, what is answered.
    pub(super) replies: VecDeque<(String, String, Reply)>,
    pub(super) changed_files: Vec<String>,
    pub(super) models: Value,
    pub(super) last_model: Option<Value>,
    ids: u64,
    times: u64,
}

impl World {
    pub(super) fn new(quirks: Quirks) -> Self {
        Self {
            quirks,
            loops: Vec::new(),
            streams: Vec::new(),
            asked: Vec::new(),
            replies: VecDeque::new(),
            changed_files: Vec::new(),
            models: json!([
                {"providerID": "anthropic", "providerName": "Anthropic", "modelID": "claude-sonnet-4-20250514",
                 "modelName": "Claude Sonnet 4", "connected": true},
                {"providerID": "openai", "providerName": "OpenAI", "modelID": "gpt-4o",
                 "modelName": "GPT-4o", "connected": false},
            ]),
            last_model: None,
            ids: 0,
            times: 0,
        }
    }

    pub(super) fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("5f0c7a1e-0000-4000-8000-{:012x}", self.ids)
    }

    /// The next moment, a second after the one before, spelled as the next time is.
    pub(super) fn now(&mut self) -> String {
        let (count, quirks) = (self.times, &self.quirks);
        self.times += 1;
        let pick = usize::try_from(count).unwrap_or_default();
        let decimals = quirks.decimals[pick % quirks.decimals.len()];
        let zone = quirks.zones[pick % quirks.zones.len()];
        let (minute, second) = (count / 60 % 60, count % 60);
        let fraction = match decimals {
            0 => String::new(),
            decimals => format!(".{:0<decimals$}", 25),
        };
        format!("2026-01-20T10:{minute:02}:{second:02}{fraction}{zone}")
    }

    pub(super) fn find(&mut self, id: &str) -> Option<&mut Entry> {
        self.loops.iter_mut().find(|entry| entry.id() == id)
    }

    /// A loop that the test speaks of, and that is there.
    pub(super) fn entry(&mut self, id: &str) -> &mut Entry {
        self.find(id)
            .unwrap_or_else(|| panic!("there is no loop {id:?}"))
    }

    /// Does to a loop what this trigger does, or says how it is refused.
    pub(super) fn step(&mut self, id: &str, trigger: &str) -> Result<(), Illegal> {
        let (now, entry) = (self.now(), self.entry(id));
        match transitions::step(entry.status(), trigger)? {
            Step::To(status) => {
                entry.state["status"] = json!(status);
                entry.config["updatedAt"] = json!(now);
            }
            Step::Same => {}
            Step::Gone => self.loops.retain(|entry| entry.id() != id),
        }
        Ok(())
    }

    /// Notes when a loop's work ended.
    pub(super) fn ended(&mut self, id: &str) {
        let now = self.now();
        self.entry(id).state["completedAt"] = json!(now);
    }

    /// Sends an event to all streams that it concerns: with the type, the loop's id, these members
    /// and the time.
    pub(super) fn tell(&mut self, kind: &str, id: &str, members: Value) {
        let mut event = json!({"type": kind, "loopId": id});
        if let (Some(event), Value::Object(members)) = (event.as_object_mut(), members) {
            event.extend(members);
        }
        event["timestamp"] = json!(self.now());
        self.send(&event);
    }

    /// Sends this event as it stands.
    pub(super) fn send(&mut self, event: &Value) {
        let id = event["loopId"].as_str();
        let frame = Bytes::from(format!("data: {event}\n\n"));
        self.send_where(
            |open| open.only.is_none() || open.only.as_deref() == id,
            &frame,
        );
    }

    pub(super) fn send_where(&mut self, wanted: impl Fn(&Open) -> bool, frame: &Bytes) {
        for open in self.streams.iter().filter(|open| wanted(open)) {
            // A stream whose client has gone is taken away when its answer is dropped.
            let _ = open.frames.send(Sent::Frame(frame.clone()));
        }
    }
}
