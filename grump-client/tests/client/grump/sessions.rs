//! A plane's sessions, started and watched to their end, whatever becomes of the connection.

use futures::{FutureExt, StreamExt};
use grump_core::{
    ErrorKind, EventKind, EventStream, Phase, RunRef, StartShip, Update, payload::PhaseCompleted,
};
use grump_testkit::contract::Contract;
use serde_json::json;

use super::{facet, grump_plane, is_documented, paths, session};
use crate::support::{short, told};
use grump_client::GrumpPlane;

async fn watch(plane: &GrumpPlane, run: &RunRef) -> EventStream {
    let ships = facet!(plane, ships);
    ships
        .start_and_watch(StartShip::new(run.clone()))
        .await
        .unwrap()
}

/// How often the work was started.
fn starts(server: &Contract) -> usize {
    let asked = paths(server);
    asked
        .iter()
        .filter(|path| path.ends_with("/execute/stream"))
        .count()
}

const WHOLE: [&str; 10] = [
    "run.started",
    "phase.started",
    "phase.completed",
    "phase.started",
    "phase.completed",
    "phase.started",
    "phase.completed",
    "phase.started",
    "phase.completed",
    "run.completed",
];

#[tokio::test]
async fn a_session_is_told_to_its_end_without_a_gap() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    let mut phases = Vec::new();
    let mut updates = watch(&plane, &run).await;
    let mut kinds = Vec::new();
    while let Some(update) = updates.next().await {
        let update = update.unwrap();
        let event = update.event().unwrap();
        assert_eq!(event.run, run);
        kinds.push(short(&update));
        if event.kind() == EventKind::PhaseCompleted {
            phases.extend(event.phase.clone());
        }
    }
    assert_eq!(kinds, WHOLE);
    assert_eq!(phases, Phase::ALL);
    assert_eq!(starts(&server), 1);
    is_documented(&server);
}

/// Pitfalls 6, 9 and 39: a cut is a gap, the session is read to its end, and never started again.
#[tokio::test]
async fn a_cut_is_a_gap_and_then_the_session_is_followed() {
    for cut in 1..10 {
        let (server, plane) = grump_plane().await;
        let run = session(&server, "pending");
        server.cut_after(cut);
        let updates: Vec<_> = watch(&plane, &run)
            .await
            .map(Result::unwrap)
            .collect()
            .await;
        let kinds: Vec<_> = updates.iter().map(short).collect();
        let before = usize::try_from(cut).unwrap();
        assert_eq!(kinds[..before], WHOLE[..before]);
        assert_eq!(
            kinds[before..before + 2],
            ["gap", "is completed"],
            "{kinds:?}"
        );
        let rest: Vec<_> = WHOLE[before..]
            .iter()
            .filter(|kind| **kind != "run.started")
            .collect();
        assert_eq!(
            kinds[before + 2..].iter().collect::<Vec<_>>(),
            rest,
            "{cut}"
        );
        assert_eq!(starts(&server), 1);
        is_documented(&server);
    }
}

/// The session goes on after the cut: what is read of it is told, phase by phase.
#[tokio::test]
async fn a_session_that_goes_on_after_a_cut_is_told_as_it_does() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    server.hold_streams();
    let mut updates = watch(&plane, &run).await;
    assert_eq!(
        short(&updates.next().await.unwrap().unwrap()),
        "run.started"
    );
    server.abort_streams();
    assert_eq!(short(&updates.next().await.unwrap().unwrap()), "gap");
    assert_eq!(short(&updates.next().await.unwrap().unwrap()), "is running");
    server.advance(run.id.as_str());
    assert_eq!(
        short(&updates.next().await.unwrap().unwrap()),
        "phase.started"
    );
    let done = updates.next().await.unwrap().unwrap();
    let payload: PhaseCompleted = match &done.event().unwrap().payload {
        grump_core::Payload::PhaseCompleted(done) => done.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(payload.next_phase.as_deref(), Some("spec"));
    assert!(
        payload
            .result
            .unwrap()
            .value()
            .get("architecture")
            .is_some()
    );
    server.finish(run.id.as_str());
    assert_eq!(told(updates).await, WHOLE[3..]);
    assert_eq!(starts(&server), 1);
    is_documented(&server);
}

/// Pitfall 9: a stream without its last event is not the end of the session, nor is it a success.
#[tokio::test]
async fn a_session_that_fails_is_told_as_failed() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    server.hold_streams();
    let mut updates = watch(&plane, &run).await;
    assert_eq!(
        short(&updates.next().await.unwrap().unwrap()),
        "run.started"
    );
    server.break_down(run.id.as_str());
    let rest = told(updates).await;
    assert_eq!(rest.first().unwrap(), "gap");
    assert_eq!(rest.last().unwrap(), "run.failed");
}

