//! What an agent writes: any size, any bytes, in bounded memory.

use std::{borrow::Cow, collections::VecDeque, io};

use tokio::io::{AsyncRead, AsyncReadExt};

/// One read of a pipe asks for this much: what a pipe holds.
const CHUNK: usize = 64 * 1024;

/// A line, without its end. What is over the cap is left out and counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its bytes, at most as many as the cap; not always UTF-8.
    pub bytes: Vec<u8>,
    /// How many bytes were left out after them.
    pub omitted: u64,
}

impl Line {
    /// The line as text: what is not UTF-8 is replaced, and what was left out is told.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        let text = String::from_utf8_lossy(&self.bytes);
        match self.omitted {
            0 => text,
            omitted => format!("{text} [{omitted} bytes left out]").into(),
        }
    }

    /// Whether all of it is here, so that it may be parsed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.omitted == 0
    }
}

/// A pipe as lines, each ended by a line feed, with or without a carriage return before it.
#[derive(Debug)]
pub struct Lines<R> {
    pipe: R,
    cap: usize,
    /// What was read and not yet looked at: `chunk[at..]`.
    chunk: Vec<u8>,
    at: usize,
    line: Line,
    /// Whether the line that is being put together holds anything.
    begun: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Reads `pipe`, keeping at most `cap` bytes of each line.
    #[must_use]
    pub fn new(pipe: R, cap: usize) -> Self {
        Self {
            pipe,
            cap,
            chunk: Vec::new(),
            at: 0,
            line: empty(),
            begun: false,
        }
    }

    /// The next line; `None` at the end, where a last line without a line feed counts.
    ///
    /// May be dropped and called again without losing anything.
    ///
    /// # Errors
    ///
    /// Whatever reading the pipe fails with.
    pub async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(line) = self.take() {
                return Ok(Some(line));
            }
            self.chunk.clear();
            self.at = 0;
            self.chunk.reserve(CHUNK);
            if self.pipe.read_buf(&mut self.chunk).await? == 0 {
                return Ok(std::mem::take(&mut self.begun).then(|| self.finish()));
            }
        }
    }

    /// Moves what was read into the line, up to the first line feed.
    fn take(&mut self) -> Option<Line> {
        let rest = &self.chunk[self.at..];
        let end = memchr::memchr(b'\n', rest);
        let part = &rest[..end.unwrap_or(rest.len())];
        let room = self.cap.saturating_sub(self.line.bytes.len());
        let kept = &part[..part.len().min(room)];
        self.line.bytes.extend_from_slice(kept);
        self.line.omitted += (part.len() - kept.len()) as u64;
        self.begun |= !part.is_empty();
        self.at += part.len() + usize::from(end.is_some());
        end?;
        self.begun = false;
        Some(self.finish())
    }

    fn finish(&mut self) -> Line {
        let mut line = std::mem::replace(&mut self.line, empty());
        if line.omitted == 0 && line.bytes.last() == Some(&b'\r') {
            line.bytes.pop();
        }
        line
    }
}

fn empty() -> Line {
    Line {
        bytes: Vec::new(),
        omitted: 0,
    }
}

/// Which of an agent's pipes a line came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Both pipes of an agent at once, so that neither fills up while the other is read.
#[derive(Debug)]
pub struct Output<O, E> {
    stdout: Option<Lines<O>>,
    stderr: Option<Lines<E>>,
}

impl<O: AsyncRead + Unpin, E: AsyncRead + Unpin> Output<O, E> {
    /// Reads both, keeping at most `cap` bytes of each line.
    #[must_use]
    pub fn new(stdout: O, stderr: E, cap: usize) -> Self {
        Self {
            stdout: Some(Lines::new(stdout, cap)),
            stderr: Some(Lines::new(stderr, cap)),
        }
    }

