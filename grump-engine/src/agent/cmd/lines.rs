//! Bytes cut into lines of bounded length.

use std::mem;

/// Cuts bytes that come in pieces into lines, and keeps no more than the beginning of a long one.
#[derive(Debug)]
pub(super) struct Lines {
    line: Line,
    cap: usize,
}

/// A line without its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Its beginning; mostly all of it.
    pub(super) bytes: Vec<u8>,
    /// How many bytes of it were left out.
    pub(super) left_out: u64,
}

impl Line {
    /// As text, with what is not UTF-8 replaced and the end of the line taken off.
    pub(super) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        text.trim_end_matches(['\r', '\n']).to_owned()
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.left_out == 0
    }

    fn push(&mut self, piece: &[u8], cap: usize) {
        let room = cap.saturating_sub(self.bytes.len()).min(piece.len());
        self.bytes.extend_from_slice(&piece[..room]);
        self.left_out += (piece.len() - room) as u64;
    }
}

impl Lines {
    /// Lines of at most so many bytes.
    pub(super) fn new(cap: usize) -> Self {
        Self {
            line: Line::default(),
            cap,
        }
    }

    /// The lines that this piece completes.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<Line> {
        let mut whole = Vec::new();
        let mut rest = piece;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.line.push(&rest[..at], self.cap);
            whole.push(mem::take(&mut self.line));
            rest = &rest[at + 1..];
        }
        self.line.push(rest, self.cap);
        whole
    }

    /// The last line, if it had no end.
    pub(super) fn finish(&mut self) -> Option<Line> {
        Some(mem::take(&mut self.line)).filter(|line| !line.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_cut_anywhere_give_the_same_lines(
            bytes in prop::collection::vec(prop::sample::select(b"ab\n".to_vec()), 0..60),
            size in 1_usize..9,
            cap in 0_usize..6,
        ) {
            let mut lines = Lines::new(cap);
            let mut cut: Vec<Line> = bytes.chunks(size).flat_map(|piece| lines.push(piece)).collect();
            cut.extend(lines.finish());
            let mut whole: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
            whole.pop_if(|last| last.is_empty());
            prop_assert_eq!(cut.len(), whole.len());
            for (cut, whole) in cut.iter().zip(whole) {
                prop_assert!(whole.starts_with(&cut.bytes) && cut.bytes.len() <= cap);
                prop_assert_eq!(cut.bytes.len() + cut.left_out as usize, whole.len());
            }
        }
    }
}
