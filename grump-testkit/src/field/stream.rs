//! Event streams.

use std::{io, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{Response, header},
};
use futures::{Stream, stream};
use tokio::sync::{mpsc, watch};

use super::world::{Open, World};
use crate::serving::Sent;

/// What a stream is read from. When it is dropped the world knows of the stream no more.
struct Frames {
    receiver: mpsc::UnboundedReceiver<Sent>,
    world: Arc<watch::Sender<World>>,
    heartbeat: Option<Duration>,
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.receiver.close();
        self.world
            .send_modify(|world| world.streams.retain(|open| !open.frames.is_closed()));
    }
}

/// Opens a stream of one loop, or of all.
pub(super) fn open(world: &Arc<watch::Sender<World>>, only: Option<String>) -> Response<Body> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut heartbeat = None;
    world.send_modify(|world| {
        heartbeat = world.quirks.heartbeat;
        if heartbeat.is_some() {
            let _ = sender.send(Sent::Frame(Bytes::from_static(b": connected\n\n")));
        }
        world.streams.push(Open {
            only,
            frames: sender,
        });
    });
    let frames = Frames {
        receiver,
        world: Arc::clone(world),
        heartbeat,
    };
    Response::builder()
        .header(header::CONTENT_TYPE, "text/event-stream")
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::CONNECTION, "keep-alive")
        .body(Body::from_stream(body(frames)))
        .expect("these headers can be sent")
}

fn body(frames: Frames) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(frames, async |mut frames| {
        let sent = frames.next().await?;
        let chunk = match sent {
            Sent::Frame(bytes) => Ok(bytes),
            Sent::Abort | Sent::Close(..) => {
                Err(io::Error::other("the test breaks the stream off"))
            }
        };
        Some((chunk, frames))
    })
}

impl Frames {
    async fn next(&mut self) -> Option<Sent> {
        let Some(heartbeat) = self.heartbeat else {
            return self.receiver.recv().await;
        };
        let sent = tokio::time::timeout(heartbeat, self.receiver.recv()).await;
        sent.unwrap_or_else(|_| Some(Sent::Frame(Bytes::from_static(b": heartbeat\n\n"))))
    }
}
