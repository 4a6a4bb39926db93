//! Servers that have none, and streams of all runs.

use super::*;

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
    let updates = server.watch(Since::Now).await.unwrap();
    let updates: Vec<_> = updates.map(Result::unwrap).collect().await;
    let Update::Gap(gap) = &updates[1] else {
        panic!("{updates:?}");
    };
    assert_eq!(gap.reason, "the run is not there any more");
    let told: Vec<_> = updates.into_iter().map(|told| short(Ok(told))).collect();
    assert_eq!(told, ["a", "gap", "run.deleted"]);
}

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

/// Pitfall 9: what is still on its way is not dropped for what the run shows already.
#[tokio::test(start_paused = true)]
async fn a_backlog_behind_an_error_is_told() {
    let script = || {
        vec![
            Is(RunStatus::Completed, 1),
            Tells("1 error"),
            Tells("2 b"),
            Waits(1),
            Tells("3 c"),
            Tells("4 completed"),
        ]
    };
    let server = Server::new(false, vec![script()]);
    let told = ["error", "b", "c", "run.completed"];
    assert_eq!(server.told(Since::Now).await, told);
    let mut all = script();
    all.extend([Waits(5), Tells("5 d")]);
    let server = Arc::new(Server::new(false, vec![all]));
    let updates = watch(server, None, Since::Now, StreamConfig::default());
    let of_all: Vec<_> = updates.await.unwrap().map(short).take(5).collect().await;
    assert_eq!(of_all, ["error", "b", "c", "run.completed", "d"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_for_an_unknown_reason_is_one_where_the_run_went_on() {
    let script = vec![
        Is(RunStatus::Completed, 2),
        Tells("1 stopped"),
        Tells("- iteration"),
        Tells("2 completed"),
        Waits(5),
        Tells("3 a"),
    ];
    let server = Arc::new(Server::new(false, vec![script]));
    let updates = watch(server, None, Since::Now, StreamConfig::default());
    let told: Vec<_> = updates.await.unwrap().map(short).take(4).collect().await;
    assert_eq!(
        told,
        ["run.cancelled", "iteration.started", "run.completed", "a"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_end_after_one_that_was_found_by_comparing_is_told() {
    let script = |pause| {
        vec![
            vec![Tells("1 a"), Is(RunStatus::Completed, 1), Breaks],
            vec![Waits(pause), Tells("- iteration"), Tells("2 completed")],
        ]
    };
    for pause in [0, 10] {
        let server = Arc::new(Server::new(false, script(pause)));
        let updates = watch(server, None, Since::Now, StreamConfig::default());
        let told: Vec<_> = updates.await.unwrap().map(short).take(6).collect().await;
        let found = ["a", "gap", "is completed", "run.completed"];
        assert_eq!(told[..4], found);
        assert_eq!(told[4..], ["iteration.started", "run.completed"]);
    }
}

/// Pitfall 6: a server that cuts every connection, but whose run gets on, is not given up.
#[tokio::test(start_paused = true)]
async fn progress_that_only_the_run_shows_is_progress() {
    let mut connections: Vec<_> = (2..60)
        .map(|iteration| vec![Is(RunStatus::Running, iteration), Breaks])
        .collect();
    connections.push(vec![Is(RunStatus::Completed, 60), Breaks]);
    connections.push(vec![Waits(600)]);
    let told = Server::new(false, connections).told(Since::Now).await;
    assert_eq!(told.last().unwrap(), "run.completed");
}
