//! `pi --mode json`.

use grump_core::{Usage, payload::TextDelta};
use serde::Deserialize;
use serde_json::Value;

use crate::agent::{
    TurnOutcome,
    cmd::report::{Report, content, number, text},
};

/// Deals with lines that repeat the whole message so far, thousands of times: of those only the
/// new piece of text is looked at, and nothing else is even built.
pub(super) fn is_echo(kind: &str, line: &str, report: &mut Report) -> bool {
    if kind != "message_update" {
        return false;
    }
    let Ok(Update { event }) = serde_json::from_str(line) else {
        return false;
    };
    if let ("text_delta", Some(text)) = (&*event.kind, event.delta) {
        report.tell(TextDelta { text });
    }
    true
}

#[derive(Deserialize)]
struct Update {
    #[serde(rename = "assistantMessageEvent")]
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    delta: Option<String>,
}

pub(super) fn decode(kind: &str, line: &Value, report: &mut Report) -> bool {
    match kind {
        "session"
        | "agent_start"
        | "turn_start"
        | "turn_end"
        | "message_start"
        | "tool_execution_update"
        | "auto_retry_end" => {}
        "message_end" => message(&line["message"], report),
        "tool_execution_start" => {
            let tool = text(&line["toolName"]);
            report.called(&line["toolCallId"], &tool, &line["args"]);
        }
        "tool_execution_end" => tool_end(line, report),
        "auto_retry_start" => {
            let message = text(&line["errorMessage"]);
            report.retry(&line["attempt"], message, &line["delayMs"]);
        }
        "agent_end" => {
            report.outcome.get_or_insert(TurnOutcome::Finished);
        }
        _ => return false,
    }
    true
}

/// The exit code is 0 also when the model failed: what the last message says counts.
fn message(message: &Value, report: &mut Report) {
    if message["role"] != "assistant" {
        return;
    }
    let said = content(&message["content"]);
    if !said.is_empty() {
        report.message(&said);
    }
    report.usage(usage(&message["usage"]));
    let failed = message["stopReason"] == "error" || message["stopReason"] == "aborted";
    report.failure = failed.then(|| text(&message["errorMessage"]));
    report.outcome = (message["stopReason"] == "length").then_some(TurnOutcome::CutOff);
}

fn tool_end(line: &Value, report: &mut Report) {
    let failed = line["isError"] == true;
    let output = Value::from(content(&line["result"]["content"]));
    let call = report.came_back(&line["toolCallId"], &output, !failed);
    if !failed && ["write", "edit"].contains(&call.tool.as_str()) {
        report.changed(&call.input["path"], "modified");
    }
}

/// Of one message; cached tokens are counted apart from `input`.
fn usage(usage: &Value) -> Usage {
    let cached = number(&usage["cacheRead"]);
    Usage {
        input: number(&usage["input"]) + cached + number(&usage["cacheWrite"]),
        output: number(&usage["output"]),
        cached,
        cost: usage["cost"]["total"].as_f64(),
    }
}
