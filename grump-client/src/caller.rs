//! [`Caller`]: the requests of one dialect, sent to one server.
//!
//! What each of them goes through is said in `request`. Here is what answers them: a value, a stream
//! of events, a file, a WebSocket, or the answer as it came.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use grump_core::{Conflict, Error, ErrorKind, Result, Retry};
use grump_http::{Fetched, HttpClient, Opened, Socket, Upgraded, sse::SseStream};
use grump_wire::{
    Endpoint,
    endpoint::{Auth, ReadError, Received, RequestBody, ResponseBody, Whole, http_method, target},
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use sync_wrapper::SyncStream;
use tokio_util::sync::CancellationToken;

use crate::{
    auth::{Abilities, Keyring, Token},
    download::Download,
    hooks::Hooks,
    options::Timeouts,
    pacing::Pace,
    raw::Raw,
    request::{Failure, Given, Passed, Sent, Spec, named},
    retry::Retries,
    stream::StreamConfig,
};

/// What of a dialect is not in its endpoints.
#[derive(Clone, Copy)]
pub struct Dialect {
    pub(crate) name: &'static str,
    /// The error that an answer of this status and body is.
    pub(crate) error: fn(u16, &[u8]) -> Error,
    /// Whether its document knows authentication.
    pub(crate) has_auth: bool,
    /// How one logs in with e-mail address and password.
    pub(crate) login: Option<LogIn>,
    /// The message that names a key, where one is named in the first message of a WebSocket.
    pub(crate) first_message: Option<fn(&str) -> String>,
}

/// Logs in: the caller, e-mail address, password.
pub(crate) type LogIn = for<'a> fn(&'a Caller, &'a str, &'a str) -> BoxFuture<'a, Result<Token>>;

impl Dialect {
    /// A dialect without authentication.
    pub(crate) const fn new(name: &'static str, error: fn(u16, &[u8]) -> Error) -> Self {
        Self {
            name,
            error,
            has_auth: false,
            login: None,
            first_message: None,
        }
    }

    /// Its document knows authentication: a credential is shown where an endpoint asks for it.
    pub(crate) const fn with_auth(mut self) -> Self {
        self.has_auth = true;
        self
    }

    /// How one logs in with e-mail address and password.
    pub(crate) const fn with_login(mut self, login: LogIn) -> Self {
        self.login = Some(login);
        self
    }

    /// How a key is named in the first message of a WebSocket.
    pub(crate) const fn with_first_message(mut self, message: fn(&str) -> String) -> Self {
        self.first_message = Some(message);
        self
    }
}

/// The value that answers an endpoint.
pub(crate) type Value<E> = <<E as Endpoint>::Response as ResponseBody>::Value;

/// Sends the requests of one dialect to one server. Clones share connections, key and pace.
#[derive(Clone)]
pub struct Caller {
    pub(crate) http: HttpClient,
    pub(crate) dialect: Dialect,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) retries: Retries,
    pub(crate) timeouts: Timeouts,
    pub(crate) user_agent: HeaderValue,
    pub(crate) hooks: Hooks,
    /// How patient a plane's streams are.
    pub(crate) stream: StreamConfig,
    /// Whether the server has said that it honours idempotency keys.
    pub(crate) honours_keys: Arc<AtomicBool>,
    pub(crate) closed: CancellationToken,
}

/// What a request holds.
pub(crate) struct Asking<'a, E: Endpoint> {
    pub(crate) path: E::Path,
    pub(crate) query: E::Query,
    pub(crate) body: E::Body,
    /// One more header.
    pub(crate) header: Option<(&'static str, &'a str)>,
    /// Whether the caller gave the key that the header holds.
    pub(crate) has_key: bool,
}

impl<E: Endpoint> Asking<'_, E> {
    /// Without another header.
    pub(crate) const fn of(path: E::Path, query: E::Query, body: E::Body) -> Self {
        Self {
            path,
            query,
            body,
            header: None,
            has_key: false,
        }
    }

    const fn spec(&self) -> Spec {
        Spec::of::<E>(match (self.header, self.has_key) {
            (None, _) => Given::No,
            (_, true) => Given::ByCaller,
            (_, false) => Given::MadeUp,
        })
    }

    fn request(&self) -> Result<Request<Bytes>> {
        let target = target::<E>(&self.path, &self.query).map_err(invalid::<E>)?;
        let mut request = Request::builder().method(http_method::<E>()).uri(target);
        if let Some((name, value)) = self.header {
            request = request.header(HeaderName::from_static(name), value);
        }
        let body = self.body.write().unwrap_or_default();
        request.body(Bytes::from(body)).map_err(invalid::<E>)
    }
}

