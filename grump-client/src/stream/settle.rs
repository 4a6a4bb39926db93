//! What an event tells that says by itself not whether, or how, the work is over.

use std::{collections::BTreeMap, mem, sync::Arc, time::Duration};

use grump_core::{
    Event, Payload, Run, RunRef,
    payload::{RunCancelled, RunLimitReached},
};

use super::{
    difference::arrival, link::Link, loss::Loss, state::State, told::status, watcher::Watcher,
};

/// The runs whose last event left open on this connection whether, or how, their work is over.
///
/// The run says, but it is read as it is now, and what the connection tells may be far behind: what
/// the run shows counts once nothing more of it came for a while after it was read.
#[derive(Debug, Default)]
pub(super) struct Doubts(BTreeMap<RunRef, Doubt>);

#[derive(Debug, Default)]
struct Doubt {
    /// The end that came, not told yet: the run says of which kind it is.
    held: Option<Arc<Event>>,
    /// The run, which was over when it was read.
    over: Option<Run>,
    /// Whether it was read and was not over. Some servers tell an event before they note it.
    was_read: bool,
    /// How long the connection has left to tell more.
    left: Duration,
}

impl Doubts {
    fn add(&mut self, run: RunRef, held: Option<Arc<Event>>) {
        let doubt = Doubt {
            held,
            ..Doubt::default()
        };
        self.0.insert(run, doubt);
    }

    /// Takes in that something was done about a run, of which the connection may tell nothing.
    pub(super) fn look(&mut self, run: RunRef) {
        self.0.entry(run).or_default();
    }

    /// Takes in that the connection told more of a run. Gives the end that was held back.
    fn heard(&mut self, event: &Event, grace: Duration) -> Option<Arc<Event>> {
        let doubt = self.0.get_mut(&event.run)?;
        (doubt.over, doubt.left) = (None, grace);
        let held = doubt.held.take();
        if status(&event.payload).is_some() {
            self.0.remove(&event.run);
        }
        held
    }

    /// Takes in that the connection had nothing to tell for so long.
    pub(super) fn wait(&mut self, time: Duration) {
        for doubt in self.0.values_mut() {
            doubt.left = doubt.left.saturating_sub(time);
        }
    }

    /// How long the connection may have nothing to tell until a run is to be judged.
    pub(super) fn left(&self) -> Option<Duration> {
        self.0.values().map(|doubt| doubt.left).min()
    }

    fn take(&mut self, is_due: impl Fn(&Doubt) -> bool) -> Vec<(RunRef, Doubt)> {
        let (due, rest) = mem::take(&mut self.0)
            .into_iter()
            .partition(|(_, doubt)| is_due(doubt));
        self.0 = rest;
        BTreeMap::into_iter(due).collect()
    }
}

impl Watcher {
    /// Tells an error, after which the run may be over; holds an end back whose kind is not known.
    pub(super) fn on_doubtful(&mut self, mut link: Link, event: Arc<Event>) -> State {
        if event.kind().ends_work() {
            link.quiet = Duration::ZERO;
            link.doubts.add(event.run.clone(), Some(event));
            return State::Following(link);
        }
        link.doubts.add(event.run.clone(), None);
        self.on_events(link, None, [event])
    }

    /// Tells the end that was held back, now that more comes of its run.
    pub(super) fn release(&mut self, mut link: Link, next: &Event) -> State {
        match link.doubts.heard(next, self.grace()) {
            Some(held) => self.on_events(link, None, [held]),
            None => State::Following(link),
        }
    }

    /// Nothing more comes of some runs in doubt, for now, or for ever where the connection is lost.
    pub(super) async fn on_settling(&mut self, mut link: Link, loss: Option<Loss>) -> State {
        let due = match loss {
            Some(_) => link.doubts.take(|doubt| doubt.held.is_some()),
            None => link.doubts.take(|doubt| doubt.left.is_zero()),
        };
        for (run, doubt) in due {
            self.judge(&mut link, run, doubt, loss.is_some()).await;
        }
        let state = if link.is_live {
            self.following_or_over(link)
        } else {
            State::Following(link)
        };
        match (state, loss) {
            (State::Following(link), Some(loss)) => self.lost(&link, loss.words, loss.error),
            (state, _) => state,
        }
    }

