//! [`Window`]: what a server said that it takes.

use std::time::Duration;

use grump_http::RateLimit;
use tokio::time::Instant;

/// Ends of windows that differ by no more are the same: servers count in whole seconds.
const SAME: Duration = Duration::from_secs(2);

/// What a server said that it takes, and how much is under way.
#[derive(Debug, Default)]
pub(super) struct Window {
    under_way: u32,
    pace: Option<Told>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    /// How many requests the server took when it said so, those under way among them.
    remaining: u32,
    limit: Option<u32>,
    until: Instant,
}

impl Window {
    /// Until when to wait; `None` is not to wait. Where the time is over, as many go at once as the
    /// server takes, or one, until it says what it takes now.
    pub(super) fn shut_until(&self, now: Instant) -> Option<Instant> {
        let told = self.pace?;
        let is_over = told.until <= now;
        let room = if is_over {
            told.limit.unwrap_or(1).max(1)
        } else {
            told.remaining
        };
        let next = if is_over { now + SAME } else { told.until };
        (self.under_way >= room).then_some(next)
    }

    pub(super) const fn begin(&mut self) {
        self.under_way += 1;
    }

    pub(super) const fn end(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Notes what an answer said. The one that said it is not under way any more.
    pub(super) fn told(&mut self, told: &RateLimit, now: Instant) {
        let (Some(remaining), Some(reset)) = (told.remaining, told.reset) else {
            // An answer that says nothing, of a server that only refuses when it is too much.
            self.pace = self.pace.filter(|told| told.until > now);
            return;
        };
        let new = Told {
            remaining,
            limit: told.limit,
            until: now + reset,
        };
        let old = self.pace.filter(|told| told.until > now);
        self.pace = Some(old.map_or(new, |old| old.and(new)));
    }
}

impl Told {
    /// What holds after the server said this, then that. Answers overtake each other: the smallest
    /// number of a window is its latest, and an earlier window is over.
    fn and(self, new: Self) -> Self {
        let is_same = self.until <= new.until + SAME && new.until <= self.until + SAME;
        let is_earlier = new.until < self.until;
        match (self.remaining, new.remaining) {
            (old, new) if is_same => Self {
                remaining: old.min(new),
                ..self
            },
            (0, 0) if is_earlier => self,
            (_, 1..) if is_earlier => self,
            _ => new,
        }
    }
}
