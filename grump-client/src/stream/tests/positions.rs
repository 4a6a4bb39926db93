//! Servers that have positions.

use super::*;

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
        *self.0.run.lock().unwrap() = Some(super::run(RunStatus::Completed, 1));
        self.0.open(run, since).await
    }

    async fn read(&self, run: &RunRef) -> Result<Run> {
        self.0.read(run).await
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        self.0.read_all().await
    }

    fn closed(&self) -> CancellationToken {
        self.0.closed()
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

#[tokio::test(start_paused = true)]
async fn a_stream_of_all_shows_what_no_event_told_and_goes_on() {
    let server = Server::new(
        true,
        vec![
            vec![
                Tells("live"),
                Waits(5),
                Is(RunStatus::Cancelled, 1),
                Waits(600),
            ],
            vec![Tells("live"), Waits(600), Removes, Waits(3600)],
            vec![Tells("live"), Waits(600), Tells("1 a")],
        ],
    );
    let source = Arc::new(server.clone());
    let updates = watch(source, None, Since::Now, StreamConfig::default());
    let told: Vec<_> = updates.await.unwrap().map(short).take(3).collect().await;
    assert_eq!(told, ["is cancelled", "run.deleted", "a"]);
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cut_in_the_history_of_a_finished_run_is_not_its_end() {
    let connections = vec![
        vec![Tells("1 a"), Breaks],
        vec![Tells("2 b"), Tells("3 completed"), Tells("live")],
    ];
    let server = Server::new(true, connections).having(RunStatus::Completed);
    assert_eq!(
        server.told(Since::Beginning).await,
        ["a", "b", "run.completed"]
    );
}