    async fn judge(&mut self, link: &mut Link, run: RunRef, mut doubt: Doubt, is_last: bool) {
        if let Some(over) = doubt.over.take() {
            return self.settle(link, doubt.held, &over);
        }
        doubt.left = self.grace();
        match self.in_time(self.source.read(&run)).await {
            Ok(now) if is_last => return self.settle(link, doubt.held, &now),
            Ok(now) if now.status.unified.is_terminal() => doubt.over = Some(now),
            Ok(_) if !doubt.was_read => doubt.was_read = true,
            // Whoever does not answer is asked again after a moment's silence.
            answer => {
                if answer.is_err() {
                    link.patience = self.grace();
                }
                return self.tell_settled(link, doubt.held.as_deref().cloned());
            }
        }
        link.doubts.0.insert(run, doubt);
    }

    /// Tells what the run shows.
    fn settle(&mut self, link: &mut Link, held: Option<Arc<Event>>, run: &Run) {
        match held {
            // It was started anew meanwhile, or not: what it shows is not this end's kind.
            Some(held) if !self.told.is_no_further(run) => {
                self.tell_settled(link, Some(Arc::unwrap_or_clone(held)));
            }
            Some(held) => self.tell_settled(link, settled(Arc::unwrap_or_clone(held), run)),
            None if self.told.agrees_on(run) => {}
            None => {
                link.told = true;
                let end: Vec<_> = arrival(run).into_iter().collect();
                for end in &end {
                    self.told.follow(end);
                }
                self.push_events(end);
            }
        }
    }

    fn tell_settled(&mut self, link: &mut Link, events: impl IntoIterator<Item = Event>) {
        let events: Vec<_> = events.into_iter().map(Arc::new).collect();
        if !events.is_empty() {
            self.tell_events(link, None, events);
        }
    }
}

/// What an end tells, now that the run was read after it.
fn settled(mut event: Event, run: &Run) -> Vec<Event> {
    let end = arrival(run).filter(|_| run.status.unified.is_terminal());
    let Some(end) = end else {
        return vec![event];
    };
    let (told, found) = (event.kind(), end.kind());
    if told == found {
        return vec![event];
    }
    if !(told.ends_work() && found.ends_work()) {
        return vec![event, end];
    }
    event.payload = with_reason(end.payload, event.payload);
    vec![event]
}

/// The end that the run shows, with the reason that the event gave.
fn with_reason(end: Payload, told: Payload) -> Payload {
    match (end, told) {
        (Payload::RunLimitReached(_), Payload::RunCancelled(RunCancelled { reason, .. })) => {
            RunLimitReached { reason }.into()
        }
        (Payload::RunCancelled(end), Payload::RunLimitReached(RunLimitReached { reason })) => {
            RunCancelled { reason, ..end }.into()
        }
        (end, _) => end,
    }
}

#[cfg(test)]
mod tests {
    use grump_core::{EventKind, Loop, LoopConfig, RunDetail, RunStatus};

    use super::*;

    fn run(status: RunStatus) -> Run {
        let detail = RunDetail::Loop(Box::new(Loop::new(LoopConfig::new("/", "x"))));
        let mut run = Run::new(RunRef::of_loop("l"), "t", detail);
        run.status = status.into();
        run
    }

    fn judged(payload: impl Into<Payload>, status: RunStatus) -> Vec<Event> {
        settled(Event::new(RunRef::of_loop("l"), payload), &run(status))
    }

    fn kinds(events: &[Event]) -> Vec<EventKind> {
        events.iter().map(Event::kind).collect()
    }

    fn stopped() -> RunCancelled {
        RunCancelled {
            status: None,
            message: None,
            reason: Some("Reached the limit of 3".into()),
        }
    }

    #[test]
    fn a_stop_that_was_a_limit_is_told_as_one_with_its_reason() {
        let told = judged(stopped(), RunStatus::LimitReached);
        let reason = Some("Reached the limit of 3".into());
        assert_eq!(told[0].payload, RunLimitReached { reason }.into());
        assert_eq!(told.len(), 1);
    }

    #[test]
    fn a_stop_is_a_stop_where_the_run_says_no_other_end() {
        for status in [RunStatus::Cancelled, RunStatus::Running] {
            assert_eq!(kinds(&judged(stopped(), status)), [EventKind::RunCancelled]);
        }
    }
}
