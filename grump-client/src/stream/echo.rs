//! [`Echoes`]: what follows from commands that were given here, told to the streams of one client.

use std::sync::Arc;

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use grump_core::{Event, Origin, Payload, RunRef};
use tokio::sync::broadcast::{self, error::RecvError};

use super::source::Frame;

/// How many echoes wait for a stream that is not read. One that misses some looks at its run.
const WAITING: usize = 64;

/// What follows from commands that were given here, told to the streams of one client: some dialects
/// have no event for it, and some servers fall silent instead.
#[derive(Clone, Debug)]
pub(crate) struct Echoes(broadcast::Sender<Echo>);

#[derive(Clone, Debug)]
enum Echo {
    Happened(Arc<Event>),
    Look(RunRef),
}

impl Default for Echoes {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl Echoes {
    /// Tells what a command's own answer says.
    pub(crate) fn tell(&self, run: &RunRef, payload: impl Into<Payload>) {
        let mut event = Event::new(run.clone(), payload);
        event.origin = Origin::Synthesised;
        // Nobody watches, or somebody does.
        let _ = self.0.send(Echo::Happened(Arc::new(event)));
    }

    /// Has streams look at a run, of which the wire may tell nothing.
    pub(crate) fn look(&self, run: &RunRef) {
        let _ = self.0.send(Echo::Look(run.clone()));
    }

    /// What is told of this run, or of all, from now on.
    pub(super) fn of(&self, run: Option<&RunRef>) -> BoxStream<'static, Frame> {
        let heard = (self.0.subscribe(), run.cloned());
        stream::unfold(heard, |(mut echoes, run)| async {
            let echo = next(&mut echoes, run.as_ref()).await?;
            Some((echo, (echoes, run)))
        })
        .boxed()
    }
}

async fn next(echoes: &mut broadcast::Receiver<Echo>, run: Option<&RunRef>) -> Option<Frame> {
    let is_of = |other: &RunRef| run.is_none_or(|run| run == other);
    loop {
        match (echoes.recv().await, run) {
            (Ok(Echo::Happened(event)), _) if is_of(&event.run) => {
                return Some(Frame::Event {
                    cursor: None,
                    event,
                    doubtful: false,
                });
            }
            (Ok(Echo::Look(looked)), _) if is_of(&looked) => return Some(Frame::Look(looked)),
            (Ok(_), _) | (Err(RecvError::Lagged(_)), None) => {}
            (Err(RecvError::Lagged(_)), Some(run)) => return Some(Frame::Look(run.clone())),
            (Err(RecvError::Closed), _) => return None,
        }
    }
}
