//! [`EventStream`]: the updates of a run, in order.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures::stream::{BoxStream, FusedStream, Stream, StreamExt};

use crate::{
    error::Result,
    event::{Cursor, Event, Update},
};

mod texts;

pub use texts::{Text, Texts, Told};

/// An update, and the position behind it where the plane has positions.
pub type Step = (Option<Cursor>, Update);

/// The updates of one run or of all, in order: a fused stream of `Result<Update>`.
///
/// # Recovery
///
/// Being reconnected is not an error and does not show. What shows is [`Update::Gap`] where events
/// may be missing, followed by [`Update::Resync`] with the run as it was read anew. An `Err` ends
/// the stream: go on from [`cursor`](Self::cursor). The stream of one run ends without an error
/// only after everything was told and the run's work is over; a stream that ends early ends with
/// an error of kind [`Truncated`](crate::ErrorKind::Truncated) or
/// [`Stalled`](crate::ErrorKind::Stalled).
///
/// Dropping the stream stops the watching at once and touches nothing else.
///
/// ```
/// use futures::{StreamExt, stream};
/// use grump_core::{Cursor, Event, EventStream, RunKind, RunRef, Update, payload::TextDelta};
///
/// # futures::executor::block_on(async {
/// let event = Event::new(RunRef::new(RunKind::Loop, "l-1"), TextDelta { text: "hi".into() });
/// let source = stream::iter([Ok((Some(Cursor::new("j-1")), Update::Event(event.into())))]);
/// let mut updates = EventStream::new(source);
/// assert!(updates.next().await.is_some());
/// assert_eq!(updates.cursor(), Some(&Cursor::new("j-1")));
/// assert!(updates.next().await.is_none());
/// # });
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct EventStream {
    source: Option<BoxStream<'static, Result<Step>>>,
    cursor: Option<Cursor>,
    keep: Option<Keep>,
}

/// Which events are yielded.
type Keep = Box<dyn FnMut(&Event) -> bool + Send>;

impl EventStream {
    /// The stream of these updates, each with the position behind it where there is one. It ends
    /// with the first error.
    pub fn new(source: impl Stream<Item = Result<Step>> + Send + 'static) -> Self {
        Self {
            source: Some(source.boxed()),
            cursor: None,
            keep: None,
        }
    }

    /// Leaves out the events that are not to be kept. What is no event, a gap and what follows it,
    /// is told nevertheless, and the cursor moves on behind what was left out.
    pub fn only(mut self, mut keep: impl FnMut(&Event) -> bool + Send + 'static) -> Self {
        let mut before = self.keep.take();
        self.keep = Some(Box::new(move |event| {
            before.as_mut().is_none_or(|before| before(event)) && keep(event)
        }));
        self
    }

    /// Joins the pieces of what the assistant writes to whole texts.
    pub fn texts(self) -> Texts {
        Texts::new(self)
    }

    /// Sets the position that [`cursor`](Self::cursor) answers before the first update.
    pub fn starting_at(mut self, cursor: Option<Cursor>) -> Self {
        self.cursor = cursor;
        self
    }

    /// The position behind the last update that was yielded.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// Stops watching. The stream yields nothing from here on.
    pub fn close(&mut self) {
        self.source = None;
    }
}

impl EventStream {
    fn keeps(&mut self, update: &Update) -> bool {
        match (&mut self.keep, update) {
            (Some(keep), Update::Event(event)) => keep(event),
            _ => true,
        }
    }
}

impl Stream for EventStream {
    type Item = Result<Update>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(source) = &mut this.source else {
                return Poll::Ready(None);
            };
            match std::task::ready!(source.poll_next_unpin(context)) {
                Some(Ok((cursor, update))) => {
                    this.cursor = cursor.or_else(|| this.cursor.take());
                    if this.keeps(&update) {
                        return Poll::Ready(Some(Ok(update)));
                    }
                }
                last => {
                    this.source = None;
                    return Poll::Ready(last.and_then(Result::err).map(Err));
                }
            }
        }
    }
}

impl FusedStream for EventStream {
    fn is_terminated(&self) -> bool {
        self.source.is_none()
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("cursor", &self.cursor)
            .field("ended", &self.is_terminated())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use futures::{executor::block_on, stream};

    use super::*;
    use crate::{Error, ErrorKind, Gap};

    #[test]
    fn an_error_ends_the_stream_and_the_cursor_stays() {
        let told = Ok((Some(Cursor::new("j-1")), Update::Gap(Gap::default())));
        let broken = || Err(Error::new(ErrorKind::Truncated, "cut"));
        let mut updates = EventStream::new(stream::iter([told, broken(), broken()]));
        block_on(async {
            assert!(updates.next().await.unwrap().is_ok());
            assert_eq!(
                updates.next().await.unwrap().unwrap_err().kind(),
                ErrorKind::Truncated
            );
            assert!(updates.next().await.is_none());
        });
        assert_eq!(updates.cursor(), Some(&Cursor::new("j-1")));
    }

    #[test]
    fn what_is_left_out_moves_the_cursor_and_gaps_are_told() {
        let event = |position: &str, payload: crate::Payload| {
            let run = crate::RunRef::of_loop("l-1");
            let event = Update::Event(crate::Event::new(run, payload).into());
            Ok((Some(Cursor::new(position)), event))
        };
        let gap = Ok((None, Update::Gap(Gap::default())));
        let log = || crate::Payload::log("info", "x");
        let source = stream::iter([event("j-1", log()), gap, event("j-2", log())]);
        let mut updates = EventStream::new(source).only(|event| event.iteration.is_some());
        block_on(async {
            let told = updates.next().await.unwrap().unwrap();
            assert_eq!(told, Update::Gap(Gap::default()));
            assert!(updates.next().await.is_none());
        });
        assert_eq!(updates.cursor(), Some(&Cursor::new("j-2")));
    }

    #[test]
    fn a_closed_stream_is_over_and_its_source_is_dropped() {
        let (sender, receiver) = futures::channel::mpsc::unbounded();
        let mut updates = EventStream::new(receiver);
        updates.close();
        assert!(sender.is_closed());
        assert!(block_on(updates.next()).is_none());
    }
}
