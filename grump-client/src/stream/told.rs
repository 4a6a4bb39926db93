//! What a stream has told so far, and whether that is all there is to tell.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use grump_core::{Cursor, Event, EventKind, Payload, Phase, PhaseStatus, Run, RunRef, RunStatus};

/// Where a run is, as far as was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(super) status: RunStatus,
    /// The last iteration that began.
    pub(super) started: u64,
    /// The last iteration that ended.
    pub(super) ended: u64,
    /// The phases that began.
    pub(super) begun: Phases,
    /// The phases that are done.
    pub(super) done: Phases,
}

/// Some of the phases of a SHIP session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Phases([bool; Phase::ALL.len()]);

impl Phases {
    /// Those that this holds of.
    pub(super) fn that(holds: impl Fn(&Phase) -> bool) -> Self {
        Self(Phase::ALL.map(|phase| holds(&phase)))
    }

    pub(super) fn has(&self, phase: &Phase) -> bool {
        let known = Phase::ALL.iter().zip(self.0);
        known.into_iter().any(|(known, has)| has && known == phase)
    }

    fn add(&mut self, phase: &Phase) {
        let at = Phase::ALL.iter().position(|known| known == phase);
        if let Some(at) = at {
            self.0[at] = true;
        }
    }

    /// Whether all of them are among those.
    fn are_among(&self, those: &Self) -> bool {
        self.0.iter().zip(those.0).all(|(this, that)| !this || that)
    }
}

impl Standing {
    /// A run of which nothing is known but that it exists.
    pub(crate) const NEW: Self = Self {
        status: RunStatus::Draft,
        started: 0,
        ended: 0,
        begun: Phases([false; Phase::ALL.len()]),
        done: Phases([false; Phase::ALL.len()]),
    };

    /// Where this run is.
    pub(crate) fn of(run: &Run) -> Self {
        let recent = |detail: &grump_core::Loop| {
            let numbers = detail.recent_iterations.iter();
            numbers.map(|iteration| iteration.number).max()
        };
        Self {
            status: run.status.unified,
            started: run.as_loop().map_or(0, |detail| detail.iteration),
            ended: run.as_loop().and_then(recent).unwrap_or(0),
            begun: Phases::that(|phase| {
                phase_status(run, phase).is_some_and(|status| *status != PhaseStatus::Pending)
            }),
            done: Phases::that(|phase| {
                phase_status(run, phase).is_some_and(|status| *status == PhaseStatus::Completed)
            }),
        }
    }

    /// Whether a run that stands there is what was told: where exactly between starting and
    /// waiting it is, a stream need not say.
    fn agrees(&self, now: &Self) -> bool {
        // An end is told, also behind a word that nobody knows.
        let is_over_unsaid = now.status.is_terminal() && !self.status.is_terminal();
        !is_over_unsaid
            && is_alike(self.status, now.status)
            && now.started <= self.started
            && now.begun.are_among(&self.begun)
            && now.done.are_among(&self.done)
    }

    /// Takes in what is told now.
    pub(crate) fn follow(&mut self, event: &Event) {
        match event.kind() {
            EventKind::IterationStarted => {
                self.status = RunStatus::Running;
                self.started = event.iteration.unwrap_or(self.started + 1);
            }
            EventKind::IterationEnded => {
                self.ended = event.iteration.unwrap_or(self.ended + 1);
                if self.status.is_executing() {
                    self.status = RunStatus::Waiting;
                }
            }
            EventKind::PhaseStarted | EventKind::PhaseCompleted => self.follow_phase(event),
            _ => self.status = status(&event.payload).unwrap_or(self.status),
        }
    }

    fn follow_phase(&mut self, event: &Event) {
        self.status = RunStatus::Running;
        if let Some(phase) = &event.phase {
            self.begun.add(phase);
            if event.kind() == EventKind::PhaseCompleted {
                self.done.add(phase);
            }
        }
    }
}

fn phase_status<'r>(run: &'r Run, phase: &Phase) -> Option<&'r PhaseStatus> {
    let result = run.as_ship()?.result(phase);
    result.map(|result| &result.status)
}

