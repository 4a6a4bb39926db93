//! Joining the little pieces in which models write, before they are stored.

use std::time::Duration;

use grump_core::{Payload, payload::TextDelta};
use tokio::time::Instant;

/// How long a piece of text waits for the next one.
const PATIENCE: Duration = Duration::from_millis(50);
/// How much text waits at most, in bytes.
const CAPACITY: usize = 4 * 1024;

/// Joins text deltas that follow each other; everything else passes, in order.
#[derive(Debug, Default)]
pub(crate) struct Coalescer {
    text: String,
    since: Option<Instant>,
}

impl Coalescer {
    /// Takes what happened, and gives what is ready to be stored.
    pub(crate) fn push(&mut self, payload: Payload) -> Vec<Payload> {
        match payload {
            Payload::TextDelta(delta) => {
                self.since.get_or_insert_with(Instant::now);
                self.text.push_str(&delta.text);
                if self.text.len() >= CAPACITY {
                    self.flush().into_iter().collect()
                } else {
                    vec![]
                }
            }
            other => self.flush().into_iter().chain([other]).collect(),
        }
    }

    /// The text that waits, ready or not.
    pub(crate) fn flush(&mut self) -> Option<Payload> {
        self.since = None;
        let text = std::mem::take(&mut self.text);
        (!text.is_empty()).then(|| TextDelta { text }.into())
    }

    /// When the text that waits is to be stored.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.since.map(|since| since + PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(text: &str) -> Payload {
        TextDelta { text: text.into() }.into()
    }

    #[test]
    fn pieces_are_joined_until_something_else_happens() {
        let mut coalescer = Coalescer::default();
        assert_eq!(coalescer.push(delta("a")), []);
        assert!(coalescer.deadline().is_some());
        assert_eq!(coalescer.push(delta("b")), []);
        let log = Payload::log("info", "x");
        assert_eq!(coalescer.push(log.clone()), [delta("ab"), log]);
        assert!(coalescer.deadline().is_none());
    }

    #[test]
    fn much_text_does_not_wait() {
        let long = "x".repeat(CAPACITY);
        assert_eq!(Coalescer::default().push(delta(&long)), [delta(&long)]);
    }

    #[test]
    fn empty_pieces_are_left_out() {
        let mut coalescer = Coalescer::default();
        assert_eq!(coalescer.push(delta("")), []);
        assert_eq!(coalescer.flush(), None);
    }
}
