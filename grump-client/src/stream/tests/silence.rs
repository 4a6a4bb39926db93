//! Silence, and when it is given up.

use super::*;

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

/// A consumer that keeps its thread to itself gives the reader no chance: that is a pause too.
#[tokio::test]
async fn a_consumer_that_blocks_its_thread_keeps_its_connection() {
    let server = Server::new(
        false,
        vec![vec![Tells("alive"), Waits(2), Tells("1 completed")]],
    );
    let config = StreamConfig {
        heartbeat: Duration::from_millis(900),
        ..StreamConfig::default()
    };
    let name = RunRef::of_loop("l");
    let source = Arc::new(server.clone());
    let updates = watch(source, Some(&name), Since::Now, config).await;
    let mut updates = updates.unwrap();
    futures::future::poll_immediate(updates.next()).await;
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(short(updates.next().await.unwrap()), "run.completed");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_a_stream_that_waits_to_connect_again() {
    let connections = vec![vec![Tells("1 a"), Breaks]];
    let server = Server::new(true, connections);
    let mut updates = server.watch(Since::Beginning).await.unwrap();
    assert_eq!(short(updates.next().await.unwrap()), "a");
    let closed = server.closed.clone();
    let began = Instant::now();
    let (last, ()) = futures::join!(updates.next(), async {
        sleep(Duration::from_millis(100)).await;
        closed.cancel();
    });
    assert_eq!(short(last.unwrap()), "error truncated");
    assert_eq!(began.elapsed(), Duration::from_millis(100));
    assert!(updates.next().await.is_none());
}
