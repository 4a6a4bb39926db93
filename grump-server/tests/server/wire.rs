//! What a test says to a server, and what it hears: as bytes, as JSON, as a stream.

use std::{net::SocketAddr, time::Duration};

use reqwest::{Method, Response, header::HeaderMap};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer of JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and code of an error, which must have the dialect's shape.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        let message = self.body["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "an error says what happened: {self:?}");
        (self.status, self.body["error"].as_str().unwrap())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Asks servers on this machine.
fn client() -> reqwest::Client {
    // Nothing is encrypted here; the client wants to know all the same by whom it would be.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A request to a server.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    client: reqwest::Client,
    base: String,
}

impl Asking {
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self {
            client: client(),
            base: format!("http://{address}"),
        }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        self.send_with(method, path, body, &[]).await
    }

    pub(crate) async fn send_with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Response {
        let method: Method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        answer(self.send(method, path, body).await).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.json("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, Some(body)).await
    }

    /// A request that must succeed.
    pub(crate) async fn done(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.json(method, path, body).await;
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        answer.body
    }

    /// Opens a stream of events, after this position where one is named.
    pub(crate) async fn stream(&self, path: &str, after: Option<&str>) -> Listening {
        let headers: Vec<_> = after.map(|id| ("last-event-id", id)).into_iter().collect();
        let response = self.send_with("GET", path, None, &headers).await;
        assert_eq!(response.status(), 200, "{path}");
        Listening {
            response,
            read: String::new(),
        }
    }
}

pub(crate) async fn answer(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    assert_eq!(headers["content-type"], "application/json", "{status}");
    let text = response.text().await.unwrap();
    Answer {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap(),
    }
}

/// A stream of events that is read.
#[derive(Debug)]
pub(crate) struct Listening {
    response: Response,
    read: String,
}

impl Listening {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.response.headers().get(name)?;
        Some(value.to_str().unwrap())
    }

    /// Reads until this stands in what was read, and returns all of it.
    pub(crate) async fn until(&mut self, wanted: &str) -> &str {
        let mut looked_at = 0;
        while !self.read[looked_at..].contains(wanted) {
            // What was just read may hold the beginning of it.
            let near = self.read.len().saturating_sub(wanted.len());
            looked_at = self.read.ceil_char_boundary(near);
            self.chunk().await;
        }
        &self.read
    }

    /// As [`until`](Self::until), to the end of its frame.
    pub(crate) async fn until_whole(&mut self, wanted: &str) -> &str {
        self.until(wanted).await;
        while !self.read.ends_with("\n\n") {
            self.chunk().await;
        }
        &self.read
    }

    async fn chunk(&mut self) {
        let chunk = self.response.chunk().await.unwrap();
        let chunk = chunk.unwrap_or_else(|| panic!("it ended too early: {}", self.read));
        self.read.push_str(std::str::from_utf8(&chunk).unwrap());
    }

    /// The events until one of this type, with their ids.
    pub(crate) async fn events_until(&mut self, kind: &str) -> Vec<(Option<String>, Value)> {
        let is_last = |(_, event): &(_, Value)| event["type"] == kind;
        while !events(&self.read).iter().any(is_last) {
            self.chunk().await;
        }
        events(&self.read)
    }

    /// Reads to the end.
    pub(crate) async fn rest(mut self) -> String {
        while let Some(chunk) = self.response.chunk().await.unwrap() {
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        self.read
    }
}

/// The whole events of a stream's text.
pub(crate) fn events(text: &str) -> Vec<(Option<String>, Value)> {
    let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
    let frames = whole.split("\n\n").filter_map(|frame| {
        let field = |name: &str| {
            let line = frame.lines().find_map(|line| line.strip_prefix(name));
            line.map(str::to_owned)
        };
        let data = serde_json::from_str(&field("data: ")?).unwrap();
        Some((field("id: "), data))
    });
    frames.collect()
}

/// Sends these bytes, and reads until the server closes or the text holds what is wanted.
pub(crate) async fn raw(address: SocketAddr, request: &str, until: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read);
        if count == 0 || text.contains(until) {
            return text.into_owned();
        }
    }
}

/// Waits until this holds.
pub(crate) async fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
