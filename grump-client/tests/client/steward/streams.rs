//! Streams: each event once and in order, whatever happens to connections.

use futures::{FutureExt, StreamExt};
use grump::{
    ErrorKind, EventKind, Payload, Plane, Since, Update,
    domain::{Cursor, EventStream},
};
use grump_client::{StewardClient, StewardPlane};
use grump_testkit::{
    contract::{Contract, Failure},
    proxy::{At, Cut, Direction::ToClient, FaultProxy, Plan},
};
use serde_json::json;

use super::{client_at, run_in, steward, steward_plane, task, tell};
use crate::support::{MOMENT, impatient, next_event, short};

/// Where the run's events are, in order, and what else was told.
async fn told(updates: EventStream) -> (Vec<u64>, Vec<String>) {
    let (mut seen, mut else_told) = (Vec::new(), Vec::new());
    let mut updates = updates;
    while let Some(update) = updates.next().await {
        match update.unwrap() {
            Update::Event(event) if event.kind() == EventKind::FileChanged => {
                seen.push(event.seq.as_deref().unwrap().parse().unwrap());
            }
            other => else_told.push(short(&other)),
        }
    }
    (seen, else_told)
}

fn numbers(from: u64, count: u64) -> Vec<u64> {
    (from..from + count).collect()
}

const FIRST: u64 = 91823;

#[tokio::test]
async fn events_come_in_the_dialects_own_terms() {
    let (server, client) = steward().await;
    let id = run_in(&server, "running");
    tell(&server, &id, 1);
    let mut stream = client.runs().stream(&*id).await.unwrap();
    server.streaming(1).await;
    tell(&server, &id, 1);
    let event = stream.next().await.unwrap().unwrap();
    assert_eq!(
        (&*event.event_type, event.path.as_deref()),
        ("file_updated", Some("src/0.rs"))
    );
    assert_eq!(stream.last_id().unwrap().number(), Some(91824));
    server.raw(b"event: notice\ndata: maintenance\n\n");
    let event = stream.next().await.unwrap().unwrap();
    assert_eq!(
        (&*event.event_type, &event.extra["data"]),
        ("notice", &json!("maintenance"))
    );
    assert_eq!(server.violations(), Vec::<String>::new());
}

/// Pitfall 9: an end is an error, whatever became of the run.
#[tokio::test]
async fn the_dialects_own_stream_ends_in_an_error_and_goes_on_behind_its_last_event() {
    let (server, client) = steward().await;
    let id = run_in(&server, "running");
    tell(&server, &id, 3);
    let mut stream = client
        .runs()
        .stream_since(&*id, FIRST as i64)
        .await
        .unwrap();
    for number in [FIRST + 1, FIRST + 2] {
        let event = stream.next().await.unwrap().unwrap();
        assert_eq!(event.id.unwrap().as_str(), number.to_string());
    }
    server.streaming(1).await;
    server.end_streams();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert!(stream.next().await.is_none());
    let last = stream.last_id().unwrap().clone();
    tell(&server, &id, 1);
    let mut stream = client.runs().stream_since(&*id, last).await.unwrap();
    let event = stream.next().await.unwrap().unwrap();
    assert_eq!(event.id.unwrap().as_str(), (FIRST + 3).to_string());
}

/// Pitfalls 1 and 8: a cut loses nothing and doubles nothing.
#[tokio::test]
async fn a_cut_is_not_seen() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    tell(&server, &id, 5);
    let watched = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    let reading = tokio::spawn(told(watched));
    for round in 0..6 {
        server.streaming(1).await;
        tell(&server, &id, 2);
        match round % 2 {
            0 => server.abort_streams(),
            _ => server.end_streams(),
        }
        tell(&server, &id, 2);
    }
    server.streaming(1).await;
    server.advance(&id);
    let (seen, others) = reading.await.unwrap();
    assert_eq!(seen, numbers(FIRST, 5 + 6 * 4 + 1));
    assert_eq!(others, ["is completed"]);
    assert_eq!(server.violations(), Vec::<String>::new());
}

