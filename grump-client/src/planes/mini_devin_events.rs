//! The events of the Mini-Devin dialect, as what a resuming stream needs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use grump_core::{
    Error, Event, EventKind, Operation, Result, Run, RunRef, RunStatus,
    payload::{RunFailed, RunLimitReached},
};
use grump_http::Socket;
use grump_wire::mini_devin::{events::Decoder, map};
use tokio::time::timeout;

use super::mini_devin::id;
use crate::{
    MiniDevinClient,
    caller::Caller,
    stream::{Echoes, Frame, Sockets, Told, told},
};

/// The sockets of one task, one after the other.
#[derive(Clone, Debug)]
pub(super) struct TaskSockets {
    client: MiniDevinClient,
    /// What was heard before, on whichever socket.
    heard: Arc<Mutex<Decoder>>,
}

/// One socket, while it tells something.
struct Live {
    sockets: TaskSockets,
    socket: Socket,
    has_spoken: bool,
}

impl TaskSockets {
    pub(super) fn new(client: MiniDevinClient, task: &RunRef) -> Self {
        Self {
            client,
            heard: Arc::new(Mutex::new(Decoder::of(task.id.clone()))),
        }
    }

    fn heard(&self) -> MutexGuard<'_, Decoder> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a message tells. An end that is one of success is held against the task: it may have
    /// completed without success. (ambiguity D-05)
    async fn frame(&self, text: &str) -> Option<Frame> {
        let told = self.heard().decode(text)?;
        let (event, is_proven) = match told.event.kind() {
            EventKind::RunCompleted => self.proven(told.event).await,
            _ => (told.event, true),
        };
        Some(Frame::Event {
            cursor: None,
            event: Arc::new(event),
            doubtful: told.look || !is_proven,
        })
    }

    /// The end that the task shows, and whether it could be read.
    async fn proven(&self, mut event: Event) -> (Event, bool) {
        let limit = self.client.caller.stream.answer;
        let Ok(Ok(run)) = timeout(limit, self.read(&event.run)).await else {
            return (event, false);
        };
        match run.status.unified {
            RunStatus::Failed => {
                event.payload = RunFailed {
                    status: Some(run.status.native.to_string()),
                    message: run.error,
                    code: None,
                }
                .into();
            }
            RunStatus::LimitReached => {
                event.payload = RunLimitReached { reason: run.error }.into();
            }
            _ => {}
        }
        (event, true)
    }
}

#[async_trait]
impl Sockets for TaskSockets {
    async fn open(&self, run: Option<&RunRef>) -> Result<BoxStream<'static, Result<Frame>>> {
        let task = run.ok_or_else(no_stream_of_all)?;
        let socket = self.client.tasks().socket(id(task)?).await?;
        self.heard().cut();
        let live = Some(Live {
            sockets: self.clone(),
            socket,
            has_spoken: false,
        });
        Ok(stream::unfold(live, |live| async { live?.next().await }).boxed())
    }

    async fn read(&self, run: &RunRef) -> Result<Run> {
        let run = self.client.tasks().open(id(run)?).await.map(map::run)?;
        Ok(match self.heard().limit() {
            Some(reason) => map::limited(run, reason),
            None => run,
        })
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        Err(no_stream_of_all())
    }

    fn caller(&self) -> &Caller {
        &self.client.caller
    }

    fn echoes(&self) -> &Echoes {
        &self.client.echoes
    }
}

impl Live {
    async fn next(mut self) -> Option<(Result<Frame>, Option<Self>)> {
        loop {
            match told(self.socket.next().await, self.has_spoken) {
                Told::Text(text) => {
                    self.has_spoken = true;
                    if let Some(frame) = self.sockets.frame(&text).await {
                        return Some((Ok(frame), Some(self)));
                    }
                }
                Told::Other => {}
                Told::End(error) => return Some((Err(error), None)),
            }
        }
    }
}

fn no_stream_of_all() -> Error {
    Error::unsupported(Operation::EventsWatchAll.as_str())
}
