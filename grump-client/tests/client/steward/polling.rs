//! More streams than a user may have.

use futures::{StreamExt, future::join_all};
use grump::{Since, Update};
use grump_testkit::contract::Failure;
use serde_json::json;

use super::{run_in, steward, steward_plane, task, tell};
use crate::support::{next_event, short};

/// Pitfall 43: the fifth stream is none: its events are asked for, in turn with those of others.
#[tokio::test]
async fn beyond_four_streams_events_are_asked_for_instead() {
    let (server, plane) = steward_plane().await;
    let runs: Vec<_> = (0..7).map(|_| run_in(&server, "running")).collect();
    let mut watched = Vec::new();
    for id in &runs {
        let updates = plane.events().watch(&task(id), Since::Beginning).await;
        watched.push(updates.unwrap());
    }
    let all = join_all(watched.into_iter().enumerate().map(|(at, updates)| {
        let (id, server) = (&runs[at], &server);
        async move {
            let told: Vec<Update> = updates.map(|update| update.unwrap()).collect().await;
            assert_eq!(server.known(id)["status"], "completed");
            told.iter().map(short).collect::<Vec<_>>()
        }
    }));
    let mut all = std::pin::pin!(all);
    let mut poll = async |wanted: &dyn Fn() -> bool| {
        while !wanted() {
            let _ = tokio::time::timeout(crate::support::MOMENT, &mut all).await;
        }
    };
    poll(&|| server.streams() == 4).await;
    for id in &runs {
        tell(&server, id, 2);
    }
    let polls = || {
        let asked = server.requests().into_iter();
        asked
            .filter(|asked| asked.query.contains_key("since"))
            .count()
    };
    poll(&|| polls() >= 6).await;
    assert_eq!(server.streams(), 4);
    for id in &runs {
        server.emit(id, json!({"eventType": "run_completed"}));
        server.finish(id);
    }
    for told in all.await {
        let events = told
            .iter()
            .filter(|update| *update == "file.changed")
            .count();
        assert!((2..=3).contains(&events), "{told:?}");
        assert!(told.contains(&"run.completed".to_owned()), "{told:?}");
    }
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_place_that_becomes_free_is_taken() {
    let (server, plane) = steward_plane().await;
    let runs: Vec<_> = (0..5).map(|_| run_in(&server, "running")).collect();
    let mut watched = Vec::new();
    for id in &runs {
        let updates = plane.events().watch(&task(id), Since::Beginning).await;
        watched.push(updates.unwrap());
    }
    server.streaming(4).await;
    let mut fifth = watched.pop().unwrap();
    tell(&server, &runs[4], 1);
    next_event(&mut fifth).await;
    drop(watched.remove(0));
    let streams = || {
        let asked = server.requests().into_iter();
        asked
            .filter(|asked| asked.path.ends_with("/stream"))
            .count()
    };
    while streams() < 5 {
        let polled = tokio::time::timeout(crate::support::MOMENT, fifth.next()).await;
        assert!(polled.is_err(), "{polled:?}");
    }
    tell(&server, &runs[4], 1);
    assert_eq!(next_event(&mut fifth).await.seq.as_deref(), Some("91824"));
}

/// Pitfall 43: others of the same user may have streams too.
#[tokio::test]
async fn a_stream_that_the_server_refuses_is_asked_for_instead() {
    let (server, plane) = steward_plane().await;
    let id = run_in(&server, "running");
    let refused = Failure::new(429, "too-many-requests").message("At most 4 concurrent streams");
    server.fail_with("runEventsStream", refused);
    let mut updates = plane
        .events()
        .watch(&task(&id), Since::Beginning)
        .await
        .unwrap();
    tell(&server, &id, 2);
    for seq in ["91823", "91824"] {
        assert_eq!(next_event(&mut updates).await.seq.as_deref(), Some(seq));
    }
    assert_eq!(server.streams(), 0);
}

#[tokio::test]
async fn the_dialects_own_streams_share_the_places() {
    let (server, client) = steward().await;
    let id = run_in(&server, "running");
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(client.runs().stream(&*id).await.unwrap());
    }
    server.streaming(4).await;
    tell(&server, &id, 1);
    for stream in &mut streams {
        let event = stream.next().await.unwrap().unwrap();
        assert_eq!(event.id.unwrap().as_str(), "91823");
    }
    assert_eq!(server.violations(), Vec::<String>::new());
}
