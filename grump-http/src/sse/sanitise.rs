//! Clearing the way for `eventsource-client`: what it takes otherwise than the standard, or does not
//! bound, is put right in the bytes.
//!
//! - A block that holds only unknown fields or an ignored value ends its stream with an error: such
//!   lines are left out.
//! - Text that is not UTF-8 is an error there; the standard replaces it.
//! - It takes `comment: x` for a comment and `retry: +5` for a number.
//! - It collects events of any length. So an event is handed on when it is whole, and instead of one
//!   that is too long comes a comment that no server can send.

use std::time::Duration;

use memchr::memchr2;

use super::framer::milliseconds;

/// The comment that stands for an event that is too long.
pub(super) const TOO_LONG: &str = "\0";

/// Turns the bytes of an event stream, cut anywhere, into whole lines that the framer understands.
#[derive(Debug)]
pub(super) struct Sanitiser {
    /// The start of a line whose end did not come yet.
    partial: Vec<u8>,
    /// The rest of the line is passed over: it is too long.
    is_endless: bool,
    after_carriage_return: bool,
    at_start: bool,
    /// The lines of the current event so far, and how long they were.
    event: Vec<u8>,
    length: usize,
    is_too_long: bool,
    retry: Option<Duration>,
    limit: usize,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Sanitiser {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            partial: Vec::new(),
            is_endless: false,
            after_carriage_return: false,
            at_start: true,
            event: Vec::new(),
            length: 0,
            is_too_long: false,
            retry: None,
            limit,
        }
    }

    /// How long to wait before connecting again, as the stream last said.
    pub(super) const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// The comments and whole events that `bytes` completes, each line ended by a line feed.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut clean = Vec::with_capacity(self.event.len() + bytes.len());
        if self.after_carriage_return && !bytes.is_empty() {
            self.after_carriage_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            self.line(&bytes[..end], &mut clean);
            let carriage_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if carriage_return {
                self.after_carriage_return = bytes.is_empty();
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
        }
        self.keep(bytes, &mut clean);
        clean
    }

    /// Keeps a line's start until its end comes, if it may be so long.
    fn keep(&mut self, start: &[u8], clean: &mut Vec<u8>) {
        if self.is_endless {
            return;
        }
        self.partial.extend_from_slice(start);
        let has_mark = self.at_start && self.partial.starts_with(BYTE_ORDER_MARK);
        let line = &self.partial[if has_mark { BYTE_ORDER_MARK.len() } else { 0 }..];
        let is_comment = line.starts_with(b":");
        let before = if is_comment { 0 } else { self.length };
        if before + line.len() > self.limit {
            self.partial = Vec::new();
            self.is_endless = true;
            self.at_start = false;
            if !is_comment {
                self.pass_over(clean);
            }
        }
    }

    fn line(&mut self, end: &[u8], clean: &mut Vec<u8>) {
        if std::mem::take(&mut self.is_endless) {
            return;
        }
        if self.partial.is_empty() {
            return self.whole_line(end, clean);
        }
        let mut line = std::mem::take(&mut self.partial);
        line.extend_from_slice(end);
        self.whole_line(&line, clean);
    }

    fn whole_line(&mut self, mut line: &[u8], clean: &mut Vec<u8>) {
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            clean.append(&mut self.event);
            clean.push(b'\n');
            self.length = 0;
            self.is_too_long = false;
            return;
        }
        let text = String::from_utf8_lossy(line);
        if let Some(comment) = text.strip_prefix(':') {
            if comment.trim_ascii() != TOO_LONG && line.len() <= self.limit {
                clean.extend_from_slice(text.as_bytes());
                clean.push(b'\n');
            }
            return;
        }
        self.length += line.len();
        if self.length > self.limit {
            return self.pass_over(clean);
        }
        if let Some(kept) = self.kept(&text) {
            self.event.extend_from_slice(kept.as_bytes());
            self.event.push(b'\n');
        }
    }

    /// Passes the event over, but for its id, which holds in any case. Said once of each.
    fn pass_over(&mut self, clean: &mut Vec<u8>) {
        let lines = String::from_utf8_lossy(&self.event).into_owned();
        let ids = lines
            .split_inclusive('\n')
            .filter(|line| line.starts_with("id"));
        self.event = ids.collect::<String>().into_bytes();
        self.length = 0;
        if !std::mem::replace(&mut self.is_too_long, true) {
            clean.extend_from_slice(b":");
            clean.extend_from_slice(TOO_LONG.as_bytes());
            clean.push(b'\n');
        }
    }

    /// The line to hand on, if it means anything to the framer.
    fn kept<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" if !self.is_too_long => Some(line),
            // Said so that the block is not empty in the framer's eyes; the standard has this default.
            "event" if value.is_empty() => Some("event: message"),
            "event" => Some(line),
            "id" => (!value.contains('\0')).then_some(line),
            "retry" => {
                self.retry = milliseconds(value.as_bytes()).or(self.retry);
                None
            }
            _ => None,
        }
    }
}
