//! [`World`]: all that a server knows.

use std::collections::VecDeque;

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::quirks::Quirks;
use crate::serving::{
    Asked, Reply, Sent,
    transitions::{self, Illegal, Step},
};

/// A loop.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) config: Value,
    pub(crate) state: Value,
    pub(crate) diff: Value,
    /// How many starts will be refused because the loop was completed a moment ago.
    pub(crate) busy: u32,
}

impl Entry {
    pub(crate) fn new(id: &str, config: Value) -> Self {
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

    pub(crate) fn id(&self) -> &str {
        self.config["id"].as_str().unwrap_or_default()
    }

    pub(crate) fn status(&self) -> &str {
        self.state["status"].as_str().unwrap_or_default()
    }

    pub(crate) fn is_running(&self) -> bool {
        ["starting", "running", "waiting"].contains(&self.status())
    }

    pub(crate) fn iteration(&self) -> u64 {
        self.state["currentIteration"].as_u64().unwrap_or_default()
    }
}

/// A stream that is open.
#[derive(Debug)]
pub(crate) struct Open {
    /// The loop that it is of; none for all.
    pub(crate) only: Option<String>,
    pub(crate) frames: mpsc::UnboundedSender<Sent>,
}

/// All that a server knows.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) quirks: Quirks,
    pub(crate) loops: Vec<Entry>,
    pub(crate) streams: Vec<Open>,
    pub(crate) asked: Vec<Asked>,
    /// Answers instead of the server's own: method, path, what is answered.
    pub(crate) replies: VecDeque<(String, String, Reply)>,
    pub(crate) changed_files: Vec<String>,
    pub(crate) models: Value,
    pub(crate) last_model: Option<Value>,
    ids: u64,
    times: u64,
}

impl World {
    pub(crate) fn new(quirks: Quirks) -> Self {
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

    pub(crate) fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("5f0c7a1e-0000-4000-8000-{:012x}", self.ids)
    }

    /// The next moment, a second after the one before, spelled as the next time is.
    pub(crate) fn now(&mut self) -> String {
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

    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Entry> {
        self.loops.iter_mut().find(|entry| entry.id() == id)
    }

    /// A loop that the test speaks of, and that is there.
    pub(crate) fn entry(&mut self, id: &str) -> &mut Entry {
        self.find(id)
            .unwrap_or_else(|| panic!("there is no loop {id:?}"))
    }

    /// Does to a loop what this trigger does, or says how it is refused.
    pub(crate) fn step(&mut self, id: &str, trigger: &str) -> Result<(), Illegal> {
        let (now, entry) = (self.now(), self.entry(id));
        match transitions::step("ralpher", "loop", entry.status(), trigger)? {
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
    pub(crate) fn ended(&mut self, id: &str) {
        let now = self.now();
        self.entry(id).state["completedAt"] = json!(now);
    }

    /// Sends an event to all streams that it concerns: with the type, the loop's id, these members
    /// and the time.
    pub(crate) fn tell(&mut self, kind: &str, id: &str, members: Value) {
        let mut event = json!({"type": kind, "loopId": id});
        if let (Some(event), Value::Object(members)) = (event.as_object_mut(), members) {
            event.extend(members);
        }
        event["timestamp"] = json!(self.now());
        self.send(&event);
    }

    /// Sends this event as it stands.
    pub(crate) fn send(&mut self, event: &Value) {
        let id = event["loopId"].as_str();
        let frame = Bytes::from(format!("data: {event}\n\n"));
        self.send_where(
            |open| open.only.is_none() || open.only.as_deref() == id,
            &frame,
        );
    }

    pub(crate) fn send_where(&mut self, wanted: impl Fn(&Open) -> bool, frame: &Bytes) {
        for open in self.streams.iter().filter(|open| wanted(open)) {
            // A stream whose client has gone is taken away when its answer is dropped.
            let _ = open.frames.send(Sent::Frame(frame.clone()));
        }
    }
}
