//! Standard error: lines of the log, bounded, and the last ones kept for the error.

use std::collections::VecDeque;

use grump_core::Payload;

use super::lines::{Line, Lines};

/// Bytes of a line that are kept.
const LINE_CAP: usize = 4 * 1024;
/// Bytes that one turn may log.
const LOG_CAP: usize = 256 * 1024;
/// Lines that an error shows.
const SHOWN: usize = 10;

/// What a program says on standard error in one turn.
#[derive(Debug)]
pub(super) struct Stderr {
    lines: Lines,
    last: VecDeque<String>,
    told: usize,
    left_out: u64,
}

impl Stderr {
    pub(super) fn new() -> Self {
        Self {
            lines: Lines::new(LINE_CAP),
            last: VecDeque::new(),
            told: 0,
            left_out: 0,
        }
    }

    /// The lines of the log that this piece completes.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<Payload> {
        let lines = self.lines.push(piece);
        lines.iter().filter_map(|line| self.line(line)).collect()
    }

    /// The last line of the log, and a word about what was left out.
    pub(super) fn finish(&mut self) -> Vec<Payload> {
        let last = self.lines.finish();
        let mut events: Vec<_> = last.iter().filter_map(|line| self.line(line)).collect();
        if self.left_out > 0 {
            let message = format!("{} lines of standard error were left out", self.left_out);
            events.push(Payload::log("warn", message));
        }
        events
    }

    /// The last lines, for people.
    pub(super) fn last_lines(&self) -> String {
        Vec::from_iter(self.last.iter().map(String::as_str)).join(" | ")
    }

    fn line(&mut self, line: &Line) -> Option<Payload> {
        let mut text = line.text();
        if line.left_out > 0 {
            text.push_str(&format!("… [{} bytes left out]", line.left_out));
        }
        if text.trim().is_empty() {
            return None;
        }
        if self.last.len() == SHOWN {
            self.last.pop_front();
        }
        self.last.push_back(text.clone());
        if self.told >= LOG_CAP {
            self.left_out += 1;
            return None;
        }
        self.told += text.len();
        Some(Payload::log("agent", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_is_bounded_and_its_end_is_kept() {
        let mut stderr = Stderr::new();
        let mut events = 0;
        for number in 0..100_000 {
            events += stderr.push(format!("line {number}\n").as_bytes()).len();
        }
        assert!(events < 50_000, "{events}");
        assert!(stderr.last_lines().ends_with("line 99998 | line 99999"));
        let [Payload::Log(log)] = &stderr.finish()[..] else {
            panic!("one word about what was left out");
        };
        let left_out = 100_000 - events;
        assert!(
            log.message.starts_with(&left_out.to_string()),
            "{}",
            log.message
        );
    }

    #[test]
    fn bytes_that_are_not_text_and_lines_without_an_end_are_lines_too() {
        let mut stderr = Stderr::new();
        assert_eq!(
            stderr.push(b"a\xff\r\n\n"),
            [Payload::log("agent", "a\u{fffd}")]
        );
        assert_eq!(stderr.push(b"tail"), []);
        assert_eq!(stderr.finish(), [Payload::log("agent", "tail")]);
    }
}
