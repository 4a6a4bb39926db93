//! [`Slots`]: the streams that a user may have open, and the turns of those who have none.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

/// How often those without a stream ask altogether, unless told: half of what the document allows.
const EVERY: Duration = Duration::from_secs(2);

/// The streams that a user may have open, shared by all clones of a client.
#[derive(Debug)]
pub(super) struct Slots {
    free: Arc<Semaphore>,
    rules: Mutex<Rules>,
    /// When the last turn is that was given out. Turns are given out in the order of asking: those who
    /// ask again and again take turns.
    turn: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Rules {
    every: Duration,
    /// Until when no stream is asked for, since the server refused one.
    refused_until: Option<Instant>,
}

/// The place of one stream. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Slot(#[allow(dead_code, reason = "it is held")] OwnedSemaphorePermit);

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count)),
            rules: Mutex::new(Rules {
                every: EVERY,
                refused_until: None,
            }),
            turn: Mutex::default(),
        }
    }

    pub(super) fn poll_every(&self, time: Duration) {
        self.rules().every = time;
    }

    /// A place, if there is one and the server takes streams.
    pub(super) fn take(&self) -> Option<Slot> {
        let refused_until = self.rules().refused_until;
        if refused_until.is_some_and(|until| until > Instant::now()) {
            return None;
        }
        Arc::clone(&self.free).try_acquire_owned().ok().map(Slot)
    }

    /// Notes that the server refused a stream: others of the same user have them.
    pub(super) fn refuse(&self, wait: Duration) {
        self.rules().refused_until = Some(Instant::now() + wait);
    }

    /// Waits for one's turn to ask.
    pub(super) async fn turn(&self) {
        let every = self.rules().every;
        let mine = {
            let mut last = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            let mine = last.map_or_else(Instant::now, |last| Instant::now().max(last + every));
            *last = Some(mine);
            mine
        };
        // Nothing is held here: who is not polled for a while holds up nobody.
        sleep_until(mine).await;
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_place_is_given_back_when_its_stream_is_dropped() {
        let slots = Slots::new(1);
        let slot = slots.take();
        assert!(slot.is_some() && slots.take().is_none());
        drop(slot);
        assert!(slots.take().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_asks_for_a_stream_for_a_while_after_one_was_refused() {
        let slots = Slots::new(1);
        slots.refuse(Duration::from_secs(30));
        assert!(slots.take().is_none());
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(slots.take().is_some());
    }

    /// Pitfall 43: those who have no stream ask one after the other.
    #[tokio::test(start_paused = true)]
    async fn turns_go_round_at_the_pace_that_is_set() {
        let slots = Slots::new(0);
        slots.poll_every(Duration::from_secs(1));
        let began = Instant::now();
        let told = Mutex::new(Vec::new());
        join_all((0..3).map(async |who| {
            for _ in 0..2 {
                slots.turn().await;
                let at = began.elapsed().as_secs();
                told.lock().unwrap().push((who, at));
                // What is asked for takes a moment.
                sleep(Duration::from_millis(10)).await;
            }
        }))
        .await;
        let told = told.into_inner().unwrap();
        assert_eq!(told, [(0, 0), (1, 1), (2, 2), (0, 3), (1, 4), (2, 5)]);
    }
}
