//! What goes on inside a socket, in a task of its own: reading ahead, answering pings, writing.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::{
    SinkExt, StreamExt, poll,
    stream::{SplitSink, SplitStream},
};
use grump_core::{Error, ErrorKind, Result, Retry};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Error as Theirs,
        error::{CapacityError, ProtocolError},
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Limits, message::Message};
use crate::connect::Io;

/// What is to be written.
pub(super) enum Order {
    /// A message, and whom to tell when it was.
    Send(tungstenite::Message, oneshot::Sender<Result<()>>),
    /// A ping of our own.
    Ping,
}

type Reading = SplitStream<WebSocketStream<Io>>;
type Writing = SplitSink<WebSocketStream<Io>, tungstenite::Message>;

/// How many messages are read ahead.
const MESSAGES: usize = 256;

/// How many bytes of messages are read ahead.
const BYTES: usize = 1 << 20;

/// How much memory is there for reading, in bytes; a message that is longer brings its own.
const PORTION: usize = 16 << 10;

/// How many orders may wait.
const ORDERS: usize = 16;

pub(super) fn config(limits: Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(PORTION)
        .write_buffer_size(0)
        .max_message_size(Some(limits.message))
        .max_frame_size(Some(limits.message))
}

/// The message that says goodbye.
pub(super) fn farewell(code: CloseCode) -> tungstenite::Message {
    tungstenite::Message::Close(Some(CloseFrame {
        code,
        reason: "".into(),
    }))
}

/// Messages that were read ahead.
pub(super) struct Ahead {
    messages: mpsc::Receiver<Result<Message>>,
    room: Arc<Semaphore>,
    has_ended: bool,
}

impl Ahead {
    /// The next message; none after the one that is the last.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let message = ready!(self.messages.poll_recv(context));
        if let Some(Ok(message)) = &message {
            self.room.add_permits(size(message));
        }
        self.has_ended = !matches!(message, Some(Ok(Message::Text(_) | Message::Binary(_))));
        Poll::Ready(message)
    }
}

/// How much of the room a message takes. One that is larger than all of it has all of it.
fn size(message: &Message) -> usize {
    let size = match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
        Message::Close { .. } => 0,
    };
    size.min(BYTES)
}

/// Starts to read and write. It ends when the socket does, or when the guard is dropped.
pub(super) fn start(
    stream: WebSocketStream<Io>,
    limits: Limits,
) -> (mpsc::Sender<Order>, Ahead, DropGuard) {
    let (orders, todo) = mpsc::channel(ORDERS);
    let (told, messages) = mpsc::channel(MESSAGES);
    let room = Arc::new(Semaphore::new(BYTES));
    let ahead = Ahead {
        messages,
        room: room.clone(),
        has_ended: false,
    };
    let dropped = CancellationToken::new();
    let (writing, reading) = stream.split();
    let reader = Reader {
        reading,
        told,
        room,
        limits,
        pings: orders.downgrade(),
    };
    tokio::spawn(run(reader, writing, todo, dropped.clone()));
    (orders, ahead, dropped.drop_guard())
}

async fn run(
    reader: Reader,
    mut writing: Writing,
    orders: mpsc::Receiver<Order>,
    dropped: CancellationToken,
) {
    tokio::select! {
        () = reader.run() => {}
        () = write(&mut writing, orders) => {}
        () = dropped.cancelled() => {
            // Goodbye, if it can be said without waiting.
            let _ = poll!(pin!(writing.send(farewell(CloseCode::Away))));
        }
    }
}

/// Writes what is ordered, one after the other, for as long as the socket is there.
async fn write(writing: &mut Writing, mut orders: mpsc::Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        match order {
            Order::Send(message, done) => {
                let sent = writing.send(message).await.map_err(unsent);
                // Who does not wait for it does not want to know.
                let _ = done.send(sent);
            }
            // That it fails is seen by the reader.
            Order::Ping => drop(writing.send(tungstenite::Message::Ping("".into())).await),
        }
    }
    std::future::pending::<()>().await;
}

