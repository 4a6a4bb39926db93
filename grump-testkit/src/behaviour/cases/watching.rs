//! Watching runs: from where, until when, and beside others.

use futures::StreamExt;
use grump_core::{
    Event, EventKind, EventStream, Member, Operation::*, Run, RunStatus, Since, Update,
};

use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::{Stage, collected, taken},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(from_the_beginning_everything_is_told).runs(&[]),
        case!(from_now_only_what_follows_is_told).runs(&[]),
        case!(from_a_cursor_what_is_behind_it_is_told)
            .runs(&[])
            .members(&[Member::EventsCursor]),
        case!(from_now_on_a_finished_run_is_the_run_and_the_end).runs(&[]),
        case!(a_reader_that_was_cut_off_goes_on_where_it_was)
            .runs(&[])
            .members(&[Member::EventsCursor]),
        case!(the_stream_ends_with_the_work_and_not_before).runs(&[]),
        case!(a_stream_of_all_outlives_a_run).runs(&[EventsWatchAll]),
        case!(two_readers_do_not_disturb_each_other).runs(&[]),
        case!(a_reader_that_goes_away_touches_nothing).runs(&[]),
        case!(waiting_is_for_the_end_not_for_a_pause).runs(&[]),
    ]
}

async fn watch(stage: &Stage, run: &Run, since: impl Into<Since>) -> EventStream {
    stage.loops().watch(run, since).await.unwrap()
}

fn kinds(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(Event::kind).collect()
}

async fn from_the_beginning_everything_is_told(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let told = kinds(&collected(watch(stage, &run, Since::Beginning).await).await);
    assert_eq!(told.first(), Some(&EventKind::RunCreated));
    assert_eq!(told.last(), Some(&EventKind::RunCompleted));
}

async fn from_now_only_what_follows_is_told(stage: &Stage) {
    let run = stage.started(stage.task(scripts::WAITS)).await;
    stage.told(&run, EventKind::ToolCalled).await;
    let updates = watch(stage, &run, Since::Now).await;
    stage.repository().open_gate("go");
    let told = kinds(&collected(updates).await);
    assert_eq!(told.first(), Some(&EventKind::ToolResult));
    assert_eq!(told.last(), Some(&EventKind::RunCompleted));
}

async fn from_a_cursor_what_is_behind_it_is_told(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let whole = stage.events(&run).await;
    let mut updates = watch(stage, &run, Since::Beginning).await;
    for told in 0..whole.len() {
        let cursor = updates.cursor().expect("this plane has positions").clone();
        let rest = collected(watch(stage, &run, cursor).await).await;
        assert_eq!(rest, whole[told..]);
        updates.next().await;
    }
}

async fn from_now_on_a_finished_run_is_the_run_and_the_end(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let updates: Vec<_> = watch(stage, &run, Since::Now).await.collect().await;
    let [Ok(Update::Resync(told))] = &updates[..] else {
        panic!("{updates:?}");
    };
    assert_eq!(**told, run);
}

/// Pitfall 9: a stream that is dropped in the middle and taken up again loses nothing.
async fn a_reader_that_was_cut_off_goes_on_where_it_was(stage: &Stage) {
    let run = stage.started(stage.task(scripts::TELLS_ALL)).await;
    let (mut read, mut since) = (Vec::new(), Since::Beginning);
    loop {
        let mut updates = watch(stage, &run, since).await;
        let Some(update) = updates.next().await else {
            break;
        };
        read.extend(update.unwrap().event().cloned());
        since = Since::Cursor(updates.cursor().expect("this plane has positions").clone());
    }
    assert_eq!(read, stage.events(&run).await);
}

/// Pitfall 9: there is no end without an outcome.
async fn the_stream_ends_with_the_work_and_not_before(stage: &Stage) {
    let run = stage.started(stage.task(scripts::NEVER_DONE)).await;
    let told = stage.events(&run).await;
    assert!(told.last().unwrap().kind().ends_work(), "{told:?}");
    let ends = told.iter().filter(|event| event.kind().ends_work()).count();
    assert_eq!(ends, 1);
    let after = stage.loops().open(&run).await.unwrap();
    assert_eq!(after.status.unified, RunStatus::LimitReached);
}

async fn a_stream_of_all_outlives_a_run(stage: &Stage) {
    let mut updates = stage.plane().events().watch_all(Since::Now).await.unwrap();
    let first = stage.finished(stage.task(scripts::FINISHES)).await;
    let second = stage.created(stage.task(scripts::FINISHES)).await;
    loop {
        let update = updates.next().await.expect("it has no end").unwrap();
        let event = update.event().unwrap();
        if event.run == second.name {
            break;
        }
        assert_eq!(event.run, first.name);
    }
}

/// Pitfall 5: readers do not take events away from each other.
async fn two_readers_do_not_disturb_each_other(stage: &Stage) {
    let run = stage.created(stage.task(scripts::TELLS_ALL)).await;
    let one = watch(stage, &run, Since::Beginning).await;
    let other = watch(stage, &run, Since::Beginning).await;
    stage.loops().start(&run).await.unwrap();
    let (one, other) = futures::join!(collected(one), collected(other));
    assert_eq!(one, other);
    assert_eq!(one, stage.events(&run).await);
}

/// Pitfall 5: a reader that goes away ends neither the run nor the other reader's stream.
async fn a_reader_that_goes_away_touches_nothing(stage: &Stage) {
    let run = stage.started(stage.task(scripts::WAITS)).await;
    let stays = watch(stage, &run, Since::Beginning).await;
    let leaves = watch(stage, &run, Since::Beginning).await;
    taken(leaves, 2).await;
    stage.repository().open_gate("go");
    assert_eq!(collected(stays).await, stage.events(&run).await);
    let over = stage.loops().open(&run).await.unwrap();
    assert_eq!(over.status.unified, RunStatus::Completed);
}

/// Pitfall 41: between two iterations a loop is quiet, but not done.
async fn waiting_is_for_the_end_not_for_a_pause(stage: &Stage) {
    let new = stage.task(scripts::FAILS).max_consecutive_errors(4);
    let run = stage.started(new).await;
    let over = stage.loops().wait(&run).await.unwrap();
    assert_eq!(over.as_loop().unwrap().iteration, 4);
}
