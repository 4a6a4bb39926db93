//! What is to hold of the decoders whatever the bytes are. Each panics where it does not.

use bytes::{Bytes, BytesMut};
use http::Method;

use crate::{
    h1::{Framing, take_head},
    sse::{
        SseFrame,
        framer::{Framer, TooLong},
    },
};

/// The longest event that is allowed here: so short that some are too long.
const LONGEST: usize = 64;

/// An event stream: its first byte says into how many pieces the others are cut. However it is cut, the
/// same is told, and nothing is longer than allowed.
pub fn sse(bytes: &[u8]) {
    let Some((size, stream)) = bytes.split_first() else {
        return;
    };
    let whole = frames(stream, usize::MAX);
    assert_eq!(frames(stream, usize::from(*size).max(1)), whole);
    for frame in whole.iter().flatten() {
        let SseFrame::Event(event) = frame else {
            continue;
        };
        // What replaces a byte that is no text is three bytes long.
        assert!(
            event.data.len() + event.name.len() <= 3 * LONGEST,
            "{frame:?}"
        );
    }
}

fn frames(stream: &[u8], size: usize) -> Vec<Result<SseFrame, TooLong>> {
    let mut framer = Framer::new(LONGEST);
    let mut frames = Vec::new();
    for piece in stream.chunks(size) {
        framer.push(Bytes::copy_from_slice(piece));
        frames.extend(std::iter::from_fn(|| framer.frame()));
    }
    frames
}

/// An answer: its first byte says into how many pieces the others are cut. However it is cut, the
/// same is read, or refused, and a body is not longer than what came.
pub fn http1(bytes: &[u8]) {
    let Some((size, answer)) = bytes.split_first() else {
        return;
    };
    let whole = read(answer, usize::MAX);
    let cut = read(answer, usize::from(*size).max(1));
    assert!(whole.body.len() <= answer.len());
    assert_eq!(cut.head, whole.head);
    assert_eq!(cut.is_refused, whole.is_refused);
    // Of what is refused in the end, more was handed on where it came in pieces.
    assert!(cut.body.starts_with(&whole.body));
    assert!(whole.is_refused || cut.body == whole.body);
}

#[derive(Debug, Default)]
struct Read {
    head: Option<String>,
    body: Vec<u8>,
    is_refused: bool,
}

fn read(answer: &[u8], size: usize) -> Read {
    let mut read = Read::default();
    let mut buffer = BytesMut::new();
    let mut framing = None;
    for piece in answer.chunks(size) {
        buffer.extend_from_slice(piece);
        if advance(&mut read, &mut buffer, &mut framing).is_err() {
            read.is_refused = true;
            break;
        }
    }
    read
}

fn advance(
    read: &mut Read,
    buffer: &mut BytesMut,
    framing: &mut Option<Framing>,
) -> grump_core::Result<()> {
    if framing.is_none()
        && let Some(head) = take_head(buffer)?
    {
        read.head = Some(format!("{head:?}"));
        *framing = Some(Framing::of(&Method::GET, &head)?);
    }
    if let Some(framing) = framing {
        read.body.extend_from_slice(&framing.take(buffer)?);
    }
    Ok(())
}
