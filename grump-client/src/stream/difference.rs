//! What must have happened between what was told and how a run is now.

use grump_core::{
    Event, Integration, Iteration, Json, Origin, Payload, Phase, Run, RunStatus, Timestamp,
    payload::{
        ApprovalRequested, CommitCreated, IterationEnded, IterationStarted, PhaseCompleted,
        PhaseStarted, RunCancelled, RunCompleted, RunCreated, RunDeleted, RunDiscarded, RunFailed,
        RunLimitReached, RunMerged, RunStarted, RunStatusChanged,
    },
};

use super::told::{Standing, is_alike};

/// The events that lead from `told` to the run as it is now, as far as the run shows them: at most
/// three for each iteration it remembers, two for each phase, and four more.
pub(crate) fn difference(told: Option<&Standing>, run: &Run) -> Vec<Event> {
    let now = Standing::of(run);
    let before = numbered_alike(told.copied().unwrap_or(Standing::NEW), now);
    let mut found = Found::of(run);
    if told.is_none() {
        let created = RunCreated {
            config: None,
            title: Some(run.title.clone()),
        };
        found.push(created, Some(&run.created_at));
    }
    if has_begun_anew(before, now) {
        found.push(RunStarted { skill: None }, run.started_at.as_ref());
    }
    found.iterations(before, now);
    found.phases(&before, &now);
    if !is_alike(before.status, now.status) {
        found.events.extend(arrival(run));
    }
    found.events
}

/// The removal of a run that is not there any more.
pub(crate) fn removal(run: &grump_core::RunRef) -> Event {
    synthesised(Event::new(run.clone(), RunDeleted {}))
}

/// The event by which a run comes to where it is now; none for one that is at work, or has not
/// begun.
pub(crate) fn arrival(run: &Run) -> Option<Event> {
    let native = || Some(run.status.native.to_string());
    let payload: Payload = match run.status.unified {
        RunStatus::Starting | RunStatus::Running | RunStatus::Waiting | RunStatus::Draft => {
            return None;
        }
        RunStatus::AwaitingApproval => ApprovalRequested {
            status: native(),
            artifacts: made(run),
        }
        .into(),
        RunStatus::Completed => RunCompleted {
            status: native(),
            message: None,
            artifacts: None,
        }
        .into(),
        RunStatus::LimitReached => RunLimitReached { reason: None }.into(),
        RunStatus::Failed => RunFailed {
            status: native(),
            message: run.error.clone(),
            code: None,
        }
        .into(),
        RunStatus::Cancelled => RunCancelled {
            status: native(),
            message: None,
            reason: None,
        }
        .into(),
        RunStatus::Merged => RunMerged {
            commit: merge_commit(run),
        }
        .into(),
        RunStatus::Discarded => RunDiscarded {}.into(),
        _ => RunStatusChanged {
            status: Some(run.status.clone()),
            message: None,
            artifacts: None,
        }
        .into(),
    };
    let mut event = Event::new(run.name.clone(), payload);
    event.at = run.ended_at.clone();
    Some(synthesised(event))
}

/// What there is to approve.
fn made(run: &Run) -> Option<Json> {
    let artifacts = &run.as_task()?.artifacts;
    let paths: Vec<_> = artifacts.iter().map(|artifact| &artifact.path).collect();
    Json::of(&paths).ok().filter(|_| !paths.is_empty())
}

fn merge_commit(run: &Run) -> Option<String> {
    match &run.integration {
        Integration::Merged(commit) => Some(commit.clone()),
        _ => None,
    }
}

fn synthesised(mut event: Event) -> Event {
    event.origin = Origin::Synthesised;
    event
}

/// Servers that number the iterations of a new start from 1 have told nothing of this start.
fn numbered_alike(before: Standing, now: Standing) -> Standing {
    if now.started >= before.started {
        return before;
    }
    Standing::NEW
}

