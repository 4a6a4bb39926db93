//! From the wire to the domain and back. Total: what is not known maps to `Unknown`, never to an
//! error.

use std::time::Duration;

use grump_core::{
    Account, ApiKey, Artifact, Error, ErrorKind, Folder, FolderId, Health, Json, LoggedIn, Login,
    Model, ModelProvider, ModelProviders, ModelRef, NewAccount, NewFolder, NewKey, NewTask,
    Outcome, Result, Run, RunDetail, RunId, RunKind, RunRef, RunStatus, Status, Task, TaskResult,
    Timestamp,
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
    let mut task = Task::new();
    task.prompt = Some(told.description.clone()).filter(|prompt| !prompt.is_empty());
    task.iterations = told.iterations;
    task.plan = told.plan.as_ref().and_then(|plan| Json::of(plan).ok());
    task.result = told.result.map(result);
    let result = task.result.clone();
    let detail = RunDetail::Task(Box::new(task));
    let mut run = Run::new(name(told.id), told.description, detail);
    run.status = status(&told.status);
    let success = result.as_ref().and_then(|result| result.success);
    if run.status.unified == RunStatus::Completed && success == Some(false) {
        run.status.unified = RunStatus::Failed;
    }
    run.outcome = outcome(run.status.unified);
    run.created_at = told.created_at.unwrap_or_else(|| Timestamp::from_millis(0));
    let ended = told.completed_at;
    run.updated_at = ended.clone().unwrap_or_else(|| run.created_at.clone());
    run.ended_at = ended;
    if run.status.unified == RunStatus::Failed {
        let said = told.extra.get("error").and_then(|error| error.as_str());
        let summary = || result.and_then(|result| result.summary);
        run.error = said.map(str::to_owned).or_else(summary);
    }
    run.ext = told.extra;
    run
}

/// The run that a task of this session is.
#[must_use]
pub fn run_in(told: wire::Task, session: &wire::SessionId) -> Run {
    let mut run = run(told);
    if let RunDetail::Task(task) = &mut run.detail {
        task.folder = Some(FolderId::new(session.as_str()));
    }
    run
}

fn result(told: wire::TaskResult) -> TaskResult {
    let mut result = TaskResult::new();
    (result.success, result.summary) = (told.success, told.summary);
    result.ext = told.extra;
    result
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
    let task = run.as_task();
    let told = task.and_then(|task| task.result.as_ref());
    let result = is_over.then(|| wire::TaskResult {
        success: Some(run.status.unified == RunStatus::Completed),
        summary: told
            .and_then(|result| result.summary.clone())
            .or_else(|| run.error.clone()),
        ..wire::TaskResult::default()
    });
    wire::Task {
        iterations: task.and_then(|task| task.iterations),
        plan: task.and_then(|task| task.plan.as_ref()?.parse().ok()),
        id: run.name.id.clone().into(),
        description: run.title.clone(),
        status: wire_status(&run.status),
        created_at: Some(run.created_at.clone()),
        completed_at: run.ended_at.clone(),
        result,
        ..wire::Task::default()
    }
}

/// The request that creates and starts a task, and the session to do so in.
///
/// # Errors
/// `InvalidInput` for a task without a prompt or a folder.
pub fn wire_new_task(new: NewTask) -> Result<(wire::SessionId, wire::TaskRequest)> {
    let missing = |message: &'static str, advice: &'static str| {
        Error::new(ErrorKind::InvalidInput, message).advise(advice)
    };
    let folder = new.folder.ok_or_else(|| {
        missing(
            "a task needs a folder here",
            "make one, and name it with NewTask::folder",
        )
    })?;
    let description = new.prompt.ok_or_else(|| {
        missing(
            "a task needs a prompt here",
            "say what to do with NewTask::told",
        )
    })?;
    let request = wire::TaskRequest {
        description,
        model: new.model,
        run_mode: new.run_mode.map(Into::into),
    };
    Ok((session_id(&folder), request))
}

/// The session that a folder is.
#[must_use]
pub fn session_id(folder: &FolderId) -> wire::SessionId {
    wire::SessionId::new(folder.as_str())
}

