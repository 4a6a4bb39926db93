//! Why a connection was lost, and when that is the end.

use std::time::Duration;

use grump_core::{Cursor, Error, ErrorKind, Gap, Retry, RunRef};

use super::pace::StreamConfig;

/// Why the last connection was lost.
#[derive(Debug, Default)]
pub(super) struct Loss {
    pub(super) words: &'static str,
    /// The last error, be it of a later try.
    pub(super) error: Option<Error>,
}

/// Why a connection is replaced that may be dead.
pub(super) const NO_HEART: &str = "the heartbeats stopped";

impl Loss {
    /// Whether the server ended the stream by itself, with no word of why.
    pub(super) fn is_quiet_end(&self) -> bool {
        self.error.is_none() && self.words != NO_HEART
    }

    /// The error of a stream that is not connected again, after so many connections in vain.
    pub(super) fn given_up(&mut self, config: &StreamConfig, connections: u32) -> Error {
        let error = if config.reconnects == 0 {
            Error::new(
                ErrorKind::Truncated,
                "the event stream ended before the run did",
            )
            .advise("read the run, then watch again from the cursor")
        } else {
            Error::new(
                ErrorKind::Stalled,
                "the event stream was connected again and again and told nothing new",
            )
            .retryable(Retry::Exhausted)
            .with("connections", connections)
            .advise("look at the server, then watch again from the cursor")
        };
        let error = error.with("reason", self.words);
        match self.error.take() {
            Some(cause) => error.caused_by(cause),
            None => error,
        }
    }
}

/// What was said aloud of lost connections: a server that drops each one at once is not worth a
/// line for each.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Outage {
    #[default]
    Never,
    Now,
    Past,
}

/// Where outages are told, whatever else is logged.
const TARGET: &str = "grump_client::stream";

impl Outage {
    /// A connection was lost, which was healthy or not, and the next one has time.
    pub(super) fn begins(&mut self, was_healthy: bool, run: Option<&RunRef>, loss: &Loss) {
        if was_healthy || *self == Self::Never {
            *self = Self::Now;
            let kind = loss.error.as_ref().map(Error::kind);
            let run = run.map(tracing::field::display);
            tracing::warn!(target: TARGET, run, error = ?kind, "{}; connecting again", loss.words);
        }
    }

    /// There is a connection.
    pub(super) fn is_back(&mut self, run: Option<&RunRef>) {
        if *self == Self::Now {
            *self = Self::Past;
            let run = run.map(tracing::field::display);
            tracing::info!(target: TARGET, run, "the event stream is connected again");
        }
    }
}

/// The end of what the plane had open when it was closed.
pub(crate) fn closed_here() -> Error {
    Error::new(ErrorKind::Truncated, "the plane was closed").advise("connect to it again")
}

/// A gap between these positions.
pub(crate) fn gap(reason: &str, after: Option<Cursor>, before: Option<Cursor>) -> Gap {
    let mut gap = Gap::default();
    (gap.after, gap.before) = (after, before);
    reason.clone_into(&mut gap.reason);
    gap
}

/// An answer that did not come within this time.
pub(super) fn late(limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, "the server did not answer in time")
        .retryable(Retry::Safe)
        .with("limit", format_args!("{limit:?}"))
}

/// What does not go away by trying again.
pub(crate) fn is_fatal(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Unauthenticated
        | ErrorKind::Forbidden
        | ErrorKind::CursorExpired
        | ErrorKind::InvalidInput
        | ErrorKind::Unsupported
        | ErrorKind::Truncated
        | ErrorKind::Stalled => true,
        // This side was closed: the other one's outages say that they may be waited out.
        ErrorKind::Unavailable => error.retry() == Retry::Never,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_until_a_connection_was_healthy() {
        let (mut outage, loss) = (Outage::default(), Loss::default());
        let mut after = |was_healthy| {
            outage.begins(was_healthy, None, &loss);
            let is_told = outage == Outage::Now;
            outage.is_back(None);
            is_told
        };
        assert_eq!(
            [false, false, true, false].map(&mut after),
            [true, false, true, false]
        );
    }
}
