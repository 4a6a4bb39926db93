//! [`Beat`]: notices silence, with one timer that is not touched when something is said.

use std::time::Duration;

use tokio::time::{Instant, Interval, interval_at};

pub(super) struct Beat {
    timer: Interval,
    period: Duration,
    spoke: Instant,
}

impl Beat {
    pub(super) fn new(period: Duration) -> Self {
        let now = Instant::now();
        Self {
            timer: interval_at(now + period, period),
            period,
            spoke: now,
        }
    }

    /// Something was said.
    pub(super) fn spoke(&mut self) {
        self.spoke = Instant::now();
    }

    /// Waits until nothing was said for the period.
    pub(super) async fn silence(&mut self) {
        loop {
            self.timer.tick().await;
            let due = self.spoke + self.period;
            if Instant::now() >= due {
                return;
            }
            self.timer.reset_at(due);
        }
    }
}
