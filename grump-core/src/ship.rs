//! [`ShipSession`]: design, spec, plan, code; [`Ships`]: the trait that makes and runs them.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    json::Ext,
    noun::{noun, request, words},
    plane::{Operation, unsupported},
    project::ProjectId,
    run::{Run, RunRef},
    stream::EventStream,
};

words! {
    /// A phase of a SHIP session. (G-Rump, "SHIP Workflow Endpoints".)
    Phase {
        /// The architecture.
        "design" Design,
        /// The specifications.
        "spec" Spec,
        /// The tasks.
        "plan" Plan,
        /// The files.
        "code" Code,
    }
}

impl Phase {
    /// The phases, in their order.
    pub const ALL: [Self; 4] = [Self::Design, Self::Spec, Self::Plan, Self::Code];
}

words! {
    /// Where a phase is.
    PhaseStatus {
        /// It has not begun.
        "pending" Pending,
        /// It is being worked on.
        "running" Running,
        /// It is done.
        "completed" Completed,
        /// It ended in an error.
        "failed" Failed,
    }
}

noun! {
    /// What a phase gave.
    PhaseResult {
        /// Which phase.
        phase: Phase,
        /// Where it is.
        status: PhaseStatus,
        ;
        /// The error it ended in.
        error: String,
        ;
        /// What it gave, in the plane's members: of design `architecture` and `components`, of spec
        /// `specifications`, of plan `tasks`, of code `files`.
        body: Ext,
    }
}

/// What only SHIP sessions have, beside what every [`Run`] has. (G-Rump, "Get Session Status".)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShipSession {
    /// What is to be built.
    pub description: String,
    /// How: `techStack`, `style`, `complexity`, and what else the plane knows.
    #[serde(default, skip_serializing_if = "Ext::is_empty")]
    pub preferences: Ext,
    /// The project it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// The phase it is in, or was in last. Whether it is done says the status, not the phase.
    pub phase: Phase,
    /// What the phases gave so far, in their order.
    #[serde(default)]
    pub results: Vec<PhaseResult>,
    /// The job that works on it, where that is known: what stops the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<RunRef>,
}

impl ShipSession {
    /// A session that has not begun.
    #[must_use]
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            preferences: Ext::new(),
            project: None,
            phase: Phase::Design,
            results: Vec::new(),
            job: None,
        }
    }

    /// What a phase gave.
    #[must_use]
    pub fn result(&self, phase: &Phase) -> Option<&PhaseResult> {
        self.results.iter().find(|result| result.phase == *phase)
    }
}

request! {
    /// A SHIP session to make. (G-Rump, "Start SHIP Session".)
    #[derive(PartialEq, Eq)]
    NewShip {
        /// What is to be built.
        description: String,
        ;
        /// The project it belongs to.
        project: ProjectId,
        ;
        /// How: `techStack`, `style`, `complexity`, and what else the plane knows.
        preferences: Ext,
    }
}

request! {
    /// How to start a SHIP session and watch it. (G-Rump, "Execute with Streaming".)
    #[derive(PartialEq, Eq)]
    StartShip {
        /// Which.
        run: RunRef,
        ;
        /// The phase to begin with; those before it stay as they are.
        resume_from: Phase,
    }
}

/// The facet that makes SHIP sessions and runs them. What became of one is read as of any run, and
/// [`Runs::start`](crate::Runs::start) starts it without watching.
#[async_trait]
pub trait Ships: Send + Sync + fmt::Debug {
    /// Makes a session; nothing runs yet.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn create(&self, new: NewShip) -> Result<Run> {
        unsupported(Operation::ShipsCreate, new)
    }

    /// Starts a session and watches it.
    ///
    /// # Behaviour
    /// - The request is what starts it: it is never sent again. Where the connection is cut, the
    ///   stream says so with a gap, and follows the session by reading it.
    /// - Dropping the stream ends the watching. What the plane does with the session then is its
    ///   own affair: read it.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` or `Conflict` for a session that cannot be started.
    async fn start_and_watch(&self, request: StartShip) -> Result<EventStream> {
        unsupported(Operation::ShipsStartAndWatch, request)
    }
}
