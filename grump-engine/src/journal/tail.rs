//! The journal's last changes, kept in memory for those who follow it.
//!
//! There is no queue per follower: each remembers how far it is, and takes what is behind that from
//! here; one that is too far back reads the tables. So memory is bounded by [`Limits`], however
//! many follow and however slow they are.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use grump_core::{RunRef, RunStatus};
use tokio::sync::watch;

use super::{
    Position,
    change::{Committed, Prepared, Stored},
};

/// How much of a journal is held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many of the last events are kept for those who follow.
    pub tail_events: usize,
    /// How many bytes of JSON those may have.
    pub tail_bytes: usize,
    /// How many events are handed out at once.
    pub page_events: usize,
    /// How many bytes of JSON those may have; a single larger event is handed out alone.
    pub page_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tail_events: 4096,
            tail_bytes: 4 << 20,
            page_events: 256,
            page_bytes: 1 << 20,
        }
    }
}

/// How far the journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct News {
    /// How many changes were seen since it was opened; events or not.
    pub(super) revision: u64,
    /// The last event that is committed.
    pub(super) position: Position,
    /// Nothing more will come.
    pub(super) closed: bool,
}

/// What a change did, for those who follow.
struct Told {
    revision: u64,
    events: Vec<Weighed>,
    states: Vec<(RunRef, Option<RunStatus>)>,
    bytes: usize,
}

struct Weighed {
    stored: Stored,
    bytes: usize,
}

/// Some of the tail, filtered for one follower.
#[derive(Debug, Default)]
pub(super) struct Slice {
    pub(super) events: Vec<Stored>,
    /// The last state of the followed run that was told; `Some(None)` when it was forgotten.
    pub(super) state: Option<Option<RunStatus>>,
    /// Everything up to here was looked at.
    pub(super) position: Position,
    /// All of this revision was looked at; what follows is read from `position` on.
    pub(super) revision: u64,
}

pub(super) struct Tail {
    limits: Limits,
    recent: Mutex<Recent>,
    news: watch::Sender<News>,
    /// How far a reader of the tables can see, who sees what is committed before it is told.
    visible: AtomicI64,
}

#[derive(Default)]
struct Recent {
    told: VecDeque<Arc<Told>>,
    events: usize,
    bytes: usize,
}

impl Tail {
    /// A tail with nothing in it, of a journal that ends here.
    pub(super) fn new(limits: Limits, position: Position) -> Self {
        let news = News {
            revision: 0,
            position,
            closed: false,
        };
        Self {
            limits,
            recent: Mutex::default(),
            news: watch::Sender::new(news),
            visible: AtomicI64::new(position.0),
        }
    }

    /// From now on a reader of the tables may see everything up to here.
    pub(super) fn expose(&self, position: Position) {
        self.visible.fetch_max(position.0, Ordering::SeqCst);
    }

    /// The last position that anybody can know.
    pub(super) fn visible(&self) -> Position {
        Position(self.visible.load(Ordering::SeqCst))
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn news(&self) -> News {
        *self.news.borrow()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    pub(super) fn is_followed(&self) -> bool {
        self.news.receiver_count() > 0
    }

    /// Tells of changes that are committed, in their order.
    pub(super) fn publish(&self, changes: impl Iterator<Item = (Prepared, Committed)>) {
        let News {
            mut revision,
            mut position,
            ..
        } = self.news();
        let mut recent = self.recent();
        for (change, committed) in changes {
            revision += 1;
            position = committed.last;
            recent.push(Told::new(revision, change, committed), self.limits);
        }
        drop(recent);
        self.announce(revision, position);
    }

    /// Tells that another process committed something, and how far the journal is now.
    pub(super) fn changed_elsewhere(&self, position: Position) {
        self.announce(self.news().revision + 1, position);
    }

    /// Tells that nothing more will come.
    pub(super) fn close(&self) {
        self.news.send_modify(|news| news.closed = true);
    }

    /// What was told behind `position` and `revision`, as far as a page holds it; `None` where some
    /// of it is no longer here.
    pub(super) fn read(
        &self,
        run: Option<&RunRef>,
        position: Position,
        revision: u64,
    ) -> Option<Slice> {
        let told = self.since(revision)?;
        let mut slice = Slice {
            position,
            revision,
            ..Slice::default()
        };
        let mut bytes = 0;
        for change in told {
            for event in change
                .events
                .iter()
                .filter(|event| event.stored.position > position)
            {
                let wanted = run.is_none_or(|run| *run == event.stored.event.run);
                if wanted && !self.fits(&slice, bytes + event.bytes) {
                    return Some(slice);
                }
                if wanted {
                    bytes += event.bytes;
                    slice.events.push(event.stored.clone());
                }
                slice.position = event.stored.position;
            }
            slice.revision = change.revision;
            slice.state = change.state_of(run).or(slice.state);
        }
        Some(slice)
    }

    fn fits(&self, slice: &Slice, bytes: usize) -> bool {
        let Limits {
            page_events,
            page_bytes,
            ..
        } = self.limits;
        slice.events.is_empty() || (slice.events.len() < page_events && bytes <= page_bytes)
    }

    /// The next changes behind this revision, if they are here.
    fn since(&self, revision: u64) -> Option<Vec<Arc<Told>>> {
        let recent = self.recent();
        let oldest = recent.told.front()?.revision;
        let skipped = usize::try_from((revision + 1).checked_sub(oldest)?).ok()?;
        let next = recent.told.iter().skip(skipped);
        Some(next.take(self.limits.page_events.max(1)).cloned().collect())
    }

    fn announce(&self, revision: u64, position: Position) {
        self.news.send_modify(|news| {
            news.revision = revision;
            news.position = position;
        });
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn push(&mut self, told: Told, limits: Limits) {
        self.events += told.events.len();
        self.bytes += told.bytes;
        self.told.push_back(Arc::new(told));
        while self.told.len() > limits.tail_events
            || self.events > limits.tail_events
            || self.bytes > limits.tail_bytes
        {
            let Some(oldest) = self.told.pop_front() else {
                return;
            };
            self.events -= oldest.events.len();
            self.bytes -= oldest.bytes;
        }
    }
}

impl Told {
    fn new(revision: u64, change: Prepared, committed: Committed) -> Self {
        let gone = change.forget.into_iter().map(|run| (run, None));
        let put = change.put.into_iter();
        let states = put.map(|record| (record.name, Some(record.status)));
        let positions = (committed.first.0..).map(Position);
        let events = change.events.into_iter().zip(positions);
        let events: Vec<_> = events
            .map(|(event, position)| Weighed {
                bytes: event.body.len(),
                stored: event.stored(position),
            })
            .collect();
        Self {
            revision,
            bytes: events.iter().map(|event| event.bytes).sum(),
            states: states.chain(gone).collect(),
            events,
        }
    }

    fn state_of(&self, run: Option<&RunRef>) -> Option<Option<RunStatus>> {
        let run = run?;
        let told = self.states.iter().rev().find(|(name, _)| name == run);
        told.map(|(_, state)| *state)
    }
}
