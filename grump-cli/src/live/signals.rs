//! Ctrl-C, and the other ways to be told to end.

use std::io;

use grump::{Error, ErrorKind};
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
};

/// From when on signals do not end the process but are told here.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self, Error> {
        let listen = || {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
            })
        };
        listen().map_err(|error: io::Error| {
            Error::new(ErrorKind::Internal, "signals cannot be listened to").caused_by(error)
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
