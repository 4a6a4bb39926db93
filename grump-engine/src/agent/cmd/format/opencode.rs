//! `opencode run --format json`.

use grump_core::Usage;
use serde_json::Value;

use crate::agent::{
    TurnOutcome,
    cmd::report::{Report, number, text},
};

pub(super) fn decode(kind: &str, line: &Value, report: &mut Report) -> bool {
    let part = &line["part"];
    match kind {
        "step_start" => {}
        "text" => report.message(&text(&part["text"])),
        "tool_use" => tool(part, report),
        "step_finish" => {
            report.usage(usage(part));
            report.outcome = Some(outcome(&part["reason"]));
        }
        "error" => report.failure = Some(why(&line["error"])),
        _ => return false,
    }
    true
}

/// Told only once it is over.
fn tool(part: &Value, report: &mut Report) {
    let state = &part["state"];
    let name = text(&part["tool"]);
    report.called(&part["callID"], &name, &state["input"]);
    let success = state["status"] == "completed";
    let output = if success {
        &state["output"]
    } else {
        &state["error"]
    };
    report.came_back(&part["callID"], output, success);
    if success && ["write", "edit"].contains(&name.as_str()) {
        let new = state["metadata"]["exists"] == false;
        let change = if new { "added" } else { "modified" };
        report.changed(&state["input"]["filePath"], change);
    }
}

/// The last step's reason counts: a turn whose last step called tools ended because one of them
/// was refused.
fn outcome(reason: &Value) -> TurnOutcome {
    match reason.as_str() {
        Some("tool-calls") => TurnOutcome::Refused,
        Some("length") => TurnOutcome::CutOff,
        _ => TurnOutcome::Finished,
    }
}

fn why(error: &Value) -> String {
    let message = text(&error["data"]["message"]);
    match message.is_empty() {
        true => text(&error["name"]),
        false => message,
    }
}

/// Of one step; cached tokens are counted apart from `input`.
fn usage(part: &Value) -> Usage {
    let tokens = &part["tokens"];
    let cached = number(&tokens["cache"]["read"]);
    Usage {
        input: number(&tokens["input"]) + cached + number(&tokens["cache"]["write"]),
        output: number(&tokens["output"]) + number(&tokens["reasoning"]),
        cached,
        cost: part["cost"].as_f64(),
    }
}
