//! What the servers that play a dialect share: requests and answers as they go over the wire,
//! listening, and the machine of states.

mod listen;
mod reply;
pub(crate) mod transitions;

pub(crate) use listen::{Counter, Listening};
pub use reply::{Asked, Reply};

/// What an event stream or a socket is told.
#[derive(Debug)]
pub(crate) enum Sent {
    /// These bytes; on a socket one message of text.
    Frame(axum::body::Bytes),
    /// On a socket: a close frame with this code and reason, and the end.
    Close(u16, &'static str),
    /// To break off in the middle of the answer.
    Abort,
}