fn has_begun_anew(before: Standing, now: Standing) -> bool {
    let was_at_work = is_alike(before.status, RunStatus::Running);
    let is_at_work = is_alike(now.status, RunStatus::Running);
    !was_at_work && (is_at_work || now.started > before.started)
}

struct Found<'r> {
    run: &'r Run,
    events: Vec<Event>,
}

impl<'r> Found<'r> {
    const fn of(run: &'r Run) -> Self {
        Self {
            run,
            events: Vec::new(),
        }
    }

    fn push(&mut self, payload: impl Into<Payload>, at: Option<&Timestamp>) -> &mut Event {
        let mut event = synthesised(Event::new(self.run.name.clone(), payload));
        event.at = at.cloned();
        self.events.push(event);
        self.events.last_mut().expect("it was pushed just now")
    }

    fn iterations(&mut self, before: Standing, now: Standing) {
        let recent = self.run.as_loop().map(|detail| &detail.recent_iterations);
        let mut started = before.started;
        for iteration in recent.into_iter().flatten() {
            if iteration.number > before.ended {
                self.iteration(iteration, before);
                started = started.max(iteration.number);
            }
        }
        if now.started > started {
            self.push(IterationStarted {}, None).iteration = Some(now.started);
        }
    }

    fn phases(&mut self, before: &Standing, now: &Standing) {
        for phase in Phase::ALL {
            if now.begun.has(&phase) && !before.begun.has(&phase) {
                self.push(PhaseStarted {}, None).phase = Some(phase.clone());
            }
            if now.done.has(&phase) && !before.done.has(&phase) {
                let done = self.phase_completed(&phase);
                self.push(done, None).phase = Some(phase);
            }
        }
    }

    fn phase_completed(&self, phase: &Phase) -> PhaseCompleted {
        let result = self.run.as_ship().and_then(|detail| detail.result(phase));
        let at = Phase::ALL.iter().position(|known| known == phase);
        let next = at.and_then(|at| Phase::ALL.get(at + 1));
        PhaseCompleted {
            result: result.map(|result| serde_json::Value::from(result.body.clone()).into()),
            next_phase: next.map(ToString::to_string),
        }
    }

    fn iteration(&mut self, iteration: &Iteration, before: Standing) {
        let (number, ended) = (Some(iteration.number), Some(&iteration.ended_at));
        if iteration.number > before.started {
            let started = Some(&iteration.started_at);
            self.push(IterationStarted {}, started).iteration = number;
        }
        if let Some(commit) = &iteration.commit {
            let commit = serde_json::json!({ "sha": commit }).into();
            self.push(CommitCreated { commit }, ended).iteration = number;
        }
        let outcome = Some(iteration.outcome.as_str().to_owned());
        self.push(IterationEnded { outcome }, ended).iteration = number;
    }
}

#[cfg(test)]
mod tests {
    use grump_core::{
        EventKind, EventKind::*, IterationOutcome, Loop, LoopConfig, PhaseResult, RunDetail,
        RunKind, RunRef, ShipSession,
    };

    use super::*;

    fn iteration(number: u64, commit: bool) -> Iteration {
        Iteration {
            number,
            started_at: Timestamp::from_millis(0),
            ended_at: Timestamp::from_millis(1),
            outcome: IterationOutcome::Continue,
            commit: commit.then(|| "c0ffee".to_owned()),
            error: None,
        }
    }

    fn run(status: RunStatus, iteration: u64, recent: Vec<Iteration>) -> Run {
        let mut detail = Loop::new(LoopConfig::new("/", "x"));
        (detail.iteration, detail.recent_iterations) = (iteration, recent);
        let mut run = Run::new(RunRef::of_loop("l"), "t", RunDetail::Loop(Box::new(detail)));
        run.status = status.into();
        run
    }

    fn told(status: RunStatus, started: u64, ended: u64) -> Option<Standing> {
        Some(Standing {
            status,
            started,
            ended,
            ..Standing::NEW
        })
    }

