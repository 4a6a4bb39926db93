//! Watching a run beside the engine that works on it, which may be killed at any time: then nobody
//! tells of the end, and nothing more would ever come.

use std::time::Duration;

use futures::{StreamExt, stream};
use grump_core::{
    Cursor, EventQuery, EventStream, Events as _, Result, Run, RunRef, Update, stream::Step as Told,
};
use tokio::{select, time::sleep};

use super::shown;
use crate::{flow::state::LoopRecord, supervisor::Supervisor};

/// How often it is looked whether the engine is still there.
const LOOK: Duration = Duration::from_millis(500);

struct Beside {
    supervisor: Supervisor,
    run: RunRef,
    updates: EventStream,
    over: bool,
}

/// The same updates; where the run's engine is gone, the run as it is shown then, and the end.
pub(super) fn beside(supervisor: Supervisor, run: RunRef, updates: EventStream) -> EventStream {
    let start = updates.cursor().cloned();
    let beside = Beside {
        supervisor,
        run,
        updates,
        over: false,
    };
    EventStream::new(stream::try_unfold(beside, Beside::next)).starting_at(start)
}

impl Beside {
    async fn next(mut self) -> Result<Option<(Told, Self)>> {
        while !self.over {
            select! {
                update = self.updates.next() => {
                    let Some(update) = update.transpose()? else { return Ok(None) };
                    return Ok(Some(((self.updates.cursor().cloned(), update), self)));
                }
                () = sleep(LOOK) => {
                    let told = self.updates.cursor().cloned();
                    if let Some(run) = cut_off(&self.supervisor, &self.run, told.clone()).await? {
                        self.over = true;
                        return Ok(Some(((told, Update::Resync(Box::new(run))), self)));
                    }
                }
            }
        }
        Ok(None)
    }
}

/// The run, if the engine that worked on it is gone and all that it stored was told.
async fn cut_off(
    supervisor: &Supervisor,
    name: &RunRef,
    told: Option<Cursor>,
) -> Result<Option<Run>> {
    let Some(record) = supervisor.journal().run(name).await? else {
        return Ok(None);
    };
    let record = LoopRecord::read(record)?;
    let stored = record.run.status.clone();
    let run = shown(record, supervisor.engine_at_work().as_ref());
    if run.status == stored {
        return Ok(None);
    }
    let mut query = EventQuery::of(name.clone()).limit(1);
    query.after = told;
    let rest = supervisor.history(query).await?;
    Ok(rest.events.is_empty().then_some(run))
}
