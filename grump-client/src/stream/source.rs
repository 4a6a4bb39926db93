//! What a resuming stream needs of a dialect.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures::Stream;
use grump_core::{Cursor, Event, Result, Run, RunRef, Since};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::hooks::Hooks;

/// A server that tells what happens, and says how things are when it is asked.
#[async_trait]
pub(crate) trait Source: fmt::Debug + Send + Sync + 'static {
    /// Connects to the stream of one run, or of all.
    ///
    /// The connection begins where it is asked to if the server has positions, else with what
    /// happens from now on; [`Connection::start`] says which.
    ///
    /// # Errors
    /// `NotFound` where the server says so; `CursorExpired`; whatever else the wire says.
    async fn open(&self, run: Option<&RunRef>, since: &Since) -> Result<Connection>;

    /// Reads one run.
    ///
    /// # Errors
    /// `NotFound`; whatever else the wire says.
    async fn read(&self, run: &RunRef) -> Result<Run>;

    /// Reads all runs.
    ///
    /// # Errors
    /// Whatever the wire says.
    async fn read_all(&self) -> Result<Vec<Run>>;

    /// Is cancelled when this side is closed: whatever is awaited of it is not worth waiting for.
    fn closed(&self) -> CancellationToken;

    /// Whom to tell of connections that are lost.
    fn hooks(&self) -> Hooks {
        Hooks::default()
    }
}

/// A connection that tells what happens. Dropping it closes it.
pub(crate) struct Connection {
    /// The position it begins at; `None` where the server has no positions.
    pub(crate) start: Option<Cursor>,
    /// What it tells.
    pub(crate) frames: Box<dyn Frames>,
}

/// What a connection tells. `None` is that the server ended it.
pub(crate) trait Frames: Stream<Item = Result<Frame>> + Send + Sync + Unpin {
    /// When the last byte came.
    fn last_byte(&self) -> Instant;
}

/// One thing that a connection tells.
#[derive(Debug)]
pub(crate) enum Frame {
    /// Something happened.
    Event {
        /// The position behind it.
        cursor: Option<Cursor>,
        /// What.
        event: Arc<Event>,
        /// The event alone does not say whether, or how, the work is over: only the run does.
        doubtful: bool,
    },
    /// Everything that was stored has been told.
    Live,
    /// The server lives. It says so again and again.
    Alive,
    /// Something was done about a run, of which nothing more may be told: the run says what became
    /// of it.
    #[cfg_attr(
        not(any(feature = "metaforge", feature = "mini-devin", feature = "steward")),
        allow(
            dead_code,
            reason = "only dialects without an event for each command need it"
        )
    )]
    Look(RunRef),
}
