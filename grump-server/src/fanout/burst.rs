//! [`Burst`]: some events in a row, framed once for all who listen.

use std::sync::Arc;

use bytes::Bytes;
use grump_core::{Cursor, Event, RunRef};

/// Writes an event as its dialect frames it, without its `id:` line and with the blank line at its
/// end: `data: {…}\n\n`. What the dialect cannot say is not written at all.
pub type Encode = dyn Fn(&Event, &mut Vec<u8>) + Send + Sync;

/// Some events in a row.
#[derive(Debug)]
pub(super) struct Burst {
    frames: Box<[Frame]>,
    sse: Bytes,
}

/// One event of a burst; empty where the dialect cannot say it.
#[derive(Debug)]
struct Frame {
    run: RunRef,
    /// The position behind it.
    cursor: Option<Cursor>,
    /// Where it ends in the burst's bytes.
    end: usize,
}

impl Burst {
    /// The position behind it.
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        self.frames.last().and_then(|frame| frame.cursor.as_ref())
    }

    /// How many events it has.
    pub(super) fn events(&self) -> usize {
        self.frames.len()
    }

    /// How many bytes it has.
    pub(super) fn size(&self) -> usize {
        self.sse.len()
    }

    /// How many of its events lie before this position, if the position is one of its own.
    pub(super) fn find(&self, cursor: &Cursor) -> Option<usize> {
        let place = |frame: &Frame| frame.cursor.as_ref() == Some(cursor);
        self.frames.iter().rposition(place).map(|index| index + 1)
    }

    /// The frames behind the first `skip` events, only those of `run` where one is named. They are
    /// shared, not copied, wherever they lie in one piece.
    pub(super) fn select(&self, skip: usize, run: Option<&RunRef>) -> Bytes {
        let mut pieces = self.pieces(skip, run);
        let Some((begin, end)) = pieces.next() else {
            return Bytes::new();
        };
        let Some(second) = pieces.next() else {
            return self.sse.slice(begin..end);
        };
        let mut gathered = Vec::with_capacity(self.sse.len());
        for (begin, end) in [(begin, end), second].into_iter().chain(pieces) {
            gathered.extend_from_slice(&self.sse[begin..end]);
        }
        gathered.into()
    }

    /// Where the wanted frames lie, those that follow each other as one.
    fn pieces(&self, skip: usize, run: Option<&RunRef>) -> impl Iterator<Item = (usize, usize)> {
        let mut frames = self.frames.iter().skip(skip).peekable();
        let mut begin = match skip.checked_sub(1) {
            Some(last) => self.frames.get(last).map_or(self.sse.len(), |f| f.end),
            None => 0,
        };
        let wanted = move |frame: &Frame| run.is_none_or(|run| *run == frame.run);
        std::iter::from_fn(move || {
            while let Some(other) = frames.next_if(|frame| !wanted(frame)) {
                begin = other.end;
            }
            let mut end = frames.next()?.end;
            while let Some(next) = frames.next_if(|frame| wanted(frame)) {
                end = next.end;
            }
            Some((std::mem::replace(&mut begin, end), end))
        })
    }
}

/// Puts bursts together.
pub(super) struct Writer {
    encode: Arc<Encode>,
    frames: Vec<Frame>,
    buffer: Vec<u8>,
}

impl Writer {
    pub(super) fn new(encode: Arc<Encode>) -> Self {
        Self {
            encode,
            frames: Vec::new(),
            buffer: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, event: &Event, cursor: Option<Cursor>) {
        write(&*self.encode, event, cursor.as_ref(), &mut self.buffer);
        self.frames.push(Frame {
            run: event.run.clone(),
            cursor,
            end: self.buffer.len(),
        });
    }

    /// How many events and bytes there are.
    pub(super) fn filled(&self) -> (usize, usize) {
        (self.frames.len(), self.buffer.len())
    }

    /// What was pushed since the last call.
    pub(super) fn take(&mut self) -> Burst {
        let sse = Bytes::copy_from_slice(&self.buffer);
        self.buffer.clear();
        Burst {
            frames: self.frames.drain(..).collect(),
            sse,
        }
    }
}

/// Writes one event, with an `id:` line where there is a position that fits on a line.
pub(super) fn write(encode: &Encode, event: &Event, cursor: Option<&Cursor>, to: &mut Vec<u8>) {
    let begin = to.len();
    if let Some(id) = cursor.map(Cursor::as_str).filter(|id| fits_a_line(id)) {
        for part in ["id: ", id, "\n"] {
            to.extend_from_slice(part.as_bytes());
        }
    }
    let without_data = to.len();
    encode(event, to);
    if to.len() == without_data {
        to.truncate(begin);
    }
}

/// A cursor of a plane elsewhere is whatever that plane sent.
fn fits_a_line(id: &str) -> bool {
    !id.contains(['\n', '\r', '\0'])
}

#[cfg(test)]
mod tests {
    use grump_core::payload::TextDelta;

    use super::*;

    fn burst(told: &[(&str, &str)]) -> Burst {
        let mut writer = Writer::new(Arc::new(|event: &Event, to: &mut Vec<u8>| {
            if event.run.id.as_str() != "mute" {
                to.extend_from_slice(format!("data: {}\n\n", event.run.id).as_bytes());
            }
        }));
        for (run, cursor) in told {
            let event = Event::new(RunRef::of_loop(*run), TextDelta { text: "".into() });
            writer.push(&event, Some(Cursor::new(cursor)));
        }
        writer.take()
    }

    #[test]
    fn events_are_framed_with_their_positions_and_mute_ones_leave_nothing() {
        let burst = burst(&[("a", "1"), ("mute", "2"), ("b", "3\n4")]);
        assert_eq!(burst.select(0, None), "id: 1\ndata: a\n\ndata: b\n\n");
        assert_eq!(burst.find(&Cursor::new("2")), Some(2));
    }

    #[test]
    fn the_frames_of_one_run_are_picked_out() {
        let burst = burst(&[("a", "1"), ("b", "2"), ("a", "3"), ("a", "4"), ("b", "5")]);
        let run = RunRef::of_loop("a");
        let all = "id: 1\ndata: a\n\nid: 3\ndata: a\n\nid: 4\ndata: a\n\n";
        assert_eq!(burst.select(0, Some(&run)), all);
        assert_eq!(burst.select(3, Some(&run)), "id: 4\ndata: a\n\n");
        assert_eq!(burst.select(4, Some(&run)), "");
        assert_eq!(burst.select(5, None), "");
    }

    #[test]
    fn frames_in_one_piece_are_shared() {
        let burst = burst(&[("b", "1"), ("a", "2"), ("a", "3")]);
        let piece = burst.select(0, Some(&RunRef::of_loop("a")));
        assert_eq!(piece.as_ptr(), burst.sse[15..].as_ptr());
    }
}
