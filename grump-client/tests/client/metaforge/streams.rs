//! The plane's streams: over one socket, through cuts and silence, to the end.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use grump::{
    ApproveRun, ControlPlane, ErrorKind, EventStream, NewTask, Origin, RejectRun, RunRef, Since,
    Update,
};
use grump_client::MetaForgePlane;
use serde_json::json;

use super::{at_work, builder, gateway, gateway_plane};
use crate::support::{short, told};

async fn watch(plane: &Arc<dyn ControlPlane>, run: &RunRef) -> EventStream {
    let events = plane.facets().events.as_deref().unwrap();
    events.watch(run, Since::Now).await.unwrap()
}

async fn approve(plane: &Arc<dyn ControlPlane>, run: &RunRef) {
    let reviews = plane.facets().reviews.as_deref().unwrap();
    reviews.approve(ApproveRun::new(run)).await.unwrap();
}

async fn next(updates: &mut EventStream) -> String {
    short(&updates.next().await.unwrap().unwrap())
}

#[tokio::test]
async fn a_session_is_told_from_its_work_to_its_approval() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    server.advance(run.id.as_str());
    assert_eq!(next(&mut updates).await, "progress");
    // The agent is done; nothing is decided: that is no end.
    assert_eq!(next(&mut updates).await, "approval.requested");
    approve(&plane, &run).await;
    assert_eq!(told(updates).await, ["approval.resolved", "run.merged"]);
}

#[tokio::test]
async fn a_rejection_is_an_end_too() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    server.advance(run.id.as_str());
    let updates = watch(&plane, &run).await;
    let reviews = plane.facets().reviews.as_deref().unwrap();
    reviews
        .reject(RejectRun::new(&run).note("no"))
        .await
        .unwrap();
    assert_eq!(told(updates).await, ["approval.resolved", "run.status"]);
}

#[tokio::test]
async fn a_removal_is_told_to_those_who_watch() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    let updates = watch(&plane, &run).await;
    let runs = plane.facets().runs.as_deref().unwrap();
    runs.remove(&run).await.unwrap();
    assert_eq!(told(updates).await, ["run.deleted"]);
}

#[tokio::test]
async fn all_sessions_are_watched_from_their_start() {
    let (server, plane) = gateway_plane().await;
    let events = plane.facets().events.as_deref().unwrap();
    let mut updates = events.watch_all(Since::Now).await.unwrap();
    server.streaming(1).await;
    let tasks = plane.facets().tasks.as_deref().unwrap();
    let run = tasks
        .create_and_start(NewTask::new().skill("spec"))
        .await
        .unwrap();
    let update = updates.next().await.unwrap().unwrap();
    let event = update.event().unwrap();
    assert_eq!(
        (&event.run, event.payload.name()),
        (&run.name, "run.started")
    );
}

#[tokio::test]
async fn one_socket_serves_all_who_watch_and_is_closed_behind_the_last() {
    let (server, plane) = gateway_plane().await;
    let runs = [at_work(&server), at_work(&server), at_work(&server)];
    let mut watched = Vec::new();
    for run in &runs {
        watched.push(watch(&plane, run).await);
    }
    server.streaming(1).await;
    let sockets = server
        .requests()
        .iter()
        .filter(|asked| asked.path == "/ws")
        .count();
    assert_eq!(sockets, 1);
    server.advance(runs[1].id.as_str());
    assert_eq!(next(&mut watched[1]).await, "progress");
    drop(watched);
    server.streaming(0).await;
}

/// Pitfall 14: who does not read holds up nobody, and is told what that cost.
#[tokio::test]
async fn a_reader_that_falls_behind_gets_a_gap_and_the_others_get_everything() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    let mut slow = watch(&plane, &run).await;
    let mut quick = watch(&plane, &run).await;
    server.streaming(1).await;
    let progress =
        json!({"event": "agent.progress", "data": {"session_id": run.id, "progress": 0.5}});
    for _ in 0..20 {
        for _ in 0..100 {
            server.emit(run.id.as_str(), progress.clone());
        }
        for _ in 0..100 {
            assert_eq!(next(&mut quick).await, "progress");
        }
    }
    assert_eq!(next(&mut slow).await, "gap");
    assert_eq!(next(&mut slow).await, "is running");
    let sockets = server
        .requests()
        .iter()
        .filter(|asked| asked.path == "/ws")
        .count();
    assert_eq!(sockets, 1);
}

