//! From the wire to the domain and back. Total: what is not known maps to `Unknown`, never to an
//! error.

use grump_core::{
    Backend, DiffStatus, Endpoint, FileDiff, GitConfig, Health, Iteration, IterationOutcome, Json,
    Loop, LoopConfig, LoopEdit, Model, ModelRef, NewLoop, Outcome, PlanningFile, PlanningFolder,
    RepoPath, Result, Run, RunDetail, RunRef, RunStatus, StartRun, Status, Timestamp, Uncommitted,
    loops::{DEFAULT_MAX_CONSECUTIVE_ERRORS, DEFAULT_STOP_PATTERN},
};

use super::{error::invalid, types as wire};

/// What a user reads where a folder has no `.planning`. (Ralpher, "GET /api/check-planning-dir")
pub const NO_PLANNING: &str =
    "The .planning directory does not exist. Ralph Loops work best with planning documents.";
/// What a user reads where `.planning` is empty. The document does not show it.
pub const EMPTY_PLANNING: &str =
    "The .planning directory is empty. Ralph Loops work best with planning documents.";

/// The dialect's statuses and the domain's. (Ralpher, "Loop Status")
const STATUSES: &[(&str, RunStatus)] = &[
    ("idle", RunStatus::Draft),
    ("starting", RunStatus::Starting),
    ("running", RunStatus::Running),
    ("waiting", RunStatus::Waiting),
    ("completed", RunStatus::Completed),
    ("stopped", RunStatus::Cancelled),
    ("failed", RunStatus::Failed),
    ("max_iterations", RunStatus::LimitReached),
    ("merged", RunStatus::Merged),
    ("deleted", RunStatus::Discarded),
];

/// The status that this word names.
#[must_use]
pub fn status(native: String) -> Status {
    let known = STATUSES.iter().find(|(word, _)| *word == native);
    let unified = known.map_or(RunStatus::Unknown, |(_, status)| *status);
    Status::new(unified, native)
}

/// The word for a status. What the dialect has no word for is told as what a reader would do the
/// same about.
#[must_use]
pub fn wire_status(status: &Status) -> String {
    let unified = match status.unified {
        RunStatus::Queued => RunStatus::Starting,
        RunStatus::Paused => RunStatus::Waiting,
        RunStatus::AwaitingApproval => RunStatus::Completed,
        RunStatus::Rejected => RunStatus::Discarded,
        other => other,
    };
    let known = STATUSES.iter().find(|(_, status)| *status == unified);
    known.map_or_else(|| status.native.to_string(), |(word, _)| (*word).to_owned())
}

/// Why a run's work ended, as far as its status says. (Ralpher, "Loop Status")
const fn outcome(status: RunStatus) -> Option<Outcome> {
    match status {
        RunStatus::Completed => Some(Outcome::Matched),
        RunStatus::LimitReached => Some(Outcome::LimitReached),
        RunStatus::Failed => Some(Outcome::Errors),
        RunStatus::Cancelled => Some(Outcome::Stopped),
        _ => None,
    }
}

/// The run that a loop is.
#[must_use]
pub fn run(told: wire::Loop) -> Run {
    let wire::Loop { config, state } = told;
    let reason = state
        .extra
        .get("error")
        .and_then(|reason| reason.as_str().map(str::to_owned));
    let recent: Vec<_> = state
        .recent_iterations
        .iter()
        .filter_map(iteration)
        .collect();
    let name = RunRef::of_loop(config.id.clone());
    let (title, created, updated) = (
        config.name.clone(),
        config.created_at.clone(),
        config.updated_at.clone(),
    );
    let mut detail = Loop::new(self::config(config));
    detail.iteration = state.current_iteration;
    detail.consecutive_errors = errors_in_a_row(&recent);
    detail.recent_iterations = recent;
    let mut run = Run::new(name, title, RunDetail::Loop(Box::new(detail)));
    run.status = status(state.status);
    run.outcome = outcome(run.status.unified);
    run.created_at = created.unwrap_or_else(|| Timestamp::from_millis(0));
    run.updated_at = updated.unwrap_or_else(|| run.created_at.clone());
    run.error = (run.status.unified == RunStatus::Failed)
        .then(|| reason.or_else(|| last_error(&run)))
        .flatten();
    run
}

