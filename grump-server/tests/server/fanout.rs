//! Many subscribers of one plane.

use std::{fmt::Write, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use grump_core::{Cursor, ErrorKind, Event, Operation, RunRef, Since};
use grump_server::fanout::{Encode, Fanout, Limits, Subscription};

use crate::tape::{self, Tape};

fn limits() -> Limits {
    Limits::default()
}

/// A ring that holds next to nothing, so that everybody falls behind.
fn narrow() -> Limits {
    Limits {
        events: 8,
        burst_events: 4,
        page_events: 3,
        ..limits()
    }
}

fn fanout(tape: &Arc<Tape>, limits: Limits) -> Fanout {
    let encode = |event: &Event, to: &mut Vec<u8>| {
        to.extend_from_slice(format!("data: {}\n\n", tape::data(event)).as_bytes());
    };
    Fanout::new(tape.clone(), encode, limits)
}

/// Reads a subscription's frames.
struct Listener {
    frames: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    read: String,
}

impl Listener {
    fn of(subscription: Subscription) -> Self {
        Self {
            frames: subscription.into_frames().boxed(),
            read: String::new(),
        }
    }

    async fn all(fanout: &Fanout, since: Since) -> Self {
        Self::of(fanout.all(since).await.unwrap())
    }

    async fn one(fanout: &Fanout, run: &str, since: Since) -> Self {
        Self::of(fanout.one(RunRef::of_loop(run), since).await.unwrap())
    }

    /// Reads until this stands in what was read, and returns all of it.
    async fn until(&mut self, wanted: &str) -> &str {
        while !self.read.contains(wanted) {
            let frames = self.frames.next().await.expect("the stream goes on");
            self.read
                .push_str(std::str::from_utf8(&frames).expect("frames are text"));
        }
        &self.read
    }

    /// The texts that were told until this one.
    async fn texts_until(&mut self, last: &str) -> Vec<String> {
        let read = self.until(&format!("data: {last}\n\n")).await;
        let lines = read.lines().filter_map(|line| line.strip_prefix("data: "));
        lines.map(str::to_owned).collect()
    }

    /// Reads to the end.
    async fn rest(mut self) -> String {
        while let Some(frames) = self.frames.next().await {
            self.read.push_str(std::str::from_utf8(&frames).unwrap());
        }
        self.read
    }
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

async fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_stream_from_now_says_connected_then_live_then_what_happens_with_positions() {
    let tape = Tape::new();
    tape.tell("a", "before");
    let fanout = fanout(&tape, limits());
    let subscription = fanout.all(Since::Now).await.unwrap();
    assert_eq!(subscription.cursor, Some(Cursor::new("tape-1")));
    let mut listener = Listener::of(subscription);
    listener.until(": live\n\n").await;
    tape.tell("a", "after");
    let read = listener.until("after\n\n").await;
    let mut expected = String::from(": connected\n:");
    write!(expected, "{}\n\n", " ".repeat(2048 - expected.len() - 2)).unwrap();
    assert_eq!(read, expected + ": live\n\nid: tape-2\ndata: after\n\n");
}

/// Whoever reads with all others from a moment ago is not live until all was told.
#[tokio::test]
async fn a_stream_is_live_only_behind_what_is_stored() {
    let tape = Tape::new();
    let fanout = fanout(&tape, limits());
    let mut other = Listener::all(&fanout, Since::Now).await;
    tape.tell("a", "first");
    tape.tell("a", "second");
    other.until("second").await;
    let mut listener = Listener::all(&fanout, Cursor::new("tape-1").into()).await;
    let read = listener.until(": live\n\n").await;
    assert!(read.contains("second"), "{read}");
}

#[tokio::test]
async fn a_stream_from_a_position_tells_what_is_stored_and_then_reads_with_all_others() {
    for tape in Tape::both() {
        for number in 0..50 {
            tape.tell("a", number.to_string());
        }
        let fanout = fanout(&tape, narrow());
        for since in [Since::Beginning, Cursor::new("tape-0").into()] {
            let mut listener = Listener::all(&fanout, since).await;
            listener.until(": live\n\n").await;
            eventually(|| tape.readers() == 1).await;
            assert_eq!(listener.texts_until("49").await, numbers(0..50));
        }
    }
}

#[tokio::test]
async fn what_a_plane_keeps_as_text_is_read_page_by_page_and_only_once() {
    let tape = Tape::with_text();
    for number in 0..7 {
        tape.tell(["b", "a"][number % 2], number.to_string());
    }
    let fanout = fanout(&tape, narrow());
    let mut listener = Listener::all(&fanout, Since::Beginning).await;
    listener.until(": live\n\n").await;
    assert_eq!(tape.pages(), 3);
    tape.tell("a", "7");
    assert_eq!(listener.texts_until("7").await, numbers(0..8));
    let mut one = Listener::one(&fanout, "a", Since::Beginning).await;
    let told = one.until(": live\n\n").await;
    assert!(
        told.ends_with("id: tape-8\ndata: 7\n\n: live\n\n"),
        "{told}"
    );
    assert_eq!(tape.pages(), 5);
}

/// The first page is always asked of the plane, which may refuse it, and so is the last, which may
/// have grown.
#[tokio::test]
async fn pages_between_the_first_and_the_last_are_read_once_until_something_is_taken_away() {
    let tape = Tape::with_text();
    for number in 0..10 {
        tape.tell("a", number.to_string());
    }
    let fanout = fanout(&tape, narrow());
    for pages in [4, 4 + 2, 4 + 2 + 2] {
        let mut listener = Listener::all(&fanout, Since::Beginning).await;
        assert_eq!(listener.texts_until("9").await, numbers(0..10));
        assert_eq!(tape.pages(), pages);
    }
    tape.take_away();
    let mut listener = Listener::all(&fanout, Since::Beginning).await;
    assert_eq!(listener.texts_until("9").await, numbers(0..10));
    assert_eq!(tape.pages(), 8 + 4);
}

/// Where the stored text is not what it should be, nothing behind it is told as if it were.
#[tokio::test]
async fn text_that_is_no_event_ends_the_stream() {
    struct Refusing;
    impl Encode for Refusing {
        fn event(&self, _: &Event, _: &mut Vec<u8>) {}
        fn stored(&self, _: &str, _: &mut Vec<u8>) -> grump_core::Result<()> {
            Err(grump_core::Error::new(ErrorKind::Storage, "no"))
        }
    }
    let tape = Tape::with_text();
    tape.tell("a", "0");
    let fanout = Fanout::new(tape.clone(), Refusing, limits());
    let listener = Listener::all(&fanout, Since::Beginning).await;
    assert!(!listener.rest().await.contains("data"));
}

#[tokio::test]
async fn a_position_that_all_others_passed_a_moment_ago_needs_no_stream_of_its_own() {
    let tape = Tape::new();
    let fanout = fanout(&tape, limits());
    let mut first = Listener::all(&fanout, Since::Now).await;
    for number in 0..20 {
        tape.tell("a", number.to_string());
    }
    first.until("data: 19\n").await;
    let again = fanout.all(Cursor::new("tape-7").into()).await.unwrap();
    assert_eq!(tape.readers(), 1);
    let texts = Listener::of(again).texts_until("19").await;
    assert_eq!(texts, numbers(7..20));
}

#[tokio::test]
async fn a_stream_of_one_run_tells_of_no_other() {
    for tape in Tape::both() {
        let fanout = fanout(&tape, narrow());
        tape.tell("a", "0");
        tape.tell("b", "not mine");
        for since in [Since::Now, Since::Beginning] {
            let mut listener = Listener::one(&fanout, "a", since).await;
            listener.until(": live\n\n").await;
            tape.tell("b", "not mine");
            tape.tell("a", "1");
            let texts = listener.texts_until("1").await;
            assert!(!texts.contains(&"not mine".to_owned()), "{texts:?}");
        }
    }
}

/// Pitfall 7: what follows the end of a run's work, such as its being merged, is told too.
#[tokio::test]
async fn a_stream_of_one_run_stays_open_when_its_work_is_over() {
    let without_history = Tape::lacking(&[Operation::EventsHistory]);
    for tape in [Tape::new(), Tape::with_text(), without_history] {
        for number in 0..10 {
            tape.tell("a", number.to_string());
            tape.tell("b", "not mine");
        }
        tape.end("a");
        let fanout = fanout(&tape, limits());
        let mut listener = Listener::one(&fanout, "a", Since::Beginning).await;
        listener.until("data: 9\n").await;
        listener.until(": live\n\n").await;
        tape.tell("a", "10");
        assert_eq!(listener.texts_until("10").await, numbers(0..11));
    }
}

#[tokio::test]
async fn one_run_can_be_watched_on_a_plane_that_does_not_tell_of_all() {
    let tape = Tape::lacking(&[Operation::EventsWatchAll]);
    let fanout = fanout(&tape, limits());
    let refused = fanout.all(Since::Now).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    let mut listener = Listener::one(&fanout, "a", Since::Now).await;
    tape.tell("a", "0");
    tape.end("a");
    assert_eq!(listener.texts_until("0").await, numbers(0..1));
    listener.until(": live\n\n").await;
}

/// Pitfall 3: a position that cannot be gone on from is refused, never taken as "now".
#[tokio::test]
async fn a_position_of_elsewhere_is_refused() {
    for tape in Tape::both() {
        let fanout = fanout(&tape, limits());
        let refused = fanout.all(Cursor::new("other-1").into()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::CursorExpired);
    }
}

#[tokio::test]
async fn a_run_that_is_not_there_is_refused() {
    for tape in Tape::both() {
        let fanout = fanout(&tape, limits());
        for since in [Since::Now, Since::Beginning] {
            let refused = fanout.one(RunRef::of_loop("nobody"), since).await;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
        }
    }
}

#[tokio::test]
async fn a_plane_without_positions_is_told_from_now_without_ids() {
    let tape = Tape::without_cursors();
    tape.tell("a", "before");
    let fanout = fanout(&tape, limits());
    let subscription = fanout.all(Since::Beginning).await.unwrap();
    assert_eq!(subscription.cursor, None);
    let mut listener = Listener::of(subscription);
    tape.tell("a", "after");
    let read = listener.until("after").await;
    assert_eq!(read[2048..], *"data: after\n\n");
}

/// Where something is missing no frame can say so: the stream ends, and who comes back sees it.
#[tokio::test]
async fn a_gap_of_the_plane_ends_the_streams_after_what_was_told() {
    let tape = Tape::new();
    tape.tell("a", "0");
    let fanout = fanout(&tape, limits());
    let all = Listener::all(&fanout, Since::Now).await;
    let one = Listener::one(&fanout, "a", Since::Beginning).await;
    tape.tell("a", "1");
    tape.tell_gap();
    tape.tell("a", "2");
    for (listener, told) in [(all, "data: 1\n\n"), (one, "data: 1\n\n")] {
        assert!(listener.rest().await.ends_with(told));
    }
    let mut after = Listener::all(&fanout, Since::Now).await;
    tape.tell("a", "3");
    assert_eq!(after.texts_until("3").await, ["3"]);
}

/// Pitfall 5: a reader that leaves touches nothing; with the last one the plane is let go.
#[tokio::test]
async fn the_plane_is_read_for_as_long_as_somebody_listens() {
    let tape = Tape::new();
    let fanout = fanout(&tape, limits());
    let mut stays = Listener::all(&fanout, Since::Now).await;
    let leaves = Listener::one(&fanout, "a", Since::Now).await;
    drop(leaves);
    tape.tell("a", "0");
    assert_eq!(stays.texts_until("0").await, ["0"]);
    assert_eq!(tape.readers(), 1);
    drop(stays);
    eventually(|| tape.readers() == 0).await;
}

/// Pitfall 14: nothing is queued for a reader that does not read; it goes on from the log.
#[tokio::test]
async fn a_reader_that_was_away_misses_nothing() {
    for tape in Tape::both() {
        let fanout = fanout(&tape, narrow());
        let mut all = Listener::all(&fanout, Since::Now).await;
        let mut one = Listener::one(&fanout, "a", Since::Now).await;
        let mut quick = Listener::all(&fanout, Since::Now).await;
        for number in 0..300 {
            tape.tell("a", number.to_string());
            quick.until(&format!("data: {number}\n\n")).await;
        }
        assert_eq!(all.texts_until("299").await, numbers(0..300));
        assert_eq!(one.texts_until("299").await, numbers(0..300));
        tape.tell("a", "300");
        assert_eq!(all.texts_until("300").await, numbers(0..301));
    }
}

#[tokio::test]
async fn a_reader_that_was_away_is_cut_off_where_there_is_nothing_to_go_back_to() {
    let tape = Tape::without_cursors();
    let fanout = fanout(&tape, narrow());
    let away = Listener::all(&fanout, Since::Now).await;
    let mut quick = Listener::all(&fanout, Since::Now).await;
    for number in 0..300 {
        tape.tell("a", number.to_string());
        quick.until(&format!("data: {number}\n\n")).await;
    }
    assert!(!away.rest().await.contains("data"));
}

#[tokio::test]
async fn silence_is_filled_with_heartbeats() {
    let tape = Tape::new();
    let fast = Limits {
        heartbeat: Duration::from_millis(5),
        ..limits()
    };
    let fanout = fanout(&tape, fast);
    let mut all = Listener::all(&fanout, Since::Now).await;
    let mut one = Listener::one(&fanout, "a", Since::Now).await;
    for listener in [&mut all, &mut one] {
        listener.until(": heartbeat\n\n: heartbeat\n\n").await;
    }
}

#[tokio::test]
async fn closing_ends_all_streams_after_what_was_told_and_opens_no_more() {
    let tape = Tape::new();
    tape.tell("a", "0");
    let fanout = fanout(&tape, limits());
    let all = Listener::all(&fanout, Since::Beginning).await;
    let one = Listener::one(&fanout, "a", Since::Beginning).await;
    fanout.close();
    for listener in [all, one] {
        assert!(listener.rest().await.contains("data: 0\n\n"));
    }
    let refused = fanout.all(Since::Now).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
}

/// Pitfall 1: a thousand subscribers, who begin anywhere while events are told, some of one run
/// and some of all: each is told its exact sequence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_subscribers_are_each_told_the_exact_sequence() {
    const EVENTS: usize = 250;
    let planes = [
        (Tape::new(), limits()),
        (Tape::new(), narrow()),
        (Tape::with_text(), narrow()),
    ];
    for (tape, limits) in planes {
        let fanout = Arc::new(fanout(&tape, limits));
        let mut listening = tokio::task::JoinSet::new();
        for number in 0..1000 {
            let told = number / 4 + 1;
            if number % 4 == 0 {
                tape.tell(["a", "b"][told % 2], (told - 1).to_string());
            }
            let (fanout, begin) = (fanout.clone(), number * 7919 % told);
            listening.spawn(async move {
                let since = Since::Cursor(Cursor::new(format!("tape-{begin}")));
                let mut expected = numbers(begin..EVENTS);
                let mut listener = if number % 3 == 0 {
                    expected.retain(|text| text.parse::<usize>().unwrap() % 2 == 1);
                    Listener::one(&fanout, "a", since).await
                } else {
                    Listener::all(&fanout, since).await
                };
                let last = (EVENTS - 1).to_string();
                assert_eq!(listener.texts_until(&last).await, expected);
            });
            tokio::task::yield_now().await;
        }
        while let Some(listened) = listening.join_next().await {
            listened.unwrap();
        }
    }
}
