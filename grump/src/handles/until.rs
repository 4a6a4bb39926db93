//! [`Until`]: what to wait for; [`Waited`]: what came of it.

use std::time::Duration;

use grump_core::{Conflict, Error, ErrorKind, Result, Run, RunStatus};

use super::RunHandle;

/// What to wait for: a state of the run, and how long.
///
/// ```
/// use std::time::Duration;
/// use grump::{RunStatus, handles::Until};
///
/// let reviewable = Until::status(RunStatus::AwaitingApproval).within(Duration::from_secs(600));
/// let started = Until::any_of([RunStatus::Starting, RunStatus::Running]);
/// # let _ = (reviewable, started, Until::over());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it says what to wait for; give it to `wait`"]
pub struct Until {
    state: State,
    within: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// The work is over, however.
    Over,
    /// Nothing goes on until a person does something, or the work is over.
    NeedsPerson,
    /// One of these.
    AnyOf(Vec<RunStatus>),
}

impl Until {
    const fn of(state: State) -> Self {
        Self {
            state,
            within: None,
        }
    }

    /// Until the work is over, however it ends.
    pub const fn over() -> Self {
        Self::of(State::Over)
    }

    /// Until the work is over, or it was paused, or its result waits for approval.
    pub const fn needs_person() -> Self {
        Self::of(State::NeedsPerson)
    }

    /// Until the run has this status.
    pub fn status(status: RunStatus) -> Self {
        Self::any_of([status])
    }

    /// Until the run has one of these statuses.
    pub fn any_of(statuses: impl IntoIterator<Item = RunStatus>) -> Self {
        Self::of(State::AnyOf(statuses.into_iter().collect()))
    }

    /// At most so long. Without it, as long as it takes.
    pub const fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    pub(super) const fn time(&self) -> Option<Duration> {
        self.within
    }

    /// Whether a run is where it is waited for, or can no longer come there by itself.
    pub(super) fn look(&self, run: Run) -> Looked {
        let status = run.status.unified;
        let reached = match &self.state {
            State::Over => status.is_terminal(),
            State::NeedsPerson => {
                let waits = [RunStatus::Paused, RunStatus::AwaitingApproval];
                status.is_terminal() || waits.contains(&status)
            }
            State::AnyOf(statuses) => statuses.contains(&status),
        };
        match reached {
            true => Looked::Done(Waited::Reached(Box::new(run))),
            false if status.is_terminal() => Looked::Done(Waited::Missed(Box::new(run))),
            false => Looked::NotYet(Box::new(run)),
        }
    }
}

/// What a look at a run showed.
pub(super) enum Looked {
    Done(Waited),
    NotYet(Box<Run>),
}

/// What came of waiting.
#[derive(Clone, Debug)]
#[must_use = "the run may not be where it was waited for"]
#[non_exhaustive]
pub enum Waited {
    /// The run is where it was waited for.
    Reached(Box<Run>),
    /// The work was over without it: the run as it is now.
    Missed(Box<Run>),
    /// The time was up. The run goes on.
    TimedOut(TimedOut),
}

/// The time was up, and nothing is lost: the run goes on, and can be waited for again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TimedOut {
    /// The run, to be waited for again.
    pub run: RunHandle,
    /// The run as it was seen last; `None` where the plane did not answer in time.
    pub last: Option<Box<Run>>,
    /// How long it was waited for.
    pub after: Duration,
}

impl TimedOut {
    pub(super) const fn new(run: RunHandle, last: Option<Box<Run>>, after: Duration) -> Self {
        Self { run, last, after }
    }
}

impl Waited {
    /// The run, where it was waited for.
    ///
    /// # Errors
    /// `Timeout` where the time was up, `Conflict` `missed` where the work was over without it;
    /// both name the run and the status it was seen in.
    pub fn reached(self) -> Result<Run> {
        match self {
            Self::Reached(run) => Ok(*run),
            Self::Missed(run) => Err(Error::new(
                ErrorKind::Conflict,
                "the run's work was over without what was waited for",
            )
            .with("run", &run.name)
            .with("status", run.status.unified.as_str())
            .conflicting(Conflict::new("missed").current(run.status))),
            Self::TimedOut(timed_out) => Err(timed_out.into()),
        }
    }
}

impl From<TimedOut> for Error {
    fn from(timed_out: TimedOut) -> Self {
        let last = timed_out.last.as_ref();
        let seen = last.map_or("unknown", |run| run.status.unified.as_str());
        Self::new(ErrorKind::Timeout, "the time to wait for the run was up")
            .with("run", timed_out.run.name())
            .with("status", seen)
            .with("seconds", timed_out.after.as_secs_f64())
            .advise("it goes on: wait for it again")
    }
}
