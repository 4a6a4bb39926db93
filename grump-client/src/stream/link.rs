//! [`Link`]: one connection, and what is known of it.

use std::{collections::BTreeSet, time::Duration};

use futures::StreamExt;
use grump_core::{Cursor, Error, Run, RunRef};
use tokio::time::{Instant, timeout_at};

use super::{
    pace::StreamConfig,
    settle::Doubts,
    source::{Connection, Frame, Frames},
};

/// A wait that ends so much later than it should was not polled: the consumer paused.
const PAUSE: Duration = Duration::from_millis(500);

/// One connection.
pub(super) struct Link {
    pub(super) frames: Box<dyn Frames>,
    /// The position it begins at, where the server has positions.
    pub(super) start: Option<Cursor>,
    /// Whether everything that was stored has been told.
    pub(super) is_live: bool,
    /// Whether the server has sent heartbeats.
    pub(super) has_heartbeats: bool,
    pub(super) opened: Instant,
    /// Whether it told anything new.
    pub(super) told: bool,
    /// The runs of which it told, before it was live, where they are.
    pub(super) told_of: BTreeSet<RunRef>,
    /// How runs were before the connection was made: the one that is watched, or all, or none.
    pub(super) before: Vec<Run>,
    /// Whether that is to be told where events do not explain it.
    pub(super) shows_before: bool,
    /// What is to be read of runs to know whether they are over.
    pub(super) doubts: Doubts,
    /// How long nothing but heartbeats came, pauses of the consumer left out.
    pub(super) quiet: Duration,
    /// How long that may go on until the state is read.
    pub(super) patience: Duration,
}

impl Link {
    pub(super) fn new(connection: Connection, config: &StreamConfig) -> Self {
        Self {
            frames: connection.frames,
            is_live: connection.start.is_none(),
            start: connection.start,
            has_heartbeats: false,
            opened: Instant::now(),
            told: false,
            told_of: BTreeSet::new(),
            before: Vec::new(),
            shows_before: false,
            doubts: Doubts::default(),
            quiet: Duration::ZERO,
            patience: config.quiet,
        }
    }

    /// Says how runs were before the connection was made, and whether to tell so where events do not
    /// explain it.
    pub(super) fn behind(mut self, before: Vec<Run>, shows_before: bool) -> Self {
        self.before = before;
        self.shows_before = shows_before;
        self
    }

    /// What comes until `limit` has passed without a byte. The reader is asked first and the limit
    /// runs only while it is: a slow consumer is not silence.
    pub(super) async fn next(&mut self, limit: Duration) -> Heard {
        let mut began = Instant::now();
        loop {
            let until = began.max(self.frames.last_byte()) + limit;
            match timeout_at(until, self.frames.next()).await {
                Ok(Some(Ok(frame))) => return Heard::Frame(frame),
                Ok(Some(Err(error))) => return Heard::End(Some(error)),
                Ok(None) => return Heard::End(None),
                // The middle of a long frame.
                Err(_) if self.frames.last_byte() + limit > Instant::now() => {}
                // Nobody polled when the time was over: the reader had no chance.
                Err(_) if until + PAUSE < Instant::now() => began = Instant::now(),
                Err(_) => return Heard::Nothing,
            }
        }
    }
}

/// What was heard of a connection.
pub(super) enum Heard {
    Frame(Frame),
    /// It is over, by this error if by one.
    End(Option<Error>),
    /// Not a byte.
    Nothing,
}
