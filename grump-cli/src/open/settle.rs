//! Who works on a data folder whose owner comes or goes at this moment.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use grump::Error;
use grump_engine::{Engine, Owner};
use tokio::time::sleep;

use super::{Roster, Session};
use crate::place::Place;

/// How long an owner that can be neither attached to nor replaced is waited for: it may be about to
/// serve, or to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long until it is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

/// Where the work of a command is done.
pub(super) enum Settled {
    There(Place),
    Here(Arc<Engine>),
}

impl Session {
    /// Where the work is done, as it is now: the owner that was seen before may have ended.
    pub(super) async fn settle(&self, roster: Roster) -> grump::Result<Settled> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(place) = self.elsewhere()? {
                return Ok(Settled::There(place));
            }
            match self.builder(roster.clone())?.open() {
                Ok(engine) => return Ok(Settled::Here(Arc::new(engine))),
                Err(error) if is_owned(&error) && Instant::now() < deadline => sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// As [`elsewhere`](Self::elsewhere), where the owner may be about to serve.
    ///
    /// # Errors
    /// As for [`elsewhere`](Self::elsewhere).
    pub(crate) async fn served_soon(&self) -> grump::Result<Option<Place>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.elsewhere()?;
            let waits = found.is_none() && Owner::of(&self.data()?).is_some();
            if !waits || Instant::now() >= deadline {
                return Ok(found);
            }
            sleep(PAUSE).await;
        }
    }

    /// As [`serving`](Self::serving), where an owner that does not serve may be about to end.
    ///
    /// # Errors
    /// As for [`serving`](Self::serving).
    pub(crate) async fn serving_soon(
        &self,
        agents: &[String],
        max_running: Option<usize>,
    ) -> grump::Result<Engine> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.serving(agents, max_running) {
                Err(error)
                    if is_owned(&error)
                        && self.elsewhere()?.is_none()
                        && Instant::now() < deadline =>
                {
                    sleep(PAUSE).await;
                }
                opened => return opened,
            }
        }
    }
}

fn is_owned(error: &Error) -> bool {
    error
        .conflict()
        .is_some_and(|conflict| conflict.code == "owned")
}
