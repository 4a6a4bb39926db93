//! Reading the body of an answer.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures::Stream;
use grump_core::Result;
use http::{Method, Response, StatusCode, Version, header};
use memchr::memchr;
use tokio_util::io::poll_read_buf;

use super::{broken, not_http};
use crate::connect::Io;

/// The longest line between chunks, in bytes.
const LONGEST_LINE: usize = 4 << 10;

/// The longest trailer section, in bytes.
const LONGEST_TRAILERS: usize = 64 << 10;

/// How much is read at once, in bytes: at first, and from a server that sends more than that.
const LEAST: usize = 4 << 10;
const MOST: usize = 64 << 10;

/// Where a body ends, and how far it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Where the connection does.
    Close,
    /// After so many bytes more.
    Length(u64),
    /// After its last chunk, before a chunk's size.
    Size,
    /// Within a chunk that has so many bytes more.
    Chunk(u64),
    /// Behind a chunk's bytes.
    ChunkEnd,
    /// Behind the last chunk, of which so many bytes were read.
    Trailers(usize),
    /// Here.
    Done,
}

impl Framing {
    /// How the body of this answer is framed. (RFC 9112, section 6.3)
    pub(crate) fn of(method: &Method, head: &Response<()>) -> Result<Self> {
        let status = head.status();
        let has_none = method == Method::HEAD
            || status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED;
        if has_none {
            return Ok(Self::Done);
        }
        let length = length(head)?;
        if !head.headers().contains_key(header::TRANSFER_ENCODING) {
            return Ok(length.map_or(Self::Close, Self::of_length));
        }
        let is_chunked = values(head, header::TRANSFER_ENCODING)
            .map(|coding| coding.eq_ignore_ascii_case(b"chunked"))
            .eq([true]);
        if length.is_some() || !is_chunked || head.version() == Version::HTTP_10 {
            return Err(not_http(
                "the answer's transfer coding is not to be relied on",
            ));
        }
        Ok(Self::Size)
    }

    const fn of_length(length: u64) -> Self {
        if length == 0 {
            Self::Done
        } else {
            Self::Length(length)
        }
    }

    /// Takes what is there of the body off the front of what was read.
    pub(crate) fn take(&mut self, read: &mut BytesMut) -> Result<Bytes> {
        match self {
            Self::Done => Ok(Bytes::new()),
            Self::Close => Ok(read.split().freeze()),
            Self::Length(left) => {
                let here = here(*left, read.len());
                *self = Self::of_length(*left - here as u64);
                Ok(read.split_to(here).freeze())
            }
            _ => self.take_chunks(read),
        }
    }

