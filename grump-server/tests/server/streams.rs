//! The two streams of events, over sockets.

use grump_server::{Limits, Server};
use grump_testkit::behaviour::scripts;
use serde_json::json;

use crate::{
    stage::{Served, Stage, anywhere},
    tape::Tape,
    wire::{Listening, eventually, raw},
};

/// Pitfall 13: a proxy is told not to hold the stream back or to change it, in its headers and by
/// enough bytes at once to fill what it might want to fill first.
#[tokio::test]
async fn a_stream_says_in_headers_and_padding_that_it_is_not_to_be_held_back() {
    let tape = Tape::new();
    let served = Served::of(tape.clone()).await;
    let request = "GET /api/events HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n";
    let answer = raw(served.address(), request, ": live").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    for line in [
        "content-type: text/event-stream",
        "cache-control: no-cache, no-transform",
        "connection: keep-alive",
        "x-accel-buffering: no",
        "transfer-encoding: chunked",
        "grump-cursor: tape-0",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert!(!head.contains("content-encoding"), "{head}");
    assert!(
        body.contains(": connected\n") && body.len() > 2048,
        "{body}"
    );
}

/// A connection that begins with a request for a stream is served apart from all others: both
/// ways answer alike, refusals too.
#[tokio::test]
async fn a_stream_is_the_same_first_and_later_on_a_connection() {
    let tape = Tape::new();
    tape.tell("a", "0");
    let served = Served::of(tape.clone()).await;
    let stream = "GET /api/loops/a/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n";
    let before = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for first in ["", before] {
        let told = raw(served.address(), &format!("{first}{stream}"), ": live\n").await;
        assert!(told.contains("content-type: text/event-stream"), "{told}");
        assert!(
            told.contains("id: tape-1\ndata: {\"type\":\"loop.progress\""),
            "{told}"
        );
        let elsewhere =
            stream.replace("Host: localhost", "Host: evil.example\r\nConnection: close");
        let refused = raw(served.address(), &format!("{first}{elsewhere}"), "\0").await;
        assert!(
            refused.contains("HTTP/1.1 403 ") && refused.contains("\"forbidden\""),
            "{refused}"
        );
        let nobody = stream
            .replace("/a/", "/nobody/")
            .replace("Host", "Connection: close\r\nHost");
        let missing = raw(served.address(), &format!("{first}{nobody}"), "\0").await;
        assert!(
            missing.contains("HTTP/1.1 404 ") && missing.contains("\"not_found\""),
            "{missing}"
        );
    }
}

#[tokio::test]
async fn a_loop_is_told_from_its_creation_to_its_end_in_the_documents_words() {
    let stage = Stage::set().await;
    let mut all = stage.ask.stream("/api/events", None).await;
    all.until(": live").await;
    let path = stage.run(scripts::TELLS_ALL).await;
    let id = path.rsplit('/').next().unwrap();
    let told = all.events_until("loop.completed").await;
    let mut kinds: Vec<_> = told
        .iter()
        .map(|(_, event)| event["type"].as_str().unwrap())
        .collect();
    assert_eq!((kinds[0], kinds[1]), ("loop.created", "loop.started"));
    kinds.sort_unstable();
    kinds.dedup();
    for kind in [
        "loop.iteration.start",
        "loop.iteration.end",
        "loop.message",
        "loop.tool_call",
        "loop.progress",
        "loop.git.commit",
    ] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    for (cursor, event) in &told {
        assert!(cursor.is_some(), "{event}");
        assert_eq!(
            (&event["loopId"], event["timestamp"].is_string()),
            (&json!(id), true)
        );
    }
    stage.close().await;
}

/// Pitfalls 1 and 8: whoever comes back with the id that it saw last is told the rest, once.
#[tokio::test]
async fn a_stream_is_resumed_behind_any_id() {
    let stage = Stage::set().await;
    let path = stage.run(scripts::TELLS_ALL).await;
    let events = format!("{path}/events");
    let whole = stage
        .ask
        .stream(&events, Some("0"))
        .await
        .events_until("loop.completed")
        .await;
    for (index, (id, _)) in whole.iter().enumerate().take(whole.len() - 1) {
        for path in [&*events, "/api/events"] {
            let mut rest = stage.ask.stream(path, id.as_deref()).await;
            assert_eq!(rest.header("grump-cursor"), id.as_deref());
            assert_eq!(
                rest.events_until("loop.completed").await,
                whole[index + 1..]
            );
        }
    }
    stage.close().await;
}

/// Pitfall 7: whoever starts a loop and then listens from where the start began misses nothing.
#[tokio::test]
async fn listening_from_where_a_start_began_tells_of_the_start() {
    let stage = Stage::set().await;
    let path = stage.create(scripts::FINISHES).await;
    let started = stage.ask.json("POST", &format!("{path}/start"), None).await;
    let cursor = started.header("grump-cursor");
    let mut events = stage.ask.stream(&format!("{path}/events"), cursor).await;
    let told = events.events_until("loop.completed").await;
    assert_eq!(told[0].1["type"], "loop.started");
    stage.close().await;
}

#[tokio::test]
async fn the_stream_of_a_loop_goes_on_behind_its_end() {
    let stage = Stage::set().await;
    let path = stage.run(scripts::FINISHES).await;
    let mut events = stage.ask.stream(&format!("{path}/events"), Some("0")).await;
    events.events_until("loop.completed").await;
    stage
        .ask
        .done("POST", &format!("{path}/accept"), None)
        .await;
    let told = events.events_until("loop.accepted").await;
    let last = &told.last().unwrap().1;
    assert_eq!(last["mergeCommit"], json!(stage.repository.head()));
    stage.close().await;
}

/// Pitfall 3: a position that cannot be gone on from is refused, never taken as "now".
#[tokio::test]
async fn a_position_of_another_journal_is_gone() {
    let stage = Stage::set().await;
    let path = stage.create(scripts::FINISHES).await;
    let other = [("last-event-id", "0198c0de-0000-7000-8000-000000000001-7")];
    for path in ["/api/events".to_owned(), format!("{path}/events")] {
        let refused = stage.ask.send_with("GET", &path, None, &other).await;
        let refused = crate::wire::answer(refused).await;
        assert_eq!(refused.refusal(), (410, "cursor_expired"));
    }
    stage.close().await;
}

/// Pitfall 5: a listener that goes away touches nobody, and is not kept.
#[tokio::test]
async fn a_listener_that_goes_away_is_let_go() {
    let tape = Tape::new();
    let served = Served::of(tape.clone()).await;
    let ask = served.ask();
    let gone = ask.stream("/api/events", None).await;
    let mut stays = ask.stream("/api/loops/a/events", None).await;
    drop(gone);
    tape.tell("a", "0");
    assert!(stays.until("loop.progress").await.contains("id: tape-1\n"));
    drop(stays);
    eventually(|| tape.readers() == 0).await;
}

/// Pitfall 14: one that does not read holds up nobody, and nothing is kept for it but what the
/// plane keeps.
#[tokio::test]
async fn a_slow_listener_slows_only_itself_and_is_told_everything() {
    const EVENTS: usize = 100;
    let mut limits = Limits::default();
    limits.fanout.bytes = 256 << 10;
    let tape = Tape::new();
    let builder = Server::builder(tape.clone()).ralpher(anywhere());
    let served = Served::up(builder.limits(limits)).await;
    let ask = served.ask();
    let mut slow = ask.stream("/api/events", None).await;
    slow.until(": live").await;
    let mut quick = ask.stream("/api/events", None).await;
    let text = "x".repeat(64 << 10);
    for number in 1..=EVENTS {
        tape.tell("a", &*text);
        quick.until(&format!("id: tape-{number}\n")).await;
    }
    let told = slow.until(&format!("id: tape-{EVENTS}\n")).await;
    let ids = told
        .lines()
        .filter_map(|line| line.strip_prefix("id: tape-"));
    let expected = (1..=EVENTS).map(|number| number.to_string());
    assert_eq!(ids.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// Pitfall 1: a thousand connections, made while events are told, each told the exact sequence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_are_each_told_the_exact_sequence() {
    const EVENTS: usize = 50;
    let tape = Tape::new();
    let served = Served::of(tape.clone()).await;
    let ask = served.ask();
    let mut listening = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let path = ["/api/loops/a/events", "/api/events"][number % 2];
        let stream = ask.stream(path, Some("0")).await;
        listening.spawn(texts_of(stream, EVENTS));
        if number % 20 == 0 {
            tape.tell("a", (number / 20).to_string());
        }
    }
    let expected: Vec<_> = (0..EVENTS).map(|number| number.to_string()).collect();
    while let Some(told) = listening.join_next().await {
        assert_eq!(told.unwrap(), expected);
    }
}

async fn texts_of(mut listening: Listening, events: usize) -> Vec<String> {
    let last = format!("\"content\":\"{}\"", events - 1);
    let told = crate::wire::events(listening.until_whole(&last).await);
    let texts = told
        .into_iter()
        .map(|(_, event)| event["content"].as_str().unwrap().to_owned());
    texts.collect()
}

/// Where the plane behind keeps no positions nothing is promised: no ids, no cursor, no `live`.
#[tokio::test]
async fn a_plane_without_positions_is_served_as_the_document_says_and_no_more() {
    let tape = Tape::without_cursors();
    let served = Served::of(tape.clone()).await;
    let mut listening = served.ask().stream("/api/events", Some("0")).await;
    assert_eq!(listening.header("grump-cursor"), None);
    listening.until(": connected").await;
    tape.tell("a", "0");
    let read = listening.until("loop.progress").await;
    assert!(!read.contains("id: ") && !read.contains(": live"), "{read}");
}

/// A plane that lost events cannot say so in a frame: who listens is cut off, and comes back.
#[tokio::test]
async fn a_gap_of_the_plane_cuts_the_listeners_off() {
    let tape = Tape::new();
    let served = Served::of(tape.clone()).await;
    let all = served.ask().stream("/api/events", None).await;
    tape.tell_gap();
    assert!(!all.rest().await.contains("data:"));
}
