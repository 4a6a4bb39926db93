//! The loop: the same prompt again and again in a worktree until it is done.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use grump_core::{
    Error, ErrorKind, Loop, Outcome, Payload, Result, Run, RunRef, RunStatus, Timestamp,
    payload::{
        ErrorReported, IterationStarted, RunCancelled, RunCompleted, RunFailed, RunLimitReached,
        RunQueued, RunStatusChanged,
    },
};
use serde::{Deserialize, Serialize};
use tokio::{
    select,
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    conclude::Verdict,
    pump::{Played, Pump},
    state::{LoopRecord, Step},
    states::{enter, is_at_work},
};
use crate::{
    agent::{AgentSession, Site},
    store::{Cell, Told},
    supervisor::Supervisor,
    workspace::Workspace,
};

/// One loop at work.
pub(crate) struct Driver {
    pub(crate) supervisor: Supervisor,
    pub(crate) cell: Arc<Cell>,
    pub(crate) name: RunRef,
    /// A person's wish to stop it.
    pub(crate) stop: CancellationToken,
    /// The engine's shutting down: the loop is left as it is, to be resumed.
    pub(crate) shutdown: CancellationToken,
    /// Either of the two.
    pub(crate) halt: CancellationToken,
    /// What a crash had left half done is in order.
    pub(crate) recovered: AtomicBool,
    /// Its end is still to be stored, though its task is over.
    pub(crate) late: AtomicBool,
}

/// Why a loop's work ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) error: Option<String>,
}

impl From<Outcome> for Ending {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            error: None,
        }
    }
}

impl Driver {
    /// Does the loop's work, from wherever it is, to its end. Everything that was started for it is
    /// gone before its end is told.
    pub(crate) async fn drive(self) {
        let worked = self.work().await;
        if let Err(error) = self.tell_end(&worked).await {
            tracing::error!(%error, run = %self.name, "the end of a loop cannot be stored yet");
            self.late.store(true, Ordering::Relaxed);
            let supervisor = self.supervisor.clone();
            supervisor.spawn(async move { self.keep_telling_end(&worked).await });
        }
    }

    async fn tell_end(&self, worked: &Result<Ending>) -> Result<()> {
        match worked {
            Ok(ending) => self.finish(ending).await,
            Err(error) => self.fail(error).await,
        }
    }

    /// Tries until the journal can be written again. If the engine ends before, the loop stays as
    /// it was, and the next engine on this folder repairs it.
    async fn keep_telling_end(&self, worked: &Result<Ending>) {
        const PAUSE: Duration = Duration::from_millis(500);
        while is_at_work(self.cell.read().await.run.status.unified) && !self.is_taken_up() {
            select! {
                () = sleep(PAUSE) => {}
                () = self.shutdown.cancelled() => return,
            }
            if self.tell_end(worked).await.is_ok() {
                return;
            }
        }
    }

    async fn work(&self) -> Result<Ending> {
        let Some(_slot) = self.slot().await? else {
            return Ok(Outcome::Stopped.into());
        };
        let workspace = self.workspace().await?;
        workspace.create().await?;
        let redo = match self.recover(&workspace).await? {
            Some(Redo::End(ending)) => {
                self.recovered.store(true, Ordering::Relaxed);
                return Ok(ending);
            }
            redo => redo,
        };
        self.recovered.store(true, Ordering::Relaxed);
        let mut session = None;
        let ending = self.iterate(&workspace, &mut session, redo).await;
        let closed = close(&mut session).await;
        let ending = ending?;
        closed.map(|()| ending)
    }

    /// Waits until fewer loops run than may; `None` if it is stopped before.
    async fn slot(&self) -> Result<Option<OwnedSemaphorePermit>> {
        let slots = self.supervisor.slots();
        let slot = match slots.clone().try_acquire_owned() {
            Ok(slot) => slot,
            Err(_) => {
                self.wait_in_line().await?;
                select! {
                    slot = slots.acquire_owned() => slot.map_err(|error| {
                        Error::new(ErrorKind::Internal, "there are no slots any more").caused_by(error)
                    })?,
                    () = self.halt.cancelled() => return Ok(None),
                }
            }
        };
        self.cell.update(start_up).await?;
        Ok(Some(slot))
    }

