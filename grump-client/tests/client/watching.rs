//! A plane's streams where the server has no positions: what is lost is told to be.

use futures::{FutureExt, StreamExt};
use grump::{ErrorKind, Event, Origin, Plane, Since, Update};
use grump_testkit::{
    field::{Field, Quirks},
    proxy::{At, Cut, Direction::ToClient, FaultProxy, Plan, Seed},
};
use serde_json::json;

use crate::support::{MOMENT, field_plane, next_event, plane, short, told};

/// A server with frequent heartbeats, behind a proxy.
async fn behind_a_proxy() -> (Field, FaultProxy, Plane) {
    let mut quirks = Quirks::field();
    quirks.heartbeat = Some(MOMENT);
    let field = Field::start(quirks).await.unwrap();
    let proxy = FaultProxy::start(field.address()).await.unwrap();
    let plane = plane(&proxy.url());
    (field, proxy, plane)
}

fn log(field: &Field, id: &str, number: usize) {
    let log = format!("log-{number}");
    field.event(&json!({
        "type": "loop.log", "loopId": id, "id": log, "level": "info", "message": log,
    }));
}

#[tokio::test]
async fn the_beginning_is_a_gap_and_the_run() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    field.begin(&id);
    let updates = plane.loops().watch(&*id, Since::Beginning).await.unwrap();
    field.state(&id, |state| state["status"] = json!("stopped"));
    field.event(&json!({"type": "loop.stopped", "loopId": id}));
    assert_eq!(told(updates).await, ["gap", "is running", "run.cancelled"]);
}

#[tokio::test]
async fn a_finished_run_from_now_is_the_run_and_the_end() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    field.complete(&id);
    let updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    assert_eq!(told(updates).await, ["is completed"]);
    field.streaming(0).await;
}

#[tokio::test]
async fn a_loop_that_is_not_there_is_not_watched() {
    let (_field, plane) = field_plane().await;
    let error = plane.loops().watch("nobody", Since::Now).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// Pitfall 9: after its terminal event the connection stays open on the wire; the stream ends.
#[tokio::test]
async fn the_stream_ends_with_the_run() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    let updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    field.iterate(&id);
    field.complete(&id);
    let told = told(updates).await;
    assert_eq!(told.last().unwrap(), "run.completed");
    assert_eq!(told.iter().filter(|told| *told == "gap").count(), 0);
    field.streaming(0).await;
}

/// Pitfalls 6 and 9: a cut is not the end, and what was missed is told as far as the run shows it.
#[tokio::test]
async fn a_cut_is_a_gap_and_then_the_run() {
    let (field, proxy, plane) = behind_a_proxy().await;
    let id = field.create("a task");
    field.begin(&id);
    let mut updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    log(&field, &id, 1);
    assert_eq!(next_event(&mut updates).await.payload.name(), "log");
    proxy.refuse().await;
    proxy.cut(Cut::Reset);
    field.streaming(0).await;
    field.complete(&id);
    proxy.admit().await.unwrap();
    assert_eq!(
        told(updates).await,
        ["gap", "is completed", "iteration.ended", "run.completed"]
    );
}

/// Pitfall 11: a connection that is open and dead is replaced.
#[tokio::test]
async fn a_dead_connection_is_noticed_by_its_silence() {
    let (field, proxy, plane) = behind_a_proxy().await;
    let id = field.create("a task");
    field.begin(&id);
    let mut updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    log(&field, &id, 1);
    next_event(&mut updates).await;
    proxy.asked("/events").await.stall();
    field.complete(&id);
    let told = told(updates).await;
    assert_eq!(
        told,
        ["gap", "is completed", "iteration.ended", "run.completed"]
    );
}

/// Pitfall 11: a server that says nothing at all, not even that it lives.
#[tokio::test]
async fn without_heartbeats_the_run_is_asked_for() {
    let field = Field::start(Quirks::documented()).await.unwrap();
    let plane = plane(&field.url());
    let id = field.create("a task");
    field.begin(&id);
    let updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    field.state(&id, |state| state["status"] = json!("failed"));
    assert_eq!(told(updates).await, ["gap", "is failed", "run.failed"]);
}

/// Pitfall 5: who stops watching closes the connection, and touches nothing else.
#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    let stays = plane.loops().watch(&*id, Since::Now).await.unwrap();
    let leaves = plane.loops().watch(&*id, Since::Now).await.unwrap();
    field.streaming(2).await;
    drop(leaves);
    field.streaming(1).await;
    field.complete(&id);
    assert_eq!(told(stays).await.last().unwrap(), "run.completed");
}

