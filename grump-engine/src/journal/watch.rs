//! The updates of one run or of all: [`Follow`] as the stream that planes promise.

use std::collections::VecDeque;

use futures::stream;
use grump_core::{Error, EventStream, Result, Run, RunRef, RunStatus, Since, Update, stream::Step};

use super::{Follow, Journal, Position, Stored, position};

/// Watches from `since` on, as [`Events::watch`](grump_core::Events::watch) and
/// [`Events::watch_all`](grump_core::Events::watch_all) promise.
pub(super) async fn watch(
    journal: &Journal,
    run: Option<RunRef>,
    since: Since,
) -> Result<EventStream> {
    let now = match &run {
        Some(run) => Some(journal.standing(run).await?),
        None => None,
    };
    let after = match since {
        Since::Beginning => Position::START,
        Since::Cursor(cursor) => journal.resolve(&cursor)?,
        Since::Now => match now {
            Some((end, run)) if run.status.unified.is_terminal() => {
                return Ok(over(journal, end, run));
            }
            Some((end, _)) => end,
            None => journal.position(),
        },
        _ => return Err(Error::unsupported("events.watch")),
    };
    Ok(live(journal, run, after))
}

/// The stream of a run whose work is over: the run, then the end.
fn over(journal: &Journal, end: Position, run: Run) -> EventStream {
    let cursor = journal.cursor(end);
    let resync = Update::Resync(Box::new(run));
    let told = stream::iter([Ok((Some(cursor.clone()), resync))]);
    EventStream::new(told).starting_at(Some(cursor))
}

/// What is stored behind this position, then what happens.
fn live(journal: &Journal, run: Option<RunRef>, after: Position) -> EventStream {
    let start = journal.cursor(after);
    let watching = Watching {
        ends: run.is_some(),
        follow: journal.follow(run, after),
        id: journal.shared.id.clone(),
        waiting: VecDeque::new(),
        over: false,
    };
    EventStream::new(stream::try_unfold(watching, Watching::next)).starting_at(Some(start))
}

struct Watching {
    follow: Follow,
    id: String,
    /// Whether it ends with its run's work.
    ends: bool,
    waiting: VecDeque<Stored>,
    over: bool,
}

impl Watching {
    async fn next(mut self) -> Result<Option<(Step, Self)>> {
        loop {
            if let Some(Stored { position, event }) = self.waiting.pop_front() {
                let cursor = position::cursor(&self.id, position);
                return Ok(Some(((Some(cursor), Update::Event(event)), self)));
            }
            if self.over {
                return Ok(None);
            }
            let batch = self.follow.next().await?;
            self.over = self.ends && batch.complete && is_over(batch.status);
            self.waiting = batch.events.into();
        }
    }
}

/// Whether nothing more is told of a run; one without a record was forgotten.
fn is_over(status: Option<RunStatus>) -> bool {
    status.is_none_or(RunStatus::is_terminal)
}
