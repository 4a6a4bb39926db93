//! What is told of runs, and that every way to read it tells the same.

use grump_core::{
    Cursor, ErrorKind, Event, EventKind, EventQuery, Member, Operation::*, Payload, Run, Since,
};

use super::refused;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(history_holds_what_was_watched).runs(&[EventsHistory]),
        case!(watching_all_tells_what_watching_each_tells).runs(&[EventsWatchAll]),
        case!(the_story_is_told_in_order).runs(&[]),
        case!(the_pieces_of_a_message_make_it_up)
            .runs(&[])
            .kinds(&[EventKind::TextDelta, EventKind::Message]),
        case!(what_happens_in_an_iteration_names_it).runs(&[]),
        case!(pages_follow_each_other_without_a_gap).runs(&[EventsHistory]),
        case!(an_empty_page_keeps_its_cursor).runs(&[EventsHistory]),
        case!(the_history_of_all_holds_that_of_each).runs(&[EventsHistory]),
        case!(history_behind_a_cursor_of_another_journal_is_expired).needs(&[EventsHistory]),
        case!(a_cursor_of_another_journal_is_expired)
            .needs(&[EventsWatchAll])
            .members(&[Member::EventsCursor]),
        case!(a_merge_is_told_with_its_commit).runs(&[DeliveriesAccept]),
    ]
}

async fn history(stage: &Stage, query: EventQuery) -> Vec<Event> {
    let page = stage.plane().events().history(query).await.unwrap();
    assert!(!page.has_more);
    page.events
}

/// A loop that did a little of everything.
async fn told_all(stage: &Stage) -> Run {
    stage.finished(stage.task(scripts::TELLS_ALL)).await
}

/// Pitfall 2: what was seen live is what is found later.
async fn history_holds_what_was_watched(stage: &Stage) {
    let run = stage.created(stage.task(scripts::TELLS_ALL)).await;
    let updates = stage.loops().watch(&run, Since::Beginning).await.unwrap();
    stage.loops().start(&run).await.unwrap();
    let live = crate::behaviour::stage::collected(updates).await;
    let replayed = stage.events(&run).await;
    let stored = history(stage, EventQuery::of(run.name.clone())).await;
    assert_eq!(live, stored);
    assert_eq!(replayed, stored);
}

/// Pitfall 2: there is one story, however it is read.
async fn watching_all_tells_what_watching_each_tells(stage: &Stage) {
    let watching = stage.plane().events().watch_all(Since::Beginning).await;
    let one = told_all(stage).await;
    let other = stage.finished(stage.task(scripts::FINISHES)).await;
    let (of_one, of_other) = (stage.events(&one).await, stage.events(&other).await);
    let count = of_one.len() + of_other.len();
    let all = crate::behaviour::stage::taken(watching.unwrap(), count).await;
    let of = |run: &Run| -> Vec<Event> {
        all.iter()
            .filter(|event| event.run == run.name)
            .cloned()
            .collect()
    };
    assert_eq!(of(&one), of_one);
    assert_eq!(of(&other), of_other);
}

async fn the_story_is_told_in_order(stage: &Stage) {
    let run = told_all(stage).await;
    let has = stage.plane().info().kinds.clone();
    let expected = [
        EventKind::RunCreated,
        EventKind::RunStarted,
        EventKind::IterationStarted,
        EventKind::PlanUpdated,
        EventKind::TextDelta,
        EventKind::Message,
        EventKind::ToolCalled,
        EventKind::ToolResult,
        EventKind::FileChanged,
        EventKind::UsageReported,
        EventKind::CommitCreated,
        EventKind::IterationEnded,
        EventKind::IterationStarted,
        EventKind::Retrying,
        EventKind::ToolCalled,
        EventKind::ToolResult,
        EventKind::IterationEnded,
        EventKind::RunCompleted,
    ];
    let events = stage.events(&run).await;
    let mut kinds = events.iter().map(Event::kind);
    for kind in expected.into_iter().filter(|kind| has.contains(kind)) {
        assert!(
            kinds.any(|told| told == kind),
            "{kind} is missing or too late"
        );
    }
    assert_eq!(kinds.next(), None);
}

