//! SHIP sessions and jobs.

use grump_core::{
    Ext, Job, JobType, Json, NewShip, Phase, PhaseResult, Progress, Result, Run, RunDetail, RunId,
    RunKind, RunRef, RunStatus, ShipSession, StartShip, Timestamp,
};
use serde_json::{Value, json};

use super::{job_status, outcome, session_status, wire_job_status, wire_session_status};
use crate::grump::{
    error::invalid,
    events::said,
    types::{self as wire, JobKind},
};

/// The member that names a session's job: the document has none where a session is read.
const JOB: &str = "jobId";
/// The member that names a job's session, as JOB.
const SESSION: &str = "sessionId";

/// The run that a SHIP session is.
#[must_use]
pub fn session(told: wire::ShipSession) -> Run {
    let name = RunRef::new(RunKind::Ship, told.session_id.clone());
    let mut detail = ShipSession::new(told.project_description.clone());
    detail.results = results(&told);
    detail.preferences = told.preferences.map(preferences).unwrap_or_default();
    detail.project = told.project_id.map(Into::into);
    detail.phase = told.phase.unwrap_or(Phase::Design);
    detail.job = named(&told.extra, JOB).map(|id| RunRef::new(RunKind::Job, id));
    let failed = detail
        .results
        .iter()
        .find_map(|result| result.error.clone());
    let mut run = Run::new(
        name,
        told.project_description,
        RunDetail::Ship(Box::new(detail)),
    );
    run.status = session_status(told.status.as_str());
    run.outcome = outcome(run.status.unified);
    let error = told.error.filter(|error| !error.is_null());
    run.error = error
        .map(|error| said(&error))
        .or_else(|| failed.filter(|_| run.status.unified == RunStatus::Failed));
    run.created_at = told.created_at.unwrap_or_else(|| Timestamp::from_millis(0));
    run.updated_at = told.updated_at.unwrap_or_else(|| run.created_at.clone());
    run.ext = told.extra;
    run
}

fn named(extra: &wire::Extra, member: &str) -> Option<RunId> {
    serde_json::from_value(extra.get(member)?.clone()).ok()
}

fn results(told: &wire::ShipSession) -> Vec<PhaseResult> {
    let result = |phase: Phase| {
        told.result(&phase)
            .map(|result| phase_result(phase, result))
    };
    Phase::ALL.into_iter().filter_map(result).collect()
}

/// What a phase gave. An error that is no text stays among the members.
fn phase_result(phase: Phase, told: &wire::PhaseResult) -> PhaseResult {
    let mut made = told.made.clone();
    let error = made.get("error").and_then(Value::as_str).map(str::to_owned);
    if error.is_some() {
        made.shift_remove("error");
    }
    let mut result = PhaseResult::new(phase, told.status.as_str()).body(made);
    result.error = error;
    result
}

fn wire_result(result: &PhaseResult) -> wire::PhaseResult {
    let mut made = result.body.clone();
    if let Some(error) = &result.error {
        made.insert("error".to_owned(), json!(error));
    }
    wire::PhaseResult {
        status: result.status.to_string(),
        made,
    }
}

fn preferences(told: wire::Preferences) -> Ext {
    match serde_json::to_value(told) {
        Ok(Value::Object(members)) => members,
        _ => Ext::new(),
    }
}

fn wire_preferences(wishes: Ext) -> Result<wire::Preferences> {
    serde_json::from_value(wishes.into()).map_err(|error| {
        invalid("these preferences cannot be told: techStack is a list of texts, style and complexity are texts")
            .caused_by(error)
    })
}

/// The SHIP session that a run is; `None` for one that is none.
#[must_use]
pub fn wire_session(run: &Run) -> Option<wire::ShipSession> {
    let detail = run.as_ship()?;
    let result = |phase: &Phase| detail.result(phase).map(wire_result);
    Some(wire::ShipSession {
        session_id: run.name.id.clone().into(),
        project_description: detail.description.clone(),
        preferences: Some(wire_preferences(detail.preferences.clone()).unwrap_or_default()),
        project_id: detail.project.as_ref().map(ToString::to_string),
        phase: Some(detail.phase.clone()),
        status: wire_session_status(&run.status).into(),
        design_result: result(&Phase::Design),
        spec_result: result(&Phase::Spec),
        plan_result: result(&Phase::Plan),
        code_result: result(&Phase::Code),
        created_at: Some(run.created_at.clone()),
        updated_at: Some(run.updated_at.clone()),
        error: error(run),
        extra: wire::Extra::new(),
    })
}

/// What went wrong with a run that failed: the document shows no failed one, servers in the field
/// say it so.
fn error(run: &Run) -> Option<Value> {
    let failed = run
        .error
        .as_ref()
        .filter(|_| run.status.unified == RunStatus::Failed);
    failed.map(|error| json!(error))
}

/// The run that a SHIP session is which was just made for this.
#[must_use]
pub fn started(told: wire::ShipStarted, asked: NewShip) -> Run {
    let mut detail = ShipSession::new(asked.description.clone());
    detail.preferences = asked.preferences;
    detail.project = asked.project;
    detail.phase = told.phase.unwrap_or(Phase::Design);
    let name = RunRef::new(RunKind::Ship, told.session_id);
    let mut run = Run::new(name, asked.description, RunDetail::Ship(Box::new(detail)));
    run.status = session_status(told.status.as_str());
    if let Some(created) = told.created_at {
        run.created_at = created.clone();
        run.updated_at = created;
    }
    run.ext = told.extra;
    run
}

