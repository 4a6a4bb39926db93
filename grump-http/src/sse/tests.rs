//! The rules of the HTML standard, 9.2.6, as a table of cases, on both framings: whole, byte by byte, and
//! cut anywhere.

mod peer;

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use grump_core::ErrorKind;
use http::Response;
use proptest::prelude::*;

use super::{Limits, SseFrame, SseStream};
use crate::{direct::Direct, transport::ByteStream};

const LIMITS: Limits = Limits {
    idle: Duration::from_secs(60),
    event: 1000,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Ours,
    Theirs,
}

fn stream_of(pieces: Vec<Bytes>, by: By) -> Response<ByteStream> {
    let body: ByteStream = Box::pin(stream::iter(pieces.into_iter().map(Ok)));
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert("content-type", "text/event-stream".parse().unwrap());
    if by == By::Ours {
        answer.extensions_mut().insert(Direct);
    }
    answer
}

/// What a stream tells, in short: `name|data|id`, `: comment`, `! error`, at the end `retry 5` where
/// it said so.
fn told(bytes: &[u8], size: usize, by: By) -> Vec<String> {
    let pieces = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
    let told = async {
        let mut frames = SseStream::over(stream_of(pieces, by), LIMITS)
            .await
            .unwrap();
        let mut told = Vec::new();
        while let Some(frame) = frames.frame().await {
            told.push(match frame {
                Ok(SseFrame::Event(event)) => {
                    let id = event.id.unwrap_or_default();
                    format!("{}|{}|{id}", event.name, event.data)
                }
                Ok(SseFrame::Comment(text)) => format!(": {text}"),
                Err(error) => format!("! {}", error.message()),
            });
        }
        told.extend(
            frames
                .retry()
                .map(|retry| format!("retry {}", retry.as_millis())),
        );
        told
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().build().unwrap().block_on(told)
}

/// Name, bytes, what they tell.
type Case = (&'static str, &'static [u8], &'static [&'static str]);

