//! One frame of an event stream to an event of the domain, and back. (Ralpher, "Events (SSE)")

use std::borrow::Cow;

use grump_core::{
    Event, EventKind, Json, Native, Payload, RunId, RunKind, RunRef, Timestamp,
    payload::{
        CommitCreated, ErrorReported, IterationEnded, IterationStarted, Log, Message, RunCancelled,
        RunCompleted, RunCreated, RunDeleted, RunDiscarded, RunFailed, RunLimitReached, RunMerged,
        RunStarted, TextDelta, ToolCalled, ToolResult, Unknown,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{map, types::Tool};
use crate::{contract, text::carried};

/// The channel that [`Native::channel`] names for frames of this dialect.
pub const CHANNEL: &str = "ralpher.sse";

/// The kinds of events that can be told.
pub const KINDS: &[EventKind] = &[
    EventKind::RunCreated,
    EventKind::RunStarted,
    EventKind::IterationStarted,
    EventKind::IterationEnded,
    EventKind::Message,
    EventKind::ToolCalled,
    EventKind::ToolResult,
    EventKind::TextDelta,
    EventKind::Log,
    EventKind::CommitCreated,
    EventKind::RunCompleted,
    EventKind::RunLimitReached,
    EventKind::RunFailed,
    EventKind::RunCancelled,
    EventKind::ErrorReported,
    EventKind::RunDeleted,
    EventKind::RunMerged,
    EventKind::RunDiscarded,
];

/// The document's event types. ("Events (SSE)")
pub const TYPES: &[&str] = &[
    "loop.created",
    "loop.started",
    "loop.iteration.start",
    "loop.iteration.end",
    "loop.message",
    "loop.tool_call",
    "loop.progress",
    "loop.log",
    "loop.git.commit",
    "loop.completed",
    "loop.stopped",
    "loop.error",
    "loop.deleted",
    "loop.accepted",
    "loop.discarded",
];

const _: () = contract::compare_events(contract::RALPHER_EVENTS, TYPES);

/// The reason that stands in a `loop.stopped` for the limit of iterations: the dialect's own word
/// for the status.
pub const LIMIT: &str = "max_iterations";
/// The reason for a limit of time or tokens.
const BUDGET: &str = "budget";
/// What `status` holds in a `loop.error` after which nothing follows.
const FAILED: &str = "failed";

/// What a frame tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The event.
    pub event: Event,
    /// Whether the loop may have ended with it: only reading the loop says so. (ambiguity R-14)
    pub look: bool,
}

/// Reads a frame's data.
///
/// Nothing is an error: what is no event of the document becomes one of kind
/// [`Unknown`](EventKind::Unknown). `None` is a frame that names no loop on a stream of all loops.
#[must_use]
pub fn decode(data: &str, stream: Option<&RunId>) -> Option<Decoded> {
    let frame: Frame<'_> = serde_json::from_str(data).unwrap_or_default();
    let id = frame.loop_id.clone().or_else(|| stream.cloned())?;
    let (payload, look) = match frame.kind.as_deref() {
        Some(kind) => payload(kind, &frame, data),
        None => (unknown("unknown", data), false),
    };
    let mut event = Event::new(RunRef::of_loop(id), payload);
    event.at = frame.timestamp;
    event.iteration = frame
        .iteration
        .filter(|_| event.kind() != EventKind::RunStarted);
    event.native = Some(Box::new(Native {
        channel: CHANNEL,
        name: frame.kind.unwrap_or_default().into_owned(),
        raw: Some(data.into()),
    }));
    Some(Decoded { event, look })
}

/// Writes an event's frame; `None` where the dialect has no word for it, as for all that is no loop.
///
/// A frame that was read from this dialect is passed on as it came.
#[must_use]
pub fn encode(event: &Event) -> Option<Cow<'_, str>> {
    if let Some(native) = &event.native
        && native.channel == CHANNEL
        && let Some(raw) = &native.raw
    {
        return Some(Cow::Borrowed(raw));
    }
    if event.run.kind != RunKind::Loop {
        return None;
    }
    let (kind, members) = said(event)?;
    let frame = Written {
        kind,
        loop_id: &event.run.id,
        iteration: event.iteration,
        members,
        timestamp: moment(event),
    };
    serde_json::to_string(&frame).ok().map(Cow::Owned)
}

