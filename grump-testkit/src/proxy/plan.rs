//! [`Plan`]: what becomes of a connection.

use std::time::Duration;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// How a connection is cut, on both of its sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// By a RST: reading and writing fail ("connection reset by peer").
    Reset,
    /// By a FIN: as if the other side had said all it has to say.
    End,
}

/// A moment in the bytes that go one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At(pub(super) Moment);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Bytes(u64),
    Character(u64),
    Text { text: Vec<u8>, nth: u64 },
}

impl At {
    /// When so many bytes have passed; 0 is at once.
    #[must_use]
    pub const fn bytes(count: u64) -> Self {
        Self(Moment::Bytes(count))
    }

    /// When this text has passed for the `nth` time, counted from 1. `At::text("data: ", 3)` in what
    /// goes to the client is in the middle of the third event.
    #[must_use]
    pub fn text(text: &str, nth: u64) -> Self {
        let text = text.as_bytes().to_vec();
        Self(Moment::Text { text, nth })
    }
}

impl At {
    /// In the middle of the `nth` character that is more than one byte long, counted from 1: text that
    /// ends there is no UTF-8.
    #[must_use]
    pub const fn character(nth: u64) -> Self {
        Self(Moment::Character(nth))
    }
}

/// What is done at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Cut(Cut),
    Stall,
    /// The piece that the moment is in passes twice.
    Repeat,
    /// These bytes pass too.
    Say(Vec<u8>),
}

/// An answer of HTTP/1.1 that the proxy gives itself, as those between a client and a server do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub(super) Vec<u8>);

impl Answer {
    /// This status, and no body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::with(status, "")
    }

    /// This status, and when to come again: seconds or a date.
    #[must_use]
    pub fn retry_after(status: u16, after: &str) -> Self {
        Self::with(status, &format!("retry-after: {after}\r\n"))
    }

    /// A redirect of this status to this address.
    #[must_use]
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::with(status, &format!("location: {to}\r\n"))
    }

    /// These bytes, whatever they are.
    #[must_use]
    pub fn garbage(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    fn with(status: u16, header: &str) -> Self {
        let answer = format!(
            "HTTP/1.1 {status} Planned\r\n{header}content-length: 0\r\nconnection: close\r\n\r\n"
        );
        Self(answer.into_bytes())
    }
}

/// What becomes of one way of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) act: Option<(At, Act)>,
    pub(super) delay: Duration,
    pub(super) piece: Option<usize>,
}

/// What becomes of a connection: nothing, unless something is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub(super) to_server: Way,
    pub(super) to_client: Way,
    pub(super) lose_answer: bool,
    pub(super) answer: Option<Answer>,
}

impl Plan {
    /// Everything passes as it comes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts the connection at this moment of what goes this way. What comes before the moment
    /// passes. A way has one moment: this replaces another cut or stall.
    #[must_use]
    pub fn cut_at(mut self, direction: Direction, at: At, cut: Cut) -> Self {
        self.way(direction).act = Some((at, Act::Cut(cut)));
        self
    }

    /// From this moment on nothing passes any more, either way, and nobody is told: the connection
    /// is half open. A way has one moment: this replaces another cut or stall.
    #[must_use]
    pub fn stall_at(mut self, direction: Direction, at: At) -> Self {
        self.way(direction).act = Some((at, Act::Stall));
        self
    }

    /// The piece of what goes this way that this moment is in passes twice: a piece is what came at
    /// once, such as an event that was written alone.
    #[must_use]
    pub fn repeat_at(mut self, direction: Direction, at: At) -> Self {
        self.way(direction).act = Some((at, Act::Repeat));
        self
    }

    /// At this moment of what goes this way these bytes pass too, which nobody sent.
    #[must_use]
    pub fn garbage_at(mut self, direction: Direction, at: At, bytes: &[u8]) -> Self {
        self.way(direction).act = Some((at, Act::Say(bytes.to_vec())));
        self
    }

    /// Nothing passes: the first request is answered by the proxy, and the connection ends.
    #[must_use]
    pub fn answer(mut self, answer: Answer) -> Self {
        self.answer = Some(answer);
        self
    }

    /// The request passes, and the connection is reset when the first byte of the answer comes: the
    /// server has done it, and the client does not know.
    #[must_use]
    pub const fn lose_answer(mut self) -> Self {
        self.lose_answer = true;
        self
    }

    /// Whatever comes this way passes so much later.
    #[must_use]
    pub fn delay(mut self, direction: Direction, delay: Duration) -> Self {
        self.way(direction).delay = delay;
        self
    }

    /// What comes this way passes in pieces of so many bytes, at least 1, each a segment of its own.
    #[must_use]
    pub fn split(mut self, direction: Direction, bytes: usize) -> Self {
        self.way(direction).piece = Some(bytes.max(1));
        self
    }

    const fn way(&mut self, direction: Direction) -> &mut Way {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}
