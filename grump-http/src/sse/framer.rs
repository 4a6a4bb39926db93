//! From bytes to events, by the rules of the HTML standard. (9.2.6, "Interpreting an event stream")
//!
//! A line that lies whole in a piece of the stream is not copied: what is told of it is a view of
//! the piece. Only what straddles two pieces is put together.

use std::{ops::Range, time::Duration};

use bytes::Bytes;
use memchr::{memchr, memchr2};

use super::{SseEvent, SseFrame};
use crate::text::Text;

/// An event is longer than allowed. It is passed over; the next one is told again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Turns the bytes of an event stream, cut anywhere, into frames.
#[derive(Debug)]
pub(crate) struct Framer {
    /// The last piece, and how far it was read.
    piece: Bytes,
    at: usize,
    /// The start of a line whose end did not come yet.
    partial: Vec<u8>,
    /// The rest of the line is passed over: it is too long.
    is_endless: bool,
    after_carriage_return: bool,
    at_start: bool,
    event: Event,
    last_id: Vec<u8>,
    retry: Option<Duration>,
    limit: usize,
}

/// The event of which lines came so far.
#[derive(Debug, Default)]
struct Event {
    data: Data,
    name: Bytes,
    id: Option<Bytes>,
    /// How long its lines are.
    length: usize,
    is_too_long: bool,
}

#[derive(Debug, Default)]
enum Data {
    #[default]
    None,
    One(Bytes),
    Several(Vec<u8>),
}