    /// The next line of either; `None` when both have ended, which is when the last process that
    /// holds them has.
    ///
    /// The agent stands still while nobody calls this and a pipe is full. May be dropped and
    /// called again without losing anything.
    ///
    /// # Errors
    ///
    /// Whatever reading a pipe fails with; the other one can still be read.
    pub async fn next(&mut self) -> io::Result<Option<(Source, Line)>> {
        while self.stdout.is_some() || self.stderr.is_some() {
            let (source, line) = tokio::select! {
                line = next_of(&mut self.stdout) => (Source::Stdout, line),
                line = next_of(&mut self.stderr) => (Source::Stderr, line),
            };
            match line {
                Ok(Some(line)) => return Ok(Some((source, line))),
                ended => self.close(source, ended)?,
            }
        }
        Ok(None)
    }

    fn close(&mut self, source: Source, ended: io::Result<Option<Line>>) -> io::Result<()> {
        match source {
            Source::Stdout => self.stdout = None,
            Source::Stderr => self.stderr = None,
        }
        ended.map(drop)
    }
}

async fn next_of<R: AsyncRead + Unpin>(lines: &mut Option<Lines<R>>) -> io::Result<Option<Line>> {
    match lines {
        Some(lines) => lines.next().await,
        None => std::future::pending().await,
    }
}

/// The end of a text that may be long: the last bytes, and how many came before them.
#[derive(Clone, Debug)]
pub struct Tail {
    cap: usize,
    bytes: VecDeque<u8>,
    omitted: u64,
}

impl Tail {
    /// Keeps the last `cap` bytes.
    #[must_use]
    pub fn new(cap: usize) -> Self {
        Self {
            cap,
            bytes: VecDeque::new(),
            omitted: 0,
        }
    }

    /// Adds bytes at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(self.cap)..];
        let over = (self.bytes.len() + kept.len()).saturating_sub(self.cap);
        self.bytes.drain(..over);
        self.bytes.extend(kept);
        self.omitted += (over + bytes.len() - kept.len()) as u64;
    }

    /// Adds a line and its end.
    pub fn push_line(&mut self, line: &Line) {
        self.push(line.text().as_bytes());
        self.push(b"\n");
    }

    /// How many bytes came before those that were kept.
    #[must_use]
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// What was kept, as text; what is not UTF-8, and a character cut in two, is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes: Vec<u8> = self.bytes.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(input: &[u8], cap: usize) -> Vec<(String, u64)> {
        let mut lines = Lines::new(input, cap);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push((
                String::from_utf8_lossy(&line.bytes).into_owned(),
                line.omitted,
            ));
        }
        assert!(lines.next().await.unwrap().is_none(), "not fused");
        all
    }

    fn whole(lines: &[&str]) -> Vec<(String, u64)> {
        lines.iter().map(|line| ((*line).to_owned(), 0)).collect()
    }

    #[tokio::test]
    async fn lines_end_with_a_line_feed_or_the_end() {
        assert_eq!(lines(b"a\n\nb\r\nc", 9).await, whole(&["a", "", "b", "c"]));
        assert_eq!(lines(b"a\n", 9).await, whole(&["a"]));
        assert_eq!(lines(b"", 9).await, whole(&[]));
    }

    #[tokio::test]
    async fn what_is_over_the_cap_is_counted_and_the_next_line_is_whole() {
        let all = lines(b"12345678\nnext\n", 4).await;
        assert_eq!(all, [("1234".to_owned(), 4), ("next".to_owned(), 0)]);
    }

    #[tokio::test]
    async fn a_line_longer_than_a_read_is_put_together() {
        let long = "x".repeat(3 * CHUNK);
        let input = format!("{long}\nend");
        assert_eq!(
            lines(input.as_bytes(), 4 * CHUNK).await,
            whole(&[&long, "end"])
        );
    }

    #[test]
    fn text_says_what_was_left_out_and_replaces_what_is_not_text() {
        let mut line = Line {
            bytes: b"a\xffb".to_vec(),
            omitted: 0,
        };
        assert_eq!(line.text(), "a\u{fffd}b");
        line.omitted = 12;
        assert_eq!(line.text(), "a\u{fffd}b [12 bytes left out]");
    }

    #[test]
    fn a_tail_keeps_the_end() {
        let mut tail = Tail::new(4);
        for part in ["ab", "cd", "e", "fghijk"] {
            tail.push(part.as_bytes());
        }
        assert_eq!((tail.text().as_str(), tail.omitted()), ("hijk", 7));
    }
}
