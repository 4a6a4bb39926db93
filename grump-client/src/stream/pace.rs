//! How long to wait, and when to give up.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// How patient a resuming stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamConfig {
    /// A connection whose server has sent heartbeats is replaced when no byte came for this long;
    /// 15 s, three heartbeats of the servers known.
    pub heartbeat: Duration,
    /// The state is read when no event came for this long, heartbeats or not, and again each time
    /// after twice as long; 30 s.
    pub quiet: Duration,
    /// The longest time between two such reads; 5 min.
    pub longest_quiet: Duration,
    /// How long the server may take to show the state, or to begin a stream, once a first one was
    /// there; 10 s.
    pub answer: Duration,
    /// How long a connection may take to tell what the state showed already; 2 s.
    pub grace: Duration,
    /// The wait before connecting again, which doubles each time; 200 ms, with jitter.
    pub first_delay: Duration,
    /// The longest wait before connecting again; 15 s.
    pub longest_delay: Duration,
    /// A connection that lived this long was healthy: the waits begin anew; 10 s.
    pub healthy: Duration,
    /// After so many connections in a row that were neither healthy nor told anything new, the
    /// stream ends with [`Stalled`](grump_core::ErrorKind::Stalled); 20. With 0 the first loss ends
    /// it, with [`Truncated`](grump_core::ErrorKind::Truncated).
    pub reconnects: u32,
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(15),
            quiet: Duration::from_secs(30),
            longest_quiet: Duration::from_mins(5),
            answer: Duration::from_secs(10),
            grace: Duration::from_secs(2),
            first_delay: Duration::from_millis(200),
            longest_delay: Duration::from_secs(15),
            healthy: Duration::from_secs(10),
            reconnects: 20,
        }
    }
}

/// When to connect again.
#[derive(Debug)]
pub(super) struct Pace {
    config: StreamConfig,
    delays: ExponentialBackoff,
    fruitless: u32,
}

impl Pace {
    pub(super) fn new(config: StreamConfig) -> Self {
        Self {
            config,
            delays: delays(&config),
            fruitless: 0,
        }
    }

    /// How long to wait after a connection that lived this long and told something new or not;
    /// `None` is to give up.
    pub(super) fn after(&mut self, lived: Duration, told: bool) -> Option<Duration> {
        let was_healthy = lived >= self.config.healthy;
        if was_healthy {
            self.delays = delays(&self.config);
        }
        self.fruitless = if was_healthy || told {
            1
        } else {
            self.fruitless + 1
        };
        if self.fruitless > self.config.reconnects {
            return None;
        }
        self.delays.next()
    }

    /// How many connections in a row brought nothing.
    pub(super) const fn fruitless(&self) -> u32 {
        self.fruitless
    }
}

fn delays(config: &StreamConfig) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(config.first_delay)
        .with_max_delay(config.longest_delay)
        .without_max_times()
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    fn pace() -> Pace {
        Pace::new(StreamConfig::default())
    }

    #[test]
    fn waits_grow_and_stay_below_twice_the_longest() {
        let mut pace = pace();
        let waits: Vec<_> = (0..20).map_while(|_| pace.after(MOMENT, false)).collect();
        assert!(waits[0] >= Duration::from_millis(200));
        assert!(waits[19] >= Duration::from_secs(15));
        assert!(waits[19] <= Duration::from_secs(30));
    }

    #[test]
    fn only_a_healthy_connection_makes_the_waits_short_again() {
        let mut pace = pace();
        for _ in 0..10 {
            pace.after(MOMENT, true);
        }
        assert!(pace.after(MOMENT, true).unwrap() >= Duration::from_secs(15));
        let healthy = pace.after(Duration::from_secs(10), false).unwrap();
        assert!(healthy < Duration::from_secs(1), "{healthy:?}");
    }

    /// Pitfall 4: connections that tell nothing are counted, and there is an end to them.
    #[test]
    fn connections_that_bring_nothing_are_given_up() {
        let mut pace = pace();
        for _ in 0..20 {
            assert!(pace.after(MOMENT, false).is_some());
        }
        assert!(pace.after(MOMENT, false).is_none());
    }

    /// Pitfall 6: what brings something is never given up.
    #[test]
    fn connections_that_bring_something_are_not_given_up() {
        let mut pace = pace();
        assert!((0..1000).all(|_| pace.after(MOMENT, true).is_some()));
    }
}