/// The folder that a session is.
#[must_use]
pub fn folder(told: wire::Session) -> Folder {
    let mut folder = Folder::new(told.id.as_str()).status(told.status.as_str());
    folder.name = told.name;
    folder.directory = told.working_directory;
    folder.created_at = told.created_at;
    folder.updated_at = told.updated_at;
    let tasks = told.tasks.unwrap_or_default();
    folder.task_count = told
        .task_count
        .or((!tasks.is_empty()).then_some(tasks.len() as u64));
    folder.tasks = tasks
        .into_iter()
        .map(|task| run_in(task, &told.id))
        .collect();
    folder.ext = told.extra;
    folder
}

/// The request that creates a session.
#[must_use]
pub fn wire_new_folder(new: NewFolder) -> wire::SessionRequest {
    wire::SessionRequest {
        name: new.name,
        working_directory: new.directory,
    }
}

/// Something a task made.
#[must_use]
pub fn artifact(told: wire::Artifact) -> Artifact {
    let mut artifact = Artifact::new(told.name).id(told.id.as_str());
    artifact.kind = told.kind;
    artifact.size = told.size;
    artifact.created_at = told.created_at;
    artifact.ext = told.extra;
    artifact
}

/// A model. Nothing says whether it can be used: its provider does.
#[must_use]
pub fn model(told: wire::Model) -> Model {
    let mut model = Model::new(ModelRef::new(told.provider.as_str(), told.id));
    if !told.name.is_empty() {
        model.title = told.name;
    }
    model.context_window = told.context_window;
    model.vision = told.supports_vision;
    model.tools = told.supports_function_calling;
    model.ext = told.extra;
    model
}

/// Who serves models. Servers in the field list the models where the document counts them.
#[must_use]
pub fn providers(told: wire::ProviderList) -> ModelProviders {
    let providers: Vec<_> = told.providers.into_iter().map(provider).collect();
    let mut all = ModelProviders::new(providers);
    all.default_model = told.default_model;
    all
}

fn provider(told: wire::Provider) -> ModelProvider {
    let listed = told
        .extra
        .get("models")
        .and_then(|models| models.as_array());
    let listed = listed.map(|models| models.len() as u64);
    let mut provider = ModelProvider::new(told.id.as_str()).name(told.name);
    provider.configured = told.configured;
    provider.models_count = told.models_count.or(listed);
    provider.ext = told.extra;
    provider
}

/// A user.
#[must_use]
pub fn account(told: wire::User) -> Account {
    let mut account = Account::new(told.id.as_str()).email(told.email);
    account.name = Some(told.name).filter(|name| !name.is_empty());
    account.created_at = told.created_at;
    account.ext = told.extra;
    account
}

/// The request that registers a user.
#[must_use]
pub fn wire_register(new: &NewAccount) -> wire::RegisterRequest {
    wire::RegisterRequest {
        email: new.email.clone(),
        password: new.password.reveal().into(),
        name: new.name.clone(),
    }
}

/// The request that logs in.
#[must_use]
pub fn wire_login(login: &Login) -> wire::LoginRequest {
    wire::LoginRequest {
        email: login.email.clone(),
        password: login.password.reveal().into(),
    }
}

/// A login was accepted.
#[must_use]
pub fn logged_in(told: wire::AccessToken) -> LoggedIn {
    let mut logged_in = LoggedIn::new(told.access_token.expose());
    logged_in.token_type = Some(told.token_type).filter(|word| !word.is_empty());
    logged_in.expires_in = told.expires_in.map(Duration::from_secs);
    logged_in.ext = told.extra;
    logged_in
}

/// The request that makes a key.
#[must_use]
pub fn wire_new_key(new: NewKey) -> wire::ApiKeyRequest {
    wire::ApiKeyRequest {
        name: new.name,
        expires_at: new.expires_at,
    }
}

/// A key that was made.
#[must_use]
pub fn api_key(told: wire::ApiKey) -> ApiKey {
    let mut key = ApiKey::new(told.id.as_str(), told.name, told.key.expose());
    key.created_at = told.created_at;
    key.expires_at = told.expires_at;
    key.ext = told.extra;
    key
}

/// How the server is. One that does not say is well: it answers.
#[must_use]
pub fn health(told: wire::HealthReport) -> Health {
    let is_well = ["", "healthy", "ok"].contains(&&*told.status);
    let problem = (!is_well).then(|| format!("the server says that it is {:?}", told.status));
    let mut health = Health::new(told.version, problem.into_iter().collect());
    health.ext = told.extra;
    health
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
