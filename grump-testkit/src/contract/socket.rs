//! Sockets.

use axum::{
    body::{Body, Bytes},
    http::Response,
};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, Utf8Bytes,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role},
    },
};

use super::{
    Dialect, grump, mini_devin,
    server::{Reader, Shared, act_on},
    world::{Frames, World},
};
use crate::serving::{Asked, Reply, Sent};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What a socket does next.
enum Next {
    Told(Option<Sent>),
    Heard(Option<Message>),
}

/// Answers the handshake of a socket, and speaks on it in the background.
pub(super) fn open(
    world: Shared,
    asked: &Asked,
    upgrade: Option<OnUpgrade>,
    number: u64,
    frames: Frames,
    of: Option<String>,
) -> Response<Body> {
    let reader = Reader {
        frames,
        world,
        number,
    };
    let (Some(upgrade), Some(key)) = (upgrade, asked.header("sec-websocket-key")) else {
        return Reply::empty(400).into_response();
    };
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        speak(socket, reader, of).await;
    });
    Response::builder()
        .status(101)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", derive_accept_key(key.as_bytes()))
        .body(Body::empty())
        .expect("these headers can be sent")
}

/// Tells what is to be told and hears what is said, until one side ends it.
async fn speak(mut socket: Socket, mut reader: Reader, of: Option<String>) {
    loop {
        let next = tokio::select! {
            biased;
            heard = socket.next() => Next::Heard(heard.and_then(Result::ok)),
            told = reader.frames.recv() => Next::Told(told),
        };
        let goes_on = match next {
            Next::Told(Some(Sent::Frame(frame))) => socket.send(message(frame)).await.is_ok(),
            Next::Told(Some(Sent::Close(code, reason))) => close(&mut socket, code, reason).await,
            Next::Told(None) => close(&mut socket, 1000, "").await,
            Next::Told(Some(Sent::Abort)) | Next::Heard(None | Some(Message::Close(_))) => false,
            Next::Heard(Some(Message::Text(text))) => {
                let heard = act_on(&reader.world, |world| {
                    world.heard(reader.number, of.as_deref(), &text)
                });
                match heard {
                    Ok(()) => true,
                    Err(code) => close(&mut socket, code, "not understood").await,
                }
            }
            Next::Heard(Some(_)) => true,
        };
        if !goes_on {
            return;
        }
    }
}

/// Text where it is some; else bytes.
fn message(frame: Bytes) -> Message {
    match Utf8Bytes::try_from(frame.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(frame),
    }
}

/// Closes a socket, and waits until the other side has closed it too.
async fn close(socket: &mut Socket, code: u16, reason: &'static str) -> bool {
    let frame = CloseFrame {
        code: code.into(),
        reason: reason.into(),
    };
    let _ = socket.close(Some(frame)).await;
    while let Some(Ok(_)) = socket.next().await {}
    false
}

impl World {
    /// Hears a message of a client; a close code ends the socket.
    fn heard(&mut self, number: u64, of: Option<&str>, text: &str) -> Result<(), u16> {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        self.messages.push(message.clone());
        match self.dialect {
            Dialect::Grump => grump::message(self, number, &message),
            Dialect::MiniDevin => {
                mini_devin::message(self, of.unwrap_or_default(), &message);
                Ok(())
            }
            _ => {
                let what = format!("WS /ws: no message is documented: {text}");
                self.violations.push(what);
                Ok(())
            }
        }
    }
}