    /// The connection ended.
    fn end(self) -> Result<()> {
        match self {
            Self::Close | Self::Done => Ok(()),
            _ => Err(broken(std::io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// All chunks that were read make one piece: their bytes are moved together, the first excepted.
    fn take_chunks(&mut self, read: &mut BytesMut) -> Result<Bytes> {
        let (mut at, mut start, mut end) = (0, 0, 0);
        loop {
            let rest = &read[at..];
            match *self {
                Self::Chunk(left) if !rest.is_empty() => {
                    let here = here(left, rest.len());
                    if start == end {
                        (start, end) = (at, at);
                    } else {
                        read.copy_within(at..at + here, end);
                    }
                    at += here;
                    end += here;
                    let left = left - here as u64;
                    *self = if left == 0 {
                        Self::ChunkEnd
                    } else {
                        Self::Chunk(left)
                    };
                }
                Self::ChunkEnd if rest.len() >= 2 => {
                    if !rest.starts_with(b"\r\n") {
                        return Err(not_http("a chunk is longer than it said"));
                    }
                    at += 2;
                    *self = Self::Size;
                }
                Self::Size | Self::Trailers(_) => match line(rest)? {
                    Some((line, length)) => {
                        *self = self.after_line(line, length)?;
                        at += length;
                    }
                    None => break,
                },
                _ => break,
            }
        }
        let mut piece = read.split_to(at);
        piece.truncate(end);
        Ok(piece.split_off(start).freeze())
    }

    fn after_line(self, line: &[u8], length: usize) -> Result<Self> {
        match self {
            Self::Trailers(_) if line.is_empty() => Ok(Self::Done),
            Self::Trailers(so_far) if so_far + length > LONGEST_TRAILERS => {
                Err(not_http("the trailers of the answer are too long"))
            }
            Self::Trailers(so_far) => Ok(Self::Trailers(so_far + length)),
            _ => match chunk_size(line) {
                None => Err(not_http("a chunk of the answer has no size")),
                Some(0) => Ok(Self::Trailers(0)),
                Some(size) => Ok(Self::Chunk(size)),
            },
        }
    }
}

fn here(left: u64, there: usize) -> usize {
    usize::try_from(left).map_or(there, |left| left.min(there))
}

/// The content length, if there is one and only one.
fn length(head: &Response<()>) -> Result<Option<u64>> {
    let mut lengths = values(head, header::CONTENT_LENGTH);
    let Some(first) = lengths.next() else {
        return Ok(None);
    };
    let length = decimal(first).filter(|_| lengths.all(|other| other == first));
    let unclear = || not_http("the answer's content length is not to be relied on");
    length.map(Some).ok_or_else(unclear)
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(digits)
        .ok()
        .filter(|_| is_number)?
        .parse()
        .ok()
}

/// What the headers of this name list.
fn values(head: &Response<()>, name: header::HeaderName) -> impl Iterator<Item = &[u8]> {
    let all = head.headers().get_all(name).into_iter();
    all.flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
}

/// A line that is whole, without its end, and its length with it.
fn line(rest: &[u8]) -> Result<Option<(&[u8], usize)>> {
    let end = memchr(b'\n', rest);
    if end.unwrap_or(rest.len()) > LONGEST_LINE {
        return Err(not_http(
            "a line between the chunks of the answer is too long",
        ));
    }
    let Some(end) = end else {
        return Ok(None);
    };
    match rest[..end].strip_suffix(b"\r") {
        Some(line) => Ok(Some((line, end + 1))),
        None => Err(not_http(
            "a line between the chunks of the answer has no proper end",
        )),
    }
}

/// The size that a chunk's line gives, its extensions passed over. (RFC 9112, section 7.1)
fn chunk_size(line: &[u8]) -> Option<u64> {
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit();
    let digits = line.iter().take_while(|byte| is_digit(byte)).count();
    let (digits, rest) = line.split_at(digits);
    let rest = rest.trim_ascii_start();
    if !(rest.is_empty() || rest.starts_with(b";")) {
        return None;
    }
    u64::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// The body of an answer as it comes. Dropping it closes the connection.
pub(crate) struct BodyStream {
    /// None once it ended.
    io: Option<Io>,
    read: BytesMut,
    framing: Framing,
    /// How much is read at once.
    portion: usize,
}

impl BodyStream {
    /// The body on this connection, of which this was read already.
    pub(crate) fn new(io: Io, read: BytesMut, framing: Framing) -> Self {
        Self {
            io: Some(io),
            read,
            framing,
            portion: LEAST,
        }
    }

    /// Reads more; false at the end.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<bool>> {
        let Some(io) = &mut self.io else {
            return Poll::Ready(Ok(false));
        };
        self.read.reserve(self.portion);
        let Poll::Ready(count) = poll_read_buf(Pin::new(io), context, &mut self.read) else {
            // Who waits for an event that may be hours away holds no memory for it.
            if self.read.is_empty() {
                self.read = BytesMut::new();
                self.portion = LEAST;
            }
            return Poll::Pending;
        };
        let count = count.map_err(broken)?;
        if count >= self.portion {
            self.portion = MOST.min(self.portion * 2);
        }
        Poll::Ready(Ok(count > 0))
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        loop {
            let piece = self.framing.take(&mut self.read)?;
            if !piece.is_empty() {
                return Poll::Ready(Ok(Some(piece)));
            }
            if self.framing == Framing::Done {
                return Poll::Ready(Ok(None));
            }
            if !ready!(self.poll_more(context))? {
                return Poll::Ready(self.framing.end().map(|()| None));
            }
        }
    }
}

impl Stream for BodyStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.io.is_none() {
            return Poll::Ready(None);
        }
        let piece = ready!(self.poll_piece(context)).transpose();
        if !matches!(piece, Some(Ok(_))) {
            self.io = None;
        }
        Poll::Ready(piece)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framing(headers: &[(&'static str, &'static str)]) -> Result<Framing> {
        let mut head = Response::builder();
        for (name, value) in headers {
            head = head.header(*name, *value);
        }
        Framing::of(&Method::GET, &head.body(()).unwrap())
    }

    /// What is read of a chunked body that comes in pieces of this size, and whether it was whole.
    fn dechunked(wire: &[u8], size: usize) -> Result<(Vec<u8>, bool)> {
        let (mut framing, mut read, mut body) = (Framing::Size, BytesMut::new(), Vec::new());
        for piece in wire.chunks(size) {
            read.extend_from_slice(piece);
            body.extend_from_slice(&framing.take(&mut read)?);
        }
        Ok((body, framing.end().is_ok()))
    }

    #[test]
    fn what_frames_a_body_is_read_from_the_head() {
        assert_eq!(framing(&[]).unwrap(), Framing::Close);
        let length = framing(&[("content-length", "7, 7"), ("content-length", "7")]);
        assert_eq!(length.unwrap(), Framing::Length(7));
        assert_eq!(framing(&[("content-length", "0")]).unwrap(), Framing::Done);
        let chunked = framing(&[("transfer-encoding", "Chunked")]);
        assert_eq!(chunked.unwrap(), Framing::Size);
        let nothing = Response::builder()
            .status(204)
            .header("content-length", "7");
        let nothing = Framing::of(&Method::GET, &nothing.body(()).unwrap());
        assert_eq!(nothing.unwrap(), Framing::Done);
    }

    #[test]
    fn what_can_be_understood_in_two_ways_is_refused() {
        for headers in [
            &[("content-length", "7"), ("content-length", "8")][..],
            &[("content-length", "7, 8")],
            &[("content-length", "+7")],
            &[("content-length", "")],
            &[("transfer-encoding", "gzip, chunked")],
            &[
                ("transfer-encoding", "chunked"),
                ("transfer-encoding", "chunked"),
            ],
            &[("transfer-encoding", "identity")],
            &[("transfer-encoding", "")],
            &[("transfer-encoding", "chunked"), ("content-length", "7")],
        ] {
            framing(headers).unwrap_err();
        }
        let old = Response::builder().version(Version::HTTP_10);
        let old = old.header("transfer-encoding", "chunked").body(()).unwrap();
        Framing::of(&Method::GET, &old).unwrap_err();
    }

    #[test]
    fn chunks_with_extensions_and_trailers_are_read() {
        let wire = b"3;a=\"b\"\r\nabc\r\n02 ; x\r\nde\r\n0\r\nsum: 1\r\n\r\nmore";
        for size in 1..=wire.len() {
            assert_eq!(dechunked(wire, size).unwrap(), (b"abcde".to_vec(), true));
        }
    }

    #[test]
    fn a_body_that_is_cut_off_is_not_whole() {
        let wire = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        for end in 0..wire.len() {
            assert!(!dechunked(&wire[..end], 64).unwrap().1, "{end}");
        }
        assert!(dechunked(wire, 64).unwrap().1);
        Framing::Length(1).end().unwrap_err();
    }

    #[test]
    fn chunks_that_are_none_are_refused() {
        for wire in [
            &b"x\r\n"[..],
            b"\r\n",
            b"-1\r\n",
            b"3 3\r\n",
            b"3\nabc\r\n",
            b"3\r\nabcd\r\n",
            b"11112222333344445\r\n",
            &[b'1'; LONGEST_LINE + 2],
        ] {
            dechunked(wire, 64).unwrap_err();
        }
        let trailers = format!("0\r\n{}", "x: y\r\n".repeat(LONGEST_TRAILERS / 6 + 1));
        dechunked(trailers.as_bytes(), 1000).unwrap_err();
    }

    proptest! {
        #[test]
        fn a_body_is_the_same_however_it_is_chunked_and_cut(
            chunks in prop::collection::vec("[a-z\r\n]{1,40}", 0..10),
            size in 1..90_usize,
        ) {
            let mut wire = String::new();
            for chunk in &chunks {
                wire += &format!("{:x}\r\n{chunk}\r\n", chunk.len());
            }
            wire += "0\r\n\r\n";
            let read = dechunked(wire.as_bytes(), size).unwrap();
            prop_assert_eq!(read, (chunks.concat().into_bytes(), true));
        }
    }
}
