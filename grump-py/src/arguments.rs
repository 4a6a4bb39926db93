//! What operations take, as Python writes it.

use std::time::Duration;

use grump::{
    Answer, ApprovalId, Backend, Budget, Cursor, Endpoint, Error, ErrorKind, EventQuery, LoopEdit,
    ModelRef, NewLoop, Result, RunFilter, RunId, RunKind, RunRef, RunStatus, Since, StartRun,
    Uncommitted,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// Reads arguments.
///
/// # Errors
/// `InvalidInput`, saying what is wrong with them.
pub(crate) fn read<T: DeserializeOwned>(arguments: &str) -> Result<T> {
    serde_json::from_str(arguments).map_err(|error| {
        // Not where in the text: nobody has seen the text.
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        Error::new(
            ErrorKind::InvalidInput,
            format!("an argument is not right: {what}"),
        )
    })
}

#[derive(Deserialize)]
pub(crate) struct Nothing {}

#[derive(Deserialize)]
pub(crate) struct Named {
    pub(crate) run: RunRef,
}

#[derive(Deserialize)]
pub(crate) struct NamedLoop {
    pub(crate) id: RunId,
}

#[derive(Deserialize)]
pub(crate) struct Wait {
    pub(crate) run: RunRef,
    pub(crate) timeout: Option<f64>,
}

impl Wait {
    /// How long to wait; for ever where nothing is said, or nothing that is a time.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let seconds = self.timeout?;
        Duration::try_from_secs_f64(seconds.max(0.0)).ok()
    }
}

#[derive(Deserialize)]
pub(crate) struct Start {
    run: RunRef,
    uncommitted: Option<Uncommitted>,
}

impl From<Start> for StartRun {
    fn from(start: Start) -> Self {
        let request = Self::new(start.run);
        match start.uncommitted {
            Some(choice) => request.uncommitted(choice),
            None => request,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Watch {
    pub(crate) run: RunRef,
    #[serde(deserialize_with = "since")]
    pub(crate) since: Since,
}

#[derive(Deserialize)]
pub(crate) struct WatchAll {
    #[serde(deserialize_with = "since")]
    pub(crate) since: Since,
}

/// `"beginning"`, `"now"`, or a cursor in an object of its own: no cursor is mistaken for a word.
fn since<'de, D: Deserializer<'de>>(from: D) -> Result<Since, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Beginning,
        Now,
        Cursor(Cursor),
    }
    Ok(match Word::deserialize(from)? {
        Word::Beginning => Since::Beginning,
        Word::Now => Since::Now,
        Word::Cursor(cursor) => Since::Cursor(cursor),
    })
}

#[derive(Deserialize)]
pub(crate) struct List {
    kind: Option<RunKind>,
    #[serde(default)]
    statuses: Vec<RunStatus>,
}

impl From<List> for RunFilter {
    fn from(list: List) -> Self {
        let mut filter = Self::default();
        filter.kind = list.kind;
        filter.statuses = list.statuses;
        filter
    }
}

#[derive(Deserialize)]
pub(crate) struct History {
    run: Option<RunRef>,
    after: Option<Cursor>,
    limit: Option<usize>,
}

impl From<History> for EventQuery {
    fn from(history: History) -> Self {
        let mut query = Self::default();
        query.run = history.run;
        query.after = history.after;
        query.limit = history.limit.unwrap_or(query.limit);
        query
    }
}

#[derive(Deserialize)]
pub(crate) struct Decide {
    approval: ApprovalId,
    allow: bool,
    note: Option<String>,
}

impl From<Decide> for Answer {
    fn from(decide: Decide) -> Self {
        let answer = if decide.allow {
            Self::allow(decide.approval)
        } else {
            Self::deny(decide.approval)
        };
        match decide.note {
            Some(note) => answer.note(note),
            None => answer,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Prompt {
    pub(crate) id: RunId,
    pub(crate) prompt: String,
}

#[derive(Deserialize)]
pub(crate) struct Find {
    pub(crate) text: String,
}

#[derive(Deserialize)]
pub(crate) struct Folder {
    pub(crate) directory: String,
}

#[derive(Deserialize)]
pub(crate) struct UseModel {
    #[serde(deserialize_with = "model")]
    pub(crate) model: ModelRef,
}

/// `PROVIDER/MODEL`.
fn model<'de, D: Deserializer<'de>>(from: D) -> Result<ModelRef, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(serde::de::Error::custom)
}

fn some_model<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ModelRef>, D::Error> {
    model(from).map(Some)
}

#[derive(Deserialize)]
pub(crate) struct Create {
    title: String,
    directory: String,
    prompt: String,
    agent: Option<String>,
    connect: Option<Endpoint>,
    #[serde(default, deserialize_with = "some_model")]
    model: Option<ModelRef>,
    max_iterations: Option<u32>,
    max_consecutive_errors: Option<u32>,
    stop_pattern: Option<String>,
    branch_prefix: Option<String>,
    commit_prefix: Option<String>,
    budget: Option<Budget>,
    policy: Option<String>,
    #[serde(default)]
    require_changes: bool,
    verify: Option<String>,
    idempotency_key: Option<String>,
}

impl Create {
    /// The loop to create: what was not said is as the domain has it.
    ///
    /// # Errors
    /// `InvalidInput` for a policy that is none.
    pub(crate) fn into_loop(self) -> Result<NewLoop> {
        let mut new = NewLoop::new(self.title, self.directory, self.prompt);
        let config = &mut new.config;
        config.backend = Backend {
            connect: self.connect,
            ..Backend::default()
        };
        put(&mut config.backend.agent, self.agent);
        put(
            &mut config.max_consecutive_errors,
            self.max_consecutive_errors,
        );
        put(&mut config.stop_pattern, self.stop_pattern);
        put(&mut config.git.branch_prefix, self.branch_prefix);
        put(&mut config.git.commit_prefix, self.commit_prefix);
        put(&mut config.budget, self.budget);
        config.model = self.model;
        config.max_iterations = self.max_iterations;
        config.require_changes = self.require_changes;
        config.verify = self.verify;
        new.idempotency_key = self.idempotency_key;
        if let Some(policy) = self.policy {
            let wrong = |error: grump::domain::review::UnknownPolicy| {
                Error::new(ErrorKind::InvalidInput, error.to_string())
            };
            config.policy = policy.parse().map_err(wrong)?;
        }
        Ok(new)
    }
}

fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

#[derive(Deserialize)]
pub(crate) struct Edit {
    pub(crate) id: RunId,
    title: Option<String>,
    prompt: Option<String>,
    #[serde(default, deserialize_with = "some_model")]
    model: Option<ModelRef>,
    max_iterations: Option<u32>,
    max_consecutive_errors: Option<u32>,
    stop_pattern: Option<String>,
    branch_prefix: Option<String>,
    commit_prefix: Option<String>,
    budget: Option<Budget>,
}

impl From<Edit> for LoopEdit {
    fn from(from: Edit) -> Self {
        let mut edit = Self::default();
        edit.title = from.title;
        edit.prompt = from.prompt;
        edit.model = from.model;
        edit.max_iterations = from.max_iterations;
        edit.max_consecutive_errors = from.max_consecutive_errors;
        edit.stop_pattern = from.stop_pattern;
        edit.branch_prefix = from.branch_prefix;
        edit.commit_prefix = from.commit_prefix;
        edit.budget = from.budget;
        edit
    }
}
