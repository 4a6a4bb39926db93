//! [`Link`]: one connection, and what is known of it.

use std::time::Duration;

use futures::StreamExt;
use grump_core::{Cursor, Error, Run};
use tokio::time::{Instant, timeout_at};

use super::{
    pace::StreamConfig,
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
    /// Whether it told where a run is.
    pub(super) told_status: bool,
    /// How the one run was before the connection was made.
    pub(super) before: Option<Run>,
    /// Whether `before` is to be told where the connection tells nothing else of the end.
    pub(super) shows_before: bool,
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
            told_status: false,
            before: None,
            shows_before: false,
            quiet: Duration::ZERO,
            patience: config.quiet,
        }
    }

    /// Says how the run was before the connection was made, and whether to tell so at the end.
    pub(super) fn behind(mut self, before: Option<Run>, shows_before: bool) -> Self {
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
