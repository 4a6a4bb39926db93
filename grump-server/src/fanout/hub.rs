//! [`Hub`]: the one task that reads a plane for all who follow it.

use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use grump_core::{Error, EventStream, Update};
use tokio::task::AbortHandle;

use super::{
    Limits,
    burst::{Encode, Writer},
    ring::Ring,
};

/// The one reader of a plane. It ends with the last who holds it.
#[derive(Debug)]
pub(super) struct Hub {
    ring: Arc<Ring>,
    task: Option<AbortHandle>,
}

impl Hub {
    /// Reads these updates, from now on, for all who follow.
    pub(super) fn start(updates: EventStream, encode: Arc<dyn Encode>, limits: Limits) -> Self {
        let ring = Arc::new(Ring::new(limits, updates.cursor().cloned()));
        let reader = Reader {
            ring: ring.clone(),
            updates,
            writer: Writer::new(encode),
            limits,
        };
        let task = tokio::spawn(reader.run()).abort_handle();
        Self {
            ring,
            task: Some(task),
        }
    }

    /// For a plane that does not tell of all its runs at once: nobody meets anybody here.
    pub(super) fn without_plane(limits: Limits) -> Self {
        Self {
            ring: Arc::new(Ring::new(limits, None)),
            task: None,
        }
    }

    pub(super) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Whether it tells of all runs of its plane.
    pub(super) const fn has_plane(&self) -> bool {
        self.task.is_some()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

struct Reader {
    ring: Arc<Ring>,
    updates: EventStream,
    writer: Writer,
    limits: Limits,
}

/// The plane told something that a stream of events cannot pass on.
struct Broken(Option<Error>);

impl Reader {
    async fn run(mut self) {
        while let Some(update) = self.updates.next().await {
            let read = self.burst(update);
            if self.writer.filled().0 > 0 {
                self.ring.publish(self.writer.take());
            }
            if let Err(Broken(error)) = read {
                tracing::warn!(?error, "the events of the plane broke off");
                break;
            }
            // Those who follow take their turn before there is more to take.
            tokio::task::yield_now().await;
        }
        self.ring.close();
    }

    /// This update and those that are there already.
    fn burst(&mut self, first: Result<Update, Error>) -> Result<(), Broken> {
        let mut next = Some(first);
        while let Some(update) = next {
            self.take(update)?;
            let (events, bytes) = self.writer.filled();
            if events >= self.limits.burst_events || bytes >= self.limits.burst_bytes {
                break;
            }
            next = self.updates.next().now_or_never().flatten();
        }
        Ok(())
    }

    fn take(&mut self, update: Result<Update, Error>) -> Result<(), Broken> {
        match update {
            Ok(Update::Event(event)) => {
                self.writer.push(&event, self.updates.cursor().cloned());
                Ok(())
            }
            // A frame cannot say it; who is cut off reconnects, and learns of it so.
            Ok(Update::Gap(_)) => Err(Broken(None)),
            Ok(_) => Ok(()),
            Err(error) => Err(Broken(Some(error))),
        }
    }
}
