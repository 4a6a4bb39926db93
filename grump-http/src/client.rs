//! JSON requests to one server.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use grump_core::{Error, ErrorKind, Result, Retry};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;

use crate::{
    address::{check_base, no_url, shown},
    connect::{Connect, Lines},
    direct::DirectTransport,
    pooled::PooledTransport,
    socket::{self, Answer, Upgraded},
    sse::{self, SseStream},
    status,
    transport::{ByteStream, HttpTransport},
};

/// What a request for an event stream gave.
#[derive(Debug)]
pub enum Opened {
    /// The events.
    Events(SseStream),
    /// An answer of another status than success.
    Refused(Response<Bytes>),
}

/// What a request for a file gave.
pub enum Fetched {
    /// The answer, its body as it comes.
    Body(Response<ByteStream>),
    /// An answer of another status than success.
    Refused(Response<Bytes>),
}

/// Speaks JSON with the server at one base URL. Clones share their connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    requests: Arc<dyn HttpTransport>,
    streams: Arc<dyn HttpTransport>,
    lines: Arc<Lines>,
    base: String,
    headers: HeaderMap,
    first_byte: Duration,
    limit: Duration,
    idle: Duration,
    longest: usize,
}

/// What is said with a request for a stream: that it is to come as it is written.
const STREAM: [(HeaderName, &str); 3] = [
    (header::ACCEPT, "text/event-stream, application/json"),
    (header::ACCEPT_ENCODING, "identity"),
    (header::CACHE_CONTROL, "no-cache"),
];

/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 << 20;

impl HttpClient {
    /// A client of the server at `base`, such as `http://127.0.0.1:4096`, over connections of its own.
    ///
    /// # Errors
    /// `InvalidInput` when `base` is not an absolute `http` or `https` URL.
    pub fn new(base: &str) -> Result<Self> {
        Self::connecting(base, &Connect::new())
    }

    /// A client of the server at `base`, whose connections are made so.
    ///
    /// # Errors
    /// `InvalidInput` when `base` is not an absolute `http` or `https` URL.
    pub fn connecting(base: &str, connect: &Connect) -> Result<Self> {
        check_base(base)?;
        let lines = Arc::new(Lines::new(connect.clone()));
        Ok(Self {
            requests: Arc::new(PooledTransport::over(lines.clone())),
            streams: Arc::new(DirectTransport::over(lines.clone())),
            lines,
            base: base.trim_end_matches('/').to_owned(),
            headers: HeaderMap::new(),
            first_byte: Duration::from_secs(30),
            limit: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            longest: 32 << 20,
        })
    }