/// Whether two statuses are the same as far as streams tell: not begun, at work, or one of the ends.
pub(super) fn is_alike(one: RunStatus, other: RunStatus) -> bool {
    let class = |status| match status {
        RunStatus::Queued => RunStatus::Draft,
        RunStatus::Starting | RunStatus::Waiting | RunStatus::Paused => RunStatus::Running,
        other => other,
    };
    [one, other].contains(&RunStatus::Unknown) || class(one) == class(other)
}

/// The status that a run has with this event, if the event says.
pub(super) fn status(payload: &Payload) -> Option<RunStatus> {
    Some(match payload {
        Payload::RunCreated(_) => RunStatus::Draft,
        Payload::RunQueued(_) => RunStatus::Queued,
        Payload::RunStarted(_) => RunStatus::Starting,
        Payload::RunStatusChanged(changed) => changed.status.as_ref()?.unified,
        Payload::ApprovalRequested(_) => RunStatus::AwaitingApproval,
        Payload::RunCompleted(_) => RunStatus::Completed,
        Payload::RunLimitReached(_) => RunStatus::LimitReached,
        Payload::RunFailed(_) => RunStatus::Failed,
        Payload::RunCancelled(_) => RunStatus::Cancelled,
        Payload::RunMerged(_) => RunStatus::Merged,
        Payload::RunDiscarded(_) | Payload::RunDeleted(_) => RunStatus::Discarded,
        Payload::IterationStarted(_) => RunStatus::Running,
        _ => return None,
    })
}

/// What was told of every run that is watched. As large as the plane has runs.
#[derive(Debug, Default)]
pub(super) struct Told {
    runs: BTreeMap<RunRef, Standing>,
    /// What was made up of the last difference: the wire may tell it once more, and soon.
    made_up: BTreeMap<RunRef, BTreeSet<Name>>,
    /// How long the wire had nothing to tell since.
    waited: Duration,
}

impl Told {
    /// Takes these runs, which are all that are watched, as told.
    pub(super) fn read(&mut self, runs: &[Run]) {
        let standing = |run: &Run| (run.name.clone(), Standing::of(run));
        self.runs = runs.iter().map(standing).collect();
        self.made_up.clear();
    }

    /// Takes this one of them as told.
    pub(super) fn set(&mut self, run: &Run) {
        self.runs.insert(run.name.clone(), Standing::of(run));
    }

    /// Takes this one as removed.
    pub(super) fn remove(&mut self, run: &RunRef) {
        self.runs.remove(run);
    }

    /// Takes in what is told now. False is that it was told already, as a difference.
    pub(super) fn follow(&mut self, event: &Event) -> bool {
        let moves = status(&event.payload).is_some() || is_step(event.kind());
        if let Some(names) = self.made_up.get_mut(&event.run) {
            if names.remove(&name(event)) {
                return false;
            }
            if moves {
                // The wire is past what was made up.
                self.made_up.remove(&event.run);
            }
        }
        if moves {
            let standing = self.runs.entry(event.run.clone()).or_insert(Standing::NEW);
            standing.follow(event);
        }
        true
    }

    /// Remembers what was found by comparing, so that it is not told twice.
    pub(super) fn made_up(&mut self, events: &[Event]) {
        self.waited = Duration::ZERO;
        for event in events {
            let names = self.made_up.entry(event.run.clone()).or_default();
            names.insert(name(event));
        }
    }

    /// Takes in that the wire had nothing to tell for so long. What it did not tell once more within
    /// the grace, it tells for the first time.
    pub(super) fn wait(&mut self, time: Duration, grace: Duration) {
        self.waited = self.waited.saturating_add(time);
        if self.waited > grace {
            self.made_up.clear();
        }
    }

    pub(super) fn standing(&self, run: &RunRef) -> Option<&Standing> {
        self.runs.get(run)
    }

    /// The runs that were told of and are not among these.
    pub(super) fn gone<'a>(&'a self, runs: &'a [Run]) -> impl Iterator<Item = &'a RunRef> {
        let known: BTreeSet<_> = runs.iter().map(|run| &run.name).collect();
        self.runs.keys().filter(move |run| !known.contains(run))
    }

    /// Whether the run is over as far as was told: one that is not known is not there any more.
    pub(super) fn is_over(&self, run: &RunRef) -> bool {
        self.standing(run)
            .is_none_or(|standing| standing.status.is_terminal())
    }

    /// Whether this run is where it was told to be.
    pub(super) fn agrees_on(&self, run: &Run) -> bool {
        self.standing(&run.name)
            .is_some_and(|told| told.agrees(&Standing::of(run)))
    }

