//! What follows a turn: its work is committed, the claim that it is done is checked, and it is
//! decided whether the loop goes on.

use std::time::Duration;

use grump_core::{
    Error, ErrorKind, Iteration as IterationReport, IterationOutcome, Json, Loop, Outcome, Payload,
    Result, RunStatus, Timestamp,
    payload::{CommitCreated, ErrorReported, IterationEnded},
};
use serde::{Deserialize, Serialize};
use tokio::{select, time::sleep};

use super::{
    driver::{Driver, Ending, Iteration, detail, detail_mut},
    pump::Played,
    state::Step,
    states::enter,
    stop_rule::StopRule,
};
use crate::{
    agent::{TurnEnd, TurnOutcome},
    store::Told,
    workspace::{Committed, LeftOutReason, Workspace},
};

/// What is known of an iteration when its agent is done, before its work is committed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Verdict {
    /// The stop pattern matched the final message of a turn that came to a good end.
    pub(crate) matched: bool,
    /// What went wrong.
    pub(crate) error: Option<String>,
    /// Why the loop ends whatever was said.
    pub(crate) ending: Option<Outcome>,
    pub(crate) started_at: Timestamp,
    pub(crate) worked_ms: u64,
}

impl Driver {
    /// Judges a turn that was not stopped, and notes the verdict down: from here on a crash does
    /// not make the iteration run again.
    pub(crate) async fn judge(
        &self,
        played: Played,
        iteration: &Iteration,
        worked: Duration,
    ) -> Result<Verdict> {
        let rule = StopRule::new(&iteration.stop_pattern)?;
        let ending = played.ending();
        let (matched, error) = match played.end {
            Some(Ok(end)) => (ending.is_none() && is_done(&rule, &end), None),
            Some(Err(error)) if ending.is_none() => (false, Some(error.to_string())),
            _ => (false, None),
        };
        let verdict = Verdict {
            matched,
            error,
            ending,
            started_at: iteration.started_at.clone(),
            worked_ms: worked.as_millis() as u64,
        };
        let noted = self.cell.update(|record, told| {
            if let Some(message) = &verdict.error {
                told.push(ErrorReported {
                    message: message.clone(),
                    code: Some("agent".to_owned()),
                });
            }
            record.state.step = Step::Committing(verdict.clone());
            Ok(())
        });
        noted.await?;
        Ok(verdict)
    }

    /// Commits the iteration's work and decides; `None` if the loop goes on.
    pub(crate) async fn conclude(
        &self,
        workspace: &Workspace,
        verdict: Verdict,
    ) -> Result<Option<Ending>> {
        let committed = self.commit(workspace).await?;
        let matched = verdict.matched && self.holds(workspace).await?;
        let ending = self.record_iteration(&verdict, &committed, matched).await?;
        if ending.is_none() && verdict.error.is_some() {
            self.pause_after_error().await;
        }
        Ok(ending)
    }

    async fn commit(&self, workspace: &Workspace) -> Result<Committed> {
        let record = self.cell.read().await;
        let message = commit_message(
            &record.run.title,
            detail(&record.run)?,
            self.name.id.as_str(),
        );
        let since = record
            .state
            .last_commit
            .as_ref()
            .unwrap_or(&workspace.record().base);
        // Since the last one that was recorded: a crash may have come right after git's commit.
        let committed = workspace.commit_since(since, &message).await?;
        let warnings = committed.left_out.iter().map(|left| {
            let why = match &left.reason {
                LeftOutReason::Secret(kind) => format!("it looks like it holds a secret ({kind})"),
                LeftOutReason::EmbeddedRepository => "it is a repository of its own".to_owned(),
                _ => "git cannot read it".to_owned(),
            };
            Payload::log("warn", format!("not committed: {}: {why}", left.path))
        });
        self.cell.tell(warnings.collect()).await?;
        Ok(committed)
    }

    /// Whether what was asked for beside the stop pattern holds.
    async fn holds(&self, workspace: &Workspace) -> Result<bool> {
        let record = self.cell.read().await;
        let config = &detail(&record.run)?.config;
        if config.require_changes && workspace.changes().await?.is_empty() {
            let refusal = "the agent says it is done, but nothing was changed";
            self.cell.tell(vec![Payload::log("warn", refusal)]).await?;
            return Ok(false);
        }
        match &config.verify {
            Some(command) => self.verify(workspace, command).await,
            None => Ok(true),
        }
    }