fn unsent(error: Theirs) -> Error {
    let (message, retry) = match &error {
        Theirs::ConnectionClosed | Theirs::AlreadyClosed | Theirs::Protocol(_) => {
            ("the socket is closed", Retry::Safe)
        }
        _ => ("the connection broke", Retry::MaybeApplied),
    };
    Error::new(ErrorKind::Transport, message)
        .retryable(retry)
        .advise("open another socket")
        .caused_by(error)
}

struct Reader {
    reading: Reading,
    told: mpsc::Sender<Result<Message>>,
    room: Arc<Semaphore>,
    limits: Limits,
    pings: mpsc::WeakSender<Order>,
}

impl Reader {
    /// Reads until the socket ends. Without a reader on the other side it goes on: the server's
    /// pings are to be answered, and its goodbye.
    async fn run(mut self) {
        loop {
            let message = match self.hear().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => return self.tell(Err(error)).await,
                None => return,
            };
            match message {
                tungstenite::Message::Text(text) => self.tell(Ok(Message::Text(text.into()))).await,
                tungstenite::Message::Binary(bytes) => self.tell(Ok(Message::Binary(bytes))).await,
                // Read on: that is what sends the answer, and it ends when the server hangs up.
                tungstenite::Message::Close(frame) => self.tell(Ok(closed(frame))).await,
                _ => {}
            }
        }
    }

    /// Hands a message over as soon as there is room for it. Nothing is read meanwhile.
    async fn tell(&self, message: Result<Message>) {
        let needed = message.as_ref().map_or(0, size);
        let needed = u32::try_from(needed).expect("it is at most the whole room");
        if let Ok(permit) = self.room.acquire_many(needed).await {
            // Whoever takes the message makes the room free again.
            permit.forget();
        }
        if self.told.send(message).await.is_err() {
            self.room.add_permits(needed as usize);
        }
    }

    /// The next message. Silence is only what is waited for: it begins anew with each call.
    async fn hear(&mut self) -> Option<Result<tungstenite::Message>> {
        if let Poll::Ready(heard) = poll!(self.reading.next()) {
            return heard.map(|heard| heard.map_err(|error| broken(error, self.limits)));
        }
        let half = self.limits.idle / 2;
        let heard = match timeout(half, self.reading.next()).await {
            Ok(heard) => heard,
            Err(_) => {
                self.ping();
                match timeout(half, self.reading.next()).await {
                    Ok(heard) => heard,
                    Err(_) => return Some(Err(silent(self.limits))),
                }
            }
        };
        heard.map(|heard| heard.map_err(|error| broken(error, self.limits)))
    }

    /// Where orders wait already, one more would be no use: the server does not read.
    fn ping(&self) {
        if let Some(orders) = self.pings.upgrade() {
            let _ = orders.try_send(Order::Ping);
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> Message {
    frame.map_or_else(
        || Message::Close {
            code: CloseCode::Status.into(),
            reason: String::new(),
        },
        |frame| Message::Close {
            code: frame.code.into(),
            reason: frame.reason.to_string(),
        },
    )
}

fn silent(limits: Limits) -> Error {
    Error::new(ErrorKind::Stalled, "the server answers no ping")
        .retryable(Retry::Safe)
        .advise("open another socket")
        .with("limit", format_args!("{:?}", limits.idle))
}

fn broken(error: Theirs, limits: Limits) -> Error {
    match &error {
        Theirs::Capacity(CapacityError::MessageTooLong { size, .. }) => {
            Error::new(ErrorKind::Protocol, "a message is too long")
                .with("size", format_args!("{size} bytes"))
                .with("limit", format_args!("{} bytes", limits.message))
        }
        Theirs::Io(_) | Theirs::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Error::new(ErrorKind::Transport, "the connection broke")
                .retryable(Retry::Safe)
                .caused_by(error)
        }
        _ => Error::new(ErrorKind::Protocol, "the socket cannot be understood")
            .retryable(Retry::Safe)
            .caused_by(error),
    }
}
