//! From the wire to the domain and back. Total: what is not known maps to `Unknown`, never to an
//! error.

use grump_core::{Json, Outcome, Run, RunDetail, RunKind, RunRef, RunStatus, Status, Timestamp};

use serde_json::Value;

use super::types as wire;

/// The dialect's statuses and the domain's. ("Runs"; the words of success and of waiting for a
/// person are not in the document, and several are understood: ambiguities C-05, C-06)
const STATUSES: &[(&str, RunStatus)] = &[
    ("draft", RunStatus::Draft),
    ("queued", RunStatus::Queued),
    ("running", RunStatus::Running),
    ("paused", RunStatus::Paused),
    ("waiting_for_user", RunStatus::AwaitingApproval),
    ("completed", RunStatus::Completed),
    ("failed", RunStatus::Failed),
    ("cancelled", RunStatus::Cancelled),
    ("canceled", RunStatus::Cancelled),
    ("succeeded", RunStatus::Completed),
    ("finished", RunStatus::Completed),
    ("awaiting_approval", RunStatus::AwaitingApproval),
    ("review", RunStatus::AwaitingApproval),
];

/// The status that this word names.
#[must_use]
pub fn status(native: String) -> Status {
    let known = STATUSES.iter().find(|(word, _)| *word == native);
    let unified = known.map_or(RunStatus::Unknown, |(_, status)| *status);
    Status::new(unified, native)
}

/// The word for a status: its own where the dialect has it, else that of what a reader would do the
/// same about.
#[must_use]
pub fn wire_status(status: &Status) -> wire::RunStatus {
    // The shared word is that of a plane behind, not one of this dialect.
    let is_own = status.native != status.unified.as_str()
        && STATUSES
            .iter()
            .any(|(word, unified)| *word == status.native && *unified == status.unified);
    if is_own || status.unified == RunStatus::Unknown {
        return wire::RunStatus::from(&*status.native);
    }
    let unified = match status.unified {
        RunStatus::Starting => RunStatus::Queued,
        RunStatus::Waiting => RunStatus::Running,
        RunStatus::Merged => RunStatus::Completed,
        RunStatus::LimitReached => RunStatus::Failed,
        RunStatus::Rejected | RunStatus::Discarded => RunStatus::Cancelled,
        other => other,
    };
    let known = STATUSES.iter().find(|(_, status)| *status == unified);
    let word = known.map_or(&*status.native, |(word, _)| word);
    wire::RunStatus::from(word)
}

/// Why a run's work ended, as far as its status says.
const fn outcome(status: RunStatus) -> Option<Outcome> {
    match status {
        RunStatus::Completed => Some(Outcome::Succeeded),
        RunStatus::Failed => Some(Outcome::Errors),
        RunStatus::Cancelled => Some(Outcome::Stopped),
        _ => None,
    }
}

/// The run that the wire tells of.
#[must_use]
pub fn run(told: wire::Run) -> Run {
    let name = RunRef::new(RunKind::Task, told.id.as_str());
    let mut run = Run::new(name, told.title, RunDetail::None);
    run.status = status(told.status.as_str().to_owned());
    run.outcome = outcome(run.status.unified);
    run.error = told.error.as_ref().and_then(words);
    run.created_at = told.created_at.unwrap_or_else(|| Timestamp::from_millis(0));
    run.updated_at = told.updated_at.unwrap_or_else(|| run.created_at.clone());
    run.started_at = told.started_at;
    run.ended_at = told.completed_at;
    run
}

/// An error in words, which may be an object that holds them.
fn words(error: &Json) -> Option<String> {
    match error.value() {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Object(members) if members.get("message").is_some_and(Value::is_string) => {
            members["message"].as_str().map(str::to_owned)
        }
        _ => Some(error.text().to_owned()),
    }
}
