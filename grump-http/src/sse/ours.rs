//! The framing of our own, over a body as it comes.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt;
use grump_core::Error;
use sync_wrapper::SyncStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{LastByte, Limits, SseFrame, Trouble, framer::Framer, silent};
use crate::transport::ByteStream;

/// The frames of one body.
pub(super) struct Ours {
    body: SyncStream<ByteStream>,
    framer: Framer,
    limits: Limits,
    last_byte: LastByte,
    watch: Watch,
}

impl Ours {
    pub(super) fn new(body: ByteStream, limits: Limits, last_byte: LastByte) -> Self {
        Self {
            body: SyncStream::new(body),
            framer: Framer::new(limits.event),
            limits,
            last_byte,
            watch: Watch::new(limits.idle),
        }
    }

    pub(super) const fn retry(&self) -> Option<Duration> {
        self.framer.retry()
    }

    /// The next frame; none at the end.
    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<SseFrame, Trouble>>> {
        loop {
            if let Some(frame) = self.framer.frame() {
                return Poll::Ready(Some(frame.map_err(|_| Trouble::TooLong)));
            }
            match ready!(self.poll_piece(context)) {
                Some(Ok(piece)) => self.framer.push(piece),
                Some(Err(error)) => return Poll::Ready(Some(Err(Trouble::Broken(error)))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if let Poll::Ready(piece) = self.body.poll_next_unpin(context) {
            self.watch.heard();
            if matches!(piece, Some(Ok(_))) {
                self.last_byte.renew();
            }
            return Poll::Ready(piece);
        }
        ready!(self.watch.poll(context));
        Poll::Ready(Some(Err(silent(self.limits))))
    }
}

/// Notices silence: that nothing comes while somebody waits. A slow reader is not silence.
struct Watch {
    idle: Duration,
    /// Since when somebody waits.
    since: Option<Instant>,
    /// Rings not after the time is up; when it rings before, it is set anew. So nothing is to be done
    /// for each event.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Watch {
    const fn new(idle: Duration) -> Self {
        Self {
            idle,
            since: None,
            alarm: None,
        }
    }

    const fn heard(&mut self) {
        self.since = None;
    }

    /// Is ready when the silence has lasted too long.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let Some(end) = since.checked_add(self.idle) else {
            return Poll::Pending;
        };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(end)));
        loop {
            ready!(alarm.as_mut().poll(context));
            if alarm.deadline() >= end {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(end);
        }
    }
}
