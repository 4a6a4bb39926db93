//! From the wire to the domain and back. Total: what is not known maps to `Unknown`, never to an
//! error.

use grump_core::{
    Approval, ApproveRun, Artifact, Error, ErrorKind, Ext, Health, NewTask, Outcome, RejectRun,
    Result, Review, Reviewed, Run, RunDetail, RunKind, RunRef, RunStatus, Status, SystemPart,
    SystemStatus, Task, Timestamp,
};
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
    let mut task = Task::new();
    task.skill = Some(told.skill.clone()).filter(|skill| !skill.is_empty());
    let output = told.output.unwrap_or_default();
    task.artifacts = output.artifacts.into_iter().map(artifact).collect();
    let detail = RunDetail::Task(Box::new(task));
    let mut run = Run::new(name(told.id), told.skill, detail);
    run.status = status(&told.status);
    run.outcome = outcome(run.status.unified);
    run.review = review(run.status.unified);
    run.created_at = told.created.unwrap_or_else(|| Timestamp::from_millis(0));
    run.updated_at = told.updated.unwrap_or_else(|| run.created_at.clone());
    run.error = reason(&run, &told.extra);
    run.ext = told.extra;
    run
}

/// What was decided about a run's work, as far as its status says.
const fn review(status: RunStatus) -> Review {
    match status {
        RunStatus::AwaitingApproval => Review::Pending,
        RunStatus::Merged => Review::Approved {
            note: None,
            applied: None,
        },
        RunStatus::Rejected => Review::Rejected { note: None },
        _ => Review::None,
    }
}

/// The run that an agent's session is, as far as the agent's status shows it.
#[must_use]
pub fn run_of_agent(told: wire::AgentStatus) -> Run {
    let session = wire::Session {
        id: told.session_id,
        status: told.status,
        extra: told.extra,
        ..wire::Session::default()
    };
    let mut run = run(session);
    run.title.clone_from(&told.agent);
    if let RunDetail::Task(task) = &mut run.detail {
        task.agent = Some(told.agent).filter(|agent| !agent.is_empty());
        task.artifacts = told.artifacts.into_iter().map(artifact).collect();
    }
    run
}

/// The run that was started, with what was asked for.
#[must_use]
pub fn run_started(told: wire::AgentStarted, skill: &str) -> Run {
    let mut run = run(wire::Session {
        id: told.session_id,
        skill: skill.to_owned(),
        status: told.status,
        extra: told.extra,
        ..wire::Session::default()
    });
    run.created_at = Timestamp::now();
    run.updated_at = run.created_at.clone();
    if let RunDetail::Task(task) = &mut run.detail {
        task.agent = Some(told.agent).filter(|agent| !agent.is_empty());
    }
    run
}

/// Something a session made.
#[must_use]
pub fn artifact(told: wire::Artifact) -> Artifact {
    let mut artifact = Artifact::new(told.path);
    artifact.kind = told.kind;
    artifact.size = told.size;
    artifact.diff = told.diff;
    artifact.ext = told.extra;
    artifact
}

/// A session whose work waits for a decision.
#[must_use]
pub fn approval(told: wire::PendingSession) -> Approval {
    let id = told.session_id.as_str().into();
    let title = match told.artifacts.len() {
        1 => format!("{}: {}", told.skill, told.artifacts[0].path),
        count => format!("{}: {count} files", told.skill),
    };
    let action = "approve".to_owned();
    let mut approval = Approval::new(id, name(told.session_id), action, title);
    approval.artifacts = told.artifacts.into_iter().map(artifact).collect();
    if let Some(created) = told.created {
        approval.requested_at = created;
    }
    approval.ext = told.extra;
    approval
}

/// A session was approved.
#[must_use]
pub fn approved(told: wire::Approved) -> Reviewed {
    let mut reviewed = Reviewed::new().status(status(&told.status));
    reviewed.applied = told.applied;
    reviewed.artifacts = told.artifacts.into_iter().map(artifact).collect();
    reviewed.ext = told.extra;
    reviewed
}

/// A session was rejected.
#[must_use]
pub fn rejected(told: wire::Rejected) -> Reviewed {
    let mut reviewed = Reviewed::new().status(status(&told.status));
    reviewed.applied = Some(false);
    reviewed.note = Some(told.reason).filter(|reason| !reason.is_empty());
    reviewed.ext = told.extra;
    reviewed
}

