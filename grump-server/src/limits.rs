//! [`Limits`]: how much a server takes.

use std::time::Duration;

use crate::fanout;

/// How much a server takes, and for how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many bytes the body of a request may have.
    pub body: usize,
    /// How long the body of a request may take to arrive.
    pub body_time: Duration,
    /// How long a connection may be without a whole head of a request, which is also for how long
    /// an idle one is kept: longer than the pools of common clients keep theirs.
    pub head_time: Duration,
    /// How many connections there may be; the next ones wait.
    pub connections: usize,
    /// How long requests may take to finish once the server is to end.
    pub drain: Duration,
    /// How much is kept of events, and for how long streams are silent.
    pub fanout: fanout::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 4 << 20,
            body_time: Duration::from_secs(30),
            head_time: Duration::from_secs(100),
            connections: 8192,
            drain: Duration::from_secs(10),
            fanout: fanout::Limits::default(),
        }
    }
}
