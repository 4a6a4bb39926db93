//! The protocol's tool calls, plans and tokens in the words of the domain.

use grump_core::{
    Json, Usage,
    payload::{PlanUpdated, ToolCalled, ToolResult, UsageReported},
};
use serde_json::{Value, json};

use super::{
    super::{Question, output::bounded},
    decode::{Cost, Step, Tokens},
    map::Call,
};

pub(super) fn called(id: &str, call: &Call) -> ToolCalled {
    ToolCalled {
        tool: call.tool(),
        input: call.input.as_ref().map(bounded),
        call_id: Some(id.to_owned()),
        status: Some("running".into()),
        output: None,
    }
}

pub(super) fn result(id: &str, call: &Call, status: &str) -> ToolResult {
    ToolResult {
        tool: call.tool(),
        output: call.output.as_ref().or(call.content.as_ref()).map(bounded),
        success: Some(status == "completed"),
        call_id: Some(id.to_owned()),
        status: Some(status.to_owned()),
        input: call.input.as_ref().map(bounded),
    }
}

/// The tool's name. The protocol has none: there is a title for people, which some agents begin
/// with the name, and a kind.
pub(super) fn tool(title: Option<&str>, kind: Option<&str>) -> String {
    let is_name = |text: &&str| {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        !text.is_empty() && text.chars().all(plain)
    };
    let title = title.map(str::trim).unwrap_or_default();
    let kind = kind.filter(|kind| *kind != "other");
    Some(title)
        .filter(is_name)
        .or(kind)
        .unwrap_or(if title.is_empty() { "tool" } else { title })
        .to_owned()
}

pub(super) fn plan(steps: &[Step]) -> PlanUpdated {
    let steps: Vec<_> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let id = (index + 1).to_string();
            json!({"id": id, "description": step.content, "status": step.status})
        })
        .collect();
    let plan = Json::from(json!({ "steps": steps }));
    PlanUpdated { plan }
}

/// The tokens of a prompt, and what the session has cost; a price that is not known comes as zero.
pub(super) fn used(tokens: Tokens, cost: Option<&Cost>) -> Option<UsageReported> {
    let cached = tokens.cached_read_tokens.unwrap_or_default();
    let apart = tokens.input_tokens + cached + tokens.cached_write_tokens.unwrap_or_default();
    let input = match tokens.total_tokens {
        Some(total) => total.saturating_sub(tokens.output_tokens),
        None => apart,
    };
    let dollars = cost.filter(|cost| cost.currency == "USD" && cost.amount > 0.0);
    let usage = Usage {
        input,
        output: tokens.output_tokens,
        cached,
        cost: dollars.map(|cost| cost.amount),
    };
    (usage != Usage::default()).then_some(UsageReported { usage })
}

/// What a permission asks for; `detail` is all that the agent said.
pub(super) fn question(id: &str, call: &Call, title: Option<&str>, detail: &Value) -> Question {
    let action = match call.kind.as_deref() {
        Some("execute") => "bash",
        kind => kind.unwrap_or("other"),
    };
    let asked = &detail["toolCall"]["rawInput"];
    let command = asked["command"].as_str();
    let what = command.or(title).unwrap_or_default();
    let line: Vec<_> = what.split_whitespace().collect();
    Question {
        title: line.join(" "),
        action: action.to_owned(),
        detail: Some(Json::from(detail.clone())),
        call_id: Some(id.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_called_by_its_name_or_else_by_its_kind() {
        assert_eq!(tool(Some("write"), Some("edit")), "write");
        assert_eq!(tool(Some("Writing to a.txt"), Some("edit")), "edit");
        assert_eq!(
            tool(Some("Ask the oracle"), Some("other")),
            "Ask the oracle"
        );
        assert_eq!(tool(None, Some("execute")), "execute");
        assert_eq!(tool(None, None), "tool");
    }

    #[test]
    fn cached_tokens_are_input_however_the_agent_counts() {
        let apart =
            r#"{"totalTokens":1312,"inputTokens":300,"outputTokens":12,"cachedReadTokens":1000}"#;
        let among =
            r#"{"totalTokens":1312,"inputTokens":1300,"outputTokens":12,"cachedReadTokens":1000}"#;
        let alone = r#"{"inputTokens":300,"outputTokens":12,"cachedReadTokens":1000}"#;
        for tokens in [apart, among, alone] {
            let usage = used(serde_json::from_str(tokens).unwrap(), None)
                .unwrap()
                .usage;
            assert_eq!(
                (usage.input, usage.output, usage.cached),
                (1300, 12, 1000),
                "{tokens}"
            );
        }
        assert_eq!(used(Tokens::default(), None), None);
    }

    #[test]
    fn only_dollars_that_were_spent_are_a_cost() {
        let cost = |amount, currency: &str| Cost {
            amount,
            currency: currency.into(),
        };
        let spent = |cost| used(Tokens::default(), Some(&cost)).and_then(|used| used.usage.cost);
        assert_eq!(spent(cost(0.5, "USD")), Some(0.5));
        assert_eq!(spent(cost(0.0, "USD")), None);
        assert_eq!(spent(cost(0.5, "EUR")), None);
    }
}
