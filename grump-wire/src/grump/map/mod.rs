//! From the wire to the domain and back. Total: what is not known maps to `Unknown`, never to an
//! error.

mod chat;
mod make;
mod rest;
mod runs;

use grump_core::{Outcome, RunStatus, Status};

// Whole, so that whoever adds a body cannot forget it here.
pub use self::{chat::*, make::*, rest::*, runs::*};

/// A SHIP session's statuses and the domain's. (G-Rump, "SHIP Workflow Endpoints")
const SESSION_STATUSES: &[(&str, RunStatus)] = &[
    ("pending", RunStatus::Draft),
    ("running", RunStatus::Running),
    ("completed", RunStatus::Completed),
    ("failed", RunStatus::Failed),
    ("paused", RunStatus::Paused),
    ("initializing", RunStatus::Starting),
];

/// A job's statuses and the domain's. (G-Rump, "Job Management Endpoints")
const JOB_STATUSES: &[(&str, RunStatus)] = &[
    ("queued", RunStatus::Queued),
    ("running", RunStatus::Running),
    ("completed", RunStatus::Completed),
    ("failed", RunStatus::Failed),
    ("cancelled", RunStatus::Cancelled),
    ("canceled", RunStatus::Cancelled),
];

/// The status of a SHIP session that this word names.
#[must_use]
pub fn session_status(native: impl Into<String>) -> Status {
    known(SESSION_STATUSES, native.into())
}

/// The status of a job that this word names.
#[must_use]
pub fn job_status(native: impl Into<String>) -> Status {
    known(JOB_STATUSES, native.into())
}

fn known(statuses: &[(&str, RunStatus)], native: String) -> Status {
    let known = statuses.iter().find(|(word, _)| *word == native);
    let unified = known.map_or(RunStatus::Unknown, |(_, status)| *status);
    Status::new(unified, native)
}

/// The word for a SHIP session's status. What the dialect has no word for is told as what a reader
/// would do the same about.
#[must_use]
pub fn wire_session_status(status: &Status) -> String {
    let unified = match status.unified {
        RunStatus::Queued => RunStatus::Draft,
        RunStatus::Starting | RunStatus::Waiting => RunStatus::Running,
        RunStatus::AwaitingApproval | RunStatus::Merged => RunStatus::Completed,
        RunStatus::LimitReached
        | RunStatus::Cancelled
        | RunStatus::Rejected
        | RunStatus::Discarded => RunStatus::Failed,
        other => other,
    };
    word(SESSION_STATUSES, unified, status)
}

/// The word for a job's status, as [`wire_session_status`].
#[must_use]
pub fn wire_job_status(status: &Status) -> String {
    let unified = match status.unified {
        RunStatus::Draft => RunStatus::Queued,
        RunStatus::Starting | RunStatus::Waiting | RunStatus::Paused => RunStatus::Running,
        RunStatus::AwaitingApproval | RunStatus::Merged => RunStatus::Completed,
        RunStatus::LimitReached => RunStatus::Failed,
        RunStatus::Rejected | RunStatus::Discarded => RunStatus::Cancelled,
        other => other,
    };
    word(JOB_STATUSES, unified, status)
}

/// The plane's own word where it means that, or else the dialect's.
fn word(statuses: &[(&str, RunStatus)], unified: RunStatus, status: &Status) -> String {
    let own = statuses
        .iter()
        .find(|(word, meaning)| *word == status.native && *meaning == status.unified);
    let known = own.or_else(|| statuses.iter().find(|(_, meaning)| *meaning == unified));
    known.map_or_else(|| status.native.to_string(), |(word, _)| (*word).to_owned())
}

/// Why a run's work ended, as far as its status says.
#[must_use]
pub const fn outcome(status: RunStatus) -> Option<Outcome> {
    match status {
        RunStatus::Completed => Some(Outcome::Succeeded),
        RunStatus::Failed => Some(Outcome::Errors),
        RunStatus::Cancelled => Some(Outcome::Stopped),
        _ => None,
    }
}
