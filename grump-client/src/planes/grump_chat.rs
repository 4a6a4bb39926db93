//! One turn of a chat, watched.

use futures::{StreamExt, stream};
use grump_core::{Error, ErrorKind, EventStream, Result, Update, stream::Step};
use grump_http::sse::SseStream;
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    grump::{ChatRequest, StreamChat, events::ChatReader},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    caller::Asking,
    grump::GrumpClient,
    stream::{closed_here, lost},
};

/// Says something, and watches the answer. The request is never sent again, and a turn cannot be
/// read anew: where the stream breaks off, it says so with a gap and ends in an error.
pub(super) async fn send(client: &GrumpClient, request: ChatRequest) -> Result<EventStream> {
    let asking = Asking::<StreamChat>::of(NoPath {}, NoQuery {}, request);
    let turn = Turn {
        events: client.caller.listen(asking).await?,
        reader: ChatReader::new(format!("chat-{}", Uuid::now_v7())),
        closed: client.caller.closed().clone(),
    };
    Ok(EventStream::new(stream::unfold(
        Talk::On(Box::new(turn)),
        next,
    )))
}

/// Where a turn is.
enum Talk {
    /// The model answers.
    On(Box<Turn>),
    /// It was cut off, as was said; this is why.
    Cut(Error),
    /// Nothing follows.
    Over,
}

/// A turn of a chat.
struct Turn {
    events: SseStream,
    reader: ChatReader,
    closed: CancellationToken,
}

async fn next(talk: Talk) -> Option<(Result<Step>, Talk)> {
    match talk {
        Talk::On(turn) => Some(turn.next().await),
        Talk::Cut(error) => Some((Err(error), Talk::Over)),
        Talk::Over => None,
    }
}

impl Turn {
    async fn next(mut self: Box<Self>) -> (Result<Step>, Talk) {
        loop {
            let closed = self.closed.clone();
            let cause = match closed.run_until_cancelled(self.events.next()).await {
                None => return (Err(closed_here()), Talk::Over),
                Some(Some(Ok(frame))) => match self.reader.decode(&frame.data) {
                    Some(event) if self.reader.is_over() => return (told(event), Talk::Over),
                    Some(event) => return (told(event), Talk::On(self)),
                    None => continue,
                },
                Some(Some(Err(error))) => Some(error),
                Some(None) => None,
            };
            return match self.reader.ended() {
                Some(failed) => (told(failed), Talk::Over),
                None => cut(cause),
            };
        }
    }
}

fn told(event: grump_core::Event) -> Result<Step> {
    Ok((None, Update::Event(event.into())))
}

fn cut(cause: Option<Error>) -> (Result<Step>, Talk) {
    let gap = Update::Gap(lost("the connection was lost", None, None));
    let error = Error::new(ErrorKind::Truncated, "the answer was cut off")
        .advise("ask again if that does no harm: a turn cannot be read anew");
    let error = match cause {
        Some(cause) => error.caused_by(cause),
        None => error,
    };
    (Ok((None, gap)), Talk::Cut(error))
}
