//! A SHIP session that nobody tells of: it is read again and again, and what it shows is told.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures::{FutureExt, Stream, future::BoxFuture};
use grump_core::{Error, ErrorKind, Event, Result, Retry, Run, RunRef, RunStatus};
use sync_wrapper::SyncFuture;
use tokio::time::{Instant, sleep};

use super::grump::read;
use crate::{
    grump::GrumpClient,
    stream::{Frame, Frames, Standing, StreamConfig, difference, is_fatal, removal},
};

/// The longest time between two reads.
const LONGEST: Duration = Duration::from_secs(5);

/// Where a session was told to be before it began to be read again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<Mutex<Option<Standing>>>);

impl Told {
    /// What is read first from here on is told.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// This was read, and is told if nothing was.
    pub(super) fn first(&self, standing: impl FnOnce() -> Standing) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get_or_insert_with(standing);
    }

    fn standing(&self) -> Standing {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.unwrap_or(Standing::NEW)
    }
}

/// The differences between one read of a session and the next, until it is over.
pub(super) struct Polling {
    client: GrumpClient,
    run: RunRef,
    config: StreamConfig,
    told: Told,
    /// What was told so far, once that is known.
    standing: Option<Standing>,
    waits: ExponentialBackoff,
    /// How many reads in a row failed, or showed a session that nobody works on.
    fruitless: u32,
    asked: Option<SyncFuture<BoxFuture<'static, Result<Run>>>>,
    queue: VecDeque<Event>,
    is_over: bool,
}

impl Polling {
    /// Of a session that was told to be here when this is polled first.
    pub(super) fn new(client: &GrumpClient, run: &RunRef, told: Told) -> Self {
        let config = client.caller.stream;
        Self {
            client: client.clone(),
            run: run.clone(),
            config,
            told,
            standing: None,
            waits: waits(&config),
            fruitless: 0,
            asked: None,
            queue: VecDeque::new(),
            is_over: false,
        }
    }

    /// Of a session that was told to be here.
    pub(super) fn behind(client: &GrumpClient, run: &RunRef, standing: Standing) -> Self {
        let told = Told::default();
        told.first(|| standing);
        Self::new(client, run, told)
    }

    fn ask(&mut self) -> SyncFuture<BoxFuture<'static, Result<Run>>> {
        let wait = self.waits.next().unwrap_or(LONGEST);
        let (client, run) = (self.client.clone(), self.run.clone());
        let asked = async move {
            sleep(wait).await;
            read(&client, &run).await
        };
        SyncFuture::new(asked.boxed())
    }

    fn found(&mut self, found: Result<Run>) -> Result<()> {
        match found {
            Ok(run) => self.shown(&run),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.is_over = true;
                self.queue.push_back(removal(&self.run));
                Ok(())
            }
            Err(error) if is_fatal(&error) => Err(error),
            Err(error) => self.in_vain("the session cannot be read", Some(error)),
        }
    }

    fn shown(&mut self, run: &Run) -> Result<()> {
        let told = &self.told;
        let standing = self.standing.get_or_insert_with(|| told.standing());
        let events = difference(Some(standing), run);
        for event in &events {
            standing.follow(event);
        }
        let status = run.status.unified;
        self.is_over = status.is_terminal();
        if events.is_empty() && matches!(status, RunStatus::Draft | RunStatus::Unknown) {
            return self.in_vain("nobody works on the session", None);
        }
        if !events.is_empty() {
            self.waits = waits(&self.config);
        }
        self.fruitless = 0;
        self.queue.extend(events);
        Ok(())
    }

    fn in_vain(&mut self, words: &'static str, cause: Option<Error>) -> Result<()> {
        self.fruitless += 1;
        if self.fruitless <= self.config.reconnects {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Stalled, words)
            .retryable(Retry::Exhausted)
            .with("run", &self.run)
            .with("reads", self.fruitless)
            .advise("look at the server; the session is not started again by itself");
        Err(match cause {
            Some(cause) => error.caused_by(cause),
            None => error,
        })
    }
}

fn waits(config: &StreamConfig) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(config.first_delay)
        .with_max_delay(config.longest_delay.min(LONGEST))
        .without_max_times()
        .with_jitter()
        .build()
}

/// An event as a connection tells it.
pub(super) fn frame(event: Event) -> Frame {
    Frame::Event {
        cursor: None,
        event: Arc::new(event),
        doubtful: false,
    }
}

impl Frames for Polling {
    /// Each read has a time limit of its own: there is no silence to be judged.
    fn last_byte(&self) -> Instant {
        Instant::now()
    }
}

impl Stream for Polling {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Poll::Ready(Some(Ok(frame(event))));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            let mut asked = match self.asked.take() {
                Some(asked) => asked,
                None => self.ask(),
            };
            let Poll::Ready(found) = asked.poll_unpin(context) else {
                self.asked = Some(asked);
                return Poll::Pending;
            };
            if let Err(error) = self.found(found) {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}
