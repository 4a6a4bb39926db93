//! One message of a task's socket to an event of the domain.

use std::collections::VecDeque;

use grump_core::{
    Event, Json, Native, Payload, RunId, RunStatus, Timestamp,
    payload::{
        ErrorReported, PlanUpdated, RunCancelled, RunCompleted, RunFailed, RunLimitReached,
        RunStarted, RunStatusChanged, TextDelta, ToolCalled, ToolResult, Unknown,
    },
};
use serde_json::{Map, Value};

use super::{CHANNEL, StatusMessage, TaskMessage, ToolCall, carried, flat};
use crate::mini_devin::{error::LIMIT, map, types::TaskStatus};

/// How many calls may wait for their results; of more, the oldest are forgotten.
const OPEN: usize = 256;

/// Reads the messages of one task's socket, and remembers what later ones need: the calls whose
/// results have not come, and whether the iterations were used up.
#[derive(Clone, Debug)]
pub struct Decoder {
    task: RunId,
    /// The tool and the id of each call without a result, the oldest first.
    open: VecDeque<(String, String)>,
    /// How many calls there were.
    calls: u64,
    /// What was said when the iterations were used up.
    limit: Option<String>,
}

/// What a message tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The event.
    pub event: Event,
    /// Whether the task may have ended with it: only reading the task says so. (ambiguity D-07)
    pub look: bool,
}

impl Decoder {
    /// Reads the messages of this task.
    #[must_use]
    pub fn of(task: impl Into<RunId>) -> Self {
        Self {
            task: task.into(),
            open: VecDeque::new(),
            calls: 0,
            limit: None,
        }
    }

    /// Takes in that messages may have been missed: results that come no longer belong to calls
    /// that were seen.
    pub fn cut(&mut self) {
        self.open.clear();
    }

    /// What was said when the task's iterations were used up, if they were.
    #[must_use]
    pub fn limit(&self) -> Option<&str> {
        self.limit.as_deref()
    }

    /// Reads a message.
    ///
    /// Nothing is an error: what is no message of the document becomes one of kind
    /// [`Unknown`](grump_core::EventKind::Unknown). `None` is a greeting, or a message of another
    /// task.
    pub fn decode(&mut self, text: &str) -> Option<Decoded> {
        let told = TaskMessage::read(text);
        let name = told.name().to_owned();
        let (payload, at) = match told {
            TaskMessage::Unknown(_) if name == "connected" => return None,
            TaskMessage::Unknown(unknown) => {
                if self.is_of_another(&unknown.message) {
                    return None;
                }
                self.unknown(&name, &unknown.message, text)
            }
            known => self.known(known)?,
        };
        let look = matches!(payload, Payload::ErrorReported(_));
        let mut event = Event::new(map::name(self.task.clone()), payload);
        event.at = at;
        event.native = Some(Box::new(Native {
            channel: CHANNEL,
            name,
            raw: Some(text.into()),
        }));
        Some(Decoded { event, look })
    }

    fn known(&mut self, told: TaskMessage) -> Option<(Payload, Option<Timestamp>)> {
        Some(match told {
            TaskMessage::Token(token) => {
                self.is_own(&token.extra)?;
                (
                    TextDelta {
                        text: token.content,
                    }
                    .into(),
                    token.timestamp,
                )
            }
            TaskMessage::ToolCall(call) => {
                self.is_own(&call.extra)?;
                (self.called(&call), call.timestamp)
            }
            TaskMessage::ToolResult(result) => {
                self.is_own(&result.extra)?;
                let payload = ToolResult {
                    call_id: self.call_of(&result.tool, &result.extra),
                    output: carried(result.output.as_ref()),
                    success: result.success,
                    tool: result.tool,
                    status: None,
                    input: None,
                };
                (payload.into(), result.timestamp)
            }
            TaskMessage::PlanUpdate(update) => {
                self.is_own(&update.extra)?;
                let plan = Json::of(&update.plan).ok()?;
                (PlanUpdated { plan }.into(), update.timestamp)
            }
            TaskMessage::Status(status) => {
                self.is_own(&status.extra)?;
                let at = status.timestamp.clone();
                (self.status(status), at)
            }
            TaskMessage::Error(error) => {
                self.is_own(&error.extra)?;
                if error.code.as_deref() == Some(LIMIT) {
                    self.limit = Some(error.error.clone());
                }
                let payload = ErrorReported {
                    message: error.error,
                    code: error.code,
                };
                (payload.into(), error.timestamp)
            }
            TaskMessage::Unknown(_) => return None,
        })
    }

