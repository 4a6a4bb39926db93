//! [`Log`]: when the last requests were sent that a rule counts.

use std::collections::VecDeque;

use grump_wire::endpoint::Auth;
use tokio::time::Instant;

use super::plan::Rule;

/// When the last requests were sent. A bucket that fills again while it is emptied would let twice
/// as many through in its first minute, and a server that counts whole minutes refuse them.
#[derive(Debug)]
pub(super) struct Log {
    rule: Rule,
    sent: VecDeque<Instant>,
}

impl Log {
    pub(super) const fn of(rule: Rule) -> Self {
        Self {
            rule,
            sent: VecDeque::new(),
        }
    }

    /// Whether it counts requests to endpoints of this kind.
    pub(super) fn counts(&self, auth: Auth) -> bool {
        self.rule.counts(auth)
    }

    /// Until when no other request is allowed.
    pub(super) fn full_until(&self, now: Instant) -> Option<Instant> {
        let first = self.first_that_counts()?;
        Some(first + self.rule.period).filter(|until| *until > now)
    }

    pub(super) fn note(&mut self, now: Instant) {
        self.sent.push_back(now);
        while self.sent.len() > self.rule.count as usize {
            self.sent.pop_front();
        }
    }

    /// The oldest of as many as are allowed; `None` where there are fewer.
    fn first_that_counts(&self) -> Option<Instant> {
        let is_full = self.sent.len() == self.rule.count as usize;
        self.sent.front().copied().filter(|_| is_full)
    }
}