/// The members of all types, borrowed where that is possible.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Frame<'a> {
    #[serde(borrow, rename = "type", deserialize_with = "text")]
    kind: Option<Cow<'a, str>>,
    #[serde(rename = "loopId", deserialize_with = "lenient")]
    loop_id: Option<RunId>,
    #[serde(deserialize_with = "lenient")]
    iteration: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    timestamp: Option<Timestamp>,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
    #[serde(borrow)]
    outcome: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    tool: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    level: Option<&'a RawValue>,
    #[serde(borrow)]
    commit: Option<&'a RawValue>,
    #[serde(borrow)]
    reason: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow, rename = "mergeCommit")]
    merge_commit: Option<&'a RawValue>,
}

/// A member that counts as not said where it is of another type than the document's.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

fn text<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'de, str>>, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(string(Some(raw)))
}

/// The text of a member that is text.
fn string(member: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let json = member?.get();
    let plain = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match plain {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

fn owned(member: Option<&RawValue>) -> Option<String> {
    string(member).map(Cow::into_owned)
}

fn json(member: Option<&RawValue>) -> Option<Json> {
    member.and_then(|raw| Json::of(&raw).ok())
}

fn unknown(name: &str, data: &str) -> Payload {
    let body = serde_json::from_str(data).unwrap_or_else(|_| Json::string(data));
    Payload::Unknown(Unknown {
        name: name.to_owned(),
        body,
    })
}

/// What a frame of this type tells, and whether the loop must be looked at.
fn payload(kind: &str, frame: &Frame<'_>, data: &str) -> (Payload, bool) {
    let payload: Option<Payload> = match kind {
        "loop.created" => Some(created(frame)),
        "loop.started" => Some(RunStarted { skill: None }.into()),
        "loop.iteration.start" => Some(IterationStarted {}.into()),
        "loop.iteration.end" => Some(
            IterationEnded {
                outcome: owned(frame.outcome),
            }
            .into(),
        ),
        "loop.message" => json(frame.message).map(|message| Message { message }.into()),
        "loop.tool_call" => tool(frame),
        "loop.progress" => owned(frame.content).map(|text| TextDelta { text }.into()),
        "loop.log" => log(frame),
        "loop.git.commit" => json(frame.commit).map(|commit| CommitCreated { commit }.into()),
        "loop.completed" => Some(
            RunCompleted {
                status: None,
                message: None,
                artifacts: None,
            }
            .into(),
        ),
        "loop.stopped" => return stopped(owned(frame.reason)),
        "loop.error" => return error(frame),
        "loop.deleted" => Some(RunDeleted {}.into()),
        "loop.accepted" => Some(
            RunMerged {
                commit: owned(frame.merge_commit),
            }
            .into(),
        ),
        "loop.discarded" => Some(RunDiscarded {}.into()),
        _ => None,
    };
    (payload.unwrap_or_else(|| unknown(kind, data)), false)
}

fn created(frame: &Frame<'_>) -> Payload {
    let wire = frame
        .config
        .and_then(|raw| serde_json::from_str::<super::LoopConfig>(raw.get()).ok());
    let title = wire.as_ref().map(|config| config.name.clone());
    let config = match wire {
        Some(config) => Json::of(&map::config(config)).ok(),
        None => json(frame.config),
    };
    RunCreated { config, title }.into()
}

fn tool(frame: &Frame<'_>) -> Option<Payload> {
    let tool: Tool = serde_json::from_str(frame.tool?.get()).ok()?;
    let success = match tool.status.as_deref() {
        Some("completed") => true,
        Some("failed" | "error") => false,
        _ => {
            let called = ToolCalled {
                tool: tool.name,
                input: tool.input,
                call_id: tool.id,
                status: tool.status,
                output: tool.output,
            };
            return Some(called.into());
        }
    };
    let result = ToolResult {
        tool: tool.name,
        output: tool.output,
        success: Some(success),
        call_id: tool.id,
        status: tool.status,
        input: tool.input,
    };
    Some(result.into())
}

fn log(frame: &Frame<'_>) -> Option<Payload> {
    let log = Log {
        level: owned(frame.level).unwrap_or_else(|| "info".to_owned()),
        message: owned(frame.message)?,
        log_id: owned(frame.id),
    };
    Some(log.into())
}

/// `loop.stopped` says a limit too, by its reason. One that is not understood is for the reader of
/// the loop to judge.
fn stopped(reason: Option<String>) -> (Payload, bool) {
    let cancelled = |reason| RunCancelled {
        status: None,
        message: None,
        reason,
    };
    match reason {
        Some(reason) if is_limit(&reason) => {
            let is_certain = [LIMIT, BUDGET].contains(&&*reason);
            let reason = Some(reason);
            (RunLimitReached { reason }.into(), !is_certain)
        }
        Some(reason) if !["stopped", "interrupted"].contains(&&*reason) => {
            (cancelled(Some(reason)).into(), true)
        }
        known => (cancelled(known).into(), false),
    }
}

fn is_limit(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    [
        "max_iterations",
        "maximum iterations",
        "max iterations",
        "limit",
        "budget",
    ]
    .iter()
    .any(|word| reason.contains(word))
}

fn error(frame: &Frame<'_>) -> (Payload, bool) {
    let message = owned(frame.error).or_else(|| owned(frame.message));
    let message = message.unwrap_or_else(|| {
        let shown = frame.error.map(RawValue::get);
        shown.unwrap_or("the loop reported an error").to_owned()
    });
    match owned(frame.status).as_deref() {
        Some(FAILED) => {
            let failed = RunFailed {
                status: Some(FAILED.to_owned()),
                message: Some(message),
                code: None,
            };
            (failed.into(), false)
        }
        // Only grump says where the loop is: `running` means that it goes on.
        Some(_) => (
            ErrorReported {
                message,
                code: None,
            }
            .into(),
            false,
        ),
        None => (
            ErrorReported {
                message,
                code: None,
            }
            .into(),
            true,
        ),
    }
}

/// A frame to be written: the members that the document shows for every type around those of its
/// own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    loop_id: &'a RunId,
    #[serde(skip_serializing_if = "Option::is_none")]
    iteration: Option<u64>,
    #[serde(flatten)]
    members: Members<'a>,
    timestamp: &'a Timestamp,
}

/// The members of one type.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Members<'a> {
    None {},
    Created {
        config: Box<super::LoopConfig>,
    },
    Ended {
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<&'a str>,
    },
    Message {
        message: Cow<'a, Json>,
    },
    Tool {
        tool: ToolWritten<'a>,
    },
    Progress {
        content: &'a str,
    },
    Log {
        id: Cow<'a, str>,
        level: &'a str,
        message: &'a str,
    },
    Commit {
        commit: Cow<'a, Json>,
    },
    Stopped {
        reason: &'a str,
    },
    Error {
        error: &'a str,
        status: &'static str,
    },
    Accepted {
        #[serde(skip_serializing_if = "Option::is_none")]
        merge_commit: Option<&'a str>,
    },
}