fn invalid<E: Endpoint>(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::InvalidInput, "this cannot be sent")
        .operation(E::OPERATION.as_str())
        .caused_by(error)
}

impl Caller {
    /// Sends a request, again where that is safe, and reads the answer.
    pub(crate) async fn call<E: Endpoint>(
        &self,
        asking: Asking<'_, E>,
    ) -> Result<Response<Value<E>>>
    where
        E::Response: Whole,
    {
        let spec = asking.spec();
        let passed = self.whole(spec, asking.request()?).await?;
        let read = read::<E::Response>(&passed.headers, &passed.value);
        self.report(spec, passed.status.as_u16(), read.is_ok());
        let value = read.map_err(|error| {
            named(error, passed.status, &passed.headers).operation(E::OPERATION.as_str())
        })?;
        Ok(response(passed.status, passed.headers, value))
    }

    /// Sends a request, again where that is safe, and gives the answer as it came, be it one of
    /// success or not.
    pub(crate) async fn raw<E: Endpoint>(&self, asking: Asking<'_, E>) -> Result<Raw> {
        match self.whole(asking.spec(), asking.request()?).await {
            Ok(passed) => Ok(Raw::of(response(
                passed.status,
                passed.headers,
                passed.value,
            ))),
            Err(Failure {
                answer: Some(answer),
                ..
            }) => Ok(Raw::of(*answer)),
            Err(failure) => Err(failure.error),
        }
    }

    /// Opens the stream of an endpoint, which may be silent for so long; once: it is for whoever
    /// connects again by himself.
    pub(crate) async fn open<E: Endpoint>(
        &self,
        asking: Asking<'_, E>,
        idle: Duration,
    ) -> Result<SseStream> {
        let once = asking.spec().once();
        self.events(once, asking.request()?, idle).await
    }

    /// Opens the stream of an endpoint, again where that is safe, with the client's own patience.
    pub(crate) async fn listen<E: Endpoint>(&self, asking: Asking<'_, E>) -> Result<SseStream> {
        self.events(asking.spec(), asking.request()?, self.timeouts.idle)
            .await
    }

    /// Begins a download, again where that is safe.
    pub(crate) async fn download<E: Endpoint>(&self, asking: Asking<'_, E>) -> Result<Download> {
        let spec = asking.spec();
        let send = |request| async {
            Ok(match self.http.fetch(request).await? {
                Fetched::Refused(answer) => Sent::Refused(answer),
                Fetched::Body(answer) => {
                    let (head, body) = answer.into_parts();
                    Sent::Success(head.status, head.headers, SyncStream::new(body))
                }
            })
        };
        let passed = self.pass(spec, asking.request()?, send).await?;
        self.report(spec, passed.status.as_u16(), true);
        if passed.status == StatusCode::ACCEPTED {
            let error = named(not_ready(), passed.status, &passed.headers);
            return Err(error.operation(E::OPERATION.as_str()));
        }
        Ok(Download::of(&passed.headers, passed.value.into_inner()))
    }

    /// Opens the WebSocket of an endpoint, once: it is for whoever connects again by himself. Where
    /// the key is named in the first message, that was sent.
    pub(crate) async fn socket<E: Endpoint>(&self, asking: Asking<'_, E>) -> Result<Socket> {
        let once = asking.spec().once();
        self.upgrade::<E>(once, asking.request()?).await
    }

    /// Opens the WebSocket of an endpoint, again where that is safe.
    pub(crate) async fn converse<E: Endpoint>(&self, asking: Asking<'_, E>) -> Result<Socket> {
        self.upgrade::<E>(asking.spec(), asking.request()?).await
    }

    /// What the key may do, where the server has said so.
    pub(crate) fn abilities(&self) -> Option<Abilities> {
        self.keyring.abilities()
    }

    /// The same, for requests whose answer a model works on: each may take as long as all tries of
    /// others may. (Pitfall 12)
    pub(crate) fn patient(&self) -> Self {
        let mut patient = self.clone();
        let total = self.timeouts.total;
        patient.http = patient.http.first_byte(total).limit(total);
        patient.timeouts.idle = patient.timeouts.idle.max(total);
        patient
    }

