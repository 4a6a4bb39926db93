//! Why a connection was lost, and when that is the end.

use std::time::Duration;

use grump_core::{Cursor, Error, ErrorKind, Gap, Retry};

use super::pace::StreamConfig;

/// Why the last connection was lost.
#[derive(Default)]
pub(super) struct Loss {
    pub(super) words: &'static str,
    /// The last error, be it of a later try.
    pub(super) error: Option<Error>,
}

impl Loss {
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

/// A gap between these positions.
pub(super) fn gap(reason: &str, after: Option<Cursor>, before: Option<Cursor>) -> Gap {
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
pub(super) fn is_fatal(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Unauthenticated
        | ErrorKind::Forbidden
        | ErrorKind::CursorExpired
        | ErrorKind::InvalidInput
        | ErrorKind::Unsupported
        | ErrorKind::Truncated => true,
        // This side was closed: the other one's outages say that they may be waited out.
        ErrorKind::Unavailable => error.retry() == Retry::Never,
        _ => false,
    }
}