#[derive(Serialize)]
struct ToolWritten<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Cow<'a, Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Cow<'a, Json>>,
    status: &'a str,
}

/// The type and the members of an event's frame.
fn said(event: &Event) -> Option<(&'static str, Members<'_>)> {
    Some(match &event.payload {
        Payload::RunCreated(created) => ("loop.created", created_members(event, created)),
        Payload::RunStarted(_) => ("loop.started", Members::None {}),
        Payload::IterationStarted(_) => ("loop.iteration.start", Members::None {}),
        Payload::IterationEnded(ended) => {
            let outcome = ended.outcome.as_deref();
            ("loop.iteration.end", Members::Ended { outcome })
        }
        Payload::Message(said) => {
            let message = carried(&said.message);
            ("loop.message", Members::Message { message })
        }
        Payload::ToolCalled(called) => (
            "loop.tool_call",
            Members::Tool {
                tool: called.into(),
            },
        ),
        Payload::ToolResult(result) => (
            "loop.tool_call",
            Members::Tool {
                tool: result.into(),
            },
        ),
        Payload::TextDelta(delta) => {
            let content = &delta.text;
            ("loop.progress", Members::Progress { content })
        }
        Payload::Log(log) => ("loop.log", log_members(event, log)),
        Payload::CommitCreated(created) => {
            let commit = carried(&created.commit);
            ("loop.git.commit", Members::Commit { commit })
        }
        Payload::ErrorReported(reported) => {
            ("loop.error", error_members(&reported.message, "running"))
        }
        Payload::RunFailed(failed) => {
            let message = failed.message.as_deref().unwrap_or("the loop failed");
            ("loop.error", error_members(message, FAILED))
        }
        other => return ended(other),
    })
}