    async fn wait_in_line(&self) -> Result<()> {
        let queued = self.cell.update(|record, told| {
            enter(&mut record.run, RunStatus::Queued)?;
            told.push(RunQueued {});
            Ok(())
        });
        queued.await.map(drop)
    }

    async fn workspace(&self) -> Result<Workspace> {
        let record = self.cell.read().await.state.workspace.ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "a loop was started without a workspace",
            )
        })?;
        Ok(self.supervisor.workspace(record))
    }

    /// Sets the agent up; `None` if the loop is stopped meanwhile. What had been started by then is
    /// ended.
    async fn open_session(&self, workspace: &Workspace) -> Result<Option<Box<dyn AgentSession>>> {
        let record = self.cell.read().await;
        let config = &detail(&record.run)?.config;
        let agent = self.supervisor.agent(&config.backend.agent)?;
        let site = Site {
            directory: workspace.directory(),
            run: self.name.id.to_string(),
            launcher: self.supervisor.launcher().clone(),
            connect: config.backend.connect.clone(),
            ask: config.policy != grump_core::Policy::Allow,
        };
        select! {
            opened = agent.open(site) => opened.map(Some),
            () = self.halt.cancelled() => Ok(None),
        }
    }

    /// Goes on with iterations until there is a reason to end.
    async fn iterate(
        &self,
        workspace: &Workspace,
        session: &mut Option<Box<dyn AgentSession>>,
        mut redo: Option<Redo>,
    ) -> Result<Ending> {
        loop {
            let redo = redo.take();
            if let Some(Redo::Conclude(verdict)) = redo {
                if let Some(ending) = self.conclude(workspace, verdict).await? {
                    return Ok(ending);
                }
                continue;
            }
            if let Some(ending) = self.reason_to_end(redo.is_some()).await? {
                return Ok(ending);
            }
            if session.is_none() {
                *session = self.open_session(workspace).await?;
            }
            let Some(agent) = session else {
                return Ok(Outcome::Stopped.into());
            };
            let begun = Instant::now();
            let iteration = self.begin(redo).await?;
            let outside = workspace.outside().await?;
            let played = self.play(agent.as_mut(), &iteration).await?;
            if !played.is_clean() {
                // It may still be at work, and its work is about to be committed.
                close(session).await?;
            }
            self.report_outside(workspace, &outside).await?;
            if played.stopped {
                self.count_time(begun.elapsed()).await?;
                return Ok(Outcome::Stopped.into());
            }
            let verdict = self.judge(played, &iteration, begun.elapsed()).await?;
            if let Some(ending) = self.conclude(workspace, verdict).await? {
                return Ok(ending);
            }
        }
    }

    /// Counts the time of an iteration that came to no end of its own.
    async fn count_time(&self, worked: Duration) -> Result<()> {
        let counted = self.cell.update(|record, _| {
            detail_mut(&mut record.run)?.worked_ms += worked.as_millis() as u64;
            Ok(())
        });
        counted.await.map(drop)
    }

    /// Why no further iteration is to begin, if so.
    async fn reason_to_end(&self, is_redo: bool) -> Result<Option<Ending>> {
        let record = self.cell.read().await;
        let detail = detail(&record.run)?;
        let done = detail.iteration.saturating_sub(record.state.started_after);
        let limit = detail.config.max_iterations.map(u64::from);
        let worked = Duration::from_millis(detail.worked_ms);
        Ok(if self.halt.is_cancelled() {
            Some(Outcome::Stopped.into())
        } else if detail.config.budget.is_used_up(worked, &detail.usage) {
            Some(Outcome::Budget.into())
        } else if !is_redo && limit.is_some_and(|limit| done >= limit) {
            Some(Outcome::LimitReached.into())
        } else {
            None
        })
    }

    /// Begins the next iteration, or again the one that a crash cut off.
    async fn begin(&self, redo: Option<Redo>) -> Result<Iteration> {
        let begun = self.cell.update(|record, told| {
            let state = &mut record.state;
            enter(&mut record.run, RunStatus::Running)?;
            let detail = detail_mut(&mut record.run)?;
            let prompt = match redo {
                Some(Redo::Iterate(prompt)) => prompt,
                _ => {
                    detail.iteration += 1;
                    let pending = detail.pending_prompt.take();
                    pending.unwrap_or_else(|| detail.config.prompt.clone())
                }
            };
            state.step = Step::Iterating {
                prompt: prompt.clone(),
            };
            told.push(IterationStarted {});
            Ok(Iteration {
                number: detail.iteration,
                stop_pattern: detail.config.stop_pattern.clone(),
                prompt,
                started_at: Timestamp::now(),
            })
        });
        Ok(begun.await?.0)
    }

    async fn play(&self, session: &mut dyn AgentSession, iteration: &Iteration) -> Result<Played> {
        let record = self.cell.read().await;
        let detail = detail(&record.run)?;
        let left = detail.config.budget.seconds.map(|seconds| {
            Duration::from_secs(seconds).saturating_sub(Duration::from_millis(detail.worked_ms))
        });
        let pump = Pump {
            cell: &self.cell,
            questions: self.supervisor.questions(),
            policy: detail.config.policy,
            stop: &self.halt,
            // A budget beyond what the clock can say is none.
            deadline: left.and_then(|left| Instant::now().checked_add(left)),
        };
        pump.play(session, iteration.prompt.clone(), iteration.number)
            .await
    }

    /// Tells of what changed in the repository outside of the worktree meanwhile.
    async fn report_outside(
        &self,
        workspace: &Workspace,
        before: &crate::workspace::Outside,
    ) -> Result<()> {
        let changes = before.changes_to(&workspace.outside().await?);
        let warning = |change| Payload::log("warn", format!("outside of the worktree: {change}"));
        self.cell
            .tell(changes.into_iter().map(warning).collect())
            .await
    }

    /// Stores why the work ended, and tells of it; a loop that only the engine's end cut off stays
    /// as it is.
    async fn finish(&self, ending: &Ending) -> Result<()> {
        if ending.outcome == Outcome::Stopped && self.is_only_cut_off() {
            return Ok(());
        }
        self.end(ending, None).await
    }

    async fn end(&self, ending: &Ending, error: Option<&Error>) -> Result<()> {
        let ended = self.cell.update(|record, told| {
            if self.is_taken_up() {
                return Ok(());
            }
            if let Some(error) = error {
                told.push(ErrorReported {
                    message: error.to_string(),
                    code: Some(error.kind().as_str().to_owned()),
                });
            }
            let is_over = ending.outcome != Outcome::Interrupted;
            end_work(record, told, ending, is_over && self.has_recovered())
        });
        ended.await.map(drop)
    }

    /// The end could not be stored in time, and the loop was started again since.
    fn is_taken_up(&self) -> bool {
        self.late.load(Ordering::Relaxed) && self.supervisor.is_running(&self.name.id)
    }

    /// What a crash had left half done is in order, so that nothing of it need be remembered.
    fn has_recovered(&self) -> bool {
        self.recovered.load(Ordering::Relaxed)
    }

    /// The engine is shutting down, and nobody wished to stop the loop.
    pub(crate) fn is_only_cut_off(&self) -> bool {
        self.shutdown.is_cancelled() && !self.stop.is_cancelled()
    }

    /// Ends the loop with an error that no further iteration can mend. Where the disk was full or
    /// failed it was cut off, as by a crash, and starting it goes on with it.
    async fn fail(&self, error: &Error) -> Result<()> {
        if self.is_only_cut_off() {
            return Ok(());
        }
        tracing::warn!(%error, run = %self.name, "a loop failed");
        let outcome = match error.kind() {
            ErrorKind::Storage => Outcome::Interrupted,
            _ => Outcome::Errors,
        };
        let ending = Ending {
            outcome,
            error: Some(error.to_string()),
        };
        self.end(&ending, Some(error)).await
    }
}

