//! What an agent's lines of JSON came to: events for the sink, and how the turn ended.

use std::{
    collections::HashMap,
    mem,
    path::{Path, PathBuf},
};

use grump_core::{
    Json, Payload, Timestamp, Usage,
    payload::{
        ErrorReported, FileChanged, Retrying, TextDelta, ToolCalled, ToolResult, Unknown,
        UsageReported,
    },
};
use serde_json::Value;

use crate::agent::{
    TurnOutcome,
    output::{Tail, VALUE_CAP, bounded, clipped},
};

/// What a turn's lines came to so far.
#[derive(Debug)]
pub(super) struct Report {
    /// The text of the last message.
    pub(super) last: String,
    /// How the agent said that it ended; `None` while it did not say.
    pub(super) outcome: Option<TurnOutcome>,
    /// Why it failed, where it said so.
    pub(super) failure: Option<String>,
    events: Vec<Payload>,
    calls: HashMap<String, Call>,
    root: PathBuf,
    message_cap: usize,
}

/// A tool call that has not come back yet.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub(super) tool: String,
    pub(super) input: Value,
}

impl Report {
    /// Nothing yet, of an agent that works in `root`.
    pub(super) fn new(root: impl Into<PathBuf>, message_cap: usize) -> Self {
        Self {
            last: String::new(),
            outcome: None,
            failure: None,
            events: Vec::new(),
            calls: HashMap::new(),
            root: root.into(),
            message_cap,
        }
    }

    /// What was told since the last time.
    pub(super) fn take(&mut self) -> Vec<Payload> {
        mem::take(&mut self.events)
    }

    pub(super) fn tell(&mut self, event: impl Into<Payload>) {
        self.events.push(event.into());
    }

    pub(super) fn delta(&mut self, text: &Value) {
        if let Some(text) = text.as_str().filter(|text| !text.is_empty()) {
            self.tell(TextDelta {
                text: text.to_owned(),
            });
        }
    }

    /// A whole message of the assistant's: the last one is the final message.
    pub(super) fn message(&mut self, text: &str) {
        let mut tail = Tail::new(self.message_cap);
        tail.push(text);
        self.message_end(tail);
    }

    /// A whole message of which only the end may be there.
    pub(super) fn message_end(&mut self, tail: Tail) {
        let (kept, left_out) = tail.finish();
        if left_out > 0 {
            let note = format!("the first {left_out} bytes of a message were left out");
            self.tell(Payload::log("warn", note));
        }
        self.tell(Payload::message("assistant", &kept));
        self.last = kept;
    }

    /// A line for people.
    pub(super) fn log(&mut self, level: &str, line: &str) {
        self.tell(Payload::log(level, clipped(line)));
    }

    pub(super) fn called(&mut self, id: &Value, tool: &str, input: &Value) {
        let call_id = text(id);
        let call = Call {
            tool: tool.to_owned(),
            input: input.clone(),
        };
        self.calls.insert(call_id.clone(), call);
        self.tell(ToolCalled {
            tool: tool.to_owned(),
            input: Some(bounded(input)),
            call_id: Some(call_id),
            status: None,
            output: None,
        });
    }

    /// Pairs a result with its call, and answers the call.
    pub(super) fn came_back(&mut self, id: &Value, output: &Value, success: bool) -> Call {
        let call_id = text(id);
        let call = self.calls.remove(&call_id).unwrap_or_default();
        self.tell(ToolResult {
            tool: call.tool.clone(),
            output: Some(bounded(output)),
            success: Some(success),
            call_id: Some(call_id),
            status: None,
            input: None,
        });
        call
    }

    pub(super) fn changed(&mut self, path: &Value, change: &str) {
        let Some(path) = path.as_str() else { return };
        let path = Path::new(path);
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        self.tell(FileChanged {
            path: Some(path.to_string_lossy().into_owned()),
            change: Some(change.to_owned()),
            description: None,
        });
    }

    pub(super) fn usage(&mut self, mut usage: Usage) {
        // Agents that do not know what a model costs say 0.
        usage.cost = usage.cost.filter(|cost| *cost > 0.0);
        if usage != Usage::default() {
            self.tell(UsageReported { usage });
        }
    }

    pub(super) fn retry(&mut self, attempt: &Value, message: String, delay_ms: &Value) {
        let now = Timestamp::now().as_millis().unwrap_or_default();
        let at = |delay| Timestamp::from_millis(now.saturating_add_unsigned(delay));
        self.tell(Retrying {
            attempt: number(attempt),
            message,
            at: delay_ms.as_u64().map(at),
        });
    }

    pub(super) fn error(&mut self, message: String, code: Option<&str>) {
        self.tell(ErrorReported {
            message,
            code: code.map(str::to_owned),
        });
    }

    /// A line that nothing is known about, as it came.
    pub(super) fn unknown(&mut self, name: &str, line: &str) {
        let body = match serde_json::from_str(line) {
            Ok(json) if line.len() <= VALUE_CAP => json,
            _ => Json::string(&clipped(line)),
        };
        let name = name.to_owned();
        self.tell(Payload::Unknown(Unknown { name, body }));
    }
}

/// A string, or any other value's JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

pub(super) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// The text of a message's content: a string, or a list of parts of which some are text.
pub(super) fn content(value: &Value) -> String {
    let Some(parts) = value.as_array() else {
        return text(value);
    };
    let texts = parts.iter().filter_map(|part| part["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}