    /// Sends requests and reads event streams over this transport. Unless told, requests go over a
    /// [`PooledTransport`] and streams over a [`DirectTransport`]. Sockets are opened without it.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.requests = transport.clone();
        self.streams = transport;
        self
    }

    /// Logs in with every request. The credentials appear in no `Debug` output and in no error.
    #[must_use]
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
        let mut value = HeaderValue::try_from(format!("Basic {credentials}"))
            .expect("base64 is of visible ASCII characters");
        value.set_sensitive(true);
        self.headers.insert(header::AUTHORIZATION, value);
        self
    }

    /// Shows this token with every request. It appears in no `Debug` output and in no error.
    ///
    /// # Errors
    /// `InvalidInput` when a header cannot hold the token.
    pub fn bearer(mut self, token: &str) -> Result<Self> {
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "this is not a token")
                .advise("give one of visible ASCII characters")
        })?;
        value.set_sensitive(true);
        self.headers.insert(header::AUTHORIZATION, value);
        Ok(self)
    }

    /// How long one request may take, from connecting to the end of the answer; 30 s unless told.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How long the head of an answer may take to come, from connecting; 30 s unless told.
    #[must_use]
    pub fn first_byte(mut self, limit: Duration) -> Self {
        self.first_byte = limit;
        self
    }

    /// How long an event stream, a file or a socket may be silent; 60 s unless told. A socket whose server
    /// answers pings is not silent.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// How long an event or a socket's message may be, in bytes; 32 MiB unless told.
    #[must_use]
    pub fn longest_event(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// Reads `path`, which starts with a slash and may carry a query.
    ///
    /// # Errors
    /// By the answer's status; `Protocol` when it is not the JSON wanted; `Timeout`; `Transport`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.exchange(request(Method::GET, path, Bytes::new())?)
            .await
    }

    /// Posts `body` as JSON. An empty answer is read as `null`, so `T` may be `()`.
    ///
    /// # Errors
    /// As [`get`](Self::get), and `InvalidInput` when `body` is not JSON.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(|error| {
            Error::new(
                ErrorKind::InvalidInput,
                "the body cannot be written as JSON",
            )
            .caused_by(error)
        })?;
        self.exchange(request(Method::POST, path, body.into())?)
            .await
    }

    /// Opens the event stream at `path`.
    ///
    /// # Errors
    /// As [`get`](Self::get), and `Protocol` when the answer is not an event stream.
    pub async fn events(&self, path: &str) -> Result<SseStream> {
        match self.open(request(Method::GET, path, Bytes::new())?).await? {
            Opened::Events(events) => Ok(events),
            Opened::Refused(answer) => {
                Err(status::refusal(&answer).with("url", shown(&self.url(path))))
            }
        }
    }

    /// Sends a request whose URI is a path, which may carry a query, and gives the answer whatever
    /// its status. A body is marked as JSON where the request does not say what it is.
    ///
    /// # Errors
    /// `Timeout`; `Transport`, retryable where nothing was sent; `Protocol` for an answer that is
    /// not HTTP or longer than 64 MiB; `InvalidInput` for a URI that is none.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let request = self.addressed(request)?;
        let asked = asked(&request);
        let answer = async { whole(self.head(&self.requests, request).await?).await };
        self.in_time(answer)
            .await
            .map_err(|error| error.with("request", asked))
    }

    /// Sends a request, as [`send`](Self::send) does, whose answer is to be an event stream.
    ///
    /// # Errors
    /// As [`send`](Self::send), and `Protocol` when the answer is a success but no event stream.
    pub async fn open(&self, request: Request<Bytes>) -> Result<Opened> {
        let mut request = self.addressed(request)?;
        for (name, value) in STREAM {
            let value = HeaderValue::from_static(value);
            request.headers_mut().insert(name, value);
        }
        let url = shown(&request.uri().to_string());
        let limits = sse::Limits {
            idle: self.idle,
            event: self.longest,
        };
        let opened = async {
            let answer = self.head(&self.streams, request).await?;
            if answer.status().is_success() {
                SseStream::over(answer, limits).await.map(Opened::Events)
            } else {
                whole(answer).await.map(Opened::Refused)
            }
        };
        self.in_time(opened)
            .await
            .map_err(|error| error.with("url", url))
    }

    /// Asks for a WebSocket, by a `GET` whose URI is a path, which may carry a query.
    ///
    /// # Errors
    /// As [`send`](Self::send), and `Protocol` when the answer is a 101 that does not fit.
    pub async fn upgrade(&self, request: Request<Bytes>) -> Result<Upgraded> {
        let request = self.addressed(request)?;
        let url = shown(&request.uri().to_string());
        let limits = socket::Limits {
            idle: self.idle,
            message: self.longest,
        };
        let upgraded = async {
            let answer = if self.lines.has_proxy(request.uri()) {
                socket::ask_through(&self.lines.tunnel(), request, limits).await
            } else {
                let io = self.lines.dial(request.uri()).await?;
                socket::ask(io, &request, limits).await
            };
            match answer? {
                Answer::Socket(socket) => Ok(Upgraded::Socket(socket)),
                Answer::Refused(answer) => whole(answer).await.map(Upgraded::Refused),
            }
        };
        self.in_time(upgraded)
            .await
            .map_err(|error| error.with("url", url))
    }

    /// Sends a request, as [`send`](Self::send) does, whose answer is to be read as it comes.
    ///
    /// # Errors
    /// As [`send`](Self::send); those of the body come with it.
    pub async fn fetch(&self, request: Request<Bytes>) -> Result<Fetched> {
        let request = self.addressed(request)?;
        let asked = asked(&request);
        let fetched = async {
            let answer = self.head(&self.requests, request).await?;
            if answer.status().is_success() {
                let idle = self.idle;
                Ok(Fetched::Body(answer.map(|body| patient(body, idle))))
            } else {
                whole(answer).await.map(Fetched::Refused)
            }
        };
        self.in_time(fetched)
            .await
            .map_err(|error| error.with("request", asked))
    }

    /// The answer as soon as its head is there.
    async fn head(
        &self,
        transport: &Arc<dyn HttpTransport>,
        request: Request<Bytes>,
    ) -> Result<Response<ByteStream>> {
        timeout(self.first_byte, transport.send(request))
            .await
            .unwrap_or_else(|_| Err(late(self.first_byte)))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(self.limit, answer)
            .await
            .unwrap_or_else(|_| Err(late(self.limit)))
    }

    fn addressed(&self, mut request: Request<Bytes>) -> Result<Request<Bytes>> {
        let url = self.url(&request.uri().to_string());
        *request.uri_mut() = url.parse().map_err(|error| no_url(&url, error))?;
        let has_body = !request.body().is_empty();
        let headers = request.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.entry(header::ACCEPT).or_insert(json.clone());
        if has_body {
            headers.entry(header::CONTENT_TYPE).or_insert(json);
        }
        headers.extend(self.headers.clone());
        Ok(request)
    }

    async fn exchange<T: DeserializeOwned>(&self, request: Request<Bytes>) -> Result<T> {
        let url = shown(&self.url(&request.uri().to_string()));
        let asked = format!("{} {url}", request.method());
        let answer = self.send(request).await?;
        let read = if answer.status().is_success() {
            parse(answer.body())
        } else {
            Err(status::refusal(&answer))
        };
        read.map_err(|error| error.with("request", asked))
    }
}