/// Ends whatever an agent's session started, if there is one.
async fn close(session: &mut Option<Box<dyn AgentSession>>) -> Result<()> {
    match session.take() {
        Some(session) => session.close().await,
        None => Ok(()),
    }
}

/// An iteration that is under way.
pub(crate) struct Iteration {
    pub(crate) number: u64,
    pub(crate) prompt: String,
    /// As it was when the iteration began: an edit counts from the next one on.
    pub(crate) stop_pattern: String,
    pub(crate) started_at: Timestamp,
}

/// What is to be done again after a crash.
pub(crate) enum Redo {
    /// The iteration, with this prompt.
    Iterate(String),
    /// What follows the iteration.
    Conclude(Verdict),
    /// Nothing but telling of the end.
    End(Ending),
}

/// Enters Starting, from wherever the loop is; told only where it was not told before.
fn start_up(record: &mut LoopRecord, told: &mut Told) -> Result<()> {
    if record.run.status.unified != RunStatus::Starting {
        enter(&mut record.run, RunStatus::Starting)?;
        told.push(RunStatusChanged {
            status: Some(record.run.status.clone()),
            message: None,
            artifacts: None,
        });
    }
    Ok(())
}

/// Ends a loop's work. What was under way is forgotten, or is there to be gone on with.
pub(crate) fn end_work(
    record: &mut LoopRecord,
    told: &mut Told,
    ending: &Ending,
    forget_step: bool,
) -> Result<()> {
    let run = &mut record.run;
    enter(run, status_of(ending.outcome))?;
    run.outcome = Some(ending.outcome);
    run.error.clone_from(&ending.error);
    run.resumable = ending.outcome == Outcome::Interrupted;
    run.ended_at = Some(Timestamp::now());
    told.push(end_of(run, ending));
    if forget_step {
        record.state.step = Step::None;
    }
    Ok(())
}

