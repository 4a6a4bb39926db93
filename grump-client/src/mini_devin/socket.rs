//! [`TaskSocket`]: a task's messages, both ways.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::{Stream, StreamExt, stream::FusedStream};
use grump_core::{Error, ErrorKind, Result};
use grump_http::{Message, Socket};
use grump_wire::mini_devin::{ClientMessage, TaskMessage};
use tokio::time::timeout;

use crate::wire_socket::{WireSocket, closed};

/// How long a server may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(5);

/// A task's messages as a stream, in the dialect's own terms, and the client's to the task. Dropping
/// it closes the connection; the task goes on. (Mini-Devin, "WebSocket API")
///
/// # Recovery
/// As for [`WireSocket`]: none. A task may fall silent after a stop: read it.
#[derive(Debug)]
#[must_use = "a socket does nothing unless it is read"]
pub struct TaskSocket(WireSocket<TaskMessage, ClientMessage>);

impl TaskSocket {
    pub(super) fn over(socket: Socket) -> Self {
        Self(WireSocket::new(socket, TaskMessage::read))
    }

    /// Tells the agent something. Nothing announces that it waits for that. (ambiguity D-08)
    ///
    /// # Errors
    /// `Transport` when the socket is closed, or breaks before the message was handed over.
    pub async fn input(&mut self, content: impl Into<String>) -> Result<()> {
        let content = content.into();
        self.0.send(&ClientMessage::Input { content }).await
    }

    /// Stops the task. [`Tasks::stop`](super::Tasks::stop) does so too, and answers.
    ///
    /// # Errors
    /// As for [`input`](Self::input).
    pub async fn stop(&mut self) -> Result<()> {
        self.0.send(&ClientMessage::Stop).await
    }

    /// Says goodbye to the server, and waits a moment for its answer.
    ///
    /// # Errors
    /// `Timeout` when the server does not answer; `Transport` when the connection broke before.
    pub async fn close(self) -> Result<()> {
        self.0.close().await
    }
}

impl Stream for TaskSocket {
    type Item = Result<TaskMessage>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl FusedStream for TaskSocket {
    fn is_terminated(&self) -> bool {
        self.0.is_terminated()
    }
}

/// Sends one message over a socket that is for nothing else. A server that refuses to hear it says so
/// by how it closes.
pub(crate) async fn say(socket: Socket, message: &ClientMessage) -> Result<()> {
    let (mut sender, mut receiver) = socket.split();
    let text = serde_json::to_string(message).expect("messages have text for keys");
    sender.send(text).await?;
    sender.close().await?;
    let refusal = async {
        while let Some(message) = receiver.next().await {
            if let Ok(Message::Close { code, reason }) = message {
                return Some(closed(code, &reason, false));
            }
        }
        None
    };
    let refusal = timeout(FAREWELL, refusal).await.ok().flatten();
    let is_refusal = |error: &Error| error.kind() != ErrorKind::Truncated;
    refusal.filter(is_refusal).map_or(Ok(()), Err)
}
