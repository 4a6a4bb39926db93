//! From the wire to the domain and back. Total: what is not known maps to `Unknown`, never to an
//! error.

use grump_core::{Health, Outcome, Run, RunDetail, RunKind, RunRef, RunStatus, Status, Timestamp};
use serde_json::Value;

use super::types as wire;

/// The dialect's statuses and the domain's. (MetaForge, "Session Management"; ambiguity M-04)
const STATUSES: &[(wire::SessionStatus, RunStatus)] = &[
    (wire::SessionStatus::Created, RunStatus::Draft),
    (wire::SessionStatus::Running, RunStatus::Running),
    (
        wire::SessionStatus::PendingApproval,
        RunStatus::AwaitingApproval,
    ),
    (wire::SessionStatus::Completed, RunStatus::Completed),
    (wire::SessionStatus::Approved, RunStatus::Merged),
    (wire::SessionStatus::Rejected, RunStatus::Rejected),
    (wire::SessionStatus::Failed, RunStatus::Failed),
];

/// Words that servers may use beside the document's.
const COUSINS: &[(&str, RunStatus)] = &[
    ("pending", RunStatus::Queued),
    ("queued", RunStatus::Queued),
    ("starting", RunStatus::Starting),
    ("error", RunStatus::Failed),
    ("timeout", RunStatus::Failed),
    ("cancelled", RunStatus::Cancelled),
    ("canceled", RunStatus::Cancelled),
    ("stopped", RunStatus::Cancelled),
];

/// The run that a session is.
#[must_use]
pub fn name(id: impl Into<wire::SessionId>) -> RunRef {
    RunRef::new(RunKind::Task, id.into())
}

/// The status that this word names.
#[must_use]
pub fn status(told: &wire::SessionStatus) -> Status {
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
pub fn wire_status(status: &Status) -> wire::SessionStatus {
    let unified = match status.unified {
        RunStatus::Queued | RunStatus::Starting | RunStatus::Waiting | RunStatus::Paused => {
            RunStatus::Running
        }
        RunStatus::LimitReached | RunStatus::Cancelled => RunStatus::Failed,
        RunStatus::Discarded => RunStatus::Rejected,
        other => other,
    };
    let known = STATUSES.iter().find(|(_, status)| *status == unified);
    known.map_or_else(|| (*status.native).into(), |(word, _)| word.clone())
}

/// The status for which a list is asked; `None` where the dialect has no word of its own for it.
#[must_use]
pub fn status_filter(status: RunStatus) -> Option<wire::SessionStatus> {
    let known = STATUSES.iter().find(|(_, known)| *known == status);
    known.map(|(word, _)| word.clone())
}

/// Why a run's work ended, as far as its status says.
const fn outcome(status: RunStatus) -> Option<Outcome> {
    match status {
        RunStatus::Completed | RunStatus::Merged | RunStatus::Rejected => Some(Outcome::Succeeded),
        RunStatus::Failed => Some(Outcome::Errors),
        RunStatus::Cancelled => Some(Outcome::Stopped),
        _ => None,
    }
}

/// The run that a session is.
#[must_use]
pub fn run(told: wire::Session) -> Run {
    let mut run = Run::new(name(told.id), told.skill, RunDetail::None);
    run.status = status(&told.status);
    run.outcome = outcome(run.status.unified);
    run.created_at = told.created.unwrap_or_else(|| Timestamp::from_millis(0));
    run.updated_at = told.updated.unwrap_or_else(|| run.created_at.clone());
    run.error = reason(&run, &told.extra);
    run
}

/// The run that an agent's session is, where only the agent was asked about.
#[must_use]
pub fn run_of_agent(told: wire::AgentStatus) -> Run {
    let session = wire::Session {
        id: told.session_id,
        skill: told.agent,
        status: told.status,
        extra: told.extra,
        ..wire::Session::default()
    };
    run(session)
}

/// Why a run failed, where a server says so: the document has no member for it.
fn reason(run: &Run, extra: &serde_json::Map<String, Value>) -> Option<String> {
    if run.status.unified != RunStatus::Failed {
        return None;
    }
    let told = extra.get("error").or_else(|| extra.get("message"))?;
    let message = told.get("message").unwrap_or(told);
    message.as_str().map(str::to_owned)
}

/// The session that a run is.
#[must_use]
pub fn wire_session(run: &Run) -> wire::Session {
    wire::Session {
        id: run.name.id.clone().into(),
        skill: run.title.clone(),
        status: wire_status(&run.status),
        created: Some(run.created_at.clone()),
        updated: Some(run.updated_at.clone()),
        ..wire::Session::default()
    }
}

/// How the gateway is.
#[must_use]
pub fn health(told: wire::HealthReport) -> Health {
    let mut problems = Vec::new();
    if !told.status.is_empty() && !is_well(&told.status) {
        problems.push(format!("the gateway says that it is {:?}", told.status));
    }
    let parts = [
        ("gateway", told.components.gateway),
        ("llm_provider", told.components.llm_provider),
    ];
    for (part, how) in parts {
        if let Some(how) = how.filter(|how| !is_well(how)) {
            problems.push(format!("{part} is {how:?}"));
        }
    }
    Health::new(told.version, problems)
}

/// A tool that is not there is no illness: no skill may need it.
fn is_well(word: &str) -> bool {
    ["healthy", "ok", "up", "available", "connected"].contains(&word)
}

/// The wire's form of how a gateway is.
#[must_use]
pub fn wire_health(health: Health) -> wire::HealthReport {
    let word = |is_well, yes: &str, no: &str| if is_well { yes } else { no }.to_owned();
    wire::HealthReport {
        status: word(health.healthy, "healthy", "unhealthy"),
        components: wire::Components {
            gateway: Some(word(health.healthy, "ok", "error")),
            ..wire::Components::default()
        },
        version: health.version,
        ..wire::HealthReport::default()
    }
}
