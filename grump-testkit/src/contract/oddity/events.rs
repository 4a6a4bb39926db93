//! Events that are odd.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::{add_unknown, rename};
use crate::contract::{
    Dialect,
    world::{Frames, World},
};

impl World {
    /// What is told instead of an event.
    pub(in crate::contract) fn odd_events(&self, event: &Value) -> Vec<Value> {
        if !self.changes() {
            return vec![event.clone()];
        }
        let mut event = event.clone();
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        if self.is("field-names") {
            self.rename_event(&kind, &mut event);
        }
        if self.is("unknown-members") {
            add_unknown(&mut event);
        }
        let is_text = ["text", "loop.progress"].contains(&&*kind);
        let is_end = kind == "complete";
        let mut events = vec![event.clone()];
        if self.is("empty-text") && is_text {
            let mut empty = event.clone();
            empty["content"] = json!("");
            events.insert(0, empty);
        }
        if self.is("unknown-events") && self.dialect != Dialect::Steward {
            events.insert(
                0,
                json!({"type": "seen.in.the.field", "loopId": event["loopId"]}),
            );
        }
        if is_end && self.is("two-ends") {
            events.push(event);
        }
        if is_end && self.is("no-end") {
            events.clear();
        }
        events
    }

    /// The names that were seen in the field.
    fn rename_event(&self, kind: &str, event: &mut Value) {
        let names: &[(&str, &str)] = match (self.dialect, kind) {
            (Dialect::Grump, "text") => &[("content", "text")],
            (Dialect::Grump, "tool_call") => &[("tool", "name"), ("args", "input")],
            (Dialect::Grump, "tool_result") => &[("tool", "toolName"), ("result", "output")],
            (Dialect::MiniDevin, "token") => &[("content", "text")],
            (Dialect::MiniDevin, "tool_call" | "tool_result") => &[("tool", "name")],
            (Dialect::MetaForge, _) => &[("session_id", "id")],
            _ => &[],
        };
        rename(event, names);
        if (self.dialect, kind) == (Dialect::Grump, "complete") && event.get("sessionId").is_none()
        {
            event["type"] = json!("done");
        }
    }

    /// What comes first on a stream or a socket.
    pub(in crate::contract) fn odd_beginning(&mut self, number: u64, is_socket: bool) {
        let first = match is_socket {
            true => self.first_messages(),
            false => self.first_frames(),
        };
        for frame in first {
            self.send_uncounted(number, &Bytes::from_static(frame.as_bytes()));
        }
    }

    fn first_frames(&self) -> Vec<&'static str> {
        let comment = self.is("comments-first").then_some(": connected\n\n");
        let not_json = self.is("not-json").then_some("data: [DONE]\n\n");
        let unknown = self.is("unknown-events") && self.dialect == Dialect::Steward;
        let unknown = unknown.then_some("event: seen_in_the_field\ndata: {}\n\n");
        [comment, not_json, unknown].into_iter().flatten().collect()
    }

    fn first_messages(&self) -> Vec<&'static str> {
        let connected = match self.dialect {
            Dialect::MetaForge => r#"{"event":"connected","data":{}}"#,
            _ => r#"{"type":"connected","timestamp":"2024-01-01T00:00:00Z"}"#,
        };
        let connected = self.is("connected-first").then_some(connected);
        let text = self.is("text-frames").then_some("Received: nothing yet");
        [connected, text].into_iter().flatten().collect()
    }

    /// A frame as it goes: with a comment behind it where there are comments between events.
    pub(in crate::contract) fn commented(&self, frame: String) -> String {
        match self.is("comments-first") {
            true => frame + ": heartbeat\n\n",
            false => frame,
        }
    }
}

/// A stream that holds nothing but that something is wrong. (An unknown session, as it was seen)
pub(in crate::contract) fn only_an_error(world: &mut World) -> (u64, Frames) {
    let name = format!("unknown_{}", world.number());
    let (number, frames) = world.open(Some(&name), false, true);
    world.tell(&name, &json!({"type": "start"}));
    world.tell(
        &name,
        &json!({"type": "error", "message": "Session not found"}),
    );
    world.end_streams(&name);
    (number, frames)
}