    /// Whether this run has begun the iterations that were told, and no other.
    pub(super) fn is_no_further(&self, run: &Run) -> bool {
        let told = self.standing(&run.name);
        told.is_none_or(|told| told.started == Standing::of(run).started)
    }

    /// Whether these runs, all that are watched, show nothing that was not told.
    pub(super) fn agrees(&self, runs: &[Run]) -> bool {
        runs.iter().all(|run| self.agrees_on(run)) && self.gone(runs).next().is_none()
    }
}

/// What tells two events of one difference apart.
type Name = (EventKind, Option<u64>, Option<Phase>);

fn name(event: &Event) -> Name {
    (event.kind(), event.iteration, event.phase.clone())
}

/// Something that moves a run along without changing where it is as a whole.
const fn is_step(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::IterationEnded | EventKind::PhaseStarted | EventKind::PhaseCompleted
    )
}

/// Whether a server that says `next` after `last` says it again: the same position, or an earlier
/// one where both are numbers behind the same words. What is neither is taken as new.
pub(super) fn is_repeated(last: &Cursor, next: &Cursor) -> bool {
    if last == next {
        return true;
    }
    match (numbered(last), numbered(next)) {
        (Some((of, last)), Some((also_of, next))) => of == also_of && next <= last,
        _ => false,
    }
}

fn numbered(cursor: &Cursor) -> Option<(&str, u64)> {
    let text = cursor.as_str();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    Some((&text[..digits], text[digits..].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use grump_core::{
        Loop, LoopConfig, RunDetail,
        payload::{IterationEnded, IterationStarted, RunCompleted, RunStarted},
    };

    use super::*;

    fn run(status: RunStatus, iteration: u64) -> Run {
        let mut detail = Loop::new(LoopConfig::new("/", "x"));
        detail.iteration = iteration;
        let mut run = Run::new(RunRef::of_loop("l"), "t", RunDetail::Loop(Box::new(detail)));
        run.status = status.into();
        run
    }

    fn event(payload: impl Into<Payload>, iteration: Option<u64>) -> Event {
        let mut event = Event::new(RunRef::of_loop("l"), payload);
        event.iteration = iteration;
        event
    }

    #[test]
    fn a_run_at_work_is_where_it_was_told_to_be_until_an_iteration_is_missing() {
        let mut told = Told::default();
        told.read(&[run(RunStatus::Starting, 0)]);
        told.follow(&event(IterationStarted {}, Some(1)));
        assert!(told.agrees(&[run(RunStatus::Waiting, 1)]));
        assert!(!told.agrees(&[run(RunStatus::Running, 2)]));
        assert!(!told.agrees(&[run(RunStatus::Failed, 1)]));
        assert!(!told.agrees(&[]));
    }

    #[test]
    fn the_end_of_an_iteration_does_not_begin_the_work_anew() {
        let mut told = Told::default();
        told.follow(&event(RunStarted { skill: None }, None));
        let completed = RunCompleted {
            status: None,
            message: None,
            artifacts: None,
        };
        told.follow(&event(completed, None));
        told.follow(&event(IterationEnded { outcome: None }, Some(1)));
        assert!(told.is_over(&RunRef::of_loop("l")));
    }

    #[test]
    fn what_was_found_by_comparing_is_not_told_once_more() {
        let mut told = Told::default();
        let started = event(IterationStarted {}, Some(2));
        told.made_up(std::slice::from_ref(&started));
        assert!(!told.follow(&started));
        assert!(told.follow(&started));
        assert!(told.follow(&event(IterationStarted {}, Some(3))));
    }

    /// Pitfalls 8 and 10: a replay from too far back is dropped, and positions of another journal
    /// are not compared.
    #[test]
    fn an_earlier_position_of_the_same_journal_is_a_repetition() {
        let repeated = |last: &str, next: &str| is_repeated(&Cursor::new(last), &Cursor::new(next));
        assert!(repeated("j-10", "j-10"));
        assert!(repeated("j-10", "j-9"));
        assert!(repeated("10", "9"));
        assert!(!repeated("j-9", "j-10"));
        assert!(!repeated("j-10", "k-9"));
        assert!(!repeated("b", "a"));
        assert!(repeated("b", "b"));
    }
}