/// The answer to who made this SHIP session; `None` for a run that is none.
#[must_use]
pub fn wire_started(run: &Run) -> Option<wire::ShipStarted> {
    Some(wire::ShipStarted {
        session_id: run.name.id.clone().into(),
        phase: Some(run.as_ship()?.phase.clone()),
        status: wire_session_status(&run.status).into(),
        created_at: Some(run.created_at.clone()),
        extra: wire::Extra::new(),
    })
}

/// The session that a request asks for.
#[must_use]
pub fn new_ship(request: wire::ShipRequest) -> NewShip {
    let wishes = request.preferences.map(preferences);
    let mut new = NewShip::new(request.project_description).preferences(wishes.unwrap_or_default());
    new.project = request.project_id.map(Into::into);
    new
}

/// The request that asks for a session.
///
/// # Errors
/// `InvalidInput` for preferences that are not of the document's types.
pub fn wire_new_ship(new: NewShip) -> Result<wire::ShipRequest> {
    let wishes = Some(new.preferences).filter(|wishes| !wishes.is_empty());
    Ok(wire::ShipRequest {
        project_description: new.description,
        preferences: wishes.map(wire_preferences).transpose()?,
        project_id: new.project.map(|project| project.to_string()),
    })
}

/// How a request wants this session started.
#[must_use]
pub fn start(run: RunRef, request: &wire::StreamRequest) -> StartShip {
    let mut start = StartShip::new(run);
    start.resume_from = request.resume_from_phase.map(|phase| phase.as_str().into());
    start
}

/// The request that starts a session.
///
/// # Errors
/// `InvalidInput` for a phase that the document does not have.
pub fn wire_start(start: &StartShip) -> Result<wire::StreamRequest> {
    let phase = start.resume_from.as_ref().map(|phase| {
        wire::ResumePhase::of(phase).ok_or_else(|| {
            invalid("a session is resumed from design, spec, plan or code").with("phase", phase)
        })
    });
    Ok(wire::StreamRequest {
        resume_from_phase: phase.transpose()?,
    })
}

/// The answer to who had a session executed, by this job.
#[must_use]
pub fn wire_execution(session: &RunRef, job: Option<&RunRef>) -> wire::Execution {
    wire::Execution {
        session_id: Some(session.id.clone().into()),
        job_id: job.map(|job| job.id.clone().into()),
        status: wire::SessionStatus::Running,
        message: "SHIP mode workflow enqueued".to_owned(),
        extra: wire::Extra::new(),
    }
}

/// The run that a job is.
#[must_use]
pub fn job(told: wire::Job) -> Run {
    let mut detail = Job::new();
    detail.job_type =
        Some(JobType::from(told.kind.as_str())).filter(|_| !told.kind.as_str().is_empty());
    detail.result = told.result.map(Json::from);
    detail.logs = told.logs.into_iter().flatten().map(Json::from).collect();
    let title = format!("{} {}", told.kind, told.id);
    let name = RunRef::new(RunKind::Job, told.id);
    let mut run = Run::new(name, title.trim(), RunDetail::Job(Box::new(detail)));
    run.status = job_status(told.status.as_str());
    run.outcome = outcome(run.status.unified);
    run.progress = told.progress.map(Progress::percent);
    run.error = told
        .error
        .filter(|error| !error.is_null())
        .map(|error| said(&error));
    run.parent = named(&told.extra, SESSION).map(|id| RunRef::new(RunKind::Ship, id));
    run.created_at = told.created_at.unwrap_or_else(|| Timestamp::from_millis(0));
    let last = told.completed_at.as_ref().unwrap_or(&run.created_at);
    run.updated_at = last.clone();
    run.ended_at = told.completed_at;
    run.ext = told.extra;
    run
}

/// The job that a run is, in full; `None` for one that is none.
#[must_use]
pub fn wire_job(run: &Run) -> Option<wire::Job> {
    let detail = run.as_job()?;
    let logs = detail.logs.iter().map(Json::value).collect();
    Some(wire::Job {
        result: detail.result.as_ref().map(Json::value),
        logs: Some(logs),
        error: error(run),
        completed_at: run.ended_at.clone(),
        ..wire_listed_job(run)?
    })
}

/// The job that a run is, as it stands in a list; `None` for one that is none.
#[must_use]
pub fn wire_listed_job(run: &Run) -> Option<wire::Job> {
    let kind = run.as_job()?.job_type.as_ref();
    Some(wire::Job {
        id: run.name.id.clone().into(),
        kind: kind.map_or_else(JobKind::default, |kind| kind.as_str().into()),
        status: wire_job_status(&run.status).into(),
        progress: run.progress.as_ref().and_then(percent),
        result: None,
        logs: None,
        error: None,
        created_at: Some(run.created_at.clone()),
        completed_at: None,
        extra: wire::Extra::new(),
    })
}

/// The dialect counts in hundredths.
fn percent(progress: &Progress) -> Option<f64> {
    match progress.scale {
        grump_core::Scale::Percent => Some(progress.value),
        _ => progress.fraction().map(|part| part * 100.0),
    }
}