async fn the_pieces_of_a_message_make_it_up(stage: &Stage) {
    let run = told_all(stage).await;
    let mut said = String::new();
    for event in stage.events(&run).await {
        match event.payload {
            Payload::TextDelta(delta) => said.push_str(&delta.text),
            Payload::Message(message) => {
                let message = message.message.value();
                assert_eq!(message["role"], "assistant");
                assert_eq!(message["content"], said.as_str());
                said.clear();
            }
            _ => {}
        }
    }
    assert_eq!(said, "");
}

async fn what_happens_in_an_iteration_names_it(stage: &Stage) {
    let run = told_all(stage).await;
    let mut iteration = None;
    for event in stage.events(&run).await {
        if event.kind() == EventKind::IterationStarted {
            iteration = Some(iteration.unwrap_or(0) + 1);
        }
        let expected = iteration.filter(|_| event.kind().is_within_iteration());
        assert_eq!(event.iteration, expected, "{event:?}");
        assert_eq!(event.run, run.name);
    }
    assert_eq!(iteration, Some(2));
}

/// Pitfall 42: nobody has to read everything to go on.
async fn pages_follow_each_other_without_a_gap(stage: &Stage) {
    let run = told_all(stage).await;
    let query = || EventQuery::of(run.name.clone());
    let whole = history(stage, query()).await;
    let (mut read, mut after) = (Vec::new(), None);
    loop {
        let mut next = query().limit(3);
        next.after = after;
        let page = stage.plane().events().history(next).await.unwrap();
        assert!(page.events.len() <= 3);
        read.extend(page.events);
        if !page.has_more {
            break;
        }
        after = page.cursor;
    }
    assert_eq!(read, whole);
}

async fn an_empty_page_keeps_its_cursor(stage: &Stage) {
    let run = told_all(stage).await;
    let events = stage.plane().events();
    let page = events
        .history(EventQuery::of(run.name.clone()))
        .await
        .unwrap();
    let end = page.cursor.unwrap();
    let query = EventQuery::of(run.name).after(end.clone());
    let empty = events.history(query).await.unwrap();
    assert_eq!((empty.events, empty.cursor), (vec![], Some(end)));
    assert!(!empty.has_more);
}

async fn the_history_of_all_holds_that_of_each(stage: &Stage) {
    let runs = [told_all(stage).await, told_all(stage).await];
    let all = history(stage, EventQuery::default()).await;
    for run in runs {
        let of_run: Vec<_> = all.iter().filter(|event| event.run == run.name).collect();
        let own = history(stage, EventQuery::of(run.name.clone())).await;
        assert_eq!(of_run, own.iter().collect::<Vec<_>>());
    }
}

/// A position in a journal that the plane has not.
fn foreign() -> Cursor {
    Cursor::new("00000000-0000-7000-8000-000000000000-1")
}

/// Pitfall 3: what cannot be gone on from is refused.
async fn history_behind_a_cursor_of_another_journal_is_expired(stage: &Stage) {
    let query = EventQuery::default().after(foreign());
    let page = stage.plane().events().history(query).await;
    refused(page, ErrorKind::CursorExpired);
}

/// Pitfall 3: a stream does not begin elsewhere in silence.
async fn a_cursor_of_another_journal_is_expired(stage: &Stage) {
    let events = stage.plane().events();
    let watched = events.watch_all(Since::Cursor(foreign())).await;
    refused(watched, ErrorKind::CursorExpired);
}

async fn a_merge_is_told_with_its_commit(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let accepted = stage.loops().accept(&run).await.unwrap();
    let last = stage.events(&run).await.pop().unwrap();
    let Payload::RunMerged(merged) = last.payload else {
        panic!("{last:?}");
    };
    assert_eq!(merged.commit, Some(accepted.merge_commit));
}
