//! One run by its handle: waiting for a state, choosing what to watch, texts as a whole; and lists
//! that are read part by part.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use grump::handles::{Until, Waited};
use grump_core::{
    ErrorKind, Event, EventKind, Member, Operation::*, Run, RunFilter, RunStatus, Since,
    stream::Told,
};

use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::{Stage, collected},
};

/// Too short for anything to happen that a case holds up.
const MOMENT: Duration = Duration::from_millis(50);

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(a_status_is_waited_for).runs(&[]),
        case!(a_wait_that_takes_too_long_keeps_the_run).runs(&[]),
        case!(a_status_that_cannot_come_any_more_is_missed).runs(&[]),
        case!(nobody_waits_for_a_run_that_is_not_there).needs(&[RunsOpen, EventsWatch]),
        case!(only_the_kinds_that_are_asked_for_are_told)
            .runs(&[])
            .kinds(&[EventKind::IterationStarted]),
        case!(a_run_is_watched_from_a_cursor)
            .runs(&[])
            .members(&[Member::EventsCursor]),
        case!(what_an_assistant_writes_is_told_whole_and_once)
            .runs(&[])
            .kinds(&[EventKind::TextDelta]),
        case!(a_list_is_read_part_by_part).needs(&[LoopsCreate, RunsList]),
    ]
}

/// The run where it was waited for.
async fn reached(stage: &Stage, run: &Run, until: Until) -> Run {
    let waited = stage.plane().run(run).wait(until).await.unwrap();
    waited.reached().unwrap()
}

async fn a_status_is_waited_for(stage: &Stage) {
    let run = stage.started(stage.task(scripts::WAITS)).await;
    let running = reached(stage, &run, Until::status(RunStatus::Running)).await;
    assert_eq!(running.status.unified, RunStatus::Running);
    stage.repository().open_gate("go");
    let over = reached(stage, &run, Until::over()).await;
    assert_eq!(over.status.unified, RunStatus::Completed);
}

/// Pitfall 41: a wait that is over too early loses nothing.
async fn a_wait_that_takes_too_long_keeps_the_run(stage: &Stage) {
    let run = stage.started(stage.task(scripts::WAITS)).await;
    reached(stage, &run, Until::status(RunStatus::Running)).await;
    let too_short = Until::over().within(MOMENT);
    let waited = stage.plane().run(&run).wait(too_short).await.unwrap();
    let Waited::TimedOut(later) = waited else {
        panic!("the run is held: {waited:?}");
    };
    stage.repository().open_gate("go");
    let over = later.run.wait(Until::over()).await.unwrap();
    assert_eq!(over.reached().unwrap().status.unified, RunStatus::Completed);
}

async fn a_status_that_cannot_come_any_more_is_missed(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let until = Until::status(RunStatus::AwaitingApproval);
    let waited = stage.plane().run(&run).wait(until).await.unwrap();
    assert!(matches!(waited, Waited::Missed(_)), "{waited:?}");
    let error = waited.reached().unwrap_err();
    let current = error
        .conflict()
        .and_then(|conflict| conflict.current.as_ref());
    assert_eq!(
        current.map(|status| status.unified),
        Some(RunStatus::Completed)
    );
}

async fn nobody_waits_for_a_run_that_is_not_there(stage: &Stage) {
    let nobody = grump_core::RunRef::of_loop("nobody");
    let waited = stage.plane().run(nobody).wait(Until::over()).await;
    assert_eq!(waited.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn only_the_kinds_that_are_asked_for_are_told(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::NEVER_DONE)).await;
    let events = stage.plane().run(&run).events();
    let told = collected(
        events
            .only([EventKind::IterationStarted])
            .watch()
            .await
            .unwrap(),
    )
    .await;
    let iterations: Vec<_> = told.iter().map(|event| event.iteration).collect();
    assert_eq!(iterations, (1..=5).map(Some).collect::<Vec<_>>());
    assert!(
        told.iter()
            .all(|event| event.kind() == EventKind::IterationStarted)
    );
}

async fn a_run_is_watched_from_a_cursor(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let handle = stage.plane().run(&run);
    let cursor = handle
        .start()
        .await
        .unwrap()
        .cursor
        .expect("a plane with positions says where");
    let told = collected(handle.events().from(cursor).watch().await.unwrap()).await;
    let kinds: Vec<_> = told.iter().map(Event::kind).collect();
    assert!(!kinds.contains(&EventKind::RunCreated), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&EventKind::RunCompleted));
}

async fn what_an_assistant_writes_is_told_whole_and_once(stage: &Stage) {
    let said = "It is all done.\n<promise>COMPLETE</promise>";
    let mut new = stage.task(scripts::SAYS);
    new.config.prompt = said.to_owned();
    let run = stage.finished(new).await;
    let events = stage.plane().run(&run).events().from(Since::Beginning);
    let told: Vec<_> = events.texts().await.unwrap().try_collect().await.unwrap();
    let texts = told.into_iter().filter_map(|told| match told {
        Told::Text(text) => Some((text.text, text.is_whole)),
        _ => None,
    });
    assert_eq!(texts.collect::<Vec<_>>(), [(said.to_owned(), true)]);
}

async fn a_list_is_read_part_by_part(stage: &Stage) {
    for _ in 0..3 {
        stage.created(stage.task(scripts::FINISHES)).await;
    }
    let two = RunFilter::default().limit(2);
    let first = stage.runs().page(two.clone()).await.unwrap();
    assert_eq!(first.items.len(), 2);
    let rest = stage.runs().page(two.clone().at(first.next)).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    let all = stage.runs().each(two).map(|run| run.unwrap().name);
    let listed = stage.runs().list(RunFilter::default()).await.unwrap();
    let names: Vec<_> = listed.into_iter().map(|run| run.name).collect();
    assert_eq!(all.collect::<Vec<_>>().await, names);
}
