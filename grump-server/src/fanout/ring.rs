//! [`Ring`]: the last bursts of a plane, for all who follow it.
//!
//! There is no queue per follower: each remembers which burst is next, and one that is too far back
//! reads the plane itself. So memory is bounded, however many follow and however slow they are.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use grump_core::Cursor;
use tokio::sync::watch;

use super::{Limits, burst::Burst};

/// The last bursts of a plane.
#[derive(Debug)]
pub(super) struct Ring {
    limits: Limits,
    state: Mutex<State>,
    news: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    bursts: VecDeque<Arc<Burst>>,
    /// The number of the first burst that is kept.
    first: u64,
    /// The position before that burst.
    before: Option<Cursor>,
    /// The position behind the last burst.
    end: Option<Cursor>,
    events: usize,
    bytes: usize,
    closed: bool,
}

/// A place in a ring: the burst to read next, and how many of its events to leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) burst: u64,
    pub(super) skip: usize,
}

/// What stands at a place of a ring.
#[derive(Debug)]
pub(super) enum At {
    /// This burst.
    Told(Arc<Burst>),
    /// Nothing yet.
    End,
    /// Nothing, and nothing will.
    Closed,
    /// Nothing any more.
    Lost,
}

impl Ring {
    /// A ring of a plane that stands at this position.
    pub(super) fn new(limits: Limits, end: Option<Cursor>) -> Self {
        let state = State {
            bursts: VecDeque::new(),
            first: 0,
            before: end.clone(),
            end,
            events: 0,
            bytes: 0,
            closed: false,
        };
        Self {
            limits,
            state: Mutex::new(state),
            news: watch::Sender::new(()),
        }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    pub(super) fn publish(&self, burst: Burst) {
        self.state().push(Arc::new(burst), self.limits);
        self.news.send_replace(());
    }

    /// Nothing more will be told. Who follows reads on to the end.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.news.send_replace(());
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// The end, and the plane's position there.
    pub(super) fn end(&self) -> (Place, Option<Cursor>) {
        let state = self.state();
        let burst = state.first + state.bursts.len() as u64;
        (Place { burst, skip: 0 }, state.end.clone())
    }

    pub(super) fn read(&self, place: Place) -> At {
        let state = self.state();
        let Some(index) = place.burst.checked_sub(state.first) else {
            return At::Lost;
        };
        let told = usize::try_from(index)
            .ok()
            .and_then(|i| state.bursts.get(i));
        match told {
            Some(burst) => At::Told(burst.clone()),
            None if state.closed => At::Closed,
            None => At::End,
        }
    }

    /// The place behind exactly this position, not looking before the burst `from`.
    pub(super) fn find(&self, cursor: &Cursor, from: u64) -> Option<Place> {
        let state = self.state();
        let kept = usize::try_from(from.saturating_sub(state.first)).ok()?;
        let numbered = state.bursts.iter().enumerate().skip(kept);
        for (index, burst) in numbered.rev() {
            if let Some(skip) = burst.find(cursor) {
                let burst = state.first + index as u64;
                return Some(Place { burst, skip });
            }
        }
        let stands_before = state.before.as_ref() == Some(cursor);
        stands_before.then_some(Place {
            burst: state.first,
            skip: 0,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, burst: Arc<Burst>, limits: Limits) {
        self.events += burst.events();
        self.bytes += burst.size();
        self.end = burst.cursor().cloned().or_else(|| self.end.take());
        self.bursts.push_back(burst);
        while self.events > limits.events || self.bytes > limits.bytes {
            let Some(oldest) = self.bursts.pop_front() else {
                return;
            };
            self.first += 1;
            self.events -= oldest.events();
            self.bytes -= oldest.size();
            self.before = oldest.cursor().cloned().or_else(|| self.before.take());
        }
    }
}