fn asked(request: &Request<Bytes>) -> String {
    let url = shown(&request.uri().to_string());
    format!("{} {url}", request.method())
}

fn request(method: Method, path: &str, body: Bytes) -> Result<Request<Bytes>> {
    let request = Request::builder().method(method).uri(path).body(body);
    request.map_err(|error| no_url(path, error))
}

/// A body that may not be silent for longer than this while it is read.
fn patient(body: ByteStream, idle: Duration) -> ByteStream {
    Box::pin(stream::try_unfold(body, move |mut body| async move {
        match timeout(idle, body.next()).await {
            Ok(Some(piece)) => piece.map(|piece| Some((piece, body))),
            Ok(None) => Ok(None),
            Err(_) => Err(silent(idle)),
        }
    }))
}

async fn whole(answer: Response<ByteStream>) -> Result<Response<Bytes>> {
    let (head, mut body) = answer.into_parts();
    let mut read = BytesMut::new();
    while let Some(piece) = body.next().await {
        read.extend_from_slice(&piece?);
        if read.len() > LONGEST {
            return Err(Error::new(ErrorKind::Protocol, "the answer is too long")
                .with("limit", format_args!("{LONGEST} bytes")));
        }
    }
    Ok(Response::from_parts(head, read.freeze()))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let body = if body.is_empty() { b"null" } else { body };
    let reader = &mut serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(reader).map_err(|error| {
        Error::new(ErrorKind::Protocol, "the answer is not what was asked for")
            .with("member", error.path())
            .caused_by(error)
    })
}

fn silent(limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, "the answer fell silent")
        .retryable(Retry::Safe)
        .with("limit", format_args!("{limit:?}"))
}

fn late(limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, "the server did not answer in time")
        .retryable(Retry::MaybeApplied)
        .with("limit", format_args!("{limit:?}"))
}