#[tokio::test]
async fn an_end_that_does_not_come_is_read() {
    let (server, plane) = grump_plane().await;
    server.oddity("no-end");
    let run = session(&server, "pending");
    let kinds = told(watch(&plane, &run).await).await;
    assert_eq!(kinds[9..], ["gap", "is completed", "run.completed"]);
}

#[tokio::test]
async fn two_ends_are_one() {
    let (server, plane) = grump_plane().await;
    server.oddity("two-ends");
    let run = session(&server, "pending");
    assert_eq!(told(watch(&plane, &run).await).await, WHOLE);
}

/// Servers in the field do one phase a call: the next one is started by another call. This server
/// does not let it, which only a person can mend.
#[tokio::test]
async fn a_call_that_does_one_phase_is_followed_by_the_next() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    server.script(&[
        json!({"type": "start", "sessionId": run.id, "phase": "design"}),
        json!({"type": "phase_start", "phase": "design"}),
        json!({"type": "phase_complete", "phase": "design", "result": {}, "nextPhase": "spec"}),
        json!({"type": "complete", "sessionId": run.id}),
    ]);
    let mut updates = watch(&plane, &run).await;
    for kind in &WHOLE[..3] {
        let update = updates.next().await.unwrap().unwrap();
        assert_eq!(short(&update), *kind);
    }
    let end = updates.next().await.unwrap().unwrap_err();
    assert_eq!(end.kind(), ErrorKind::Truncated);
    assert!(end.to_string().contains("phase: spec"), "{end}");
    let calls = server.requests().into_iter();
    let bodies: Vec<_> = calls
        .filter(|asked| asked.path.ends_with("/stream"))
        .map(|asked| asked.json())
        .collect();
    assert_eq!(bodies, [json!({}), json!({"resumeFromPhase": "spec"})]);
}

/// Ambiguity G-10: an error inside a stream of status 200 is told, and the session says the rest.
#[tokio::test]
async fn an_error_in_a_stream_is_told_and_then_what_became_of_the_session() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    server.script(&[
        json!({"type": "start", "sessionId": run.id, "phase": "design"}),
        json!({"type": "error", "error": "out of tokens"}),
    ]);
    let mut updates = watch(&plane, &run).await;
    assert_eq!(
        short(&updates.next().await.unwrap().unwrap()),
        "run.started"
    );
    assert_eq!(short(&updates.next().await.unwrap().unwrap()), "error");
    server.break_down(run.id.as_str());
    assert_eq!(told(updates).await, ["run.failed"]);
    assert_eq!(starts(&server), 1);
}

/// Pitfall 11: a connection that is open and tells nothing is noticed by what the session shows.
#[tokio::test]
async fn a_silent_connection_is_noticed_by_what_the_session_shows() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    server.hold_streams();
    server.script(&[json!({"type": "start", "sessionId": run.id, "phase": "design"})]);
    let mut updates = watch(&plane, &run).await;
    assert_eq!(
        short(&updates.next().await.unwrap().unwrap()),
        "run.started"
    );
    server.finish(run.id.as_str());
    let kinds = told(updates).await;
    assert_eq!(kinds.last().unwrap(), "run.completed");
    assert_eq!(starts(&server), 1);
}

#[tokio::test]
async fn a_session_that_is_not_there_is_not_started() {
    let (server, plane) = grump_plane().await;
    server.oddity("error-in-stream");
    let ships = facet!(plane, ships);
    let nobody = RunRef::new(grump_core::RunKind::Ship, "nobody");
    let error = ships
        .start_and_watch(StartShip::new(nobody))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(starts(&server), 0);
}

#[tokio::test]
async fn a_session_is_started_again_from_a_phase() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    assert_eq!(told(watch(&plane, &run).await).await, WHOLE);
    let again = StartShip::new(run.clone()).resume_from(Phase::Plan);
    let updates = facet!(plane, ships).start_and_watch(again).await.unwrap();
    let kinds = told(updates).await;
    assert_eq!(kinds, [&WHOLE[..1], &WHOLE[5..]].concat());
    is_documented(&server);
}

#[tokio::test]
async fn a_session_that_runs_is_not_started_again() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "running");
    let ships = facet!(plane, ships);
    let error = ships
        .start_and_watch(StartShip::new(run))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(error.conflict().unwrap().code, "already_running");
}

#[tokio::test]
async fn a_plane_that_is_closed_ends_its_streams() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    server.hold_streams();
    let mut updates = watch(&plane, &run).await;
    updates.next().await.unwrap().unwrap();
    grump_core::ControlPlane::close(&plane).await;
    let end = updates.next().await.unwrap().unwrap_err();
    assert_eq!(end.kind(), ErrorKind::Truncated);
    assert!(updates.next().now_or_never().unwrap().is_none());
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_closed() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    server.hold_streams();
    let mut updates = watch(&plane, &run).await;
    let first = updates.next().await.unwrap().unwrap();
    assert!(matches!(first, Update::Event(_)));
    drop(updates);
    server.streaming(0).await;
}