/// Pitfall 9: the end of a stream is not the end of the run.
#[tokio::test]
async fn a_stream_that_ends_without_an_end_of_the_run_goes_on() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    let mut updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    tell(&server, &id, 1);
    next_event(&mut updates).await;
    server.streaming(1).await;
    server.end_streams();
    tell(&server, &id, 1);
    assert_eq!(next_event(&mut updates).await.seq.as_deref(), Some("91824"));
    assert!(updates.next().now_or_never().is_none());
}

#[tokio::test]
async fn an_end_that_an_event_tells_ends_the_stream_with_it() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    let updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    server.streaming(1).await;
    let failed = json!({"eventType": "run_failed", "message": "out of tokens"});
    server.emit(&id, failed);
    let told: Vec<_> = updates.map(|update| update.unwrap()).collect().await;
    let [Update::Event(event)] = &told[..] else {
        panic!("{told:?}")
    };
    let Payload::RunFailed(failed) = &event.payload else {
        panic!("{event:?}")
    };
    assert_eq!(failed.message.as_deref(), Some("out of tokens"));
}

/// A word about the run that nobody knows makes the client look.
#[tokio::test]
async fn an_unknown_word_about_the_run_makes_the_client_look() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    server.hold_streams();
    let updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    server.streaming(1).await;
    server.finish(&id);
    server.emit(&id, json!({"eventType": "run_wrapped_up"}));
    let told: Vec<_> = updates
        .map(|update| short(&update.unwrap()))
        .collect()
        .await;
    assert_eq!(told, ["file.changed", "run_wrapped_up", "run.completed"]);
}

#[tokio::test]
async fn a_finished_run_is_told_whole_and_ends() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    tell(&server, &id, 2);
    server.finish(&id);
    let updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    let (seen, others) = told(updates).await;
    assert_eq!((seen, others), (numbers(FIRST, 3), Vec::new()));
    let updates = plane.events().watch(&task(&id), Since::Now).await.unwrap();
    assert_eq!(
        told(updates).await,
        (vec![], vec!["is completed".to_owned()])
    );
}

#[tokio::test]
async fn a_history_of_many_parts_is_told_once_and_in_order() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    tell(&server, &id, 1_200);
    let events = plane.events();
    let updates = events.watch(&task(&id), Since::Beginning).await.unwrap();
    server.finish(&id);
    let (seen, others) = told(updates).await;
    assert_eq!(seen, numbers(FIRST, 1_201));
    assert_eq!(others, ["is completed"]);
    let parts = server.requests().into_iter();
    let parts = parts.filter(|asked| asked.query.contains_key("cursor"));
    assert!(parts.count() >= 2);
}

#[tokio::test]
async fn watching_from_now_and_from_a_position_leaves_out_what_was_before() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    tell(&server, &id, 3);
    let mut now = plane.events().watch(&task(&id), Since::Now).await.unwrap();
    let from = Since::Cursor(Cursor::new("91824"));
    let mut behind = plane.events().watch(&task(&id), from).await.unwrap();
    assert_eq!(next_event(&mut behind).await.seq.as_deref(), Some("91825"));
    // What happens while nobody is connected is told too.
    server.streaming(2).await;
    server.abort_streams();
    tell(&server, &id, 1);
    assert_eq!(next_event(&mut now).await.seq.as_deref(), Some("91826"));
    assert_eq!(next_event(&mut behind).await.seq.as_deref(), Some("91826"));
}

/// Pitfall 3: a position that is not kept any more is an error, not a silent new beginning.
#[tokio::test]
async fn a_position_that_expired_is_an_error() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    server.fail_next("runEventsStream", 410, "cursor-expired");
    let from = Since::Cursor(Cursor::new("3"));
    let error = plane.events().watch(&task(&id), from).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
    assert_eq!(error.failed_operation(), Some("events.watch"));
    // It may also expire while nobody is connected.
    let mut updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    server.streaming(1).await;
    server.fail_next("runEventsStream", 410, "cursor-expired");
    server.abort_streams();
    let error = updates.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
}