/// Pitfalls 1 and 9: a socket that ends is not the end, and what happened meanwhile is told.
#[tokio::test]
async fn what_happened_while_the_socket_was_cut_is_told_behind_a_gap() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    server.abort_streams();
    server.advance(run.id.as_str());
    assert_eq!(next(&mut updates).await, "gap");
    assert_eq!(next(&mut updates).await, "is awaiting_approval");
    let Update::Event(event) = updates.next().await.unwrap().unwrap() else {
        panic!("it asks for approval");
    };
    assert_eq!(
        (event.payload.name(), event.origin),
        ("approval.requested", Origin::Synthesised)
    );
    approve(&plane, &run).await;
    assert_eq!(told(updates).await, ["approval.resolved", "run.merged"]);
}

#[tokio::test]
async fn each_of_those_who_watch_survives_every_cut() {
    let (server, plane) = gateway_plane().await;
    let runs = [at_work(&server), at_work(&server)];
    let mut watched = [watch(&plane, &runs[0]).await, watch(&plane, &runs[1]).await];
    for _ in 0..20 {
        server.streaming(1).await;
        server.abort_streams();
        for updates in &mut watched {
            assert_eq!(next(updates).await, "gap");
            assert_eq!(next(updates).await, "is running");
        }
    }
    server.streaming(1).await;
    for (run, updates) in runs.iter().zip(watched) {
        server.advance(run.id.as_str());
        approve(&plane, run).await;
        let told = told(updates).await;
        assert_eq!(
            told,
            [
                "progress",
                "approval.requested",
                "approval.resolved",
                "run.merged"
            ]
        );
    }
}

#[tokio::test]
async fn a_socket_that_the_server_closes_is_opened_again() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    for code in [1000, 1001, 1011] {
        server.streaming(1).await;
        server.close_sockets(code, "later");
        assert_eq!(next(&mut updates).await, "gap");
        assert_eq!(next(&mut updates).await, "is running");
    }
}

/// Pitfall 11: silence is answered by a look at the session.
#[tokio::test]
async fn a_decision_made_elsewhere_is_found_though_no_event_tells_it() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    server.advance(run.id.as_str());
    let updates = watch(&plane, &run).await;
    server.streaming(1).await;
    let elsewhere = builder(&server).build().unwrap();
    elsewhere
        .approvals()
        .approve(run.id.as_str())
        .await
        .unwrap();
    assert_eq!(told(updates).await, ["gap", "is merged", "run.merged"]);
}

/// Pitfall 3: who asks for a position that is not there is told so.
#[tokio::test]
async fn a_stream_has_no_positions_and_shows_the_beginning_as_a_gap() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    server.advance(run.id.as_str());
    approve(&plane, &run).await;
    let events = plane.facets().events.as_deref().unwrap();
    let updates = events.watch(&run, Since::Beginning).await.unwrap();
    assert_eq!(told(updates).await, ["gap", "is merged"]);
    let cursor = Since::Cursor(grump::Cursor::new("7"));
    let refused = events.watch(&run, cursor).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CursorExpired);
}

/// Pitfall 25: what is not understood breaks nothing.
#[tokio::test]
async fn messages_that_nobody_knows_are_events_or_nothing() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    server.raw(b"Received: {}");
    server.raw(br#"{"event":"connected","data":{}}"#);
    server.raw(&[0xff, 0xfe]);
    server.emit(
        run.id.as_str(),
        json!({"event": "tea.ready", "data": {"session_id": run.id}}),
    );
    assert_eq!(next(&mut updates).await, "tea.ready");
}

#[tokio::test]
async fn a_refused_socket_ends_the_call_with_its_kind() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    server.fail_next("wsConnect", 403, "FORBIDDEN");
    let events = plane.facets().events.as_deref().unwrap();
    let refused = events.watch(&run, Since::Now).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    assert_eq!(refused.failed_operation(), Some("events.watch"));
}

#[tokio::test]
async fn a_plane_that_is_closed_ends_its_streams() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    plane.close().await;
    let end = updates.next().await.unwrap().unwrap_err();
    assert_eq!(end.kind(), ErrorKind::Truncated);
    server.streaming(0).await;
}

/// Pitfall 4: connections that bring nothing are given up at last.
#[tokio::test]
async fn a_server_that_is_gone_is_given_up() {
    let (server, client) = gateway().await;
    let run = at_work(&server);
    let mut config = crate::support::impatient();
    config.reconnects = 3;
    config.answer = Duration::from_millis(50);
    let client = builder(&server).stream(config).build().unwrap_or(client);
    let plane: Arc<dyn ControlPlane> = Arc::new(MetaForgePlane::new(client));
    let mut updates = watch(&plane, &run).await;
    drop(server);
    let end = updates.next().await.unwrap().unwrap_err();
    assert_eq!(end.kind(), ErrorKind::Stalled);
}
