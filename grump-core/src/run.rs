//! [`Run`]: one supervised piece of agent work; [`Runs`]: the trait that acts on it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    chat::Chat,
    delivery::Integration,
    id::id,
    job::Job,
    json::Ext,
    loops::Loop,
    progress::Progress,
    review::Review,
    ship::ShipSession,
    status::{RunStatus, Status},
    task::Task,
    time::Timestamp,
};

mod facet;

pub use facet::{RunFilter, Runs, StartRun, Started, Uncommitted};

id! {
    /// The id of a run: opaque text, unique within its kind and plane.
    RunId
}

impl From<&RunRef> for RunRef {
    fn from(name: &RunRef) -> Self {
        name.clone()
    }
}

impl From<&Run> for RunRef {
    fn from(run: &Run) -> Self {
        run.name.clone()
    }
}

impl From<&Run> for RunId {
    fn from(run: &Run) -> Self {
        run.name.id.clone()
    }
}

/// What sort of work a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunKind {
    /// The same prompt again and again in a worktree, until a stop pattern matches.
    Loop,
    /// A SHIP session: design, spec, plan, code.
    Ship,
    /// A background job.
    Job,
    /// One task: a Steward run, a `MetaForge` session, a Mini-Devin task.
    Task,
    /// One turn of a chat.
    Chat,
}

impl RunKind {
    /// The kind in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loop => "loop",
            Self::Ship => "ship",
            Self::Job => "job",
            Self::Task => "task",
            Self::Chat => "chat",
        }
    }
}

impl fmt::Display for RunKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names a run: what sort it is, and its id. The plane knows its dialect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunRef {
    /// What sort of work it is.
    pub kind: RunKind,
    /// Its id.
    pub id: RunId,
}

impl RunRef {
    /// The run of this kind and id.
    #[must_use]
    pub fn new(kind: RunKind, id: impl Into<RunId>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// The loop of this id.
    #[must_use]
    pub fn of_loop(id: impl Into<RunId>) -> Self {
        Self::new(RunKind::Loop, id)
    }
}

impl fmt::Display for RunRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// Why a run's work ended. Set once when it ends, and cleared when the run is started anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The stop pattern matched, and whatever else was asked for holds.
    Matched,
    /// The work finished with success; there is no stop pattern in this kind of run.
    Succeeded,
    /// The limit of iterations was reached. Not a success.
    LimitReached,
    /// The budget of time or tokens was used up. Not a success.
    Budget,
    /// Too many errors one after the other, or one that cannot be worked around.
    Errors,
    /// A person stopped it.
    Stopped,
    /// A crash cut it off, and it was not resumed.
    Interrupted,
}

impl Outcome {
    /// The outcome in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Succeeded => "succeeded",
            Self::LimitReached => "limit_reached",
            Self::Budget => "budget",
            Self::Errors => "errors",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One supervised piece of agent work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Run {
    /// Its name in the plane.
    #[serde(flatten)]
    pub name: RunRef,
    /// What people call it.
    pub title: String,
    /// Where it is.
    pub status: Status,
    /// Why its work ended; `None` while it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The last error that matters, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// A crash cut it off, and starting it goes on where it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resumable: bool,
    /// How far it is, where the plane says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What a person decided about its work.
    #[serde(default, skip_serializing_if = "Review::is_none")]
    pub review: Review,
    /// What became of its work.
    #[serde(default)]
    pub integration: Integration,
    /// The run of which it is a part: a SHIP session's job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RunRef>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// When its work last began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its work last ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What only runs of its kind have.
    pub detail: RunDetail,
    /// What else the plane says about it.
    #[serde(default, skip_serializing_if = "Ext::is_empty")]
    pub ext: Ext,
}

impl Run {
    /// A run of this kind that was created now and has not begun.
    #[must_use]
    pub fn new(name: RunRef, title: impl Into<String>, detail: RunDetail) -> Self {
        let now = Timestamp::now();
        Self {
            name,
            title: title.into(),
            status: RunStatus::Draft.into(),
            outcome: None,
            error: None,
            resumable: false,
            progress: None,
            review: Review::None,
            integration: Integration::None,
            parent: None,
            created_at: now.clone(),
            updated_at: now,
            started_at: None,
            ended_at: None,
            detail,
            ext: Ext::new(),
        }
    }