/// As [`said`], for what becomes of a loop in the end.
fn ended(payload: &Payload) -> Option<(&'static str, Members<'_>)> {
    Some(match payload {
        Payload::RunCompleted(_) => ("loop.completed", Members::None {}),
        Payload::RunCancelled(cancelled) => {
            let reason = cancelled.reason.as_deref().unwrap_or("stopped");
            ("loop.stopped", Members::Stopped { reason })
        }
        Payload::RunLimitReached(reached) => {
            let reason = match reached.reason.as_deref() {
                Some(reason) if reason != "limit_reached" => reason,
                _ => LIMIT,
            };
            ("loop.stopped", Members::Stopped { reason })
        }
        Payload::RunDeleted(_) => ("loop.deleted", Members::None {}),
        Payload::RunMerged(merged) => {
            let merge_commit = merged.commit.as_deref();
            ("loop.accepted", Members::Accepted { merge_commit })
        }
        Payload::RunDiscarded(_) => ("loop.discarded", Members::None {}),
        _ => return None,
    })
}

const fn error_members<'a>(error: &'a str, status: &'static str) -> Members<'a> {
    Members::Error { error, status }
}

fn created_members<'a>(event: &Event, created: &RunCreated) -> Members<'a> {
    let config = created
        .config
        .as_ref()
        .and_then(|config| config.parse().ok());
    let Some(config) = config else {
        return Members::None {};
    };
    let mut config = map::wire_config(&config);
    config.id = event.run.id.clone();
    config.name = created.title.clone().unwrap_or_default();
    config.created_at = Some(moment(event).clone());
    config.updated_at = Some(moment(event).clone());
    Members::Created {
        config: Box::new(config),
    }
}

/// The document's log entries all have an id; one that has none gets the event's own.
fn log_members<'a>(event: &'a Event, log: &'a Log) -> Members<'a> {
    let id = match (&log.log_id, &event.seq) {
        (Some(id), _) => Cow::Borrowed(&**id),
        (None, Some(seq)) => Cow::Owned(format!("log-{seq}")),
        (None, None) => {
            let at = moment(event).as_millis().unwrap_or_default();
            Cow::Owned(format!("log-{at}"))
        }
    };
    Members::Log {
        id,
        level: &log.level,
        message: &log.message,
    }
}

/// When an event happened, as well as is known.
fn moment(event: &Event) -> &Timestamp {
    event.at.as_ref().unwrap_or(&event.received_at)
}

impl<'a> From<&'a ToolCalled> for ToolWritten<'a> {
    fn from(called: &'a ToolCalled) -> Self {
        let ended = ["completed", "failed", "error"];
        let status = called
            .status
            .as_deref()
            .filter(|status| !ended.contains(status));
        Self {
            id: called.call_id.as_deref(),
            name: &called.tool,
            input: called.input.as_ref().map(carried),
            output: called.output.as_ref().map(carried),
            status: status.unwrap_or("running"),
        }
    }
}

impl<'a> From<&'a ToolResult> for ToolWritten<'a> {
    fn from(result: &'a ToolResult) -> Self {
        Self {
            id: result.call_id.as_deref(),
            name: &result.tool,
            input: result.input.as_ref().map(carried),
            output: result.output.as_ref().map(carried),
            status: match result.success {
                Some(false) => "failed",
                _ => "completed",
            },
        }
    }
}
