//! What a watcher tells beside events: gaps, runs as they are, and what was found by comparing.

use std::sync::Arc;

use grump_core::{Cursor, Event, Run, Update};

use super::{
    difference::{difference, removal},
    link::Link,
    loss::gap,
    watcher::Watcher,
};

impl Watcher {
    /// Tells each run that is not where it was told to be, and what must have happened to it; the
    /// one run that is watched in any case. Says whether there was something to tell.
    pub(super) fn tell_differences(&mut self, runs: &[Run]) -> bool {
        let is_new = !self.told.agrees(runs);
        let removed = self.told.gone(runs).map(removal).collect();
        let mut changed = Vec::new();
        for run in runs {
            if self.run.is_some() || !self.told.agrees_on(run) {
                changed.push((run, difference(self.told.standing(&run.name), run)));
            }
        }
        self.told.read(runs);
        self.push_events(removed);
        for (run, events) in changed {
            self.tell_run(run.clone());
            self.push_events(events);
        }
        is_new
    }

    pub(super) fn push_events(&mut self, events: Vec<Event>) {
        self.told.made_up(&events);
        let steps = events
            .into_iter()
            .map(|event| Update::Event(Arc::new(event)));
        self.steps.extend(steps.map(|update| (None, update)));
    }

    /// Tells that something may be missing; what follows is at this position.
    pub(super) fn push_gap(&mut self, before: Option<Cursor>) {
        let after = std::mem::replace(&mut self.cursor, before.clone());
        let gap = gap(self.loss.words, after, before);
        self.steps.push_back((None, Update::Gap(gap)));
    }

    pub(super) fn tell_run(&mut self, run: Run) {
        let update = Update::Resync(Box::new(run));
        self.steps.push_back((self.cursor.clone(), update));
    }

    /// Tells which runs were removed before the connection was made.
    pub(super) fn tell_removed(&mut self, before: &[Run], link: &Link) {
        let gone = self.told.gone(before);
        let gone: Vec<_> = gone
            .filter(|run| !link.told_of.contains(run))
            .cloned()
            .collect();
        for run in gone {
            self.told.remove(&run);
            self.push_events(vec![removal(&run)]);
        }
    }
}
