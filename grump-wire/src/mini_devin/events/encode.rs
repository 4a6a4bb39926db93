//! An event of the domain to a message of a task's socket.

use std::borrow::Cow;

use grump_core::{Event, Json, Payload, Timestamp};

use super::{
    CHANNEL, ErrorMessage, PlanUpdate, StatusMessage, TaskMessage, Token, ToolCall, ToolResult,
};
use crate::{
    mini_devin::{error::LIMIT, map, types::TaskStatus},
    shapes::Extra,
};

/// Writes an event's message; `None` where the dialect has no word for it.
///
/// A message that was read from this dialect is passed on as it came.
#[must_use]
pub fn encode(event: &Event) -> Option<Cow<'_, str>> {
    if let Some(native) = &event.native
        && native.channel == CHANNEL
        && let Some(raw) = &native.raw
    {
        return Some(Cow::Borrowed(raw));
    }
    let message = said(event)?;
    serde_json::to_string(&message).ok().map(Cow::Owned)
}

fn said(event: &Event) -> Option<TaskMessage> {
    // Every message of the document has a time.
    let timestamp = Some(event.at.as_ref().unwrap_or(&event.received_at).clone());
    let extra = Extra::new();
    Some(match &event.payload {
        Payload::TextDelta(delta) => TaskMessage::Token(Token {
            content: delta.text.clone(),
            timestamp,
            extra,
        }),
        Payload::ToolCalled(called) => TaskMessage::ToolCall(ToolCall {
            tool: called.tool.clone(),
            input: called.input.as_ref().map(Json::value),
            timestamp,
            extra,
        }),
        Payload::ToolResult(result) => TaskMessage::ToolResult(ToolResult {
            tool: result.tool.clone(),
            output: result.output.as_ref().map(Json::value),
            success: result.success,
            timestamp,
            extra,
        }),
        Payload::PlanUpdated(updated) => TaskMessage::PlanUpdate(PlanUpdate {
            plan: updated.plan.parse().ok()?,
            timestamp,
            extra,
        }),
        Payload::ErrorReported(reported) => TaskMessage::Error(ErrorMessage {
            error: reported.message.clone(),
            code: reported.code.clone(),
            timestamp,
            extra,
        }),
        Payload::RunLimitReached(reached) => TaskMessage::Error(ErrorMessage {
            error: reached
                .reason
                .clone()
                .unwrap_or_else(|| "Maximum iterations reached".to_owned()),
            code: Some(LIMIT.to_owned()),
            timestamp,
            extra,
        }),
        other => TaskMessage::Status(status(other, timestamp)?),
    })
}

fn status(payload: &Payload, timestamp: Option<Timestamp>) -> Option<StatusMessage> {
    let (status, message) = match payload {
        Payload::RunStarted(_) => (TaskStatus::Running, None),
        Payload::RunCompleted(completed) => (TaskStatus::Completed, completed.message.clone()),
        Payload::RunFailed(failed) => (TaskStatus::Failed, failed.message.clone()),
        Payload::RunCancelled(cancelled) => {
            let message = cancelled
                .message
                .clone()
                .or_else(|| cancelled.reason.clone());
            (TaskStatus::Stopped, message)
        }
        Payload::RunStatusChanged(changed) => (
            map::wire_status(changed.status.as_ref()?),
            changed.message.clone(),
        ),
        _ => return None,
    };
    Some(StatusMessage {
        status,
        message,
        timestamp,
        extra: Extra::new(),
    })
}