    /// What only loops have.
    #[must_use]
    pub const fn as_loop(&self) -> Option<&Loop> {
        match &self.detail {
            RunDetail::Loop(detail) => Some(detail),
            _ => None,
        }
    }

    /// As [`as_loop`](Self::as_loop), to change it.
    #[must_use]
    pub const fn as_loop_mut(&mut self) -> Option<&mut Loop> {
        match &mut self.detail {
            RunDetail::Loop(detail) => Some(detail),
            _ => None,
        }
    }

    /// What only SHIP sessions have.
    #[must_use]
    pub const fn as_ship(&self) -> Option<&ShipSession> {
        match &self.detail {
            RunDetail::Ship(detail) => Some(detail),
            _ => None,
        }
    }

    /// What only jobs have.
    #[must_use]
    pub const fn as_job(&self) -> Option<&Job> {
        match &self.detail {
            RunDetail::Job(detail) => Some(detail),
            _ => None,
        }
    }

    /// What only tasks have.
    #[must_use]
    pub const fn as_task(&self) -> Option<&Task> {
        match &self.detail {
            RunDetail::Task(detail) => Some(detail),
            _ => None,
        }
    }
}

/// What only runs of one kind have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunDetail {
    /// Nothing more.
    None,
    /// A loop's configuration and iterations.
    Loop(Box<Loop>),
    /// A SHIP session's phases.
    Ship(Box<ShipSession>),
    /// A job's result and logs.
    Job(Box<Job>),
    /// A task's prompt, plan and result.
    Task(Box<Task>),
    /// A chat's answer.
    Chat(Box<Chat>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Artifact, Json, LoopConfig, Phase, PhaseResult, PhaseStatus, TaskResult};

    fn details() -> [RunDetail; 6] {
        let mut ship = ShipSession::new("a shop");
        let design = PhaseResult::new(Phase::Design, PhaseStatus::Completed);
        ship.results.push(design.body(ext()));
        let mut job = Job::new();
        job.job_type = Some("reindex".into());
        job.logs.push(Json::string("begun"));
        let mut task = Task::new();
        task.plan = Some(Json::from(serde_json::json!({"steps": []})));
        task.result = Some(TaskResult::new().success(false).ext(ext()));
        task.artifacts.push(Artifact::new("a.md").diff("+50 -0"));
        [
            RunDetail::None,
            RunDetail::Loop(Box::new(Loop::new(LoopConfig::new("/app", "Do it")))),
            RunDetail::Ship(Box::new(ship)),
            RunDetail::Job(Box::new(job)),
            RunDetail::Task(Box::new(task)),
            RunDetail::Chat(Box::new(Chat::new())),
        ]
    }

    fn ext() -> Ext {
        Ext::from_iter([("colour".to_owned(), "blue".into())])
    }

    #[test]
    fn a_run_of_any_kind_survives_the_way_through_json() {
        for detail in details() {
            let mut run = Run::new(RunRef::new(RunKind::Task, "7"), "a task", detail);
            run.progress = Some(Progress::percent(45.0));
            run.review = Review::Approved {
                note: None,
                applied: Some(false),
            };
            run.parent = Some(RunRef::new(RunKind::Ship, "ship_1"));
            run.ext = ext();
            let json = serde_json::to_string(&run).unwrap();
            assert_eq!(serde_json::from_str::<Run>(&json).unwrap(), run);
        }
    }

    #[test]
    fn a_run_that_was_stored_before_it_could_say_so_much_is_read() {
        let stored = r#"{
            "kind": "loop", "id": "l-1", "title": "t", "status": {"unified": "draft", "native": "draft"},
            "integration": "none", "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z", "detail": "none"
        }"#;
        let run: Run = serde_json::from_str(stored).unwrap();
        assert!(run.review.is_none() && run.ext.is_empty() && run.progress.is_none());
    }
}