/// Pitfall 11: a ping is life, and no event.
#[tokio::test]
async fn a_ping_is_no_event_and_its_absence_is_noticed() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    let mut updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    server.streaming(1).await;
    server.ping();
    // No ping follows: the connection is replaced by one that tells the rest.
    let polled = tokio::time::timeout(impatient().heartbeat / 3, updates.next()).await;
    assert!(polled.is_err(), "{polled:?}");
    let requests = || {
        let asked = server.requests().into_iter();
        asked
            .filter(|asked| asked.path.ends_with("/stream"))
            .count()
    };
    let next = updates.next();
    let mut next = std::pin::pin!(next);
    while requests() < 2 {
        let _ = tokio::time::timeout(MOMENT, &mut next).await;
    }
    tell(&server, &id, 1);
    let update = next.await.unwrap().unwrap();
    assert_eq!(update.event().unwrap().seq.as_deref(), Some("91823"));
}

/// Pitfall 5: dropping a stream closes its connection and touches nothing else.
#[tokio::test]
async fn a_stream_that_is_dropped_is_gone() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    let updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    server.streaming(1).await;
    let connections = server.connections();
    drop(updates);
    server.connected(connections - 1).await;
    assert_eq!(server.known(&id)["status"], "running");
}

#[tokio::test]
async fn a_token_that_expires_is_renewed_for_a_stream_too() {
    let server = Contract::start("steward").await;
    let client = StewardClient::builder(&server.url())
        .login("user@example.com", "securepassword")
        .stream(impatient())
        .build()
        .unwrap();
    let plane = Plane::new(StewardPlane::new(client));
    let id = run_in(&server, "running");
    let mut updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    server.streaming(1).await;
    server.expire_tokens();
    server.abort_streams();
    tell(&server, &id, 1);
    next_event(&mut updates).await;
}

#[tokio::test]
async fn a_server_that_is_busy_for_a_while_is_waited_for() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    let mut updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    server.streaming(1).await;
    for _ in 0..3 {
        server.fail_next("runEventsStream", 503, "unavailable");
    }
    server.fail_with(
        "runEvents",
        Failure::new(429, "too-many-requests").retry_after("0"),
    );
    server.abort_streams();
    tell(&server, &id, 1);
    next_event(&mut updates).await;
}

/// Pitfall 1: whatever is cut, at whatever byte, the same is told.
#[tokio::test]
async fn cuts_at_any_byte_are_not_seen() {
    const EVENTS: u64 = 60;
    let server = Contract::start("steward").await;
    let id = run_in(&server, "running");
    tell(&server, &id, EVENTS as usize);
    let proxy = FaultProxy::start(server.address()).await.unwrap();
    // Every third connection is broken a little later than the one before.
    proxy.each(|number| match number % 3 {
        0 => Plan::new().split(ToClient, 7),
        1 => Plan::new().cut_at(ToClient, At::bytes(300 + 211 * number), Cut::Reset),
        _ => Plan::new().cut_at(ToClient, At::bytes(300 + 173 * number), Cut::End),
    });
    let plane = Plane::new(StewardPlane::new(client_at(&proxy.url(), server.token())));
    // The first connection has no patience: it may be refused by a cut.
    let updates = loop {
        let watched = plane.events().watch(&task(&id), Since::Beginning).await;
        if let Ok(updates) = watched {
            break updates;
        }
    };
    let reading = tokio::spawn(told(updates));
    server.advance(&id);
    let (seen, others) = reading.await.unwrap();
    assert_eq!(seen, numbers(FIRST, EVENTS + 1));
    assert_eq!(others, ["is completed"]);
}
