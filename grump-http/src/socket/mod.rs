//! [`Socket`]: messages both ways over one connection. (RFC 6455)
//!
//! What keeps the connection alive happens inside, whether or not anybody reads: pings are answered,
//! and a server that falls silent is asked by a ping of our own.
//!
//! # Recovery
//! A [`Message::Close`] says that the server closed the connection, and why; an `Err` that it broke,
//! fell silent or is not to be understood. After either comes `None`. None of them says that
//! whatever the socket tells of has ended.

mod handshake;
mod message;
mod pump;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures::Stream;
use grump_core::{Error, ErrorKind, Result, Retry};
use http::{HeaderMap, Response};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self,
        protocol::{Role, frame::coding::CloseCode},
    },
};
use tokio_util::sync::DropGuard;

pub(crate) use self::handshake::{Answer, ask, ask_through};
pub use self::message::Message;
use self::pump::{Ahead, Order};
use crate::connect::Io;

/// What a request for a WebSocket gave.
#[derive(Debug)]
pub enum Upgraded {
    /// The socket.
    Socket(Socket),
    /// An answer of another status than 101.
    Refused(Response<Bytes>),
}

/// What a socket may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long nothing may be heard of the server, pings being answered.
    pub(crate) idle: Duration,
    /// The longest message, in bytes.
    pub(crate) message: usize,
}

/// Messages both ways over one connection. Dropping it closes the connection.
///
/// Some messages are read ahead, up to 256 or one mebibyte. Beyond that nothing is read until the
/// caller reads, so that the server has to wait; its pings behind those messages wait with them.
#[must_use = "dropping a socket closes it"]
pub struct Socket {
    sender: SocketSender,
    receiver: SocketReceiver,
    headers: HeaderMap,
}

/// The half of a [`Socket`] that sends.
#[must_use = "dropping both halves of a socket closes it"]
pub struct SocketSender {
    orders: mpsc::Sender<Order>,
    _open: Arc<DropGuard>,
}

/// The half of a [`Socket`] that receives. As a stream it yields what [`next`](Self::next) does.
#[must_use = "dropping both halves of a socket closes it"]
pub struct SocketReceiver {
    incoming: Ahead,
    _open: Arc<DropGuard>,
}

/// How long the server may take to answer that the socket is being closed.
const FAREWELL: Duration = Duration::from_secs(5);

impl Socket {
    /// A socket over a connection that was upgraded, of which this was read already.
    pub(crate) async fn over(io: Io, read: Vec<u8>, headers: HeaderMap, limits: Limits) -> Self {
        let config = pump::config(limits);
        let stream =
            WebSocketStream::from_partially_read(io, read, Role::Client, Some(config)).await;
        let (orders, incoming, open) = pump::start(stream, limits);
        let open = Arc::new(open);
        Self {
            sender: SocketSender {
                orders,
                _open: open.clone(),
            },
            receiver: SocketReceiver {
                incoming,
                _open: open,
            },
            headers,
        }
    }

    /// The headers of the answer that made it a socket.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Sends a text. See [`SocketSender::send`].
    ///
    /// # Errors
    /// `Transport` when the socket is closed, or breaks before the text was handed over.
    pub async fn send(&mut self, text: String) -> Result<()> {
        self.sender.send(text).await
    }

    /// The next message. See [`SocketReceiver::next`].
    pub async fn next(&mut self) -> Option<Result<Message>> {
        self.receiver.next().await
    }

    /// Says goodbye, and waits up to 5 s for the server to do so too. What it sent before is dropped.
    ///
    /// # Errors
    /// `Timeout` when the server does not answer; `Transport` when the connection broke before.
    pub async fn close(self) -> Result<()> {
        let Self {
            sender,
            mut receiver,
            ..
        } = self;
        let farewell = async {
            sender.close().await?;
            while let Some(message) = receiver.next().await {
                message?;
            }
            Ok(())
        };
        let answered = tokio::time::timeout(FAREWELL, farewell).await;
        answered.unwrap_or_else(|_| {
            Err(
                Error::new(ErrorKind::Timeout, "the server did not close the socket")
                    .with("limit", format_args!("{FAREWELL:?}")),
            )
        })
    }

    /// The two halves, for two tasks. The connection is open while one of them is there.
    pub fn split(self) -> (SocketSender, SocketReceiver) {
        (self.sender, self.receiver)
    }
}

impl SocketSender {
    /// Sends a text, and is done when it was handed to the system. Cancelling the call may leave the
    /// text sent or not.
    ///
    /// # Errors
    /// `Transport` when the socket is closed, or breaks before the text was handed over.
    pub async fn send(&mut self, text: String) -> Result<()> {
        self.order(tungstenite::Message::Text(text.into())).await
    }

    /// Says goodbye. The server's answer is the receiver's last message.
    ///
    /// # Errors
    /// `Transport` when the connection broke before.
    pub async fn close(self) -> Result<()> {
        self.order(pump::farewell(CloseCode::Normal)).await
    }

    async fn order(&self, message: tungstenite::Message) -> Result<()> {
        let (done, told) = oneshot::channel();
        let order = Order::Send(message, done);
        if self.orders.send(order).await.is_err() {
            return Err(closed(Retry::Safe));
        }
        told.await
            .unwrap_or_else(|_| Err(closed(Retry::MaybeApplied)))
    }
}

fn closed(retry: Retry) -> Error {
    Error::new(ErrorKind::Transport, "the socket is closed")
        .retryable(retry)
        .advise("open another one")
}

impl SocketReceiver {
    /// The next message; `None` once the socket has ended. Cancelling the call loses nothing.
    pub async fn next(&mut self) -> Option<Result<Message>> {
        std::future::poll_fn(|context| self.poll_message(context)).await
    }

    /// As [`next`](Self::next), for those who poll.
    pub fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message>>> {
        let message = ready!(self.incoming.poll_next(context));
        Poll::Ready(message)
    }
}

impl Stream for SocketReceiver {
    type Item = Result<Message>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(context)
    }
}

impl Stream for Socket {
    type Item = Result<Message>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_message(context)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").finish_non_exhaustive()
    }
}

impl fmt::Debug for SocketSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketSender").finish_non_exhaustive()
    }
}

impl fmt::Debug for SocketReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketReceiver").finish_non_exhaustive()
    }
}
