//! The machine against servers that are written down, on a clock that jumps.

mod no_positions;
mod positions;
mod silence;

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use futures::{Stream, StreamExt};
use grump_core::{
    Cursor, Error, ErrorKind, Event, Loop, LoopConfig, Payload, Result, Retry, Run, RunDetail,
    RunRef, RunStatus, Since, Update,
    payload::{ErrorReported, IterationStarted, RunCancelled, RunCompleted, TextDelta},
};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::CancellationToken;

use super::{Connection, Frame, Frames, Source, StreamConfig, watch};

/// What a server does on one connection, in order.
#[derive(Clone)]
enum Does {
    /// Tells a frame; an event's number is its position where the server has positions.
    Tells(&'static str),
    /// Nothing, for so many seconds.
    Waits(u64),
    /// Makes the run be like this.
    Is(RunStatus, u64),
    /// Removes the run.
    Removes,
    /// Ends the connection by an error.
    Breaks,
}
use Does::{Breaks, Is, Removes, Tells, Waits};

/// A server that was written down. A connection beyond those is refused.
#[derive(Debug)]
struct Server {
    has_positions: bool,
    run: Mutex<Option<Run>>,
    connections: Mutex<VecDeque<Result<Vec<Does>, ErrorKind>>>,
    asked: Mutex<Vec<Since>>,
    reads: Mutex<usize>,
    closed: CancellationToken,
}

impl std::fmt::Debug for Does {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Does")
    }
}

impl Server {
    fn new(has_positions: bool, connections: Vec<Vec<Does>>) -> Arc<Self> {
        Self::failing(has_positions, connections.into_iter().map(Ok).collect())
    }

    fn failing(has_positions: bool, connections: Vec<Result<Vec<Does>, ErrorKind>>) -> Arc<Self> {
        Arc::new(Self {
            has_positions,
            run: Mutex::new(Some(run(RunStatus::Running, 1))),
            connections: Mutex::new(connections.into()),
            asked: Mutex::default(),
            reads: Mutex::default(),
            closed: CancellationToken::new(),
        })
    }

    /// Before the first connection the run is like this.
    fn having(self: Arc<Self>, status: RunStatus) -> Arc<Self> {
        *self.run.lock().unwrap() = Some(run(status, 1));
        self
    }

    async fn watch(self: &Arc<Self>, since: Since) -> Result<grump_core::EventStream> {
        let name = RunRef::of_loop("l");
        let source = Arc::new(self.clone());
        watch(source, Some(&name), since, StreamConfig::default()).await
    }

    /// Everything that is told, in short.
    async fn told(self: &Arc<Self>, since: Since) -> Vec<String> {
        let updates = self.watch(since).await.unwrap();
        updates.map(short).collect().await
    }

    fn asked(&self) -> Vec<Since> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Source for Arc<Server> {
    async fn open(&self, _: Option<&RunRef>, since: &Since) -> Result<Connection> {
        self.asked.lock().unwrap().push(since.clone());
        let next = self.connections.lock().unwrap().pop_front();
        let script = next.unwrap_or(Err(ErrorKind::Transport));
        let refused = |kind| Error::new(kind, "refused").retryable(Retry::Safe);
        let script = script.map_err(refused)?;
        let start = match since {
            Since::Cursor(cursor) => cursor.clone(),
            _ => Cursor::new("j-0"),
        };
        Ok(Connection {
            start: self.has_positions.then_some(start),
            frames: Box::new(Played {
                server: self.clone(),
                script: script.into(),
                waiting: None,
                last_byte: Instant::now(),
            }),
        })
    }

    async fn read(&self, _: &RunRef) -> Result<Run> {
        *self.reads.lock().unwrap() += 1;
        let run = self.run.lock().unwrap().clone();
        run.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such loop"))
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        Ok(self.run.lock().unwrap().clone().into_iter().collect())
    }

    fn closed(&self) -> CancellationToken {
        self.closed.clone()
    }
}

struct Played {
    server: Arc<Server>,
    script: VecDeque<Does>,
    waiting: Option<Mutex<Pin<Box<Sleep>>>>,
    last_byte: Instant,
}

impl Frames for Played {
    fn last_byte(&self) -> Instant {
        self.last_byte
    }
}

impl Stream for Played {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(waiting) = &self.waiting {
                std::task::ready!(waiting.lock().unwrap().as_mut().poll(context));
                self.waiting = None;
            }
            match self.script.pop_front() {
                None => return Poll::Ready(None),
                Some(Breaks) => {
                    let cut = Error::new(ErrorKind::Transport, "cut");
                    return Poll::Ready(Some(Err(cut)));
                }
                Some(Waits(seconds)) => {
                    let time = sleep(Duration::from_secs(seconds));
                    self.waiting = Some(Mutex::new(Box::pin(time)));
                }
                Some(Is(status, iteration)) => {
                    *self.server.run.lock().unwrap() = Some(run(status, iteration));
                }
                Some(Removes) => *self.server.run.lock().unwrap() = None,
                Some(Tells(word)) => {
                    self.last_byte = Instant::now();
                    return Poll::Ready(Some(Ok(frame(word, self.server.has_positions))));
                }
            }
        }
    }
}

fn run(status: RunStatus, iteration: u64) -> Run {
    let mut detail = Loop::new(LoopConfig::new("/", "x"));
    detail.iteration = iteration;
    let mut run = Run::new(RunRef::of_loop("l"), "t", RunDetail::Loop(Box::new(detail)));
    run.status = status.into();
    run
}

/// `3 text` is a piece of text at position 3.
fn frame(word: &str, has_positions: bool) -> Frame {
    let Some((position, what)) = word.split_once(' ') else {
        return match word {
            "live" => Frame::Live,
            _ => Frame::Alive,
        };
    };
    let payload: Payload = match what {
        "completed" => RunCompleted {
            status: None,
            message: None,
            artifacts: None,
        }
        .into(),
        "stopped" => RunCancelled {
            status: None,
            message: None,
            reason: Some("tired".into()),
        }
        .into(),
        "error" => ErrorReported {
            message: "no".into(),
            code: None,
        }
        .into(),
        "iteration" => IterationStarted {}.into(),
        text => TextDelta { text: text.into() }.into(),
    };
    let mut event = Event::new(RunRef::of_loop("l"), payload);
    event.iteration = (what == "iteration").then_some(2);
    Frame::Event {
        cursor: has_positions.then(|| Cursor::new(format!("j-{position}"))),
        event: event.into(),
        doubtful: !has_positions && ["error", "stopped"].contains(&what),
    }
}

fn short(update: Result<Update>) -> String {
    match update {
        Ok(Update::Event(event)) => match &event.payload {
            Payload::TextDelta(delta) => delta.text.clone(),
            payload => payload.name().to_owned(),
        },
        Ok(Update::Gap(_)) => "gap".to_owned(),
        Ok(Update::Resync(run)) => format!("is {}", run.status),
        Ok(other) => panic!("{other:?}"),
        Err(error) => format!("error {}", error.kind()),
    }
}

fn cursor(text: &str) -> Since {
    Since::Cursor(Cursor::new(text))
}