const fn status_of(outcome: Outcome) -> RunStatus {
    match outcome {
        Outcome::Matched | Outcome::Succeeded => RunStatus::Completed,
        Outcome::LimitReached | Outcome::Budget => RunStatus::LimitReached,
        Outcome::Stopped | Outcome::Interrupted => RunStatus::Cancelled,
        _ => RunStatus::Failed,
    }
}

fn end_of(run: &Run, ending: &Ending) -> Payload {
    let status = Some(run.status.native.to_string());
    let reason = Some(ending.outcome.as_str().to_owned());
    let message = ending.error.clone();
    match run.status.unified {
        RunStatus::Completed => RunCompleted {
            status,
            message,
            artifacts: None,
        }
        .into(),
        RunStatus::LimitReached => RunLimitReached { reason }.into(),
        RunStatus::Cancelled => RunCancelled {
            status,
            message,
            reason,
        }
        .into(),
        _ => RunFailed {
            status,
            message,
            code: reason,
        }
        .into(),
    }
}

/// A loop's own part of a run.
///
/// # Errors
/// `Internal` if the run is none.
pub(crate) fn detail(run: &Run) -> Result<&Loop> {
    run.as_loop().ok_or_else(|| no_loop(&run.name))
}

/// As [`detail`], to change it.
///
/// # Errors
/// As for [`detail`].
pub(crate) fn detail_mut(run: &mut Run) -> Result<&mut Loop> {
    let name = run.name.clone();
    run.as_loop_mut().ok_or_else(|| no_loop(&name))
}

fn no_loop(name: &RunRef) -> Error {
    Error::new(ErrorKind::Internal, "this run is no loop").with("run", name)
}