/// The error that the last iteration ended in, for servers that do not put it into the state as
/// those in the field do.
fn last_error(run: &Run) -> Option<String> {
    run.as_loop()?.recent_iterations.last()?.error.clone()
}

fn errors_in_a_row(recent: &[Iteration]) -> u32 {
    let newest_first = recent.iter().rev();
    let errors = newest_first.take_while(|one| one.outcome == IterationOutcome::Error);
    u32::try_from(errors.count()).unwrap_or(u32::MAX)
}

/// The loop that a run is; `None` for one that is no loop.
#[must_use]
pub fn wire_loop(run: &Run) -> Option<wire::Loop> {
    let detail = run.as_loop()?;
    let mut config = wire_config(&detail.config);
    config.id = run.name.id.clone();
    config.name.clone_from(&run.title);
    config.created_at = Some(run.created_at.clone());
    config.updated_at = Some(run.updated_at.clone());
    let recent = detail.recent_iterations.iter().map(wire_iteration);
    Some(wire::Loop {
        config,
        state: wire::LoopState {
            id: Some(run.name.id.clone()),
            status: wire_status(&run.status),
            current_iteration: detail.iteration,
            recent_iterations: recent.filter_map(|one| Json::of(&one).ok()).collect(),
            extra: wire::Extra::new(),
        },
    })
}

fn iteration(told: &Json) -> Option<Iteration> {
    let told: wire::Iteration = told.parse().ok()?;
    let started_at = told.started_at.unwrap_or_else(|| Timestamp::from_millis(0));
    Some(Iteration {
        number: told.iteration,
        ended_at: told.completed_at.unwrap_or_else(|| started_at.clone()),
        started_at,
        outcome: match told.outcome.as_deref() {
            Some("matched" | "complete" | "completed") => IterationOutcome::Matched,
            Some("error" | "failed") => IterationOutcome::Error,
            _ => IterationOutcome::Continue,
        },
        commit: told.commit,
        error: told.error,
    })
}

fn wire_iteration(iteration: &Iteration) -> wire::Iteration {
    wire::Iteration {
        iteration: iteration.number,
        started_at: Some(iteration.started_at.clone()),
        completed_at: Some(iteration.ended_at.clone()),
        outcome: Some(iteration.outcome.as_str().to_owned()),
        commit: iteration.commit.clone(),
        error: iteration.error.clone(),
    }
}

/// What a loop is told to do.
#[must_use]
pub fn config(told: wire::LoopConfig) -> LoopConfig {
    let mut config = LoopConfig::new(told.directory, told.prompt);
    config.backend = backend(told.backend);
    config.model = told.model.and_then(complete);
    config.max_iterations = told.max_iterations.map(saturated);
    config.max_consecutive_errors = told
        .max_consecutive_errors
        .map_or(DEFAULT_MAX_CONSECUTIVE_ERRORS, saturated);
    config.stop_pattern = told
        .stop_pattern
        .unwrap_or_else(|| DEFAULT_STOP_PATTERN.to_owned());
    config.git = git(told.git.unwrap_or_default());
    config
}

