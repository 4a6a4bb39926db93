//! Standard output: the message itself, or lines of a known agent.

use std::path::Path;

use grump_core::{Payload, payload::TextDelta};

use super::{
    format::Format,
    lines::{Line, Lines},
    report::Report,
};
use crate::agent::{
    TurnOutcome,
    output::{Tail, Text},
};

/// Bytes of a line of JSON that are kept; a longer one cannot be read and is left out.
const LINE_CAP: usize = 8 * 1024 * 1024;

/// What a program writes to standard output in one turn.
#[derive(Debug)]
pub(super) struct Stdout {
    reader: Reader,
    report: Report,
}

#[derive(Debug)]
enum Reader {
    Plain(Plain),
    Lines(Lines, Format, u64),
}

impl Stdout {
    pub(super) fn new(format: Format, root: &Path, message_cap: usize) -> Self {
        let reader = match format {
            Format::Text => Reader::Plain(Plain::new(message_cap)),
            known => Reader::Lines(Lines::new(LINE_CAP), known, 0),
        };
        Self {
            reader,
            report: Report::new(root, message_cap),
        }
    }

    /// What this piece tells.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<Payload> {
        match &mut self.reader {
            Reader::Plain(plain) => plain.push(piece, &mut self.report),
            Reader::Lines(lines, format, long) => {
                for line in lines.push(piece) {
                    decode(*format, &line, long, &mut self.report);
                }
            }
        }
        self.report.take()
    }

    /// What is told at the end, and what it all came to.
    pub(super) fn finish(mut self) -> (Vec<Payload>, Report) {
        match self.reader {
            Reader::Plain(plain) => plain.finish(&mut self.report),
            Reader::Lines(mut lines, format, mut long) => {
                if let Some(line) = lines.finish() {
                    decode(format, &line, &mut long, &mut self.report);
                }
                if long > 1 {
                    let note = format!("{long} lines that are too long were left out");
                    self.report.log("warn", &note);
                }
            }
        }
        (self.report.take(), self.report)
    }
}

/// Of lines that are too long the first is told, and all are counted.
fn decode(format: Format, line: &Line, long: &mut u64, report: &mut Report) {
    if line.left_out == 0 {
        let text = line.text();
        if !text.trim().is_empty() {
            format.decode(&text, report);
        }
        return;
    }
    *long += 1;
    if *long == 1 {
        let length = line.bytes.len() as u64 + line.left_out;
        let message = format!("a line of {length} bytes of the agent's output was left out");
        report.error(message, Some("line_too_long"));
    }
}

/// Output that is the message.
#[derive(Debug)]
struct Plain {
    text: Text,
    message: Tail,
    /// Bytes that may still be streamed; the whole message is told at the end anyway.
    streamable: usize,
    written: bool,
}

impl Plain {
    fn new(message_cap: usize) -> Self {
        Self {
            text: Text::default(),
            message: Tail::new(message_cap),
            streamable: message_cap,
            written: false,
        }
    }

    fn push(&mut self, piece: &[u8], report: &mut Report) {
        let text = self.text.push(piece);
        self.take(text, report);
    }

    fn take(&mut self, text: String, report: &mut Report) {
        self.message.push(&text);
        self.written |= !text.is_empty();
        let streamable = text.floor_char_boundary(self.streamable);
        self.streamable -= streamable;
        if streamable < text.len() {
            self.streamable = 0;
        }
        let mut text = text;
        text.truncate(streamable);
        if !text.is_empty() {
            report.tell(TextDelta { text });
        }
    }

    fn finish(mut self, report: &mut Report) {
        let rest = self.text.finish();
        self.take(rest, report);
        report.outcome = Some(TurnOutcome::Finished);
        if self.written {
            report.message_end(self.message);
        }
    }
}
