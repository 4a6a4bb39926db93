//! Following: everything once, in order, whatever happens meanwhile.

use grump_core::ErrorKind;
use grump_engine::journal::{Change, Follow, Journal, Limits, Position};

use crate::support::{Place, TIGHT, count, run, said, soon, text};

/// Takes batches until there are as many events.
async fn take(follow: &mut Follow, many: usize) -> Vec<String> {
    let mut told = Vec::new();
    while told.len() < many {
        let batch = soon(follow.next()).await.unwrap();
        told.extend(
            batch
                .events
                .iter()
                .map(|stored| text(&stored.event).to_owned()),
        );
    }
    told
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

/// Pitfall 7: whoever has the position from before the commit sees its first event.
#[tokio::test]
async fn a_position_from_before_a_commit_shows_its_first_event() {
    let place = Place::new();
    let journal = place.open();
    count(&journal, "a", 0..3).await;
    let before = journal.position();
    count(&journal, "a", 3..6).await;
    let mut late = journal.follow(None, before);
    assert_eq!(take(&mut late, 3).await, numbers(3..6));
}

#[tokio::test]
async fn what_is_stored_comes_first_and_what_happens_follows() {
    let place = Place::new();
    let journal = place.open_with(TIGHT);
    count(&journal, "a", 0..5).await;
    let mut follow = journal.follow(None, Position(1));
    count(&journal, "a", 5..7).await;
    assert_eq!(take(&mut follow, 6).await, numbers(1..7));
    count(&journal, "a", 7..9).await;
    assert_eq!(take(&mut follow, 2).await, numbers(7..9));
}

/// Pitfall 5: two who follow do not take events from each other, and one that goes disturbs nobody.
#[tokio::test]
async fn each_of_two_followers_sees_everything_also_when_one_goes() {
    let place = Place::new();
    let journal = place.open();
    let mut one = journal.follow(None, Position::START);
    let mut two = journal.follow(None, Position::START);
    count(&journal, "a", 0..3).await;
    assert_eq!(take(&mut one, 3).await, numbers(0..3));
    drop(one);
    count(&journal, "a", 3..6).await;
    assert_eq!(take(&mut two, 6).await, numbers(0..6));
}

#[tokio::test]
async fn a_follower_of_one_run_hears_of_no_other() {
    let place = Place::new();
    let journal = place.open();
    let mut follow = journal.follow(Some(run("a")), Position::START);
    for number in 0..8 {
        let id = ["a", "b"][number % 2];
        count(&journal, id, number..number + 1).await;
    }
    assert_eq!(take(&mut follow, 4).await, ["0", "2", "4", "6"]);
}

/// Pitfall 14: what a follower that never takes anything costs is bounded by the tail, and what was
/// pushed out of that is still told.
#[tokio::test]
async fn a_follower_that_never_reads_holds_nothing_in_memory() {
    let place = Place::new();
    let limits = Limits {
        tail_events: 64,
        tail_bytes: 64 << 10,
        ..Limits::default()
    };
    let journal = place.open_with(limits);
    let mut slow = journal.follow(None, Position::START);
    // 200 events of 4 KiB: many times what the tail may hold.
    let big = "x".repeat(4096);
    let mut alive = Vec::new();
    let mut live = journal.follow(None, Position::START);
    for number in 0..200 {
        let change = Change::from(said("a", format!("{number} {big}")));
        journal.commit(change).await.unwrap();
        for stored in soon(live.next()).await.unwrap().events {
            alive.push(std::sync::Arc::downgrade(&stored.event));
        }
    }
    assert_eq!(alive.len(), 200);
    let held = alive
        .iter()
        .filter(|event| event.strong_count() > 0)
        .count();
    assert!(held <= 16, "{held} events are held");
    let told = take(&mut slow, 200).await;
    assert!(told[199].starts_with("199 "));
}

#[tokio::test]
async fn an_event_larger_than_every_bound_is_told() {
    let place = Place::new();
    let limits = Limits {
        tail_bytes: 10,
        page_bytes: 10,
        ..TIGHT
    };
    let journal = place.open_with(limits);
    let mut follow = journal.follow(None, Position::START);
    count(&journal, "a", 0..3).await;
    assert_eq!(take(&mut follow, 3).await, numbers(0..3));
}

#[tokio::test]
async fn a_cancelled_wait_loses_nothing() {
    let place = Place::new();
    let journal = place.open_with(TIGHT);
    let mut follow = journal.follow(None, Position::START);
    let mut told = Vec::new();
    for number in 0..20 {
        count(&journal, "a", number..number + 1).await;
        // Polled once and dropped, wherever it was.
        let mut next = Box::pin(follow.next());
        if let std::task::Poll::Ready(batch) = futures::poll!(&mut next) {
            drop(next);
            let events = batch.unwrap().events;
            told.extend(events.iter().map(|stored| text(&stored.event).to_owned()));
        }
    }
    let missing = 20 - told.len();
    told.extend(take(&mut follow, missing).await);
    assert_eq!(told, numbers(0..20));
}

#[tokio::test]
async fn closing_the_journal_ends_following_with_an_error() {
    let place = Place::new();
    let journal = place.open();
    let mut follow = journal.follow(None, Position::START);
    count(&journal, "a", 0..1).await;
    assert_eq!(take(&mut follow, 1).await, ["0"]);
    let waiting = tokio::spawn(async move { follow.next().await });
    journal.close().await;
    let ended = soon(waiting).await.unwrap().unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Truncated);
}

#[test]
fn a_journal_needs_no_runtime() {
    let place = Place::new();
    let journal: Journal = place.open();
    futures::executor::block_on(async {
        let mut follow = journal.follow(None, Position::START);
        journal.commit(said("a", "0").into()).await.unwrap();
        assert_eq!(follow.next().await.unwrap().events.len(), 1);
        journal.close().await;
    });
}