const CASES: &[Case] = &[
    ("an event", b"data: a\n\n", &["message|a|"]),
    (
        "carriage returns end lines",
        b"data: a\r\rdata: b\r\r",
        &["message|a|", "message|b|"],
    ),
    (
        "both together end one line",
        b"data: a\r\ndata: b\r\n\r\n",
        &["message|a\nb|"],
    ),
    (
        "line ends may be mixed",
        b"data: a\rdata: b\ndata: c\r\n\n",
        &["message|a\nb\nc|"],
    ),
    (
        "two line feeds after a carriage return",
        b"data: a\r\n\ndata: b\n\n",
        &["message|a|", "message|b|"],
    ),
    (
        "a mark at the start is left out",
        b"\xef\xbb\xbfdata: a\n\n",
        &["message|a|"],
    ),
    (
        "a second mark is not",
        b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n",
        &["message|b|"],
    ),
    (
        "a mark later is not",
        b"data: a\n\n\xef\xbb\xbfdata: b\n\n",
        &["message|a|"],
    ),
    (
        "no blank line at the end, no event",
        b"data: a\n\ndata: b\n",
        &["message|a|"],
    ),
    (
        "nor without the line's end",
        b"data: a\n\ndata: b",
        &["message|a|"],
    ),
    ("nor after a lone carriage return", b"data: a\r", &[]),
    ("nothing", b"", &[]),
    ("blank lines alone", b"\n\r\n\r\r\n\n", &[]),
    (
        "several lines",
        b"data: a\ndata:\ndata: b\n\n",
        &["message|a\n\nb|"],
    ),
    (
        "one empty line of data is an event",
        b"data\n\n",
        &["message||"],
    ),
    ("two are one line feed", b"data\ndata\n\n", &["message|\n|"]),
    (
        "data with a colon and nothing",
        b"data:\n\n",
        &["message||"],
    ),
    (
        "one space is left out",
        b"data:a\n\ndata: a\n\ndata:  a \n\n",
        &["message|a|", "message|a|", "message| a |"],
    ),
    ("a tab is no space", b"data:\ta\n\n", &["message|\ta|"]),
    ("colons in the value", b"data: a: b\n\n", &["message|a: b|"]),
    (
        "fields are of small letters",
        b"Data: a\nDATA: b\ndata: c\n\n",
        &["message|c|"],
    ),
    (
        "space before the colon is of the name",
        b"data : a\ndata: b\n\n",
        &["message|b|"],
    ),
    (
        "space before the name too",
        b" data: a\ndata: b\n\n",
        &["message|b|"],
    ),
    ("a name", b"event: tick\ndata: a\n\n", &["tick|a|"]),
    (
        "the last name counts",
        b"event: tick\nevent: tock\ndata: a\n\n",
        &["tock|a|"],
    ),
    (
        "an empty name is the default",
        b"event: tick\nevent:\ndata: a\n\n",
        &["message|a|"],
    ),
    (
        "a name is of one event",
        b"event: tick\ndata: a\n\ndata: b\n\n",
        &["tick|a|", "message|b|"],
    ),
    (
        "a name without data is no event",
        b"event: tick\n\ndata: a\n\n",
        &["message|a|"],
    ),
    (
        "an id stays",
        b"id: 1\ndata: a\n\ndata: b\n\n",
        &["message|a|1", "message|b|1"],
    ),
    (
        "an id without data stays",
        b"id: 1\n\ndata: b\n\n",
        &["message|b|1"],
    ),
    (
        "an empty id is none from then on",
        b"id: 1\ndata: a\n\nid\ndata: b\n\ndata: c\n\n",
        &["message|a|1", "message|b|", "message|c|"],
    ),
    (
        "an empty id with a colon too",
        b"id: 1\ndata: a\n\nid:\n\ndata: c\n\n",
        &["message|a|1", "message|c|"],
    ),
    (
        "an id with NUL is ignored",
        b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
        &["message|a|1", "message|b|1"],
    ),
    (
        "the last id counts",
        b"id: 1\nid: 2\ndata: a\n\n",
        &["message|a|2"],
    ),
    (
        "an id keeps its space",
        b"id:  1 \ndata: a\n\n",
        &["message|a| 1 "],
    ),
    (
        "NUL elsewhere is a letter",
        b"event: a\0\ndata: b\0\n\n",
        &["a\0|b\0|"],
    ),
    (
        "retry of digits",
        b"retry: 1500\n\ndata: a\n\n",
        &["message|a|", "retry 1500"],
    ),
    (
        "retry of anything else",
        b"retry: 1e3\nretry: -5\nretry: +5\nretry:  5\nretry\nretry: 5 \ndata: a\n\n",
        &["message|a|"],
    ),
    ("retry with zeros", b"retry: 0007\n\n", &["retry 7"]),
    (
        "retry that was said stays",
        b"retry: 7\n\nretry: x\n\n",
        &["retry 7"],
    ),
    ("retry without a blank line", b"retry: 7\n", &["retry 7"]),
    (
        "retry larger than can be",
        b"retry: 99999999999999999999999\n\n",
        &["retry 18446744073709551615"],
    ),
    (
        "a comment",
        b": hello \n\ndata: a\n\n",
        &[": hello", "message|a|"],
    ),
    ("a comment of nothing", b":\n\n", &[": "]),
    (
        "a comment in an event",
        b"data: a\n: hello\ndata: b\n\n",
        &[": hello", "message|a\nb|"],
    ),
    (
        "a field named comment is none",
        b"comment: a\ndata: b\n\n",
        &["message|b|"],
    ),
    (
        "an unknown field",
        b"foo: a\nfoo\ndata: b\n\n",
        &["message|b|"],
    ),
    (
        "a block of unknown fields alone",
        b"data: a\n\nfoo: b\n\ndata: c\n\n",
        &["message|a|", "message|c|"],
    ),
    (
        "what is no UTF-8 is replaced",
        b"data: \xff\xc3\n\ndata: \xc3\xa4\n\n",
        &["message|\u{fffd}\u{fffd}|", "message|\u{e4}|"],
    ),
    (
        "in names and ids too",
        b"event: \xff\nid: \xff\ndata: a\n\n",
        &["\u{fffd}|a|\u{fffd}"],
    ),
    (
        "other line ends are letters",
        "data: a\u{2028}b\u{85}c\u{b}\n\n".as_bytes(),
        &["message|a\u{2028}b\u{85}c\u{b}|"],
    ),
];

#[test]
fn the_standard_s_rules_hold_however_the_stream_is_cut() {
    for by in [By::Ours, By::Theirs] {
        for (name, bytes, wanted) in CASES {
            for size in [bytes.len().max(1), 1, 2, 3] {
                assert_eq!(told(bytes, size, by), *wanted, "{name}, by {size}, {by:?}");
            }
        }
    }
}

