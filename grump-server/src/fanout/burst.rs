//! [`Burst`]: some events in a row, framed once for all who listen.

use std::sync::Arc;

use bytes::Bytes;
use grump_core::{Cursor, Error, ErrorKind, Event, Result, RunRef, StoredPage};

/// How a dialect frames events. A function that writes an event does, too.
pub trait Encode: Send + Sync + 'static {
    /// Writes an event, without its `id:` line and with the blank line at its end: `data: {…}\n\n`.
    /// What the dialect cannot say is not written at all.
    fn event(&self, event: &Event, to: &mut Vec<u8>);

    /// As [`event`](Self::event), for one that a plane keeps as JSON.
    ///
    /// # Errors
    /// `Storage` if it is no event.
    fn stored(&self, json: &str, to: &mut Vec<u8>) -> Result<()> {
        let event = serde_json::from_str(json).map_err(no_event)?;
        self.event(&event, to);
        Ok(())
    }
}

impl<F: Fn(&Event, &mut Vec<u8>) + Send + Sync + 'static> Encode for F {
    fn event(&self, event: &Event, to: &mut Vec<u8>) {
        self(event, to);
    }
}

/// What a plane keeps as an event is none.
pub(crate) fn no_event(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Storage, "what is stored is no event").caused_by(error)
}

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
    encode: Arc<dyn Encode>,
    frames: Vec<Frame>,
    buffer: Vec<u8>,
}

impl Writer {
    pub(super) fn new(encode: Arc<dyn Encode>) -> Self {
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

/// Writes one event, with its position.
pub(super) fn write(encode: &dyn Encode, event: &Event, cursor: Option<&Cursor>, to: &mut Vec<u8>) {
    let begun = Begun::with(cursor.map(Cursor::as_str), to);
    encode.event(event, to);
    begun.end(to);
}

/// Writes stored events, with their positions.
///
/// # Errors
/// As for [`Encode::stored`]; what lies before that event was written.
pub(super) fn write_page(encode: &dyn Encode, page: &StoredPage, to: &mut Vec<u8>) -> Result<()> {
    to.reserve(page.bytes());
    page.iter().try_for_each(|event| {
        let begun = Begun::with(Some(event.cursor), to);
        encode.stored(event.json, to)?;
        begun.end(to);
        Ok(())
    })
}

/// A frame whose data is still to be written.
struct Begun {
    frame: usize,
    data: usize,
}

impl Begun {
    /// Writes an `id:` line where there is a position that fits on a line.
    fn with(id: Option<&str>, to: &mut Vec<u8>) -> Self {
        let frame = to.len();
        if let Some(id) = id.filter(|id| fits_a_line(id)) {
            for part in ["id: ", id, "\n"] {
                to.extend_from_slice(part.as_bytes());
            }
        }
        let data = to.len();
        Self { frame, data }
    }

    /// Takes the line back if there are no data.
    fn end(self, to: &mut Vec<u8>) {
        if to.len() == self.data {
            to.truncate(self.frame);
        }
    }
}

/// A cursor of a plane elsewhere is whatever that plane sent.
fn fits_a_line(id: &str) -> bool {
    let is_break = |byte| matches!(byte, b'\n' | b'\r' | b'\0');
    // Looking at all of them takes no branches.
    !id.bytes().fold(false, |found, byte| found | is_break(byte))
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
