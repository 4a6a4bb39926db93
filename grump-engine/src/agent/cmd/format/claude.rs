//! `claude -p --output-format stream-json --verbose`.

use grump_core::Usage;
use serde_json::Value;

use crate::agent::{
    TurnOutcome,
    cmd::report::{Report, content, number, text},
};

pub(super) fn decode(kind: &str, line: &Value, report: &mut Report) -> bool {
    match kind {
        "stream_event" => stream_event(line, report),
        "assistant" => assistant(line, report),
        "user" => user(line, report),
        "result" => result(line, report),
        "system" => return system(line, report),
        _ => return false,
    }
    true
}

/// Only with `--include-partial-messages`.
fn stream_event(line: &Value, report: &mut Report) {
    if !is_of_subagent(line) {
        report.delta(&line["event"]["delta"]["text"]);
    }
}

fn assistant(line: &Value, report: &mut Report) {
    for part in parts(line) {
        match part["type"].as_str() {
            Some("tool_use") => report.called(&part["id"], &text(&part["name"]), &part["input"]),
            Some("text") if !is_of_subagent(line) => report.message(&text(&part["text"])),
            _ => {}
        }
    }
}

fn user(line: &Value, report: &mut Report) {
    for part in parts(line).filter(|part| part["type"] == "tool_result") {
        let failed = part["is_error"] == true;
        let output = Value::from(content(&part["content"]));
        let call = report.came_back(&part["tool_use_id"], &output, !failed);
        let edits = ["Write", "Edit", "MultiEdit", "NotebookEdit"];
        if !failed && edits.contains(&call.tool.as_str()) {
            let created = line["tool_use_result"]["type"] == "create";
            let change = if created { "added" } else { "modified" };
            report.changed(path_of(&call.input), change);
        }
    }
}

fn path_of(input: &Value) -> &Value {
    input.get("file_path").unwrap_or(&input["notebook_path"])
}

fn system(line: &Value, report: &mut Report) -> bool {
    match line["subtype"].as_str() {
        Some("init" | "status") => {}
        Some("api_retry") => {
            let message = format!("{} {}", text(&line["error"]), text(&line["error_status"]));
            report.retry(&line["attempt"], message, &line["retry_delay_ms"]);
        }
        _ => return false,
    }
    true
}

fn result(line: &Value, report: &mut Report) {
    report.usage(usage(line));
    if report.last.is_empty() {
        report.last = text(&line["result"]);
    }
    let denied = line["permission_denials"].as_array();
    report.outcome = Some(
        if line["subtype"] == "error_max_turns" || line["stop_reason"] == "max_tokens" {
            TurnOutcome::CutOff
        } else if denied.is_some_and(|denied| !denied.is_empty()) {
            // It ends in success all the same, and the model may claim that all is done.
            TurnOutcome::Refused
        } else {
            TurnOutcome::Finished
        },
    );
    let failed = line["is_error"] == true || line["subtype"] != "success";
    if failed && report.outcome != Some(TurnOutcome::CutOff) {
        report.failure = Some(why(line));
    }
}

fn why(line: &Value) -> String {
    match (&line["result"], &line["errors"]) {
        (Value::String(result), _) if !result.is_empty() => result.clone(),
        (_, Value::Array(errors)) if !errors.is_empty() => {
            errors.iter().map(text).collect::<Vec<_>>().join(", ")
        }
        _ => format!("claude ended with {}", text(&line["subtype"])),
    }
}

/// Of the whole turn; cached tokens are counted apart from `input_tokens`.
fn usage(line: &Value) -> Usage {
    let usage = &line["usage"];
    let cached = number(&usage["cache_read_input_tokens"]);
    Usage {
        input: number(&usage["input_tokens"])
            + cached
            + number(&usage["cache_creation_input_tokens"]),
        output: number(&usage["output_tokens"]),
        cached,
        cost: line["total_cost_usd"].as_f64(),
    }
}

fn parts(line: &Value) -> impl Iterator<Item = &Value> {
    line["message"]["content"].as_array().into_iter().flatten()
}

fn is_of_subagent(line: &Value) -> bool {
    !line["parent_tool_use_id"].is_null()
}