    async fn verify(&self, workspace: &Workspace, command: &str) -> Result<bool> {
        let checked = self
            .supervisor
            .check(command, workspace, &self.name, &self.halt)
            .await;
        if checked.is_err() && self.is_only_cut_off() {
            // What follows the iteration is done when the loop is resumed.
            return Err(Error::new(
                ErrorKind::Unavailable,
                "the engine is shutting down",
            ));
        }
        let (passed, message) = match checked {
            Ok(()) => (true, format!("verified by: {command}")),
            Err(error) => (false, format!("the agent says it is done, but {error}")),
        };
        let level = if passed { "info" } else { "warn" };
        self.cell.tell(vec![Payload::log(level, message)]).await?;
        Ok(passed)
    }

    async fn record_iteration(
        &self,
        verdict: &Verdict,
        committed: &Committed,
        matched: bool,
    ) -> Result<Option<Ending>> {
        let recorded = self.cell.update(|record, told| {
            record.state.step = Step::None;
            if let Some(commit) = &committed.commit {
                record.state.last_commit = Some(commit.clone());
                record.run.integration =
                    grump_core::Integration::Committed(commit.as_str().to_owned());
            }
            let report = report(verdict, committed, matched, detail(&record.run)?.iteration);
            tell(told, &report, committed);
            let detail = detail_mut(&mut record.run)?;
            detail.worked_ms += verdict.worked_ms;
            detail.consecutive_errors = if verdict.error.is_some() {
                detail.consecutive_errors + 1
            } else {
                0
            };
            remember(detail, report);
            let ending = decide(detail, verdict, matched);
            match &ending {
                Some(ending) => record.state.step = Step::Ending(ending.clone()),
                None => enter(&mut record.run, RunStatus::Waiting)?,
            }
            Ok(ending)
        });
        Ok(recorded.await?.0)
    }

    /// Waits a little before the next try, longer after each error in a row.
    async fn pause_after_error(&self) {
        let record = self.cell.read().await;
        let errors = record
            .run
            .as_loop()
            .map_or(1, |detail| detail.consecutive_errors.max(1));
        select! {
            () = sleep(self.supervisor.pause_after(errors)) => {}
            () = self.halt.cancelled() => {}
        }
    }
}

/// A claim counts only in a turn that came to its end by itself.
fn is_done(rule: &StopRule, end: &TurnEnd) -> bool {
    end.outcome == TurnOutcome::Finished && rule.matches(&end.final_message)
}

fn decide(detail: &Loop, verdict: &Verdict, matched: bool) -> Option<Ending> {
    if matched {
        return Some(Outcome::Matched.into());
    }
    if let Some(outcome) = verdict.ending {
        return Some(outcome.into());
    }
    let failed = detail.consecutive_errors >= detail.config.max_consecutive_errors;
    (verdict.error.is_some() && failed).then(|| Ending {
        outcome: Outcome::Errors,
        error: verdict.error.clone(),
    })
}

fn report(verdict: &Verdict, committed: &Committed, matched: bool, number: u64) -> IterationReport {
    IterationReport {
        number,
        started_at: verdict.started_at.clone(),
        ended_at: Timestamp::now(),
        outcome: match (&verdict.error, matched) {
            (Some(_), _) => IterationOutcome::Error,
            (None, true) => IterationOutcome::Matched,
            (None, false) => IterationOutcome::Continue,
        },
        commit: committed
            .commit
            .as_ref()
            .map(|commit| commit.as_str().to_owned()),
        error: verdict.error.clone(),
    }
}

fn tell(told: &mut Told, report: &IterationReport, committed: &Committed) {
    if let Some(sha) = &report.commit {
        let files: Vec<_> = committed
            .files
            .iter()
            .map(grump_core::RepoPath::to_text)
            .collect();
        let commit = Json::from(serde_json::json!({ "sha": sha, "files": files }));
        told.push(CommitCreated { commit });
    }
    told.push(IterationEnded {
        outcome: Some(report.outcome.as_str().to_owned()),
    });
}

fn remember(detail: &mut Loop, report: IterationReport) {
    detail.recent_iterations.push(report);
    let surplus = detail.recent_iterations.len().saturating_sub(Loop::RECENT);
    detail.recent_iterations.drain(..surplus);
}

/// The message of an iteration's commit: prefix and title, and trailers that say where it is from.
fn commit_message(title: &str, detail: &Loop, id: &str) -> String {
    let title = title.lines().next().unwrap_or_default();
    let (prefix, number) = (&detail.config.git.commit_prefix, detail.iteration);
    format!("{prefix} {title}: iteration {number}\n\nGrump-Run: {id}\nGrump-Iteration: {number}\n")
        .trim_start()
        .to_owned()
}
