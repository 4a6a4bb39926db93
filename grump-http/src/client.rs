//! JSON requests to one server.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use grump_core::{Error, ErrorKind, Result, Retry};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header, uri::Scheme};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;

use crate::{
    PooledTransport,
    sse::{self, SseStream},
    status,
    transport::{ByteStream, HttpTransport},
};

/// Speaks JSON with the server at one base URL. Clones share their connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    transport: Arc<dyn HttpTransport>,
    base: String,
    headers: HeaderMap,
    limit: Duration,
    idle: Duration,
}

/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 << 20;

impl HttpClient {
    /// A client of the server at `base`, such as `http://127.0.0.1:4096`, over a pool of its own.
    ///
    /// # Errors
    /// `InvalidInput` when `base` is not an absolute `http` URL. There is no TLS here yet.
    pub fn new(base: &str) -> Result<Self> {
        let absolute = base.parse::<Uri>().ok().filter(|uri| {
            uri.scheme() == Some(&Scheme::HTTP)
                && uri.authority().is_some()
                && uri.query().is_none()
        });
        if absolute.is_none() {
            return Err(
                Error::new(ErrorKind::InvalidInput, "this is not an http URL")
                    .advise("give one like http://127.0.0.1:4096")
                    .with("url", base),
            );
        }
        Ok(Self {
            transport: Arc::new(PooledTransport::new()),
            base: base.trim_end_matches('/').to_owned(),
            headers: HeaderMap::new(),
            limit: Duration::from_secs(30),
            idle: Duration::from_secs(60),
        })
    }

    /// Sends over this transport.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = transport;
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

    /// How long one request may take, from connecting to the end of the answer; 30 s unless told.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How long an event stream may be silent; 60 s unless told.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Reads `path`, which starts with a slash and may carry a query.
    ///
    /// # Errors
    /// By the answer's status; `Protocol` when it is not the JSON wanted; `Timeout`; `Transport`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.exchange(self.request(Method::GET, path, Bytes::new())?)
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
        self.exchange(self.request(Method::POST, path, body.into())?)
            .await
    }

    /// Opens the event stream at `path`.
    ///
    /// # Errors
    /// As [`get`](Self::get), and `Protocol` when the answer is not an event stream.
    pub async fn events(&self, path: &str) -> Result<SseStream> {
        let request = self.request(Method::GET, path, Bytes::new())?;
        let transport = Arc::clone(&self.transport);
        let limits = sse::Limits {
            idle: self.idle,
            ..sse::Limits::default()
        };
        let opened = timeout(self.limit, SseStream::open(transport, request, limits)).await;
        opened
            .unwrap_or_else(|_| Err(late(self.limit)))
            .map_err(|error| error.with("url", self.url(path)))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Request<Bytes>> {
        let url = self.url(path);
        let mut request = Request::builder()
            .method(method)
            .uri(&url)
            .header(header::ACCEPT, "application/json")
            .body(body)
            .map_err(|error| {
                Error::new(ErrorKind::InvalidInput, "this is not a URL")
                    .with("url", &url)
                    .caused_by(error)
            })?;
        request.headers_mut().extend(self.headers.clone());
        if !request.body().is_empty() {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        Ok(request)
    }

    async fn exchange<T: DeserializeOwned>(&self, request: Request<Bytes>) -> Result<T> {
        let (method, url) = (request.method().clone(), request.uri().clone());
        timeout(self.limit, self.answer(request))
            .await
            .unwrap_or_else(|_| Err(late(self.limit)))
            .and_then(|body| parse(&body))
            .map_err(|error| error.with("request", format_args!("{method} {url}")))
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Bytes> {
        let (head, body) = self.transport.send(request).await?.into_parts();
        let body = whole(body).await?;
        if head.status.is_success() {
            Ok(body)
        } else {
            Err(status::refusal(head.status, &head.headers, &body))
        }
    }
}

/// The refusal that an answer to be streamed is.
pub(crate) async fn refused(response: Response<ByteStream>) -> Error {
    let (head, body) = response.into_parts();
    match whole(body).await {
        Ok(body) => status::refusal(head.status, &head.headers, &body),
        Err(error) => error,
    }
}

async fn whole(mut body: ByteStream) -> Result<Bytes> {
    let mut read = BytesMut::new();
    while let Some(piece) = body.next().await {
        read.extend_from_slice(&piece?);
        if read.len() > LONGEST {
            return Err(Error::new(ErrorKind::Protocol, "the answer is too long")
                .with("limit", format_args!("{LONGEST} bytes")));
        }
    }
    Ok(read.freeze())
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

fn late(limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, "the server did not answer in time")
        .retryable(Retry::MaybeApplied)
        .with("limit", format_args!("{limit:?}"))
}