    /// Only servers in the field name the task; one that names another tells of that one.
    fn is_own(&self, extra: &Map<String, Value>) -> Option<()> {
        let named = extra.get("task_id").and_then(Value::as_str);
        named
            .is_none_or(|task| task == self.task.as_str())
            .then_some(())
    }

    fn is_of_another(&self, message: &Value) -> bool {
        message
            .as_object()
            .is_some_and(|members| self.is_own(members).is_none())
    }

    fn called(&mut self, call: &ToolCall) -> Payload {
        let call_id = own_id(&call.extra).unwrap_or_else(|| {
            self.calls += 1;
            format!("{}-{}", call.tool, self.calls)
        });
        if self.open.len() == OPEN {
            self.open.pop_front();
        }
        self.open.push_back((call.tool.clone(), call_id.clone()));
        ToolCalled {
            tool: call.tool.clone(),
            input: carried(call.input.as_ref()),
            call_id: Some(call_id),
            status: None,
            output: None,
        }
        .into()
    }

    /// The call that a result belongs to: the oldest open one of the same tool. (ambiguity D-09)
    fn call_of(&mut self, tool: &str, extra: &Map<String, Value>) -> Option<String> {
        let told = own_id(extra);
        let at = self.open.iter().position(|(name, id)| match &told {
            Some(told) => id == told,
            None => name == tool,
        });
        let found = at.and_then(|at| self.open.remove(at));
        told.or_else(|| found.map(|(_, id)| id))
    }

    fn status(&self, told: StatusMessage) -> Payload {
        let word = || Some(told.status.as_str().to_owned());
        match map::status(&told.status).unified {
            RunStatus::Completed => RunCompleted {
                status: word(),
                message: told.message,
                artifacts: None,
            }
            .into(),
            RunStatus::Failed | RunStatus::Cancelled if self.limit.is_some() => RunLimitReached {
                reason: self.limit.clone(),
            }
            .into(),
            RunStatus::Failed => RunFailed {
                status: word(),
                message: told.message,
                code: None,
            }
            .into(),
            RunStatus::Cancelled => RunCancelled {
                status: word(),
                message: told.message,
                reason: None,
            }
            .into(),
            _ => RunStatusChanged {
                status: Some(map::status(&told.status)),
                message: told.message,
                artifacts: None,
            }
            .into(),
        }
    }

    /// A message that the document does not have. Of those that servers in the field send, the ones
    /// that say what the document says otherwise are read as such. (ambiguity D-21)
    fn unknown(&mut self, name: &str, message: &Value, text: &str) -> (Payload, Option<Timestamp>) {
        let Some(Value::Object(mut members)) = flat(message) else {
            return (as_it_came(name, text), None);
        };
        let at = members
            .get("timestamp")
            .and_then(Value::as_str)
            .and_then(|at| at.parse().ok());
        if name == "task_started" {
            return (RunStarted { skill: None }.into(), at);
        }
        let payload = retold(name, &mut members).and_then(|told| self.known(told));
        match payload {
            Some((payload, _)) => (payload, at),
            None => (as_it_came(name, text), at),
        }
    }
}

/// The id of a call, where a server gives one.
fn own_id(extra: &Map<String, Value>) -> Option<String> {
    let id = extra.get("call_id").or_else(|| extra.get("tool_call_id"))?;
    id.as_str().map(str::to_owned)
}

fn as_it_came(name: &str, text: &str) -> Payload {
    let name = if name.is_empty() { "unknown" } else { name };
    Payload::Unknown(Unknown {
        name: name.to_owned(),
        body: serde_json::from_str(text).unwrap_or_else(|_| Json::string(text)),
    })
}

/// The document's message for one of the field's.
fn retold(name: &str, members: &mut Map<String, Value>) -> Option<TaskMessage> {
    let (kind, status) = match name {
        "tool_started" => ("tool_call", None),
        "tool_completed" => ("tool_result", None),
        "task_completed" => ("status", Some(TaskStatus::Completed)),
        "task_failed" => ("status", Some(TaskStatus::Failed)),
        "task_cancelled" | "task_stopped" => ("status", Some(TaskStatus::Stopped)),
        _ => return None,
    };
    if let Some(status) = status {
        let message = ["message", "error", "summary"].into_iter();
        let message = message
            .filter_map(|name| members.get(name)?.as_str().map(str::to_owned))
            .next();
        members.insert("status".to_owned(), status.as_str().into());
        if let Some(message) = message {
            members.insert("message".to_owned(), message.into());
        }
    }
    members.insert("type".to_owned(), kind.into());
    match TaskMessage::of(Value::Object(std::mem::take(members))) {
        TaskMessage::Unknown(_) => None,
        known => Some(known),
    }
}
