//! Ctrl-C, and the other ways to be told to end.

use std::{io, time::Duration};

use grump::{Error, ErrorKind};
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::sleep,
};

use crate::exit::Exit;

/// How long whoever heard the second signal has to end the process with a word of its own.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Signals that do not end the process but are told here. The second one ends it all the same,
/// whatever the process is doing; the keepers then end what is left of the agents.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    heard: watch::Receiver<u32>,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self, Error> {
        let sources = Sources::open().map_err(|error| {
            Error::new(ErrorKind::Internal, "signals cannot be listened to").caused_by(error)
        })?;
        let (count, heard) = watch::channel(0);
        tokio::spawn(sources.count(count));
        Ok(Self { heard })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        if self.heard.changed().await.is_err() {
            // Nobody listens any more: the runtime is ending.
            std::future::pending::<()>().await;
        }
    }
}

#[derive(Debug)]
struct Sources {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Sources {
    fn open() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn count(mut self, count: watch::Sender<u32>) {
        for heard in 1_u32.. {
            select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                _ = self.hangup.recv() => {}
            }
            count.send_replace(heard);
            if heard > 1 {
                sleep(LAST_WORDS).await;
                std::process::exit(Exit::Interrupted as i32);
            }
        }
    }
}