/// Pitfall 25: an event that is too long is an error, and the stream lives.
#[test]
fn an_event_that_is_too_long_is_passed_over() {
    let line = "x".repeat(600);
    let of_lines = format!("data: {line}\ndata: {line}\ndata: {line}\n");
    let endless = format!("data: {}\ndata: more\n", "x".repeat(5000));
    for by in [By::Ours, By::Theirs] {
        for long in [&of_lines, &endless] {
            let stream = format!("id: 1\ndata: a\n\nevent: b\nid: 2\n{long}\ndata: c\n\n");
            for size in [stream.len(), 7, 1] {
                let told = told(stream.as_bytes(), size, by);
                let wanted = ["message|a|1", "! an event is too long", "message|c|2"];
                assert_eq!(told, wanted, "by {size}, {by:?}");
            }
        }
    }
}

#[test]
fn the_id_behind_what_is_too_long_holds_too() {
    let stream = format!("data: {}\nid: 2\n\ndata: c\n\n", "x".repeat(5000));
    for by in [By::Ours, By::Theirs] {
        for size in [stream.len(), 7] {
            let told = told(stream.as_bytes(), size, by);
            assert_eq!(told, ["! an event is too long", "message|c|2"], "{by:?}");
        }
    }
}

#[test]
fn a_comment_that_is_too_long_says_nothing() {
    let stream = format!("data: a\n:{}\ndata: b\n\n", "x".repeat(5000));
    for by in [By::Ours, By::Theirs] {
        for size in [stream.len(), 7] {
            let told = told(stream.as_bytes(), size, by);
            assert_eq!(told, ["message|a\nb|"], "by {size}, {by:?}");
        }
    }
}

/// The comment by which the filter tells the framer's reader that an event was too long.
#[test]
fn a_server_cannot_say_that_an_event_was_too_long() {
    let stream = b":\0\n: \0 \ndata: a\n\n";
    assert_eq!(told(stream, 99, By::Theirs), ["message|a|"]);
    assert_eq!(told(stream, 99, By::Ours), [": \0", ": \0", "message|a|"]);
}

#[test]
fn an_event_as_long_as_is_allowed_is_told() {
    let stream = format!("data: {}\n\n", "x".repeat(LIMITS.event - 6));
    for by in [By::Ours, By::Theirs] {
        for size in [stream.len(), 7] {
            let told = told(stream.as_bytes(), size, by);
            assert!(
                told.len() == 1 && told[0].starts_with("message|x"),
                "{by:?}"
            );
        }
    }
}

async fn silent(by: By) -> SseStream {
    let mut answer = stream_of(Vec::new(), by);
    let beginning = stream::iter([Ok(Bytes::from("data: a\n\ndata: b\n\n"))]);
    *answer.body_mut() = Box::pin(beginning.chain(stream::pending()));
    SseStream::over(answer, LIMITS).await.unwrap()
}

/// Pitfall 11: a half-open connection is noticed by its silence; that nobody reads is none.
#[tokio::test(start_paused = true)]
async fn silence_is_an_error_once_somebody_waited_so_long() {
    for by in [By::Ours, By::Theirs] {
        let mut events = silent(by).await;
        for wanted in ["a", "b"] {
            tokio::time::sleep(LIMITS.idle * 3).await;
            assert_eq!(events.next().await.unwrap().unwrap().data, wanted, "{by:?}");
        }
        let waiting = tokio::time::Instant::now();
        let error = events.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{by:?}");
        assert!(waiting.elapsed() >= LIMITS.idle, "{by:?}");
        assert!(events.has_ended() && events.next().await.is_none());
    }
}

proptest! {
    /// But for the filter's own comment.
    #[test]
    fn both_framings_say_the_same_of_the_same_bytes(
        pieces in prop::collection::vec(
            "(data|event|id|retry|x|)?:? ?[a\r\n\u{e4}\u{0}: 0-9]{0,6}(\n|\r|\r\n)?",
            0..20,
        ),
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        size in 1..40_usize,
    ) {
        let mut bytes = pieces.concat().into_bytes();
        for (at, byte) in noise {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let whole = bytes.len().max(1);
        let ours = told(&bytes, whole, By::Ours);
        prop_assert_eq!(&told(&bytes, size, By::Ours), &ours);
        let theirs = told(&bytes, size, By::Theirs);
        let is_theirs_own = |told: &String| told == ": \0";
        let ours: Vec<_> = ours.into_iter().filter(|told| !is_theirs_own(told)).collect();
        prop_assert_eq!(theirs, ours);
    }
}
