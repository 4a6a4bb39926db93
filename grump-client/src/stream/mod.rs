//! The resuming stream: every event once and in order, or an explicit gap.
//!
//! `source` is what it asks of a dialect, `socket` the source of those with sockets, and `echo`
//! what follows from commands that were given here; `told`, `difference` and `settle` judge what was told and
//! what was not; `pace` and `loss` say how long to wait and when to give up; `link` is one
//! connection; `watcher` is the machine, with one function for each `state`, and `telling` what it
//! tells beside events:
//!
//! ```text
//!            ┌────────── Doubting ◄──┐ the state shows more
//!            │               │       │
//!  event ┌───▼─────┐ silence ▼       │
//!   ┌────┤Following├──────► Silent ──┘
//!   ▼    └──▲───┬──┘
//! Settling ─┘   │ lost        no position
//!               ▼        ┌─────────────► Resyncing ──► Following
//!           BackingOff ─► Connecting
//!                        └─────────────► Following          (from anywhere: Over)
//! ```
//!
//! # Recovery
//! - Where the server has positions, nothing is lost: a new connection goes on behind the last
//!   event. What comes twice is dropped.
//! - Where it has none, a new connection gives a [`Gap`](grump_core::Gap), then the run as it is
//!   now, then what must have happened in between, as events of origin
//!   [`Synthesised`](grump_core::Origin::Synthesised).
//! - A connection is lost when it breaks or ends, when heartbeats that came before stop, and when
//!   nothing comes while the state, which is read then, shows more than was told.
//! - The stream of one run ends after its terminal state was told. An error ends any stream: one
//!   that is not cured by trying again, or `Stalled` after many connections that brought nothing.
//!
//! It holds one connection, no queue but what one difference needs, and where each watched run was
//! told to be. Nothing happens while nobody polls; dropping it closes the connection.

mod difference;
#[cfg(any(feature = "metaforge", feature = "mini-devin"))]
mod echo;
mod link;
mod loss;
mod pace;
mod settle;
#[cfg(any(feature = "metaforge", feature = "mini-devin"))]
mod socket;
mod source;
mod state;
mod telling;
mod told;
mod watcher;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use backon::{ExponentialBuilder, Retryable};
use futures::stream;
use grump_core::{Error, ErrorKind, EventStream, Result, Retry, Run, RunRef, Since};

pub use self::pace::StreamConfig;
pub(crate) use self::source::{Connection, Frame, Frames, Source};
#[cfg(feature = "grump")]
pub(crate) use self::{
    difference::{arrival, difference, removal},
    loss::{closed_here, gap as lost, is_fatal},
    told::Standing,
};
#[cfg(any(feature = "metaforge", feature = "mini-devin"))]
pub(crate) use self::{
    echo::Echoes,
    socket::{SocketSource, Sockets, Told, broken, told},
};
use self::{link::Link, loss::gap, watcher::Watcher};

/// Watches one run or all, as [`Events`](grump_core::Events) promises.
pub(crate) async fn watch(
    source: Arc<dyn Source>,
    run: Option<&RunRef>,
    since: Since,
    config: StreamConfig,
) -> Result<EventStream> {
    let beginning = Beginning {
        source,
        run: run.cloned(),
        config,
    };
    let watcher = beginning.of(since).await?;
    let cursor = watcher.cursor().cloned();
    Ok(EventStream::new(stream::unfold(watcher, Watcher::next)).starting_at(cursor))
}

/// Watches one run whose work this connection has just begun: everything was told that `before`
/// shows, and nothing else.
#[cfg(feature = "grump")]
pub(crate) fn watch_begun(
    source: Arc<dyn Source>,
    before: &Run,
    connection: Connection,
    config: StreamConfig,
) -> EventStream {
    let mut watcher = Watcher::new(source, Some(before.name.clone()), config);
    let link = Link::new(connection, &config);
    watcher.resume(link, None, std::slice::from_ref(before));
    EventStream::new(stream::unfold(watcher, Watcher::next))
}

/// A stream before its first update.
struct Beginning {
    source: Arc<dyn Source>,
    run: Option<RunRef>,
    config: StreamConfig,
}

impl Beginning {
    async fn of(self, asked: Since) -> Result<Watcher> {
        let mut since = asked.clone();
        loop {
            let before = self.read().await?;
            let connection = self.connect(&since).await?;
            let Some(start) = connection.start.clone() else {
                return self.without_positions(connection, asked).await;
            };
            if since != Since::Now || self.is_still(&before).await? {
                return self.with_positions(connection, before, asked).await;
            }
            // It ended between the read and the connection, perhaps with an event that this
            // connection does not tell. The next one says whether there was one.
            since = Since::Cursor(start);
        }
    }

    /// The first connection. Those that follow have the watcher's patience.
    async fn connect(&self, since: &Since) -> Result<Connection> {
        let delays = ExponentialBuilder::new()
            .with_min_delay(self.config.first_delay)
            .with_jitter();
        (|| self.source.open(self.run.as_ref(), since))
            .retry(delays)
            .when(is_passing)
            .await
    }

    async fn read(&self) -> Result<Option<Run>> {
        match &self.run {
            Some(run) => self.source.read(run).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether a run that was not over is not over now.
    async fn is_still(&self, before: &Option<Run>) -> Result<bool> {
        let was_over = |run: &Run| run.status.unified.is_terminal();
        match before {
            Some(before) if !was_over(before) => Ok(!self
                .source
                .read(&before.name)
                .await
                .is_ok_and(|now| was_over(&now))),
            _ => Ok(true),
        }
    }

    /// The server resumes: what is behind the connection's beginning is told, and nothing is lost.
    async fn with_positions(
        self,
        connection: Connection,
        before: Option<Run>,
        asked: Since,
    ) -> Result<Watcher> {
        let known = match &before {
            Some(run) => vec![run.clone()],
            None => self.source.read_all().await?,
        };
        let shows_before = asked == Since::Now && self.run.is_some();
        let cursor = match asked {
            Since::Cursor(cursor) => Some(cursor),
            _ => connection.start.clone(),
        };
        let before = before.into_iter().collect();
        let link = Link::new(connection, &self.config).behind(before, shows_before);
        let mut watcher = self.watcher();
        watcher.resume(link, cursor, &known);
        Ok(watcher)
    }

    /// The server keeps no history: what was before the connection is the state that is read now.
    async fn without_positions(self, connection: Connection, asked: Since) -> Result<Watcher> {
        let runs = match &self.run {
            Some(run) => vec![self.source.read(run).await?],
            None => self.source.read_all().await?,
        };
        let is_over = self.run.is_some() && runs.iter().all(|run| run.status.unified.is_terminal());
        let link = Link::new(connection, &self.config);
        let mut watcher = self.watcher();
        match asked {
            Since::Beginning => {
                let gap = gap("the server keeps no history", None, None);
                watcher.show(link, runs, Some(gap));
            }
            Since::Now if is_over => watcher.show(link, runs, None),
            Since::Now => watcher.resume(link, None, &runs),
            _ => return Err(no_positions()),
        }
        Ok(watcher)
    }

    fn watcher(self) -> Watcher {
        Watcher::new(self.source, self.run, self.config)
    }
}

fn is_passing(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Transport | ErrorKind::Unavailable | ErrorKind::RateLimited
    ) && error.retry() != Retry::Never
}

fn no_positions() -> Error {
    Error::new(
        ErrorKind::CursorExpired,
        "this server has no positions to go on from",
    )
    .advise("read the run, then watch from now")
}
