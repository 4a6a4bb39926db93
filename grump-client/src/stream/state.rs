//! [`State`]: where a watcher is.

use std::time::Duration;

use grump_core::{Error, Run};

use super::{link::Link, loss::Loss};

/// Where a watcher is.
pub(super) enum State {
    /// Connected: what comes is told.
    Following(Link),
    /// Events did not say whether the work is over, and nothing came since: the runs are read. The
    /// connection may be lost.
    Settling(Link, Option<Loss>),
    /// Nothing came for long: the state is read.
    Silent(Link),
    /// The state shows more than was told: the connection has a moment left to tell it.
    Doubting(Link, Vec<Run>),
    /// The connection is lost: the next one has time.
    BackingOff(Duration),
    /// A connection is made.
    Connecting,
    /// The connection cannot tell what was missed: the state is read, and the difference is told.
    Resyncing(Link),
    /// Nothing follows, but this error if there is one.
    Over(Option<Error>),
}

impl State {
    /// Has the state read when nothing comes for only this long.
    pub(super) fn soon_silent(mut self, patience: Duration) -> Self {
        if let Self::Following(link) = &mut self {
            link.patience = patience;
        }
        self
    }
}

/// The connection is lost, and with it what would have said how an end is meant.
pub(super) fn cut(link: Link, words: &'static str, error: Option<Error>) -> State {
    State::Settling(link, Some(Loss { words, error }))
}