    /// Whether the server has said that it honours idempotency keys.
    pub(crate) fn honours_keys(&self) -> bool {
        self.honours_keys.load(Relaxed)
    }

    pub(crate) fn note_keys(&self) {
        self.honours_keys.store(true, Relaxed);
    }

    /// Refuses what is asked from now on, and ends what is open.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// Is cancelled when the caller is closed.
    pub(crate) const fn closed(&self) -> &CancellationToken {
        &self.closed
    }

    pub(crate) fn check_open(&self) -> Result<()> {
        if self.closed.is_cancelled() {
            return Err(Error::new(ErrorKind::Unavailable, "the plane was closed")
                .advise("connect to it again"));
        }
        Ok(())
    }

    async fn whole(&self, spec: Spec, request: Request<Bytes>) -> Result<Passed<Bytes>, Failure> {
        let send = |request| async {
            let answer = self.http.send(request).await?;
            if !answer.status().is_success() {
                return Ok(Sent::Refused(answer));
            }
            let (head, body) = answer.into_parts();
            Ok(Sent::Success(head.status, head.headers, body))
        };
        self.pass(spec, request, send).await
    }

    async fn upgrade<E: Endpoint>(&self, spec: Spec, request: Request<Bytes>) -> Result<Socket> {
        let send = |request| async {
            Ok(match self.http.upgrade(request).await? {
                Upgraded::Refused(answer) => Sent::Refused(answer),
                Upgraded::Socket(socket) => {
                    let headers = socket.headers().clone();
                    Sent::Success(StatusCode::SWITCHING_PROTOCOLS, headers, socket)
                }
            })
        };
        let mut passed = self.pass(spec, request, send).await?;
        self.report(spec, passed.status.as_u16(), true);
        if let (Auth::FirstMessage, Some(key)) = (E::AUTH, passed.key)
            && let Some(message) = self.dialect.first_message
        {
            let sent = passed.value.send(message(key.secret())).await;
            sent.map_err(|error| error.operation(E::OPERATION.as_str()))?;
        }
        Ok(passed.value)
    }

    async fn events(
        &self,
        spec: Spec,
        request: Request<Bytes>,
        idle: Duration,
    ) -> Result<SseStream> {
        let http = self.http.clone().idle(idle);
        let send = |request| async {
            Ok(match http.open(request).await? {
                Opened::Refused(answer) => Sent::Refused(answer),
                Opened::Events(events) => {
                    Sent::Success(StatusCode::OK, events.headers().clone(), events)
                }
            })
        };
        let passed = self.pass(spec, request, send).await?;
        self.report(spec, passed.status.as_u16(), true);
        Ok(passed.value)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("dialect", &self.dialect.name)
            .field("http", &self.http)
            .field("keyring", &self.keyring)
            .finish_non_exhaustive()
    }
}

fn response<T>(status: StatusCode, headers: HeaderMap, value: T) -> Response<T> {
    let mut response = Response::new(value);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Reads an answer of success.
fn read<R: Whole>(headers: &HeaderMap, body: &[u8]) -> Result<R::Value> {
    let given = headers.get(header::CONTENT_TYPE);
    let content_type = given
        .and_then(|given| given.to_str().ok())
        .unwrap_or_default();
    if content_type.starts_with("text/html") {
        return Err(Error::new(
            ErrorKind::Protocol,
            "the server answered with a page, not with JSON",
        )
        .advise("check that the address is that of the server meant, and its version")
        .with("content-type", content_type));
    }
    R::read(Received { content_type, body }).map_err(|error| not_as_asked(error, content_type))
}

fn not_as_asked(error: ReadError, given: &str) -> Error {
    Error::new(ErrorKind::Protocol, "the answer is not what was asked for")
        .with("member", error.path())
        .with("content-type", given)
        .caused_by(error)
}

/// The refusal of a file that the server is still making. (ambiguity G-12)
fn not_ready() -> Error {
    Error::new(ErrorKind::Conflict, "the file is not ready yet")
        .conflicting(Conflict::new("not_ready"))
        .retryable(Retry::Safe)
        .advise("ask again when the work that makes it is done")
}

/// The refusal of what the server says it has not done.
pub(crate) fn not_done() -> Error {
    Error::new(ErrorKind::Remote, "the server says that it was not done")
        .retryable(Retry::MaybeApplied)
}
