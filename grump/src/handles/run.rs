//! [`RunHandle`]: one run, whatever its kind; [`RunEvents`]: what to watch of it.

use std::time::Duration;

use futures::StreamExt;
use grump_core::{
    Error, ErrorKind, Event, EventKind, EventStream, Operation, Result, Run, RunFilter, RunRef,
    SendInput, Since, StartRun, Started, Update, stream::Texts,
};
use tokio::time::{sleep, timeout};

use super::{TimedOut, Until, Waited, named, until::Looked};
use crate::plane::Plane;

/// How long to wait between two looks at a run that cannot be watched; twice as long each time, up
/// to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(200);
/// The longest time between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How many looks in a row may fail where no time to wait was set.
const FAILURES: u32 = 10;

/// One run of a plane. Cheap to clone, and good for as long as the plane is.
///
/// ```no_run
/// use std::time::Duration;
/// use futures::StreamExt;
/// use grump::{EventKind, NewLoop, handles::{Until, Waited}};
///
/// # async fn example(plane: grump::Plane) -> grump::Result<()> {
/// let new = NewLoop::new("dark mode", "/home/me/app", "Add dark mode");
/// let run = plane.run(&plane.loops().create(new).await?);
/// let started = run.start().await?;
/// let mut tools = run.events().only([EventKind::ToolCalled]).watch().await?;
/// while let Some(update) = tools.next().await {
///     println!("{:?}", update?);
/// }
/// match run.wait(Until::over().within(Duration::from_secs(60))).await? {
///     Waited::Reached(run) => println!("{}: {:?}", run.title, run.outcome),
///     Waited::TimedOut(later) => println!("{} goes on", later.run.name()),
///     other => println!("{other:?}"),
/// }
/// # let _ = started;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RunHandle {
    plane: Plane,
    name: RunRef,
}

impl RunHandle {
    pub(crate) const fn new(plane: Plane, name: RunRef) -> Self {
        Self { plane, name }
    }

    /// What names it in the plane.
    #[must_use]
    pub const fn name(&self) -> &RunRef {
        &self.name
    }

    /// Reads it.
    ///
    /// # Errors
    /// See [`grump_core::Runs::open`].
    pub async fn open(&self) -> Result<Run> {
        self.plane.runs().open(&self.name).await
    }

    /// Starts its work; answers when it is under way.
    ///
    /// # Errors
    /// See [`grump_core::Runs::start`].
    pub async fn start(&self) -> Result<Started> {
        let request = StartRun::new(self.name.clone());
        self.plane.runs().start(request).await
    }

    /// Stops its work; answers when nothing of it is left running.
    ///
    /// # Errors
    /// See [`grump_core::Runs::stop`].
    pub async fn stop(&self) -> Result<()> {
        self.plane.runs().stop(&self.name).await
    }

    /// Suspends its work.
    ///
    /// # Errors
    /// See [`grump_core::Runs::pause`].
    pub async fn pause(&self) -> Result<()> {
        self.plane.runs().pause(&self.name).await
    }

    /// Goes on with it, where it was paused or waits for a person.
    ///
    /// # Errors
    /// See [`grump_core::Runs::resume`].
    pub async fn resume(&self) -> Result<Started> {
        self.plane.runs().resume(&self.name).await
    }

    /// Works on its task anew, where it failed. The answer names the run that does.
    ///
    /// # Errors
    /// See [`grump_core::Runs::retry`].
    pub async fn retry(&self) -> Result<Started> {
        self.plane.runs().retry(&self.name).await
    }

    /// Tells its agent something while it works.
    ///
    /// # Errors
    /// See [`grump_core::Tasks::send_input`].
    pub async fn send_input(&self, text: impl Into<String>) -> Result<()> {
        let input = SendInput::new(&self.name, text);
        self.plane.tasks().send_input(input).await
    }

    /// What happens to it.
    pub fn events(&self) -> RunEvents {
        RunEvents {
            run: self.clone(),
            since: Since::Beginning,
            kinds: None,
        }
    }

    /// Waits until it is in a state. A plane that can be watched is; another one is asked again and
    /// again, at most every 0.2 and at least every 5 seconds.
    ///
    /// # Behaviour
    /// - Only the run's state ends the waiting, or the time: not that nothing happens, nor that the
    ///   plane cannot be reached for a while. Where no time was set, ten attempts in a row that fail
    ///   to reach the plane end it too.
    /// - Where the work is over and the state was not reached, it never will be by itself: the
    ///   answer is [`Waited::Missed`], at once.
    /// - When the time is up, the answer holds the run, to be waited for again.
    /// - Dropping the future stops the waiting, not the run.
    ///
    /// # Errors
    /// `NotFound` for a run that is not there, any more; what reading it says otherwise.
    pub async fn wait(&self, until: Until) -> Result<Waited> {
        let mut last = None;
        let Some(time) = until.time() else {
            return self.reach(&until, &mut last).await;
        };
        let waited = timeout(time, self.reach(&until, &mut last)).await;
        waited.unwrap_or_else(|_| {
            let timed_out = TimedOut::new(self.clone(), last, time);
            Ok(Waited::TimedOut(timed_out))
        })
    }