    fn found(told: Option<Standing>, run: &Run) -> Vec<(EventKind, Option<u64>)> {
        let events = difference(told.as_ref(), run);
        assert!(events.iter().all(|e| e.origin == Origin::Synthesised));
        events.iter().map(|e| (e.kind(), e.iteration)).collect()
    }

    #[test]
    fn nothing_happened_where_nothing_is_different() {
        let now = run(RunStatus::Waiting, 2, vec![iteration(1, true)]);
        assert_eq!(found(told(RunStatus::Running, 2, 1), &now), []);
    }

    #[test]
    fn iterations_that_were_missed_are_told_in_order() {
        let now = run(
            RunStatus::Running,
            4,
            vec![iteration(1, true), iteration(2, true), iteration(3, false)],
        );
        assert_eq!(
            found(told(RunStatus::Running, 2, 1), &now),
            [
                (CommitCreated, Some(2)),
                (IterationEnded, Some(2)),
                (IterationStarted, Some(3)),
                (IterationEnded, Some(3)),
                (IterationStarted, Some(4)),
            ]
        );
    }

    #[test]
    fn every_end_is_told() {
        for (status, kind) in [
            (RunStatus::Completed, RunCompleted),
            (RunStatus::LimitReached, RunLimitReached),
            (RunStatus::Failed, RunFailed),
            (RunStatus::Cancelled, RunCancelled),
            (RunStatus::Merged, RunMerged),
            (RunStatus::Discarded, RunDiscarded),
        ] {
            let now = run(status, 1, vec![]);
            assert_eq!(found(told(RunStatus::Running, 1, 0), &now), [(kind, None)]);
        }
    }

    #[test]
    fn a_run_that_nobody_told_of_was_created() {
        let now = run(RunStatus::Running, 1, vec![]);
        assert_eq!(
            found(None, &now),
            [
                (RunCreated, None),
                (RunStarted, None),
                (IterationStarted, Some(1))
            ]
        );
    }

    #[test]
    fn a_run_that_was_started_anew_says_so() {
        let now = run(RunStatus::Completed, 3, vec![iteration(3, false)]);
        assert_eq!(
            found(told(RunStatus::Failed, 2, 2), &now),
            [
                (RunStarted, None),
                (IterationStarted, Some(3)),
                (IterationEnded, Some(3)),
                (RunCompleted, None)
            ]
        );
    }

    #[test]
    fn phases_that_were_missed_are_told_in_order() {
        let mut session = ShipSession::new("x");
        for (phase, status) in [
            ("design", "completed"),
            ("spec", "completed"),
            ("plan", "running"),
        ] {
            session.results.push(PhaseResult::new(phase, status));
        }
        let name = RunRef::new(RunKind::Ship, "s");
        let mut run = Run::new(name, "t", RunDetail::Ship(Box::new(session)));
        run.status = RunStatus::Running.into();
        let mut told = Standing::NEW;
        told.status = RunStatus::Running;
        let mut begun = Event::new(run.name.clone(), grump_core::payload::PhaseStarted {});
        begun.phase = Some(Phase::Design);
        told.follow(&begun);
        let events = difference(Some(&told), &run);
        let found = events.iter().map(|e| (e.kind(), e.phase.clone().unwrap()));
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                (PhaseCompleted, Phase::Design),
                (PhaseStarted, Phase::Spec),
                (PhaseCompleted, Phase::Spec),
                (PhaseStarted, Phase::Plan),
            ]
        );
        events.iter().for_each(|event| told.follow(event));
        assert_eq!(difference(Some(&told), &run), []);
    }

    #[test]
    fn numbers_that_begin_anew_are_a_new_start() {
        let now = run(RunStatus::Running, 1, vec![]);
        assert_eq!(
            found(told(RunStatus::Failed, 5, 5), &now),
            [(RunStarted, None), (IterationStarted, Some(1))]
        );
    }
}
