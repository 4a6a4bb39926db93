//! What the engine knows of a loop beyond what it shows: stored beside the run, in the same
//! transaction.

use grump_core::{Error, ErrorKind, Json, Outcome, Result, Run, Status};
use serde::{Deserialize, Serialize};

use super::{conclude::Verdict, driver::Ending};
use crate::{
    journal::Record,
    owner::EngineIdentity,
    workspace::{CommitId, MergePlan, WorkspaceRecord},
};

/// The engine's private state of one loop.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LoopState {
    /// The engine that works on it, or worked on it last.
    pub(crate) engine: Option<EngineIdentity>,
    /// Its branch and worktree, from the moment before they are made.
    pub(crate) workspace: Option<WorkspaceRecord>,
    /// The last commit that an iteration ended with; the base before the first.
    pub(crate) last_commit: Option<CommitId>,
    /// The iteration that it was in when it was last started; limits count from there.
    pub(crate) started_after: u64,
    /// What is under way in its work. Written before it is done, so that a kill in the middle is
    /// repaired.
    pub(crate) step: Step,
    /// What is being done with its work, likewise. Apart from the step: a delivery that fails
    /// leaves the work as it was.
    pub(crate) delivery: Option<Delivery>,
    /// How it was before it was discarded or removed.
    pub(crate) before_removal: Option<Box<Before>>,
}

/// What is under way in a loop's work.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// Nothing.
    #[default]
    None,
    /// The agent works on an iteration with this prompt.
    Iterating { prompt: String },
    /// The agent is done with the iteration; its work is being committed.
    Committing(Verdict),
    /// The work is over for this reason; what was started for it is being ended.
    Ending(Ending),
}

impl Step {
    /// A crash came in the middle of it, and the loop has not gone on since.
    pub(crate) const fn is_under_way(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// What is being done with a loop's work.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    /// It is being merged.
    Merging { plan: MergePlan },
    /// Branch and worktree are being removed.
    Discarding,
    /// Branch and worktree are being brought back.
    Undoing,
    /// Everything about it is being removed.
    Purging,
}

/// How a run was before it was discarded or removed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Before {
    pub(crate) status: Status,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) integration: grump_core::Integration,
    pub(crate) resumable: bool,
    /// Its branch was deleted, and is in a backup.
    pub(crate) branch_deleted: bool,
}

impl Before {
    /// How it is now.
    pub(crate) fn of(record: &LoopRecord, branch_deleted: bool) -> Self {
        let run = &record.run;
        Self {
            status: run.status.clone(),
            outcome: run.outcome,
            integration: run.integration.clone(),
            resumable: run.resumable,
            branch_deleted,
        }
    }
}

/// A loop with the engine's state of it.
#[derive(Clone, Debug)]
pub(crate) struct LoopRecord {
    pub(crate) run: Run,
    pub(crate) state: LoopState,
}

impl LoopRecord {
    /// Reads what the journal holds.
    ///
    /// # Errors
    /// `Storage` if a newer grump wrote it in another form.
    pub(crate) fn read(record: Record) -> Result<Self> {
        let state = record.engine.parse().map_err(|error| {
            Error::new(
                ErrorKind::Storage,
                "the journal holds a state that this version cannot read",
            )
            .with("run", &record.run.name)
            .advise("use the version of grump that wrote it, or a newer one")
            .caused_by(error)
        })?;
        Ok(Self {
            run: record.run,
            state,
        })
    }

    /// What the journal is to hold.
    pub(crate) fn to_record(&self) -> Record {
        let engine = Json::of(&self.state).expect("the state is plain data");
        Record {
            run: self.run.clone(),
            engine,
        }
    }
}