    async fn reach(&self, until: &Until, last: &mut Option<Box<Run>>) -> Result<Waited> {
        let mut pauses = Pauses::new(until.time().is_some());
        loop {
            let step = match self.plane.info().require(Operation::EventsWatch) {
                Ok(()) => self.watch_for(until, last).await,
                Err(_) => self.look(until, last).await,
            };
            match step {
                Ok(Some(waited)) => return Ok(waited),
                Ok(None) => pauses.pause().await,
                Err(error) => pauses.after(error).await?,
            }
        }
    }

    /// Watches from now on, and looks at the run whenever its state may have changed.
    async fn watch_for(
        &self,
        until: &Until,
        last: &mut Option<Box<Run>>,
    ) -> Result<Option<Waited>> {
        let mut updates = self.events().from(Since::Now).watch().await?;
        let mut is_due = true;
        loop {
            if is_due && let Some(waited) = self.look(until, last).await? {
                return Ok(Some(waited));
            }
            is_due = match updates.next().await {
                Some(Ok(Update::Event(event))) => may_change_state(&event),
                Some(update) => update.map(|_| true)?,
                None => return self.look(until, last).await,
            };
        }
    }

    async fn look(&self, until: &Until, last: &mut Option<Box<Run>>) -> Result<Option<Waited>> {
        Ok(match until.look(self.read().await?) {
            Looked::Done(waited) => Some(waited),
            Looked::NotYet(run) => {
                *last = Some(run);
                None
            }
        })
    }

    /// The run as it is now: read, or found in the list where the plane can only list.
    async fn read(&self) -> Result<Run> {
        let info = self.plane.info();
        if info.require(Operation::RunsOpen).is_ok() || info.require(Operation::RunsList).is_err() {
            return self.open().await;
        }
        let runs = self
            .plane
            .runs()
            .list(RunFilter::kind(self.name.kind))
            .await?;
        let found = runs.into_iter().find(|run| run.name == self.name);
        found.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "there is no such run").with("run", &self.name)
        })
    }
}

/// Whether what happened may have changed where the run is.
const fn may_change_state(event: &Event) -> bool {
    let kind = event.kind();
    !kind.is_within_iteration()
        || matches!(
            kind,
            EventKind::IterationStarted
                | EventKind::IterationEnded
                | EventKind::ApprovalRequested
                | EventKind::ApprovalResolved
                | EventKind::Unknown
        )
}

/// How long to wait before the next look, and how often that may fail.
struct Pauses {
    next: Duration,
    failures: u32,
    has_deadline: bool,
}

impl Pauses {
    const fn new(has_deadline: bool) -> Self {
        Self {
            next: PAUSE,
            failures: 0,
            has_deadline,
        }
    }

    async fn pause(&mut self) {
        self.failures = 0;
        self.rest().await;
    }

    /// Goes on after a failure that may pass by itself; gives any other back.
    async fn after(&mut self, error: Error) -> Result<()> {
        self.failures += 1;
        if !passes(error.kind()) || (self.failures >= FAILURES && !self.has_deadline) {
            return Err(error);
        }
        self.rest().await;
        Ok(())
    }

    async fn rest(&mut self) {
        sleep(self.next).await;
        self.next = (self.next * 2).min(LONGEST_PAUSE);
    }
}

/// Whether a failure to reach the plane may pass by itself.
const fn passes(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::RateLimited
            | ErrorKind::Timeout
            | ErrorKind::Unavailable
            | ErrorKind::Transport
            | ErrorKind::Truncated
            | ErrorKind::Stalled
    )
}

/// What to watch of a run, and from where: from its beginning, everything, unless it says less.
#[derive(Clone, Debug)]
#[must_use = "nothing is watched until `watch` or `texts` is called"]
pub struct RunEvents {
    run: RunHandle,
    since: Since,
    kinds: Option<Vec<EventKind>>,
}

impl RunEvents {
    /// From here on: a [`Cursor`](grump_core::Cursor), or [`Since`].
    pub fn from(mut self, since: impl Into<Since>) -> Self {
        self.since = since.into();
        self
    }

    /// Only events of these kinds. Gaps, and what the run is after one, are told nevertheless.
    pub fn only(mut self, kinds: impl IntoIterator<Item = EventKind>) -> Self {
        self.kinds = Some(kinds.into_iter().collect());
        self
    }

    /// Watches.
    ///
    /// # Errors
    /// `Unsupported` before any I/O for a kind that the plane never tells of; see
    /// [`grump_core::Events::watch`].
    pub async fn watch(self) -> Result<EventStream> {
        let plane = &self.run.plane;
        for kind in self.kinds.iter().flatten() {
            let told = plane.info().require_kind(*kind);
            told.map_err(named(Operation::EventsWatch))?;
        }
        let updates = plane.events().watch(&self.run.name, self.since).await?;
        Ok(match self.kinds {
            Some(kinds) => updates.only(move |event| kinds.contains(&event.kind())),
            None => updates,
        })
    }

    /// Watches, with the pieces of what the assistant writes joined to whole texts.
    ///
    /// # Errors
    /// As for [`watch`](Self::watch).
    pub async fn texts(self) -> Result<Texts> {
        Ok(self.watch().await?.texts())
    }
}

#[cfg(test)]
mod tests;
