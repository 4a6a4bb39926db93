//! A plain WebSocket client.

use futures::{SinkExt, StreamExt};
use grump_testkit::contract::Contract;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message},
};

pub(super) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens a socket; the status where it is refused.
    pub(super) async fn open(server: &Contract, path: &str) -> Result<Self, u16> {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let url = format!("ws://{}{path}", server.address());
        match client_async(url, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// The next message; none where the socket is over.
    pub(super) async fn next(&mut self) -> Option<Value> {
        let text = self.next_text().await?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// The next message as it stands.
    pub(super) async fn next_text(&mut self) -> Option<String> {
        match self.0.next().await?.ok()? {
            Message::Text(text) => Some(text.as_str().to_owned()),
            _ => None,
        }
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }
}
