//! Clearing the way for the framer: what `eventsource-client` takes otherwise than the standard, or
//! does not bound, is put right in the bytes.
//!
//! - A block that holds only unknown fields or an ignored value ends its stream with an error: such
//!   lines are left out.
//! - Text that is not UTF-8 is an error there; the standard replaces it.
//! - It takes `comment: x` for a comment and `retry: +5` for a number.
//! - It collects events of any length.

use memchr::memchr2;

/// An event is longer than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Turns the bytes of an event stream, cut anywhere, into whole lines that the framer understands.
#[derive(Debug)]
pub(super) struct Sanitiser {
    /// The start of a line whose end did not come yet.
    partial: Vec<u8>,
    after_carriage_return: bool,
    at_start: bool,
    /// The length of the current event so far.
    event: usize,
    limit: usize,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Sanitiser {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            partial: Vec::new(),
            after_carriage_return: false,
            at_start: true,
            event: 0,
            limit,
        }
    }

    /// The lines that `bytes` completes, each ended by a line feed.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, TooLong> {
        let mut clean = Vec::with_capacity(self.partial.len() + bytes.len());
        if self.after_carriage_return && !bytes.is_empty() {
            self.after_carriage_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            self.line(&bytes[..end], &mut clean)?;
            let carriage_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if carriage_return {
                self.after_carriage_return = bytes.is_empty();
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
        }
        self.partial.extend_from_slice(bytes);
        self.bounded(self.partial.len())?;
        Ok(clean)
    }

    fn line(&mut self, end: &[u8], clean: &mut Vec<u8>) -> Result<(), TooLong> {
        if self.partial.is_empty() {
            return self.whole_line(end, clean);
        }
        let mut line = std::mem::take(&mut self.partial);
        line.extend_from_slice(end);
        self.whole_line(&line, clean)
    }

    fn whole_line(&mut self, mut line: &[u8], clean: &mut Vec<u8>) -> Result<(), TooLong> {
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            self.event = 0;
            clean.push(b'\n');
        } else if let Some(kept) = kept(&String::from_utf8_lossy(line)) {
            // The framer tells a comment at once; of an event it keeps what came so far.
            if !kept.starts_with(':') {
                self.event += kept.len();
                self.bounded(0)?;
            }
            clean.extend_from_slice(kept.as_bytes());
            clean.push(b'\n');
        }
        Ok(())
    }

    fn bounded(&self, more: usize) -> Result<(), TooLong> {
        if self.event + more > self.limit {
            return Err(TooLong);
        }
        Ok(())
    }
}

/// The line to hand on, if it means anything.
fn kept(line: &str) -> Option<&str> {
    let (field, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.strip_prefix(' ').unwrap_or(value);
    match field {
        // What begins with a colon is a comment.
        "" | "data" => Some(line),
        // Said so that the block is not empty in the framer's eyes; the standard has this default.
        "event" if value.is_empty() => Some("event: message"),
        "event" => Some(line),
        "id" => (!value.contains('\0')).then_some(line),
        "retry" => is_number(value).then_some(line),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(bytes: &[u8]) -> String {
        String::from_utf8(Sanitiser::new(1000).push(bytes).unwrap()).unwrap()
    }

    #[test]
    fn lines_without_meaning_are_left_out() {
        let text = "unknown: v\n\ncomment: c\n: d\nretry: +5\nretry: 9999999999999999999999\nid: a\0\n\ndata: x\n\n";
        assert_eq!(clean(text.as_bytes()), "\n: d\n\ndata: x\n\n");
    }

    #[test]
    fn an_empty_name_is_the_default_name() {
        assert_eq!(
            clean(b"event\nevent:\n\n"),
            "event: message\nevent: message\n\n"
        );
    }

    #[test]
    fn every_line_end_is_a_line_feed() {
        assert_eq!(
            clean(b"data: a\r\ndata: b\rdata: c\n\r\n"),
            "data: a\ndata: b\ndata: c\n\n"
        );
    }

    #[test]
    fn a_byte_order_mark_is_left_out_at_the_start_alone() {
        assert_eq!(
            clean("\u{feff}data: a\n\u{feff}data: b\n".as_bytes()),
            "data: a\n"
        );
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        assert_eq!(clean(b"data: \xff!\n"), "data: \u{fffd}!\n");
    }

    #[test]
    fn an_event_is_bounded_and_a_stream_of_short_ones_is_not() {
        let mut sanitiser = Sanitiser::new(20);
        for _ in 0..100 {
            assert!(sanitiser.push(b"data: 123456\n\n").is_ok());
        }
        assert_eq!(sanitiser.push(&[b'x'; 21]), Err(TooLong));
        let mut sanitiser = Sanitiser::new(20);
        assert_eq!(
            sanitiser.push(b"data: 123456\ndata: 123456\n"),
            Err(TooLong)
        );
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_stream_is_cut(
            pieces in prop::collection::vec("(data|event|id|x|)?:? ?[a\r\n\u{e4}:]{0,6}", 0..12),
            size in 1..7_usize,
        ) {
            let stream = pieces.concat().into_bytes();
            let mut sanitiser = Sanitiser::new(1000);
            let cut: Vec<u8> = stream
                .chunks(size)
                .flat_map(|piece| sanitiser.push(piece).unwrap())
                .collect();
            prop_assert_eq!(cut, Sanitiser::new(1000).push(&stream).unwrap());
        }
    }
}
