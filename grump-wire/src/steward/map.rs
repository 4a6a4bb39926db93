//! From the wire to the domain and back. Total: what is not known maps to `Unknown`, never to an
//! error.

mod diff;
mod evidence;
mod lists;
mod plane;
mod projects;

pub use self::{
    diff::file_diffs,
    evidence::{command, file, summary},
    lists::{events_query, mark, page_query},
    plane::{account, device, device_request, logged_in, provider, server_params},
    projects::{
        against, changelog_entry, comparison, project, project_change, project_doc,
        project_request, restored, snapshot,
    },
};

use grump_core::{
    Committed, Error, ErrorKind, Json, NewTask, Outcome, Pushed, Result, Review, Reviewed, Run,
    RunDetail, RunKind, RunRef, RunStatus, Status, Task, Timestamp,
};
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

/// How long a title is that is made from a prompt.
const TITLE: usize = 60;

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

/// Names a run of this dialect.
#[must_use]
pub fn run_ref(id: &wire::RunId) -> RunRef {
    RunRef::new(RunKind::Task, id.as_str())
}

/// The run that the wire tells of.
#[must_use]
pub fn run(told: wire::Run) -> Run {
    let mut task = Task::new();
    task.prompt = told.prompt;
    task.agent = told.selected_agent.map(|agent| agent.as_str().to_owned());
    task.model = told.selected_model;
    task.project = told.project_id.map(|id| id.as_str().into());
    task.branch = told.branch;
    task.timeline = told.timeline;
    let detail = RunDetail::Task(Box::new(task));
    let mut run = Run::new(run_ref(&told.id), told.title, detail);
    run.status = status(told.status.as_str().to_owned());
    run.outcome = outcome(run.status.unified);
    run.error = told.error.as_ref().and_then(words);
    run.review = told.review.map(review).unwrap_or_default();
    run.created_at = told.created_at.unwrap_or_else(|| Timestamp::from_millis(0));
    run.updated_at = told.updated_at.unwrap_or_else(|| run.created_at.clone());
    run.started_at = told.started_at;
    run.ended_at = told.completed_at;
    run.ext = told.extra;
    let flags = [
        ("ragEnabled", told.rag_enabled),
        ("safeMode", told.safe_mode),
    ];
    for (name, flag) in flags {
        run.ext
            .extend(flag.map(|flag| (name.to_owned(), flag.into())));
    }
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

fn review(told: wire::Review) -> Review {
    let note = told.notes;
    match told.status {
        Some(wire::ReviewStatus::Approved) => Review::Approved {
            note,
            applied: None,
        },
        Some(wire::ReviewStatus::Rejected) => Review::Rejected { note },
        _ => Review::Pending,
    }
}

/// What became of a run by a review.
#[must_use]
pub fn reviewed(told: wire::Review) -> Reviewed {
    let mut reviewed = Reviewed::new();
    reviewed.note = told.notes;
    reviewed.ext = told.extra;
    let words = [
        ("id", told.id.and_then(|id| serde_json::to_value(id).ok())),
        ("status", told.status.map(|word| word.as_str().into())),
    ];
    for (name, value) in words {
        reviewed
            .ext
            .extend(value.map(|value| (name.to_owned(), value)));
    }
    reviewed
}

/// The request that asks for a task: the document wants its project, prompt, agent and model.
///
/// # Errors
/// `InvalidInput` naming the first of those that is missing.
pub fn run_request(new: NewTask) -> Result<wire::RunRequest> {
    let prompt = new.prompt.ok_or_else(|| missing("prompt"))?;
    Ok(wire::RunRequest {
        project_id: new
            .project
            .ok_or_else(|| missing("project"))?
            .as_str()
            .into(),
        title: new.title.unwrap_or_else(|| title(&prompt)),
        selected_agent: new.agent.ok_or_else(|| missing("agent"))?.into(),
        selected_model: new.model.ok_or_else(|| missing("model"))?,
        rag_enabled: new.rag,
        safe_mode: new.safe_mode,
        prompt,
    })
}

fn missing(member: &'static str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "this plane makes no task without it",
    )
    .with("member", member)
    .advise("set it")
}

/// A title from the prompt's first line.
fn title(prompt: &str) -> String {
    let line = prompt.trim().lines().next().unwrap_or_default();
    match line.char_indices().nth(TITLE) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// A commit that was made.
#[must_use]
pub fn committed(told: wire::Committed) -> Committed {
    let mut committed = Committed::new();
    committed.commit = told.commit().map(str::to_owned);
    committed.branch = told.branch;
    committed.ext = told.extra;
    committed
}

/// A branch that was pushed.
#[must_use]
pub fn pushed(told: wire::Pushed) -> Pushed {
    let mut pushed = Pushed::new();
    pushed.branch = told.branch;
    pushed.remote = told.remote;
    pushed.commit = told.sha;
    pushed.ext = told.extra;
    pushed
}
