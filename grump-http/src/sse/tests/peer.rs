//! The same bytes, cut the same way, to npm's `eventsource-parser`.
//!
//! Known departures of it from the standard, which are not compared:
//! - It tells an id with the event that gave it alone, where the standard keeps it for those that
//!   follow, also from a block without data. So only ids that it tells are compared.
//! - It waits behind a carriage return for what may follow, also for ever at the stream's end. So
//!   each stream ends with a comment.
//! - A number of milliseconds becomes a floating-point number. So they are short here.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Deserialize;

use super::{By, LIMITS, SseFrame, SseStream, stream_of};

/// How many streams are compared.
const STREAMS: usize = 3000;

/// What a peer told of a stream: name or colon, text, id if it is told.
#[derive(Debug, Deserialize, PartialEq)]
struct Told {
    told: Vec<(String, String, Option<String>)>,
    retry: Option<u64>,
}

fn parser() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = "target/agents/eventsource-parser/node_modules/eventsource-parser";
    let entry = root.join(folder).join("dist/index.js");
    assert!(
        entry.is_file(),
        "there is no {}; run `cargo xtask agents`, which needs Node 20 with npm",
        entry.display()
    );
    entry
}

/// What the peer tells of each stream.
fn peer(streams: &[Vec<Bytes>]) -> Vec<Told> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sse/tests/peer.mjs");
    let mut node = Command::new("node")
        .arg(program)
        .arg(parser())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is there: install Node 20 or newer");
    let mut lines = String::new();
    for stream in streams {
        let pieces: Vec<_> = stream
            .iter()
            .map(|piece| BASE64_STANDARD.encode(piece))
            .collect();
        lines += &serde_json::to_string(&pieces).unwrap();
        lines.push('\n');
    }
    let mut stdin = node.stdin.take().unwrap();
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = node.wait_with_output().unwrap();
    writing.join().unwrap();
    let told = str::from_utf8(&output.stdout).unwrap().lines();
    told.map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn ours(stream: Vec<Bytes>, by: By) -> Told {
    let mut frames = SseStream::over(stream_of(stream, by), LIMITS)
        .await
        .unwrap();
    let mut told = Vec::new();
    while let Some(frame) = frames.next_frame().await {
        told.push(match frame {
            SseFrame::Event(event) => {
                let id = event.id.map(String::from);
                (
                    event.name.into(),
                    event.data.into(),
                    Some(id.unwrap_or_default()),
                )
            }
            SseFrame::Comment(text) => (":".into(), text.into(), None),
        });
    }
    let retry = frames
        .retry()
        .map(|retry| retry.as_millis().try_into().unwrap());
    Told { told, retry }
}

impl SseStream {
    async fn next_frame(&mut self) -> Option<SseFrame> {
        self.frame()
            .await
            .map(|frame| frame.expect("nothing is too long here"))
    }
}

/// Numbers that look random, the same for the same seed. (Marsaglia, "Xorshift RNGs")
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % end
    }

    fn one_of<'a>(&mut self, all: &[&'a [u8]]) -> &'a [u8] {
        all[self.below(all.len())]
    }
}

/// Words that make streams, and bytes that make none.
fn stream(dice: &mut Dice) -> Vec<Bytes> {
    const WORDS: &[&[u8]] = &[
        b"data",
        b"data:",
        b"data: ",
        b"event: ",
        b"id: ",
        b"id",
        b"retry: ",
        b"retry:12",
        b":",
        b": ",
        b" ",
        b"\n",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\n\r\n",
        b"a",
        b"bc",
        "\u{e4}".as_bytes(),
        "\u{1f600}".as_bytes(),
        b"\0",
        b"7",
        b"foo: ",
        "\u{feff}".as_bytes(),
        b"\xff",
        b"\xc3",
        b"\xf0\x9f",
    ];
    let mut bytes = Vec::new();
    for _ in 0..dice.below(40) {
        if dice.below(20) == 0 {
            bytes.push(u8::try_from(dice.below(256)).unwrap());
        } else {
            bytes.extend_from_slice(dice.one_of(WORDS));
        }
    }
    bytes.extend_from_slice(b":end\n");
    let mut pieces = Vec::new();
    let mut rest = Bytes::from(bytes);
    while !rest.is_empty() {
        let most = if dice.below(2) == 0 { 3 } else { 60 };
        pieces.push(rest.split_to((1 + dice.below(most)).min(rest.len())));
    }
    pieces
}

fn seed() -> u64 {
    let given = std::env::var("GRUMP_TEST_SEED").ok();
    let given = given.map(|seed| seed.parse().expect("GRUMP_TEST_SEED is a number"));
    given.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        u64::try_from(now.unwrap().as_micros()).unwrap()
    })
}

#[tokio::test]
async fn another_language_s_parser_says_the_same_of_the_same_pieces() {
    let seed = seed();
    println!("GRUMP_TEST_SEED={seed}");
    let mut dice = Dice(seed | 1);
    let streams: Vec<_> = (0..STREAMS).map(|_| stream(&mut dice)).collect();
    let told = peer(&streams);
    assert_eq!(told.len(), STREAMS);
    for (stream, wanted) in streams.into_iter().zip(told) {
        for by in [By::Ours, By::Theirs] {
            let ours = ours(stream.clone(), by).await;
            assert_eq!(ours.retry, wanted.retry, "{by:?}: {stream:?}");
            assert_same(&ours, &wanted, by, &stream);
        }
    }
}

fn assert_same(ours: &Told, wanted: &Told, by: By, stream: &[Bytes]) {
    // The comment that a server cannot send where `eventsource-client` frames.
    let can_be = |told: &&(String, String, _)| by == By::Ours || told.0 != ":" || told.1 != "\0";
    let wanted: Vec<_> = wanted.told.iter().filter(can_be).collect();
    assert_eq!(
        ours.told.len(),
        wanted.len(),
        "{by:?}: {ours:?} in {stream:?}"
    );
    for (ours, wanted) in ours.told.iter().zip(wanted) {
        assert_eq!(
            (&ours.0, &ours.1),
            (&wanted.0, &wanted.1),
            "{by:?}: {stream:?}"
        );
        if wanted.2.is_some() {
            assert_eq!(ours.2, wanted.2, "{by:?}: {stream:?}");
        }
    }
}