#[tokio::test]
async fn closing_the_plane_ends_its_streams() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    let mut updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    plane.close().await;
    let error = updates.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    field.streaming(0).await;
    let error = plane.loops().open(&*id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

/// Pitfall 41: a wait is for the end, and a pause between two iterations is none.
#[tokio::test]
async fn waiting_is_for_the_end_through_a_cut() {
    let (field, proxy, plane) = behind_a_proxy().await;
    let id = field.create("a task");
    field.iterate(&id);
    let name = grump::RunId::from(&*id);
    let waiting = tokio::spawn(async move { plane.loops().wait(name).await });
    field.streaming(1).await;
    proxy.cut(Cut::End);
    field.streaming(0).await;
    field.streaming(1).await;
    assert!(!waiting.is_finished());
    field.complete(&id);
    let run = waiting.await.unwrap().unwrap();
    assert_eq!(run.status.unified, grump::RunStatus::Completed);
}

#[tokio::test]
async fn a_stream_of_all_tells_of_every_loop_and_has_no_end() {
    let (field, plane) = field_plane().await;
    let mut updates = plane.events().watch_all(Since::Now).await.unwrap();
    let first = field.create("first");
    field.complete(&first);
    let second = field.create("second");
    let mut runs = Vec::new();
    while runs.last() != Some(&second) {
        let event = next_event(&mut updates).await;
        runs.push(event.run.id.as_str().to_owned());
    }
    assert_eq!(runs[0], first);
    assert!(updates.next().now_or_never().is_none());
}

#[tokio::test]
async fn a_stream_of_all_tells_after_a_cut_of_the_loops_that_changed() {
    let (field, proxy, plane) = behind_a_proxy().await;
    let (changes, _stays) = (field.create("changes"), field.create("stays"));
    let mut updates = plane.events().watch_all(Since::Now).await.unwrap();
    proxy.refuse().await;
    proxy.cut(Cut::Reset);
    field.streaming(0).await;
    field.complete(&changes);
    proxy.admit().await.unwrap();
    let mut told = Vec::new();
    while told.last().is_none_or(|last| last != "run.completed") {
        told.push(short(&updates.next().await.unwrap().unwrap()));
    }
    assert_eq!(
        told,
        [
            "gap",
            "is completed",
            "run.started",
            "iteration.started",
            "iteration.ended",
            "run.completed"
        ]
    );
}

const LOGS: usize = 20;

/// Tells [`LOGS`] entries and the end while the stream is cut as the plans say.
async fn survived(plans: impl Fn(u64) -> Plan + Send + 'static) -> Vec<Update> {
    let (field, proxy, plane) = behind_a_proxy().await;
    let id = field.create("a task");
    field.begin(&id);
    let updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    let opened = proxy.counts().connections;
    proxy
        .asked("/events")
        .await
        .cut_at(ToClient, At::bytes(1500), Cut::Reset);
    proxy.each(move |number| plans(number - opened));
    let telling = async {
        for number in 0..LOGS {
            log(&field, &id, number);
            tokio::time::sleep(MOMENT / 5).await;
        }
        field.complete(&id);
    };
    let (updates, ()) = futures::join!(updates.map(Result::unwrap).collect(), telling);
    updates
}

/// What was told is a part of what happened, in order and once; where something is missing there is
/// a gap; and the end is told.
fn judge(updates: &[Update]) {
    let (mut expected, mut gap) = (0, false);
    for update in updates {
        match update {
            Update::Gap(_) => gap = true,
            Update::Event(event) => {
                if let Some(number) = number(event) {
                    assert!(
                        number == expected || (gap && number > expected),
                        "{updates:?}"
                    );
                    (expected, gap) = (number + 1, false);
                }
            }
            _ => {}
        }
    }
    assert!(gap || expected == LOGS, "{updates:?}");
    let last = updates.last().unwrap();
    assert_eq!(short(last), "run.completed");
}

/// The number of the log entry that [`survived`] told.
fn number(event: &Event) -> Option<usize> {
    let grump::Payload::Log(log) = &event.payload else {
        return None;
    };
    assert_eq!(event.origin, Origin::Wire);
    let is_ours = log.message == *log.log_id.as_deref()?;
    is_ours.then(|| log.message.trim_start_matches("log-").parse().unwrap())
}

/// Pitfall 1: whatever the network does, nothing is lost without a word.
#[tokio::test]
async fn any_pattern_of_cuts_is_the_same_sequence_or_an_explicit_gap() {
    let seed = Seed::fresh();
    let cases = (0..8).map(|case| survived(move |number| seed.plan(case * 1000 + number)));
    for updates in futures::future::join_all(cases).await {
        judge(&updates);
    }
}