fn saturated(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The wire's form of a configuration, without the members that name the loop.
pub(super) fn wire_config(config: &LoopConfig) -> wire::LoopConfig {
    let errors = config.max_consecutive_errors;
    wire::LoopConfig {
        id: grump_core::RunId::new(""),
        name: String::new(),
        directory: config.directory.clone(),
        prompt: config.prompt.clone(),
        created_at: None,
        updated_at: None,
        backend: wire_backend(&config.backend),
        model: config.model.clone().map(wire_model_ref),
        max_iterations: config.max_iterations.map(Into::into),
        max_consecutive_errors: (errors != DEFAULT_MAX_CONSECUTIVE_ERRORS).then_some(errors.into()),
        stop_pattern: Some(config.stop_pattern.clone()),
        git: Some(wire_git(&config.git)),
        extra: wire::Extra::new(),
    }
}

fn backend(told: wire::Backend) -> Backend {
    let mut backend = Backend::default();
    if told.mode.as_deref() == Some("connect")
        && let (Some(hostname), Some(port)) = (told.hostname, told.port)
    {
        backend.connect = Some(Endpoint { hostname, port });
    }
    if let Some(kind) = told.kind {
        backend.agent = kind;
    }
    backend
}

fn wire_backend(backend: &Backend) -> wire::Backend {
    let connect = backend.connect.as_ref();
    wire::Backend {
        kind: Some(backend.agent.clone()),
        mode: Some(
            if connect.is_some() {
                "connect"
            } else {
                "spawn"
            }
            .to_owned(),
        ),
        hostname: connect.map(|endpoint| endpoint.hostname.clone()),
        port: connect.map(|endpoint| endpoint.port),
        extra: wire::Extra::new(),
    }
}

fn git(told: wire::Git) -> GitConfig {
    let default = GitConfig::default();
    GitConfig {
        branch_prefix: told.branch_prefix.unwrap_or(default.branch_prefix),
        commit_prefix: told.commit_prefix.unwrap_or(default.commit_prefix),
    }
}

fn wire_git(git: &GitConfig) -> wire::Git {
    wire::Git {
        branch_prefix: Some(git.branch_prefix.clone()),
        commit_prefix: Some(git.commit_prefix.clone()),
        ..wire::Git::default()
    }
}

/// A model that is named in full; half a name is none. (ambiguity R-03)
#[must_use]
pub fn complete(told: wire::ModelRef) -> Option<ModelRef> {
    let model = ModelRef::new(told.provider_id?, told.model_id?);
    model.is_complete().then_some(model)
}

/// The wire's form of a model's name.
#[must_use]
pub fn wire_model_ref(model: ModelRef) -> wire::ModelRef {
    wire::ModelRef {
        provider_id: Some(model.provider),
        model_id: Some(model.model),
        ..wire::ModelRef::default()
    }
}

/// The loop that a request asks for.
///
/// # Errors
/// `InvalidInput` for a backend or model that cannot be understood.
pub fn new_loop(request: wire::LoopRequest) -> Result<NewLoop> {
    let mut new = NewLoop::new(request.name, request.directory, request.prompt);
    if let Some(asked) = request.backend {
        check_backend(&asked)?;
        new.config.backend = backend(asked);
    }
    new.config.model = request.model.map(whole_model).transpose()?;
    new.config.max_iterations = request.max_iterations;
    if let Some(limit) = request.max_consecutive_errors {
        new.config.max_consecutive_errors = limit;
    }
    if let Some(pattern) = request.stop_pattern {
        new.config.stop_pattern = pattern;
    }
    new.config.git = git(asked_git(request.git)?);
    Ok(new)
}

fn whole_model(told: wire::ModelRef) -> Result<ModelRef> {
    closed("model", &told.extra)?;
    complete(told)
        .ok_or_else(|| invalid("a model needs both providerID and modelID").with("member", "model"))
}

/// Refuses members that a request must not have.
fn closed(of: &str, extra: &wire::Extra) -> Result<()> {
    match extra.keys().next() {
        Some(member) => {
            Err(invalid("there is no such member").with("member", format_args!("{of}.{member}")))
        }
        None => Ok(()),
    }
}

fn asked_git(asked: Option<wire::Git>) -> Result<wire::Git> {
    let asked = asked.unwrap_or_default();
    closed("git", &asked.extra)?;
    Ok(asked)
}

fn check_backend(asked: &wire::Backend) -> Result<()> {
    closed("backend", &asked.extra)?;
    match asked.mode.as_deref() {
        None | Some("spawn") => Ok(()),
        Some("connect") if asked.hostname.is_some() && asked.port.is_some() => Ok(()),
        Some("connect") => Err(invalid(
            "connect mode needs backend.hostname and backend.port",
        )),
        Some(other) => Err(invalid("backend.mode is spawn or connect").with("mode", other)),
    }
}

/// The request that asks for a loop: only what differs from what the server takes by itself.
#[must_use]
pub fn wire_new_loop(new: NewLoop) -> wire::LoopRequest {
    let NewLoop { title, config, .. } = new;
    let errors = config.max_consecutive_errors;
    let default = LoopConfig::new("", "");
    wire::LoopRequest {
        name: title,
        backend: (config.backend != default.backend).then(|| wire_backend(&config.backend)),
        model: config.model.map(wire_model_ref),
        max_iterations: config.max_iterations,
        max_consecutive_errors: (errors != default.max_consecutive_errors).then_some(errors),
        stop_pattern: (config.stop_pattern != default.stop_pattern).then_some(config.stop_pattern),
        git: (config.git != default.git).then(|| wire_git(&config.git)),
        directory: config.directory,
        prompt: config.prompt,
    }
}

/// The change that a request asks for.
///
/// # Errors
/// `InvalidInput` for a model that is not named in full.
pub fn edit(change: wire::LoopChange) -> Result<LoopEdit> {
    let mut edit = LoopEdit::default();
    edit.title = change.name;
    edit.prompt = change.prompt;
    edit.model = change.model.map(whole_model).transpose()?;
    edit.max_iterations = change.max_iterations;
    edit.max_consecutive_errors = change.max_consecutive_errors;
    edit.stop_pattern = change.stop_pattern;
    let git = asked_git(change.git)?;
    edit.branch_prefix = git.branch_prefix;
    edit.commit_prefix = git.commit_prefix;
    Ok(edit)
}

/// The request that asks for a change.
#[must_use]
pub fn wire_edit(edit: LoopEdit) -> wire::LoopChange {
    let git = wire::Git {
        branch_prefix: edit.branch_prefix,
        commit_prefix: edit.commit_prefix,
        ..wire::Git::default()
    };
    wire::LoopChange {
        name: edit.title,
        prompt: edit.prompt,
        model: edit.model.map(wire_model_ref),
        max_iterations: edit.max_iterations,
        max_consecutive_errors: edit.max_consecutive_errors,
        stop_pattern: edit.stop_pattern,
        git: (git != wire::Git::default()).then_some(git),
    }
}

/// How a request wants a loop started.
///
/// # Errors
/// `InvalidInput` for a word that is neither `commit` nor `stash`. (ambiguity R-17)
pub fn start(run: RunRef, request: &wire::StartRequest) -> Result<StartRun> {
    let start = StartRun::new(run);
    Ok(match request.handle_uncommitted.as_deref() {
        None => start,
        Some("commit") => start.uncommitted(Uncommitted::Commit),
        Some("stash") => start.uncommitted(Uncommitted::Stash),
        Some(other) => {
            return Err(invalid("handleUncommitted is commit or stash")
                .with("handleUncommitted", other)
                .advise("to leave the changes alone, do not start the loop"));
        }
    })
}

/// The request that starts a loop.
#[must_use]
pub fn wire_start(start: &StartRun) -> wire::StartRequest {
    let word = start.uncommitted.map(|choice| match choice {
        Uncommitted::Commit => "commit",
        _ => "stash",
    });
    wire::StartRequest {
        handle_uncommitted: word.map(str::to_owned),
    }
}

/// What was changed in a file. An unknown word counts as a modification.
#[must_use]
pub fn file_diff(told: wire::FileDiff) -> FileDiff {
    let status = match &*told.status {
        "added" => DiffStatus::Added,
        "deleted" => DiffStatus::Deleted,
        "renamed" => DiffStatus::Renamed,
        _ => DiffStatus::Modified,
    };
    let mut diff = FileDiff::new(RepoPath::parse(&told.path), status);
    diff.additions = told.additions;
    diff.deletions = told.deletions;
    diff.patch = whole_patch(&told.path, status, told.patch.unwrap_or_default());
    diff
}

/// A patch with the headers that the dialect leaves out, so that `git apply` takes it. Where path
/// and status do not say what they are, it stays as it came.
fn whole_patch(path: &str, status: DiffStatus, hunks: String) -> String {
    let is_plain = !path.contains(['"', '\\', '\n', '\t']);
    if !hunks.starts_with("@@") || !is_plain || status == DiffStatus::Renamed {
        return hunks;
    }
    let (old, new) = (format!("a/{path}"), format!("b/{path}"));
    let (mode, from, to) = match status {
        DiffStatus::Added => ("new file mode 100644\n", "/dev/null", &*new),
        DiffStatus::Deleted => ("deleted file mode 100644\n", &*old, "/dev/null"),
        _ => ("", &*old, &*new),
    };
    format!("diff --git {old} {new}\n{mode}--- {from}\n+++ {to}\n{hunks}")
}

/// The wire's form of what was changed in a file: its patch starts with the first hunk.
#[must_use]
pub fn wire_file_diff(diff: &FileDiff) -> wire::FileDiff {
    wire::FileDiff {
        path: diff.path.to_string(),
        status: diff.status.to_string(),
        additions: diff.additions,
        deletions: diff.deletions,
        patch: Some(diff.hunks().to_owned()),
    }
}

/// A planning file.
#[must_use]
pub fn planning_file(told: wire::PlanningFile) -> PlanningFile {
    PlanningFile {
        content: told.content,
        exists: told.exists,
    }
}

/// The wire's form of a planning file.
#[must_use]
pub fn wire_planning_file(file: PlanningFile) -> wire::PlanningFile {
    wire::PlanningFile {
        content: file.content,
        exists: file.exists,
    }
}

/// A planning folder.
#[must_use]
pub fn planning_folder(told: wire::PlanningFolder) -> PlanningFolder {
    PlanningFolder {
        exists: told.exists,
        files: told.files,
    }
}

/// The wire's form of a planning folder.
#[must_use]
pub fn wire_planning_folder(folder: PlanningFolder) -> wire::PlanningFolder {
    let warning = match (folder.exists, folder.files.is_empty()) {
        (false, _) => Some(NO_PLANNING),
        (true, true) => Some(EMPTY_PLANNING),
        (true, false) => None,
    };
    wire::PlanningFolder {
        exists: folder.exists,
        has_files: !folder.files.is_empty(),
        files: folder.files,
        warning: warning.map(str::to_owned),
    }
}

/// A model.
#[must_use]
pub fn model(told: wire::Model) -> Model {
    let mut model = Model::new(ModelRef::new(told.provider_id, told.model_id));
    model.connected = told.connected;
    if !told.provider_name.is_empty() {
        model.provider_title = told.provider_name;
    }
    if !told.model_name.is_empty() {
        model.title = told.model_name;
    }
    model
}

/// The wire's form of a model.
#[must_use]
pub fn wire_model(model: Model) -> wire::Model {
    wire::Model {
        provider_id: model.name.provider,
        provider_name: model.provider_title,
        model_id: model.name.model,
        model_name: model.title,
        connected: model.connected,
    }
}

/// How a server is.
#[must_use]
pub fn health(told: wire::HealthReport) -> Health {
    let problem = "the server says that it is not healthy";
    let problems = Vec::from_iter((!told.healthy).then(|| problem.to_owned()));
    Health::new(told.version, problems)
}

/// The wire's form of how a server is.
#[must_use]
pub fn wire_health(health: Health) -> wire::HealthReport {
    wire::HealthReport {
        healthy: health.healthy,
        version: health.version,
    }
}
