//! The plane's streams: over a task's socket, through cuts and silence, to the end.

use std::sync::Arc;

use futures::StreamExt;
use grump::{
    ControlPlane, Error, ErrorKind, Event, EventStream, Origin, Payload, RunRef, Since, Update,
};
use serde_json::json;

use super::{at_work, builder, server, server_plane};
use crate::{
    contract::last,
    support::{short, told},
};

async fn watch(plane: &Arc<dyn ControlPlane>, run: &RunRef) -> EventStream {
    let events = plane.facets().events.as_deref().unwrap();
    events.watch(run, Since::Now).await.unwrap()
}

async fn next(updates: &mut EventStream) -> String {
    short(&updates.next().await.unwrap().unwrap())
}

async fn event(updates: &mut EventStream) -> Event {
    let update = updates.next().await.unwrap().unwrap();
    update
        .event()
        .unwrap_or_else(|| panic!("{update:?}"))
        .clone()
}

#[tokio::test]
async fn a_task_is_told_from_its_work_to_its_end() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let updates = watch(&plane, &run).await;
    server.streaming(1).await;
    server.finish(run.id.as_str());
    assert_eq!(
        told(updates).await,
        [
            "text.delta",
            "tool.called",
            "tool.result",
            "plan.updated",
            "run.completed"
        ]
    );
}

#[tokio::test]
async fn a_call_and_its_result_are_paired() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    server.advance(run.id.as_str());
    next(&mut updates).await;
    let Payload::ToolCalled(called) = event(&mut updates).await.payload else {
        panic!("a tool is called");
    };
    let Payload::ToolResult(result) = event(&mut updates).await.payload else {
        panic!("it comes back");
    };
    assert!(called.call_id.is_some());
    assert_eq!(called.call_id, result.call_id);
}

#[tokio::test]
async fn a_task_that_used_up_its_iterations_reached_a_limit() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    server.break_down(run.id.as_str());
    assert_eq!(next(&mut updates).await, "error");
    let Payload::RunLimitReached(reached) = event(&mut updates).await.payload else {
        panic!("it reached its limit");
    };
    assert_eq!(
        reached.reason.as_deref(),
        Some("Maximum iterations reached")
    );
    assert!(updates.next().await.is_none());
}

/// Pitfall 30: what says that it completed, and did not, has failed.
#[tokio::test]
async fn an_end_is_held_against_the_task() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    // The task fails, of which the socket is told nothing true.
    server.hold_streams();
    server.abort_streams();
    server.break_down(run.id.as_str());
    assert_eq!(next(&mut updates).await, "gap");
    assert_eq!(next(&mut updates).await, "is failed");
    assert_eq!(told(updates).await, ["run.failed"]);
}

#[tokio::test]
async fn a_stop_is_told_by_the_socket() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let updates = watch(&plane, &run).await;
    server.streaming(1).await;
    plane
        .facets()
        .runs
        .as_deref()
        .unwrap()
        .stop(&run)
        .await
        .unwrap();
    assert_eq!(told(updates).await, ["run.cancelled"]);
}

#[tokio::test]
async fn what_happened_while_the_socket_was_cut_is_told_behind_a_gap() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    server.abort_streams();
    server.finish(run.id.as_str());
    assert_eq!(next(&mut updates).await, "gap");
    assert_eq!(next(&mut updates).await, "is completed");
    let end = event(&mut updates).await;
    assert_eq!(
        (end.payload.name(), end.origin),
        ("run.completed", Origin::Synthesised)
    );
    assert!(updates.next().await.is_none());
}

/// Pitfalls 1, 6 and 9: no cut ends the stream, and none is silent.
#[tokio::test]
async fn every_cut_is_a_gap_and_the_end_is_told() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    for cut in 0..50 {
        server.streaming(1).await;
        match cut % 3 {
            0 => server.abort_streams(),
            1 => server.end_streams(),
            _ => server.close_sockets(1011, "later"),
        }
        assert_eq!(next(&mut updates).await, "gap");
        assert_eq!(next(&mut updates).await, "is running");
    }
    server.streaming(1).await;
    server.finish(run.id.as_str());
    assert_eq!(told(updates).await.last().unwrap(), "run.completed");
}