/// A line without its end.
enum Line {
    /// In the piece.
    Here(Range<usize>),
    /// Put together.
    Apart(Bytes),
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

const DEFAULT_NAME: Text = Text::of_static("message");

impl Framer {
    /// For a stream that begins here, with events of at most this length in bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            piece: Bytes::new(),
            at: 0,
            partial: Vec::new(),
            is_endless: false,
            after_carriage_return: false,
            at_start: true,
            event: Event::default(),
            last_id: Vec::new(),
            retry: None,
            limit,
        }
    }

    /// The next piece of the stream, when the last one gave all its frames.
    pub(crate) fn push(&mut self, piece: Bytes) {
        debug_assert!(self.piece.is_empty(), "the last piece is used up");
        self.piece = piece;
        self.at = 0;
    }

    /// How long to wait before connecting again, as the stream last said.
    pub(crate) const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// The next frame of the pieces that came; none when another piece is needed.
    pub(crate) fn frame(&mut self) -> Option<Result<SseFrame, TooLong>> {
        loop {
            let told = match self.line() {
                Some(line) => self.read(&line),
                None => return self.keep().map(Err),
            };
            if told.is_some() {
                return told;
            }
        }
    }

    /// The next line that is whole.
    fn line(&mut self) -> Option<Line> {
        loop {
            if self.after_carriage_return && self.at < self.piece.len() {
                self.after_carriage_return = false;
                self.at += usize::from(self.piece[self.at] == b'\n');
            }
            let start = self.at;
            let end = start + memchr2(b'\n', b'\r', &self.piece[start..])?;
            self.at = end + 1;
            self.after_carriage_return = self.piece[end] == b'\r';
            if std::mem::take(&mut self.is_endless) {
                continue;
            }
            let mut line = Line::Here(start..end);
            if !self.partial.is_empty() {
                self.partial.extend_from_slice(&self.piece[start..end]);
                line = Line::Apart(std::mem::take(&mut self.partial).into());
            }
            if std::mem::take(&mut self.at_start) {
                line = self.unmarked(line);
            }
            return Some(line);
        }
    }

    /// The stream's first line without the mark of its encoding.
    fn unmarked(&self, line: Line) -> Line {
        let line = match line {
            Line::Here(range) => self.piece.slice(range),
            Line::Apart(line) => line,
        };
        let has_mark = line.starts_with(BYTE_ORDER_MARK);
        Line::Apart(line.slice(if has_mark { BYTE_ORDER_MARK.len() } else { 0 }..))
    }

    /// Keeps a line's start until its end comes, if it may be so long.
    fn keep(&mut self) -> Option<TooLong> {
        let rest = self.piece.split_off(self.at);
        self.piece = Bytes::new();
        self.at = 0;
        if self.is_endless {
            return None;
        }
        self.partial.extend_from_slice(&rest);
        let has_mark = self.at_start && self.partial.starts_with(BYTE_ORDER_MARK);
        let start = &self.partial[if has_mark { BYTE_ORDER_MARK.len() } else { 0 }..];
        let is_comment = start.starts_with(b":");
        let before = if is_comment { 0 } else { self.event.length };
        if before + start.len() <= self.limit {
            return None;
        }
        self.partial = Vec::new();
        self.is_endless = true;
        self.at_start = false;
        if is_comment { None } else { self.too_long() }
    }

    /// Passes the event over. Said once of each.
    fn too_long(&mut self) -> Option<TooLong> {
        self.event.data = Data::None;
        self.event.length = 0;
        let is_news = !std::mem::replace(&mut self.event.is_too_long, true);
        is_news.then_some(TooLong)
    }

    fn read(&mut self, line: &Line) -> Option<Result<SseFrame, TooLong>> {
        let (whole, range) = match line {
            Line::Here(range) => (&self.piece, range.clone()),
            Line::Apart(line) => (line, 0..line.len()),
        };
        let bytes = &whole[range.clone()];
        if bytes.is_empty() {
            return self.dispatch().map(Ok);
        }
        let colon = memchr(b':', bytes);
        if colon == Some(0) {
            if bytes.len() > self.limit {
                return None;
            }
            let text = whole.slice_ref(bytes[1..].trim_ascii());
            return Some(Ok(SseFrame::Comment(Text::lossy(&text))));
        }
        self.event.length += bytes.len();
        if self.event.length > self.limit {
            return self.too_long().map(Err);
        }
        let (name, value) = bytes.split_at(colon.unwrap_or(bytes.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" if !self.event.is_too_long => self.event.data.add(whole.slice_ref(value)),
            b"event" => self.event.name = whole.slice_ref(value),
            b"id" if memchr(0, value).is_none() => self.event.id = Some(whole.slice_ref(value)),
            b"retry" => self.retry = milliseconds(value).or(self.retry),
            _ => {}
        }
        None
    }

    /// The event that ends here, if it has data. Its id holds in any case.
    fn dispatch(&mut self) -> Option<SseFrame> {
        let event = std::mem::take(&mut self.event);
        if let Some(id) = &event.id {
            self.last_id.clear();
            self.last_id.extend_from_slice(id);
        }
        let data = match event.data {
            Data::None => return None,
            Data::One(line) => line,
            Data::Several(lines) => lines.into(),
        };
        let told = event.id.filter(|id| !id.is_empty());
        let id = told
            .or_else(|| (!self.last_id.is_empty()).then(|| Bytes::copy_from_slice(&self.last_id)));
        Some(SseFrame::Event(SseEvent {
            name: if event.name.is_empty() {
                DEFAULT_NAME
            } else {
                Text::lossy(&event.name)
            },
            data: Text::lossy(&data),
            id: id.as_ref().map(Text::lossy),
        }))
    }
}

impl Data {
    fn add(&mut self, line: Bytes) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(line),
            Self::One(first) => Self::Several([&first[..], b"\n", &line].concat()),
            Self::Several(mut lines) => {
                lines.push(b'\n');
                lines.extend_from_slice(&line);
                Self::Several(lines)
            }
        };
    }
}

/// The number of milliseconds, of digits alone. More than there can be are as many as there can be.
pub(super) fn milliseconds(digits: &[u8]) -> Option<Duration> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX);
    Some(Duration::from_millis(number))
}
