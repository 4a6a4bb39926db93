//! What an agent's process writes: both pipes read at once, any bytes made text, bounded in memory.

use std::{convert::Infallible, future::pending, mem, time::Duration};

use grump_core::{Json, Result};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{ChildStderr, ChildStdout},
    time::timeout,
};

use crate::process::{Child, Ended};

/// How long a pipe may stay silent after its process ended before it is given up: without a keeper,
/// a daemon that escaped may hold it open for ever.
const HELD_OPEN: Duration = Duration::from_secs(2);
/// Read at once; a pipe holds as much.
const PIECE: usize = 64 * 1024;

/// Bytes of a tool's input or output, or of an unknown line, that an event keeps.
pub(crate) const VALUE_CAP: usize = 64 * 1024;

/// Which pipe a piece came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A process, and both its pipes.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) child: Child,
    out: Pipe<ChildStdout>,
    err: Pipe<ChildStderr>,
    ended: Option<Ended>,
}

impl Running {
    pub(crate) fn new(mut child: Child) -> Self {
        Self {
            out: Pipe::new(child.stdout.take()),
            err: Pipe::new(child.stderr.take()),
            child,
            ended: None,
        }
    }

    /// The next piece of output; `None` once the process ended and all it wrote was read.
    ///
    /// May be dropped and called again: nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<Option<(Side, Vec<u8>)>> {
        while self.ended.is_none() {
            let pipes = either(&mut self.out, &mut self.err);
            tokio::select! {
                biased;
                Some(piece) = pipes => return Ok(Some(piece)),
                ended = self.child.wait() => self.ended = Some(ended?),
            }
        }
        let rest = timeout(HELD_OPEN, either(&mut self.out, &mut self.err)).await;
        Ok(rest.ok().flatten())
    }

    /// Ends the process and all below it. What it still writes is read, so that it can end, and
    /// dropped.
    pub(crate) async fn stop(&mut self) -> Result<Ended> {
        let Self {
            child, out, err, ..
        } = self;
        let rest = async {
            while either(out, err).await.is_some() {}
            pending::<Infallible>().await
        };
        tokio::select! {
            ended = child.stop() => ended,
            never = rest => match never {},
        }
    }

    /// How the process ended, once [`next`](Self::next) answered `None`.
    pub(crate) fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }
}

async fn either(
    out: &mut Pipe<ChildStdout>,
    err: &mut Pipe<ChildStderr>,
) -> Option<(Side, Vec<u8>)> {
    tokio::select! {
        Some(piece) = out.read() => Some((Side::Out, piece)),
        Some(piece) = err.read() => Some((Side::Err, piece)),
        else => None,
    }
}

/// One end of a pipe, until it is closed.
#[derive(Debug)]
struct Pipe<R> {
    pipe: Option<R>,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(pipe: Option<R>) -> Self {
        Self {
            pipe,
            buffer: Vec::new(),
        }
    }

    async fn read(&mut self) -> Option<Vec<u8>> {
        self.buffer.reserve(PIECE);
        match self.pipe.as_mut()?.read_buf(&mut self.buffer).await {
            Ok(length) if length > 0 => Some(mem::take(&mut self.buffer)),
            _ => {
                self.pipe = None;
                None
            }
        }
    }
}

/// Bytes made text piece by piece: what is not UTF-8 becomes U+FFFD, and a character that is cut
/// in two waits for its other half.
#[derive(Debug, Default)]
pub(crate) struct Text {
    half: Vec<u8>,
}

impl Text {
    pub(crate) fn push(&mut self, piece: &[u8]) -> String {
        self.half.extend_from_slice(piece);
        let whole = self.half.len() - unfinished(&self.half);
        let rest = self.half.split_off(whole);
        lossy(mem::replace(&mut self.half, rest))
    }

    /// What is left when no more comes.
    pub(crate) fn finish(&mut self) -> String {
        lossy(mem::take(&mut self.half))
    }
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// How many bytes at the end begin a character that is not complete yet.
fn unfinished(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let wanted = match bytes[bytes.len() - back] {
            0x80..=0xbf => continue,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => 1,
        };
        return if wanted > back { back } else { 0 };
    }
    0
}

/// The end of a text that may be of any length.
#[derive(Debug)]
pub(crate) struct Tail {
    text: String,
    cap: usize,
    left_out: u64,
}

impl Tail {
    /// Keeps the last `cap` bytes.
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            text: String::new(),
            cap,
            left_out: 0,
        }
    }

    pub(crate) fn push(&mut self, piece: &str) {
        self.text.push_str(piece);
        // Cutting only at twice the size keeps the cost per byte constant.
        if self.text.len() > self.cap.saturating_mul(2) {
            self.cut();
        }
    }

    /// The text's end, and how many bytes before it were left out.
    pub(crate) fn finish(mut self) -> (String, u64) {
        self.cut();
        (self.text, self.left_out)
    }

    fn cut(&mut self) {
        let surplus = self.text.len().saturating_sub(self.cap);
        let at = self.text.ceil_char_boundary(surplus);
        self.text.drain(..at);
        self.left_out += at as u64;
    }
}

/// A tool's input or output; one that is too long becomes text that is cut off.
pub(crate) fn bounded(value: &Value) -> Json {
    let json = Json::from(value.clone());
    if json.text().len() <= VALUE_CAP {
        return json;
    }
    match value {
        Value::String(text) => Json::string(&clipped(text)),
        _ => Json::string(&clipped(json.text())),
    }
}

/// The beginning of a text that may be of any length.
pub(crate) fn clipped(text: &str) -> String {
    let at = text.floor_char_boundary(VALUE_CAP);
    if at == text.len() {
        return text.to_owned();
    }
    format!("{}… [{} bytes left out]", &text[..at], text.len() - at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_cut_anywhere_give_the_same_text(pieces: Vec<Vec<u8>>) {
            let mut text = Text::default();
            let mut joined: String = pieces.iter().map(|piece| text.push(piece)).collect();
            joined.push_str(&text.finish());
            let whole = pieces.concat();
            prop_assert_eq!(joined, String::from_utf8_lossy(&whole));
        }

        #[test]
        fn a_character_that_is_cut_in_two_is_not_lost(whole: String, cut: prop::sample::Index) {
            let (one, other) = whole.as_bytes().split_at(cut.index(whole.len() + 1));
            let mut text = Text::default();
            let joined = text.push(one) + &text.push(other) + &text.finish();
            prop_assert_eq!(joined, whole);
        }

        #[test]
        fn a_tail_is_the_end_and_knows_what_is_missing(
            pieces in prop::collection::vec("\\PC{0,20}", 0..8),
            cap in 0_usize..40,
        ) {
            let mut tail = Tail::new(cap);
            pieces.iter().for_each(|piece| tail.push(piece));
            let (kept, left_out) = tail.finish();
            let whole = pieces.concat();
            prop_assert!(whole.ends_with(&kept) && kept.len() <= cap);
            prop_assert_eq!(kept.len() as u64 + left_out, whole.len() as u64);
        }
    }
}
