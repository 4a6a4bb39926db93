//! [`WireSocket`]: a conversation over one WebSocket, in the dialect's own terms.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{Stream, StreamExt, stream::FusedStream};
use grump_core::{Error, ErrorKind, Result, Retry};
use grump_http::{Message, Socket};
use serde::Serialize;

/// A conversation over one WebSocket, in the dialect's own terms: it yields what the server says,
/// and [`send`](Self::send)s what the client says. Dropping it closes the connection.
///
/// # Recovery
/// None: it ends with an error, of kind [`Truncated`](ErrorKind::Truncated) where the server closed
/// it, [`Unauthenticated`](ErrorKind::Unauthenticated) or [`Forbidden`](ErrorKind::Forbidden) where
/// it did so for want of a credential before it said anything. What was missed is for the caller to
/// find out. A plane's [`EventStream`](grump_core::EventStream) does all that.
#[must_use = "dropping a socket closes it"]
pub struct WireSocket<Received, Sent> {
    /// None once it ended.
    socket: Option<Socket>,
    decode: fn(&str) -> Received,
    has_spoken: bool,
    sent: PhantomData<fn(Sent)>,
}

impl<Received, Sent: Serialize> WireSocket<Received, Sent> {
    pub(crate) const fn new(socket: Socket, decode: fn(&str) -> Received) -> Self {
        Self {
            socket: Some(socket),
            decode,
            has_spoken: false,
            sent: PhantomData,
        }
    }

    /// Says this to the server, and is done when it was handed to the system.
    ///
    /// # Errors
    /// `Transport` when the socket is closed or breaks.
    pub async fn send(&mut self, message: &Sent) -> Result<()> {
        let text = serde_json::to_string(message).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "this cannot be said").caused_by(error)
        })?;
        match &mut self.socket {
            Some(socket) => socket.send(text).await,
            None => Err(Error::new(ErrorKind::Transport, "the socket is closed")
                .retryable(Retry::Safe)
                .advise("open another one")),
        }
    }

    /// Says goodbye, and waits for the server to do so too. What it says before is dropped.
    ///
    /// # Errors
    /// `Timeout` when it does not; `Transport` when the connection broke before.
    pub async fn close(self) -> Result<()> {
        match self.socket {
            Some(socket) => socket.close().await,
            None => Ok(()),
        }
    }
}

impl<Received, Sent> WireSocket<Received, Sent> {
    fn told(&mut self, message: Option<Result<Message>>) -> Option<Result<Received>> {
        let error = match message {
            Some(Ok(Message::Text(text))) => {
                self.has_spoken = true;
                return Some(Ok((self.decode)(&text)));
            }
            Some(Ok(Message::Close { code, reason })) => closed(code, &reason, self.has_spoken),
            // No dialect has another kind of message.
            Some(Ok(_)) => return None,
            Some(Err(error)) => error,
            None => closed(1006, "", self.has_spoken),
        };
        self.socket = None;
        Some(Err(error))
    }
}

/// The error of a socket that the server closed, which had said something before or not. What it
/// closes at once for a reason of its own is a refusal. (ambiguity X-08)
pub(crate) fn closed(code: u16, reason: &str, has_spoken: bool) -> Error {
    let error = match (has_spoken, code) {
        (false, 4403) => Error::new(ErrorKind::Forbidden, "the server refused the socket")
            .advise("use a credential that may open it"),
        (false, 1008 | 4000..=4999) => {
            Error::new(ErrorKind::Unauthenticated, "the server refused the socket")
                .advise("give the client a credential that the server takes")
        }
        _ => Error::new(ErrorKind::Truncated, "the server closed the socket")
            .advise("read the state, then open the socket again"),
    };
    let error = error.with("code", code);
    match reason {
        "" => error,
        reason => error.with("reason", reason),
    }
}

impl<Received, Sent> Stream for WireSocket<Received, Sent> {
    type Item = Result<Received>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(socket) = &mut self.socket else {
                return Poll::Ready(None);
            };
            let message = ready!(socket.poll_next_unpin(context));
            if let Some(told) = self.told(message) {
                return Poll::Ready(Some(told));
            }
        }
    }
}

impl<Received, Sent> FusedStream for WireSocket<Received, Sent> {
    fn is_terminated(&self) -> bool {
        self.socket.is_none()
    }
}

impl<Received, Sent> fmt::Debug for WireSocket<Received, Sent> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireSocket")
            .field("ended", &self.is_terminated())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_is_closed_before_a_word_was_refused() {
        let kind = |code, has_spoken| closed(code, "", has_spoken).kind();
        assert_eq!(kind(1008, false), ErrorKind::Unauthenticated);
        assert_eq!(kind(4401, false), ErrorKind::Unauthenticated);
        assert_eq!(kind(4403, false), ErrorKind::Forbidden);
        assert_eq!(kind(1000, false), ErrorKind::Truncated);
        assert_eq!(kind(4401, true), ErrorKind::Truncated);
    }
}
