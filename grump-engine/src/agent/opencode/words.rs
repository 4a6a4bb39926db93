//! opencode's parts in the words of the domain.

use grump_core::{
    Json, Usage,
    payload::{PlanUpdated, ToolCalled, ToolResult, UsageReported},
};
use serde_json::{Value, json};

use super::{
    super::Question,
    wire::{Permission, Todo, Tokens, ToolState},
};

pub(super) fn called(tool: &str, call: &str, state: &ToolState) -> ToolCalled {
    ToolCalled {
        tool: tool.to_owned(),
        input: state.input.clone().map(Json::from),
        call_id: Some(call.to_owned()),
        status: Some("running".into()),
        output: None,
    }
}

pub(super) fn result(tool: &str, call: &str, state: &ToolState) -> ToolResult {
    let error = state.error.clone().map(Value::from);
    ToolResult {
        tool: tool.to_owned(),
        output: state.output.clone().or(error).map(Json::from),
        success: Some(state.status == "completed"),
        call_id: Some(call.to_owned()),
        status: Some(state.status.clone()),
        input: state.input.clone().map(Json::from),
    }
}

/// opencode counts cached and reasoning tokens apart, and a price that it does not know as zero.
pub(super) fn used(tokens: Tokens, cost: f64) -> UsageReported {
    let cached = whole(tokens.cache.read);
    let usage = Usage {
        input: whole(tokens.input) + cached + whole(tokens.cache.write),
        output: whole(tokens.output) + whole(tokens.reasoning),
        cached,
        cost: (cost > 0.0).then_some(cost),
    };
    UsageReported { usage }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and a count is neither negative nor that large"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

pub(super) fn plan(todos: &[Todo]) -> PlanUpdated {
    let steps: Vec<_> = todos
        .iter()
        .enumerate()
        .map(|(index, todo)| {
            let id = (index + 1).to_string();
            json!({"id": id, "description": todo.content, "status": todo.status})
        })
        .collect();
    let plan = Json::from(json!({ "steps": steps }));
    PlanUpdated { plan }
}

/// What a permission asks for.
pub(super) fn question(permission: Permission) -> Question {
    let title = title(&permission);
    Question {
        action: permission.permission,
        title,
        detail: Some(Json::from(json!({
            "patterns": permission.patterns,
            "metadata": permission.metadata,
        }))),
        call_id: permission.tool.map(|tool| tool.call),
    }
}

fn title(permission: &Permission) -> String {
    let what = ["command", "filepath", "url"]
        .iter()
        .find_map(|member| permission.metadata[member].as_str())
        .map_or_else(|| permission.patterns.join(", "), str::to_owned);
    let line: Vec<_> = what.split_whitespace().collect();
    line.join(" ")
}
