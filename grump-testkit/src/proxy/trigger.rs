//! [`Trigger`]: finding a moment in bytes that come in chunks.

use super::plan::{Act, At, Moment};

/// Waits for a moment in what goes one way.
#[derive(Debug)]
pub(super) struct Trigger {
    at: Moment,
    pub(super) act: Act,
    /// How many bytes passed, or how many times the text did.
    passed: u64,
    /// The end of what passed, where the text may have begun.
    tail: Vec<u8>,
}

impl Trigger {
    pub(super) fn new(at: At, act: Act) -> Self {
        Self {
            at: at.0,
            act,
            passed: 0,
            tail: Vec::new(),
        }
    }

    /// How many of these bytes come before the moment; `None` where it comes after them all.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        match &self.at {
            Moment::Bytes(count) => {
                let left = usize::try_from(count - self.passed).unwrap_or(usize::MAX);
                self.passed += bytes.len() as u64;
                (bytes.len() >= left).then_some(left)
            }
            Moment::Character(nth) => {
                let leads = bytes.iter().enumerate().filter(|(_, byte)| **byte >= 0xC0);
                let leads: Vec<_> = leads.map(|(at, _)| at + 1).collect();
                let seen = self.passed;
                self.passed += leads.len() as u64;
                let wanted = usize::try_from(nth.saturating_sub(seen + 1)).ok()?;
                leads.get(wanted).copied()
            }
            Moment::Text { text, nth } => {
                let before = self.tail.len();
                self.tail.extend_from_slice(bytes);
                let seen = self.passed;
                let ends = ends(&self.tail, text);
                self.passed += ends.len() as u64;
                self.tail = keep_last(&self.tail, text.len().saturating_sub(1));
                let wanted = usize::try_from(nth.saturating_sub(seen + 1)).ok()?;
                Some(ends.get(wanted)? - before)
            }
        }
    }
}

/// Where this text ends in these bytes, each time.
fn ends(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    bytes
        .windows(text.len().max(1))
        .enumerate()
        .filter(|(_, window)| *window == text)
        .map(|(start, _)| start + text.len())
        .collect()
}

fn keep_last(bytes: &[u8], count: usize) -> Vec<u8> {
    bytes[bytes.len().saturating_sub(count)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Cut;

    fn trigger(at: At) -> Trigger {
        Trigger::new(at, Act::Cut(Cut::End))
    }

    #[test]
    fn no_bytes_have_passed_at_once() {
        assert_eq!(trigger(At::bytes(0)).feed(b""), Some(0));
    }

    #[test]
    fn bytes_are_counted_over_chunks() {
        let mut trigger = trigger(At::bytes(5));
        assert_eq!(trigger.feed(b"abc"), None);
        assert_eq!(trigger.feed(b"def"), Some(2));
    }

    #[test]
    fn the_middle_of_a_character_is_behind_its_first_byte() {
        let mut trigger = trigger(At::character(2));
        assert_eq!(trigger.feed("aé".as_bytes()), None);
        assert_eq!(trigger.feed("bü".as_bytes()), Some(2));
    }

    #[test]
    fn a_text_is_found_where_it_is_torn_apart() {
        for torn in 0..=14 {
            let (one, other) = b"data: data: x;".split_at(torn);
            let mut trigger = trigger(At::text("data: ", 2));
            let at = trigger
                .feed(one)
                .or_else(|| Some(trigger.feed(other)? + torn));
            assert_eq!(at, Some(12), "torn at {torn}");
        }
    }

    #[test]
    fn a_text_that_comes_too_seldom_is_no_moment() {
        let mut trigger = trigger(At::text("\n\n", 3));
        assert_eq!(trigger.feed(b"one\n\ntwo\n\nthree\n"), None);
    }
}
