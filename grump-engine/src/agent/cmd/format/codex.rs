//! `codex exec --json`.

use grump_core::{Payload, Usage, payload::PlanUpdated};
use serde_json::{Value, json};

use crate::agent::{
    TurnOutcome,
    cmd::report::{Report, number, text},
};

pub(super) fn decode(kind: &str, line: &Value, report: &mut Report) -> bool {
    match kind {
        "thread.started" | "turn.started" => {}
        "item.started" => return item(&line["item"], Stage::Started, report),
        "item.updated" => return item(&line["item"], Stage::Updated, report),
        "item.completed" => return item(&line["item"], Stage::Completed, report),
        "turn.completed" => {
            report.usage(usage(&line["usage"]));
            report.outcome = Some(TurnOutcome::Finished);
        }
        "turn.failed" => report.failure = Some(text(&line["error"]["message"])),
        "error" => report.error(text(&line["message"]), None),
        _ => return false,
    }
    true
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Started,
    Updated,
    Completed,
}

fn item(item: &Value, stage: Stage, report: &mut Report) -> bool {
    let completed = stage == Stage::Completed;
    match item["type"].as_str() {
        Some("agent_message") if completed => report.message(&text(&item["text"])),
        Some("command_execution") => {
            let input = json!({ "command": item["command"] });
            let success = item["exit_code"] == 0;
            tool(
                item,
                stage,
                "command_execution",
                &input,
                (&item["aggregated_output"], success),
                report,
            );
        }
        Some("mcp_tool_call") => {
            let name = format!("{}.{}", text(&item["server"]), text(&item["tool"]));
            let success = item["status"] == "completed";
            let output = if success {
                &item["result"]
            } else {
                &item["error"]
            };
            tool(
                item,
                stage,
                &name,
                &item["arguments"],
                (output, success),
                report,
            );
        }
        Some("file_change") if completed => {
            for change in item["changes"].as_array().into_iter().flatten() {
                report.changed(&change["path"], change_word(&change["kind"]));
            }
        }
        Some("todo_list") => report.tell(plan(&item["items"])),
        Some("error") if completed => report.tell(Payload::log("warn", text(&item["message"]))),
        _ => return !completed,
    }
    true
}

fn tool(
    item: &Value,
    stage: Stage,
    name: &str,
    input: &Value,
    (output, success): (&Value, bool),
    report: &mut Report,
) {
    match stage {
        Stage::Started => report.called(&item["id"], name, input),
        Stage::Updated => {}
        Stage::Completed => {
            report.came_back(&item["id"], output, success);
        }
    }
}

fn change_word(kind: &Value) -> &'static str {
    match kind.as_str() {
        Some("add") => "added",
        Some("delete") => "deleted",
        _ => "modified",
    }
}

fn plan(items: &Value) -> PlanUpdated {
    let steps = items.as_array().into_iter().flatten().enumerate();
    let steps: Vec<_> = steps
        .map(|(index, item)| {
            let status = if item["completed"] == true {
                "completed"
            } else {
                "pending"
            };
            json!({ "id": index + 1, "description": item["text"], "status": status })
        })
        .collect();
    PlanUpdated {
        plan: json!({ "steps": steps }).into(),
    }
}

/// Of the whole turn; `input_tokens` holds the cached ones.
fn usage(usage: &Value) -> Usage {
    Usage {
        input: number(&usage["input_tokens"]),
        output: number(&usage["output_tokens"]),
        cached: number(&usage["cached_input_tokens"]),
        cost: None,
    }
}
