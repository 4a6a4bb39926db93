//! From the wire to the domain and back. Total: what is not known maps to `Unknown`, never to an
//! error.

use grump_core::{
    Health, Outcome, Run, RunDetail, RunId, RunKind, RunRef, RunStatus, Status, Timestamp,
};

use super::types as wire;

/// The dialect's statuses and the domain's. (Mini-Devin, "Tasks"; ambiguity D-04)
const STATUSES: &[(wire::TaskStatus, RunStatus)] = &[
    (wire::TaskStatus::Pending, RunStatus::Queued),
    (wire::TaskStatus::Running, RunStatus::Running),
    (wire::TaskStatus::Completed, RunStatus::Completed),
    (wire::TaskStatus::Stopped, RunStatus::Cancelled),
    (wire::TaskStatus::Failed, RunStatus::Failed),
];

/// Words that servers were seen to use beside the document's.
const COUSINS: &[(&str, RunStatus)] = &[
    ("cancelled", RunStatus::Cancelled),
    ("canceled", RunStatus::Cancelled),
    ("queued", RunStatus::Queued),
    ("idle", RunStatus::Queued),
    ("in_progress", RunStatus::Running),
    ("error", RunStatus::Failed),
];

/// The run that a task is.
#[must_use]
pub fn name(id: impl Into<RunId>) -> RunRef {
    RunRef::new(RunKind::Task, id)
}

/// The status that this word names.
#[must_use]
pub fn status(told: &wire::TaskStatus) -> Status {
    let known = STATUSES.iter().find(|(word, _)| word == told);
    let known = known.map(|(_, status)| *status).or_else(|| {
        let cousin = COUSINS.iter().find(|(word, _)| *word == told.as_str());
        cousin.map(|(_, status)| *status)
    });
    Status::new(
        known.unwrap_or(RunStatus::Unknown),
        told.as_str().to_owned(),
    )
}

/// The word for a status. What the dialect has no word for is told as what a reader would do the
/// same about.
#[must_use]
pub fn wire_status(status: &Status) -> wire::TaskStatus {
    let unified = match status.unified {
        RunStatus::Draft => RunStatus::Queued,
        RunStatus::Starting | RunStatus::Waiting | RunStatus::Paused => RunStatus::Running,
        RunStatus::AwaitingApproval | RunStatus::Merged => RunStatus::Completed,
        RunStatus::Rejected | RunStatus::Discarded => RunStatus::Cancelled,
        RunStatus::LimitReached => RunStatus::Failed,
        other => other,
    };
    let known = STATUSES.iter().find(|(_, status)| *status == unified);
    known.map_or_else(|| (*status.native).into(), |(word, _)| word.clone())
}

/// Why a run's work ended, as far as its status says.
const fn outcome(status: RunStatus) -> Option<Outcome> {
    match status {
        RunStatus::Completed => Some(Outcome::Succeeded),
        RunStatus::LimitReached => Some(Outcome::LimitReached),
        RunStatus::Failed => Some(Outcome::Errors),
        RunStatus::Cancelled => Some(Outcome::Stopped),
        _ => None,
    }
}

/// The run that a task is. One that completed without success has failed. (ambiguity D-05)
#[must_use]
pub fn run(told: wire::Task) -> Run {
    let result = told.result.unwrap_or_default();
    let mut run = Run::new(name(told.id), told.description, RunDetail::None);
    run.status = status(&told.status);
    if run.status.unified == RunStatus::Completed && result.success == Some(false) {
        run.status.unified = RunStatus::Failed;
    }
    run.outcome = outcome(run.status.unified);
    run.created_at = told.created_at.unwrap_or_else(|| Timestamp::from_millis(0));
    run.updated_at = told
        .completed_at
        .clone()
        .unwrap_or_else(|| run.created_at.clone());
    run.ended_at = told.completed_at;
    if run.status.unified == RunStatus::Failed {
        let said = told.extra.get("error").and_then(|error| error.as_str());
        run.error = said.map(str::to_owned).or(result.summary);
    }
    run
}

/// The same run, of which the socket said that its iterations were used up: the document's tasks
/// have no status for that. (ambiguity D-20)
#[must_use]
pub fn limited(mut run: Run, reason: &str) -> Run {
    if matches!(run.status.unified, RunStatus::Failed | RunStatus::Cancelled) {
        run.status.unified = RunStatus::LimitReached;
        run.outcome = outcome(RunStatus::LimitReached);
        run.error.get_or_insert_with(|| reason.to_owned());
    }
    run
}

/// The task that a run is.
#[must_use]
pub fn wire_task(run: &Run) -> wire::Task {
    let is_over = run.status.unified.is_terminal();
    let result = is_over.then(|| wire::TaskResult {
        success: Some(run.status.unified == RunStatus::Completed),
        summary: run.error.clone(),
        ..wire::TaskResult::default()
    });
    wire::Task {
        id: run.name.id.clone().into(),
        description: run.title.clone(),
        status: wire_status(&run.status),
        created_at: Some(run.created_at.clone()),
        completed_at: run.ended_at.clone(),
        result,
        ..wire::Task::default()
    }
}

/// How the server is. One that does not say is well: it answers.
#[must_use]
pub fn health(told: wire::HealthReport) -> Health {
    let is_well = ["", "healthy", "ok"].contains(&&*told.status);
    let problem = (!is_well).then(|| format!("the server says that it is {:?}", told.status));
    Health::new(told.version, problem.into_iter().collect())
}

/// The wire's form of how a server is.
#[must_use]
pub fn wire_health(health: Health) -> wire::HealthReport {
    let word = if health.healthy {
        "healthy"
    } else {
        "unhealthy"
    };
    wire::HealthReport {
        status: word.to_owned(),
        version: health.version,
        ..wire::HealthReport::default()
    }
}