/// The request that approves.
#[must_use]
pub fn wire_approve(request: ApproveRun) -> wire::ApproveRequest {
    wire::ApproveRequest {
        comment: request.note,
    }
}

/// The request that rejects.
///
/// # Errors
/// `InvalidInput` without a reason. (ambiguity M-07)
pub fn wire_reject(request: RejectRun) -> Result<wire::RejectRequest> {
    let reason = request.note.ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, "a rejection needs a reason here")
            .advise("say why with RejectRun::note")
            .with("run", &request.run)
    })?;
    Ok(wire::RejectRequest { reason })
}

/// The request that creates a session for a task.
///
/// # Errors
/// `InvalidInput` for a task without a skill.
pub fn wire_create(new: NewTask) -> Result<wire::CreateRequest> {
    let request = wire_run(new)?;
    Ok(wire::CreateRequest {
        skill: request.skill,
        input: request.input,
    })
}

/// The request that runs a task's skill.
///
/// # Errors
/// `InvalidInput` for a task without a skill, or with an option of another type than the document's.
pub fn wire_run(new: NewTask) -> Result<wire::RunRequest> {
    let skill = new.skill.ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, "a task needs a skill here")
            .advise("name one with NewTask::skill")
    })?;
    Ok(wire::RunRequest {
        skill,
        input: wire::SkillInput {
            files: new.files,
            args: (!new.args.is_empty()).then_some(new.args),
            extra: Ext::new(),
        },
        options: options(new.options)?,
    })
}

fn options(options: Ext) -> Result<Option<wire::RunOptions>> {
    if options.is_empty() {
        return Ok(None);
    }
    let read = serde_json::from_value(Value::Object(options));
    read.map(Some).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "an option is not what it must be")
            .advise("temperature is a number, verbose is true or false")
            .caused_by(error)
    })
}

/// Why a run failed, where a server says so: the document has no member for it.
fn reason(run: &Run, extra: &Ext) -> Option<String> {
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
        output: output(run),
        ..wire::Session::default()
    }
}

fn output(run: &Run) -> Option<wire::SessionOutput> {
    let made = run
        .as_task()
        .map(|task| &*task.artifacts)
        .unwrap_or_default();
    (!made.is_empty()).then(|| wire::SessionOutput {
        artifacts: made.iter().map(wire_artifact).collect(),
        extra: Ext::new(),
    })
}

/// The wire's form of something a session made.
#[must_use]
pub fn wire_artifact(artifact: &Artifact) -> wire::Artifact {
    wire::Artifact {
        path: artifact.path.clone(),
        kind: artifact.kind.clone(),
        size: artifact.size,
        diff: artifact.diff.clone(),
        extra: Ext::new(),
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
        ("gateway", &told.components.gateway),
        ("llm_provider", &told.components.llm_provider),
    ];
    for (part, how) in parts {
        if let Some(how) = how.as_deref().filter(|how| !is_well(how)) {
            problems.push(format!("{part} is {how:?}"));
        }
    }
    let mut health = Health::new(told.version, problems);
    health.uptime = told.uptime.and_then(|uptime| uptime.as_u64());
    if let Ok(Value::Object(components)) = serde_json::to_value(&told.components) {
        health.components = components;
    }
    health.ext = told.extra;
    health
}

/// What the gateway has and does.
#[must_use]
pub fn system_status(told: wire::SystemReport) -> SystemStatus {
    let mut status = SystemStatus::new()
        .version(told.version)
        .workspace(told.workspace);
    let counts = told.sessions;
    let named = [
        ("active", counts.active),
        ("pending", counts.pending),
        ("completed", counts.completed),
    ];
    let named = named.map(|(name, count)| (name.to_owned(), count));
    let others = counts
        .extra
        .into_iter()
        .map(|(name, count)| (name, count.as_u64()));
    let all = named.into_iter().chain(others);
    status.sessions = all
        .filter_map(|(name, count)| Some((name, count?)))
        .collect();
    status.tools = told.tools.into_iter().map(tool).collect();
    status.agents = told.agents.into_iter().map(agent).collect();
    status.ext = told.extra;
    status
}

fn tool(told: wire::ToolReport) -> SystemPart {
    let mut part = SystemPart::new(told.name).ready(told.available);
    (part.version, part.ext) = (told.version, told.extra);
    part
}

fn agent(told: wire::AgentReport) -> SystemPart {
    let mut part = SystemPart::new(told.name).ready(told.loaded);
    (part.version, part.ext) = (told.version, told.extra);
    part
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
