//! The machine against servers that are written down, on a clock that jumps.

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

// Servers that have positions.

/// Pitfall 1: a cut loses nothing where the server can resume.
#[tokio::test(start_paused = true)]
async fn a_cut_is_not_seen_where_the_server_has_positions() {
    let server = Server::new(
        true,
        vec![
            vec![Tells("1 a"), Tells("2 b"), Breaks],
            vec![Tells("3 c"), Tells("live"), Tells("4 d")],
            vec![Tells("live"), Tells("5 completed")],
        ],
    );
    assert_eq!(
        server.told(Since::Beginning).await,
        ["a", "b", "c", "d", "run.completed"]
    );
    assert_eq!(
        server.asked(),
        [Since::Beginning, cursor("j-2"), cursor("j-4")]
    );
}

/// Pitfall 8: a server that goes back too far is not believed twice.
#[tokio::test(start_paused = true)]
async fn what_comes_twice_is_told_once() {
    let server = Server::new(
        true,
        vec![
            vec![Tells("1 a"), Tells("2 b"), Tells("2 b")],
            vec![
                Tells("1 a"),
                Tells("2 b"),
                Tells("3 completed"),
                Tells("live"),
            ],
        ],
    );
    assert_eq!(
        server.told(Since::Beginning).await,
        ["a", "b", "run.completed"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_history_with_several_ends_is_told_whole() {
    let server = Server::new(
        true,
        vec![vec![
            Tells("1 completed"),
            Tells("2 iteration"),
            Tells("3 completed"),
            Tells("live"),
        ]],
    )
    .having(RunStatus::Completed);
    assert_eq!(
        server.told(Since::Beginning).await,
        ["run.completed", "iteration.started", "run.completed"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_from_now_is_the_run_and_the_end() {
    let server = Server::new(true, vec![vec![Tells("live"), Waits(1)]]);
    let server = server.having(RunStatus::Completed);
    assert_eq!(server.told(Since::Now).await, ["is completed"]);
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_behind_its_last_event_is_the_end() {
    let server = Server::new(true, vec![vec![Tells("live"), Waits(1)]]);
    let server = server.having(RunStatus::Completed);
    assert_eq!(server.told(cursor("j-9")).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_while_it_is_connected_to_ends_its_stream() {
    // The connection is made after the end that the read before it did not show.
    let ended: Vec<Does> = vec![Tells("live"), Waits(60)];
    let server = Server::new(true, vec![ended.clone(), ended]);
    let also = server.clone();
    let name = RunRef::of_loop("l");
    let meanwhile = Ends(also);
    let updates = watch(
        Arc::new(meanwhile),
        Some(&name),
        Since::Now,
        StreamConfig::default(),
    );
    let told: Vec<_> = updates.await.unwrap().map(short).collect().await;
    assert_eq!(told, ["is completed"]);
    assert_eq!(server.asked(), [Since::Now, cursor("j-0")]);
}

/// A server whose run is over by the time it is connected to.
#[derive(Debug)]
struct Ends(Arc<Server>);

#[async_trait]
impl Source for Ends {
    async fn open(&self, run: Option<&RunRef>, since: &Since) -> Result<Connection> {
        *self.0.run.lock().unwrap() = Some(super::tests::run(RunStatus::Completed, 1));
        self.0.open(run, since).await
    }

    async fn read(&self, run: &RunRef) -> Result<Run> {
        self.0.read(run).await
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        self.0.read_all().await
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_no_event_told_is_shown_by_the_run() {
    let server = Server::new(
        true,
        vec![
            vec![
                Tells("1 a"),
                Tells("live"),
                Is(RunStatus::Cancelled, 1),
                Waits(600),
            ],
            vec![Tells("live"), Waits(600)],
        ],
    );
    assert_eq!(server.told(Since::Beginning).await, ["a", "is cancelled"]);
}

/// Pitfall 3: a position that is not there any more is an error, not a silent new beginning.
#[tokio::test(start_paused = true)]
async fn an_expired_position_ends_the_stream() {
    let server = Server::failing(
        true,
        vec![Ok(vec![Tells("1 a")]), Err(ErrorKind::CursorExpired)],
    );
    assert_eq!(
        server.told(Since::Beginning).await,
        ["a", "error cursor_expired"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_position_is_known_before_the_first_update_and_behind_each() {
    let server = Server::new(true, vec![vec![Tells("1 a"), Tells("live"), Waits(1)]]);
    let mut updates = server.watch(Since::Beginning).await.unwrap();
    assert_eq!(updates.cursor(), Some(&Cursor::new("j-0")));
    updates.next().await.unwrap().unwrap();
    assert_eq!(updates.cursor(), Some(&Cursor::new("j-1")));
}

// Servers that have none.

#[tokio::test(start_paused = true)]
async fn a_cut_is_a_gap_where_the_server_has_no_positions() {
    let server = Server::new(
        false,
        vec![
            vec![Tells("1 a"), Is(RunStatus::Running, 2), Breaks],
            vec![Tells("- iteration"), Tells("2 b"), Tells("3 completed")],
        ],
    );
    assert_eq!(
        server.told(Since::Now).await,
        [
            "a",
            "gap",
            "is running",
            "iteration.started",
            "b",
            "run.completed"
        ]
    );
}

/// Pitfall 9: an end of the connection before that of the run is not the end.
#[tokio::test(start_paused = true)]
async fn an_end_that_was_missed_is_told() {
    let server = Server::new(
        false,
        vec![
            vec![Tells("1 a"), Is(RunStatus::Completed, 1)],
            vec![Waits(600)],
        ],
    );
    assert_eq!(
        server.told(Since::Now).await,
        ["a", "gap", "is completed", "run.completed"]
    );
}

#[tokio::test(start_paused = true)]
async fn without_history_the_beginning_is_a_gap_and_the_run() {
    let server = Server::new(false, vec![vec![Tells("1 completed")]]);
    assert_eq!(
        server.told(Since::Beginning).await,
        ["gap", "is running", "run.completed"]
    );
    let server = Server::new(false, vec![vec![]]).having(RunStatus::Merged);
    assert_eq!(server.told(Since::Beginning).await, ["gap", "is merged"]);
}

/// Pitfall 3: a position that the server knows nothing of is not taken for now.
#[tokio::test(start_paused = true)]
async fn a_position_is_refused_where_the_server_has_none() {
    let server = Server::new(false, vec![vec![]]);
    let error = server.watch(cursor("j-1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
}

#[tokio::test(start_paused = true)]
async fn an_error_event_is_followed_by_the_end_if_it_was_one() {
    let server = Server::new(
        false,
        vec![vec![
            Tells("1 error"),
            Is(RunStatus::Failed, 1),
            Tells("2 error"),
            Waits(600),
        ]],
    );
    assert_eq!(
        server.told(Since::Now).await,
        ["error", "error", "run.failed"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_for_an_unknown_reason_is_what_the_run_says() {
    let script = vec![Is(RunStatus::LimitReached, 1), Tells("1 stopped")];
    let server = Server::new(false, vec![script]);
    assert_eq!(server.told(Since::Now).await, ["run.limit_reached"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_removed_says_so() {
    let server = Server::new(false, vec![vec![Tells("1 a"), Removes, Waits(600)], vec![]]);
    assert_eq!(server.told(Since::Now).await, ["a", "gap", "run.deleted"]);
}

// Silence.

/// Pitfall 11: a connection that is dead but open is noticed by the heartbeats that stop.
#[tokio::test(start_paused = true)]
async fn heartbeats_that_stop_replace_the_connection_at_once() {
    let server = Server::new(
        true,
        vec![
            vec![Tells("alive"), Tells("1 a"), Waits(3600)],
            vec![Tells("live"), Tells("2 completed")],
        ],
    );
    let began = Instant::now();
    assert_eq!(server.told(Since::Beginning).await, ["a", "run.completed"]);
    assert!(began.elapsed() < Duration::from_secs(20), "{began:?}");
    assert_eq!(*server.reads.lock().unwrap(), 1);
}

/// Pitfall 11: heartbeats do not hide that nothing is told.
#[tokio::test(start_paused = true)]
async fn heartbeats_alone_do_not_hide_an_end() {
    let mut script = vec![Tells("1 a"), Is(RunStatus::Completed, 1)];
    for _ in 0..100 {
        script.extend([Waits(5), Tells("alive")]);
    }
    let server = Server::new(false, vec![script, vec![Waits(600)]]);
    assert_eq!(
        server.told(Since::Now).await,
        ["a", "gap", "is completed", "run.completed"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_quiet_run_keeps_its_connection_and_is_asked_for_ever_less() {
    let script = vec![Tells("1 a"), Waits(3600), Tells("2 completed")];
    let server = Server::new(false, vec![script]);
    assert_eq!(server.told(Since::Now).await, ["a", "run.completed"]);
    assert_eq!(server.asked().len(), 1);
    // Twice to begin with; then after 30 s, 1, 2 and 4 min, and every 5 min.
    let reads = *server.reads.lock().unwrap();
    assert!((10..=20).contains(&reads), "{reads}");
}

#[tokio::test(start_paused = true)]
async fn what_the_state_shows_first_may_still_be_told() {
    let script = vec![
        Is(RunStatus::Completed, 1),
        Waits(31),
        Tells("1 a"),
        Tells("2 completed"),
    ];
    let server = Server::new(false, vec![script]);
    let known = run(RunStatus::Running, 1);
    *server.run.lock().unwrap() = Some(known);
    assert_eq!(server.told(Since::Now).await, ["a", "run.completed"]);
}

/// A pause that the consumer makes is not silence.
#[tokio::test(start_paused = true)]
async fn a_slow_consumer_keeps_its_connection() {
    let server = Server::new(
        false,
        vec![vec![
            Tells("alive"),
            Tells("1 a"),
            Tells("2 b"),
            Tells("3 completed"),
        ]],
    );
    let mut updates = server.watch(Since::Now).await.unwrap();
    let mut told = Vec::new();
    while let Some(update) = updates.next().await {
        told.push(short(update));
        sleep(Duration::from_secs(3600)).await;
    }
    assert_eq!(told, ["a", "b", "run.completed"]);
    assert_eq!(server.asked().len(), 1);
}

// Giving up.

/// Pitfall 4: a server that answers and says nothing is not asked for ever.
#[tokio::test(start_paused = true)]
async fn connections_that_bring_nothing_end_in_an_error() {
    let server = Server::new(true, vec![vec![]; 100]);
    assert_eq!(server.told(Since::Beginning).await, ["error stalled"]);
    assert_eq!(server.asked().len(), 21);
}

/// Pitfall 6: an outage is waited out.
#[tokio::test(start_paused = true)]
async fn an_outage_is_waited_out() {
    let mut connections = vec![Ok(vec![Tells("1 a")])];
    connections.extend([const { Err(ErrorKind::Unavailable) }; 10]);
    connections.push(Ok(vec![Tells("live"), Tells("2 completed")]));
    let server = Server::failing(true, connections);
    assert_eq!(server.told(Since::Beginning).await, ["a", "run.completed"]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_stays_is_not_tried_again() {
    let server = Server::failing(
        true,
        vec![Ok(vec![Tells("1 a")]), Err(ErrorKind::Unauthenticated)],
    );
    assert_eq!(
        server.told(Since::Beginning).await,
        ["a", "error unauthenticated"]
    );
}

/// Pitfall 9: without connecting again, an early end is an error.
#[tokio::test(start_paused = true)]
async fn a_stream_that_may_not_connect_again_is_truncated() {
    let server = Server::new(true, vec![vec![Tells("1 a")]]);
    let config = StreamConfig {
        reconnects: 0,
        ..StreamConfig::default()
    };
    let name = RunRef::of_loop("l");
    let updates = watch(Arc::new(server), Some(&name), Since::Beginning, config).await;
    let told: Vec<_> = updates.unwrap().map(short).collect().await;
    assert_eq!(told, ["a", "error truncated"]);
}

// All runs.

#[tokio::test(start_paused = true)]
async fn a_stream_of_all_outlives_a_run_and_tells_only_what_changed() {
    let server = Server::new(
        false,
        vec![
            vec![Tells("1 a"), Tells("2 completed")],
            vec![Tells("3 b"), Is(RunStatus::Merged, 1)],
            vec![Tells("4 c")],
        ],
    );
    let updates = watch(Arc::new(server), None, Since::Now, StreamConfig::default());
    let told: Vec<_> = updates.await.unwrap().map(short).take(8).collect().await;
    // The run's state on the server goes on being `running`, until the server says otherwise.
    assert_eq!(told[..3], ["a", "run.completed", "gap"]);
    assert!(told.contains(&"b".to_owned()));
    assert!(told.contains(&"is merged".to_owned()), "{told:?}");
}