/// Pitfall 8: calls before a cut are not taken for calls after it.
#[tokio::test]
async fn call_ids_are_not_given_twice_over_a_cut() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    let call = json!({"type": "tool_call", "tool": "terminal", "input": {}});
    let mut ids = Vec::new();
    for _ in 0..2 {
        server.streaming(1).await;
        server.emit(run.id.as_str(), call.clone());
        let Payload::ToolCalled(called) = event(&mut updates).await.payload else {
            panic!("a tool is called");
        };
        ids.push(called.call_id.unwrap());
        server.abort_streams();
        next(&mut updates).await;
        next(&mut updates).await;
    }
    assert_ne!(ids[0], ids[1]);
}

/// Pitfall 25: what is not understood is an event, and breaks nothing.
#[tokio::test]
async fn messages_that_nobody_knows_are_events() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    server.raw(br#"{"type":"connected","data":{}}"#);
    server.raw(b"Received: {\"type\":\"stop\"}");
    server.raw(&[0xff, 0xfe]);
    server.raw(br#"{"type":"phase_changed","data":{"phase":"explore"}}"#);
    for name in ["unknown", "unknown", "phase_changed"] {
        let told = event(&mut updates).await;
        assert_eq!((&told.run, told.payload.name()), (&run, name));
    }
}

/// Pitfall 11: silence is answered by a look at the task.
#[tokio::test]
async fn an_end_that_the_socket_does_not_tell_is_found() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    let update = updates.next();
    let other = async {
        // A server of the field that falls silent: the task ends, and its socket hears nothing.
        let elsewhere = builder(&server).token(server.token()).build().unwrap();
        server.end_streams();
        elsewhere.tasks().stop(run.id.as_str()).await.unwrap();
    };
    let (update, ()) = tokio::join!(update, other);
    assert_eq!(short(&update.unwrap().unwrap()), "gap");
    let rest = told(updates).await;
    assert_eq!(rest.last().unwrap(), "run.cancelled");
}

#[tokio::test]
async fn a_task_that_is_over_is_shown_and_that_is_all() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    server.finish(run.id.as_str());
    let events = plane.facets().events.as_deref().unwrap();
    let updates = events.watch(&run, Since::Beginning).await.unwrap();
    assert_eq!(told(updates).await, ["gap", "is completed"]);
}

fn refused(watched: Result<EventStream, Error>) -> Error {
    watched.map(drop).unwrap_err()
}

#[tokio::test]
async fn a_refused_socket_ends_the_call_with_its_kind() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let events = plane.facets().events.as_deref().unwrap();
    server.fail_next("wsTask", 403, "FORBIDDEN");
    let error = refused(events.watch(&run, Since::Now).await);
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(error.failed_operation(), Some("events.watch"));
    let nobody = RunRef::new(grump::RunKind::Task, "nobody");
    let error = refused(events.watch(&nobody, Since::Now).await);
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// A token that runs out ends the socket, and a new one opens the next.
#[tokio::test]
async fn a_socket_that_outlives_its_token_goes_on_with_the_next() {
    let (server, _) = server().await;
    let login = builder(&server).login("user@example.com", "securepassword");
    let client = login.build().unwrap();
    let plane: Arc<dyn ControlPlane> = Arc::new(grump_client::MiniDevinPlane::new(client));
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    server.advance(run.id.as_str());
    next(&mut updates).await;
    let before = last(&server).query.get("token").cloned();
    server.expire_tokens();
    server.close_sockets(1008, "token expired");
    loop {
        match updates.next().await.unwrap().unwrap() {
            Update::Gap(_) => break,
            Update::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
    server.streaming(1).await;
    let sockets = server.requests();
    let mut tokens = sockets.iter().filter_map(|asked| asked.query.get("token"));
    assert_ne!(tokens.next_back(), before.as_ref());
}

#[tokio::test]
async fn dropping_a_stream_closes_its_socket() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let updates = watch(&plane, &run).await;
    server.streaming(1).await;
    drop(updates);
    server.streaming(0).await;
}

#[tokio::test]
async fn a_plane_that_is_closed_ends_its_streams() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let mut updates = watch(&plane, &run).await;
    server.streaming(1).await;
    plane.close().await;
    let end = updates.next().await.unwrap().unwrap_err();
    assert_eq!(end.kind(), ErrorKind::Truncated);
}
