//! Watching: the stream that planes promise.

use futures::StreamExt;
use grump_core::{Cursor, ErrorKind, EventStream, RunStatus, Since, Update};
use grump_engine::journal::{Change, Journal, Position};

use crate::support::{Place, TIGHT, count, record, run, said, soon, text};

async fn put(journal: &Journal, id: &str, status: RunStatus) {
    let change = Change::default().put(record(id, status));
    journal.commit(change).await.unwrap();
}

/// Tells this and moves the run to this status, in one change.
async fn moved(journal: &Journal, id: &str, told: &str, status: RunStatus) {
    let change = Change::from(said(id, told)).put(record(id, status));
    journal.commit(change).await.unwrap();
}

/// Everything that the stream tells until it ends.
async fn rest(mut stream: EventStream) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(update) = soon(stream.next()).await {
        match update.unwrap() {
            Update::Event(event) => told.push(text(&event).to_owned()),
            other => told.push(format!("{other:?}")),
        }
    }
    told
}

#[tokio::test]
async fn the_stream_of_a_run_ends_when_its_work_is_over() {
    let place = Place::new();
    let journal = place.open();
    moved(&journal, "a", "started", RunStatus::Running).await;
    let stream = journal.watch(Some(run("a")), Since::Beginning).await;
    let told = tokio::spawn(rest(stream.unwrap()));
    count(&journal, "a", 0..2).await;
    count(&journal, "b", 7..9).await;
    moved(&journal, "a", "completed", RunStatus::Completed).await;
    assert_eq!(told.await.unwrap(), ["started", "0", "1", "completed"]);
}

#[tokio::test]
async fn the_stream_of_a_run_whose_work_is_over_tells_all_of_it() {
    let place = Place::new();
    let journal = place.open_with(TIGHT);
    put(&journal, "a", RunStatus::Running).await;
    count(&journal, "a", 0..5).await;
    put(&journal, "a", RunStatus::Failed).await;
    let stream = journal.watch(Some(run("a")), Since::Beginning).await;
    assert_eq!(rest(stream.unwrap()).await, ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_status_that_changes_without_an_event_ends_the_stream_too() {
    let place = Place::new();
    let journal = place.open();
    put(&journal, "a", RunStatus::Running).await;
    let mut stream = journal.watch(Some(run("a")), Since::Now).await.unwrap();
    count(&journal, "a", 0..1).await;
    assert!(soon(stream.next()).await.is_some());
    put(&journal, "a", RunStatus::Cancelled).await;
    assert!(soon(stream.next()).await.is_none());
}

#[tokio::test]
async fn a_run_that_was_started_anew_is_watched_on() {
    let place = Place::new();
    let journal = place.open();
    moved(&journal, "a", "completed", RunStatus::Completed).await;
    let before = journal.cursor(journal.position());
    moved(&journal, "a", "restarted", RunStatus::Starting).await;
    let stream = journal.watch(Some(run("a")), before.into()).await;
    let told = tokio::spawn(rest(stream.unwrap()));
    moved(&journal, "a", "failed", RunStatus::Failed).await;
    assert_eq!(told.await.unwrap(), ["restarted", "failed"]);
}

#[tokio::test]
async fn watching_from_now_a_run_whose_work_is_over_shows_the_run_and_ends() {
    let place = Place::new();
    let journal = place.open();
    moved(&journal, "a", "merged", RunStatus::Merged).await;
    let mut stream = journal.watch(Some(run("a")), Since::Now).await.unwrap();
    match stream.next().await.unwrap().unwrap() {
        Update::Resync(shown) => assert_eq!(shown.status.unified, RunStatus::Merged),
        other => panic!("{other:?}"),
    }
    assert_eq!(stream.cursor(), Some(&journal.cursor(Position(1))));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn watching_from_now_tells_nothing_of_before() {
    let place = Place::new();
    let journal = place.open();
    moved(&journal, "a", "before", RunStatus::Running).await;
    let one = journal.watch(Some(run("a")), Since::Now).await.unwrap();
    let mut all = journal.watch(None, Since::Now).await.unwrap();
    moved(&journal, "a", "after", RunStatus::Completed).await;
    assert_eq!(rest(one).await, ["after"]);
    let first = soon(all.next()).await.unwrap().unwrap();
    assert_eq!(first.event().map(text), Some("after"));
}

#[tokio::test]
async fn a_stream_goes_on_from_its_cursor() {
    let place = Place::new();
    let journal = place.open();
    put(&journal, "a", RunStatus::Running).await;
    count(&journal, "a", 0..4).await;
    let mut stream = journal
        .watch(Some(run("a")), Since::Beginning)
        .await
        .unwrap();
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    let cursor = stream.cursor().unwrap().clone();
    stream.close();
    put(&journal, "a", RunStatus::Completed).await;
    let stream = journal.watch(Some(run("a")), cursor.into()).await;
    assert_eq!(rest(stream.unwrap()).await, ["2", "3"]);
}

#[tokio::test]
async fn the_stream_of_a_run_that_is_forgotten_tells_so_and_ends() {
    let place = Place::new();
    let journal = place.open();
    moved(&journal, "a", "started", RunStatus::Running).await;
    let mut stream = journal
        .watch(Some(run("a")), Since::Beginning)
        .await
        .unwrap();
    assert!(soon(stream.next()).await.is_some());
    let gone = Change::from(said("a", "deleted")).forget(run("a"));
    journal.commit(gone).await.unwrap();
    assert_eq!(rest(stream).await, ["deleted"]);
}

#[tokio::test]
async fn a_run_that_is_not_there_is_not_found() {
    let place = Place::new();
    let journal = place.open();
    count(&journal, "a", 0..1).await;
    for since in [Since::Beginning, Since::Now] {
        let refused = journal.watch(Some(run("a")), since).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
    }
}

/// Pitfall 3: a bad cursor is an error, never "from now".
#[tokio::test]
async fn a_cursor_of_another_journal_is_expired() {
    let (place, other) = (Place::new(), Place::new());
    let journal = place.open();
    let foreign = other.open().cursor(Position::START);
    let refused = journal.watch(None, foreign.into()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CursorExpired);
    let nonsense = Since::from(Cursor::new("nonsense"));
    let refused = journal.watch(None, nonsense).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
}

/// Pitfall 9: a stream that ends before its run does ends with an error.
#[tokio::test]
async fn a_stream_cut_by_a_close_ends_with_truncated() {
    let place = Place::new();
    let journal = place.open();
    put(&journal, "a", RunStatus::Running).await;
    let mut stream = journal.watch(Some(run("a")), Since::Now).await.unwrap();
    journal.close().await;
    let cut = soon(stream.next()).await.unwrap().unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::Truncated);
    assert!(stream.next().await.is_none());
}

/// What is read from the table may not have been told yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_good_as_soon_as_its_event_can_be_read() {
    const COUNT: usize = 300;
    let place = Place::new();
    let journal = place.open();
    let reader = journal.clone();
    let reading = tokio::spawn(async move {
        let mut read = Position::START;
        while read < Position(COUNT as i64) {
            let stored = reader.events(read, None, COUNT).await.unwrap();
            read = stored.last().map_or(read, |last| last.position);
            assert_eq!(reader.resolve(&reader.cursor(read)).unwrap(), read);
        }
    });
    count(&journal, "a", 0..COUNT).await;
    soon(reading).await.unwrap();
}
