//! [`Caller`]: the requests of one dialect, sent to one server.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use backon::Retryable;
use bytes::Bytes;
use grump_core::{Error, ErrorKind, Remote, Result, Retry};
use grump_http::{HttpClient, Opened, sse::SseStream};
use grump_wire::{
    Endpoint,
    endpoint::{
        ReadError, Received, Repeat, RequestBody, ResponseBody, Whole, http_method, target,
    },
    headers,
};
use http::{HeaderMap, HeaderName, Request, Response, header, response::Parts};
use tokio_util::sync::CancellationToken;

use crate::retry::{Retries, Twice, is_repeatable};

/// What of a dialect is not in its endpoints.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) name: &'static str,
    /// The error that an answer of this status and body is.
    pub(crate) error: fn(u16, &[u8]) -> Error,
}

/// The value that answers an endpoint.
pub(crate) type Value<E> = <<E as Endpoint>::Response as ResponseBody>::Value;

/// Sends the requests of one dialect to one server. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) http: HttpClient,
    pub(crate) dialect: Dialect,
    pub(crate) retries: Retries,
    /// Whether the server has said that it honours idempotency keys.
    honours_keys: Arc<AtomicBool>,
    closed: CancellationToken,
}

/// What a request holds.
pub(crate) struct Asking<'a, E: Endpoint> {
    pub(crate) path: E::Path,
    pub(crate) query: E::Query,
    pub(crate) body: E::Body,
    pub(crate) header: Option<(&'static str, &'a str)>,
    /// Whether the caller gave the key that the header holds.
    pub(crate) has_key: bool,
}

/// The names under which servers tell the id of a request.
const REQUEST_IDS: [&str; 2] = ["x-request-id", "x-correlation-id"];

impl Caller {
    pub(crate) fn new(http: HttpClient, dialect: Dialect, retries: Retries) -> Self {
        Self {
            http,
            dialect,
            retries,
            honours_keys: Arc::default(),
            closed: CancellationToken::new(),
        }
    }

    /// Sends a request, again where that is safe, and reads the answer.
    pub(crate) async fn call<E: Endpoint>(
        &self,
        asking: Asking<'_, E>,
    ) -> Result<Response<Value<E>>>
    where
        E::Response: Whole,
    {
        let twice = || match E::REPEAT {
            Repeat::Safe => Twice::Harmless,
            Repeat::WithKey if asking.header.is_none() || !self.honours_keys() => Twice::Done,
            Repeat::WithKey if asking.has_key => Twice::Known,
            Repeat::WithKey => Twice::KnownNow,
            _ => Twice::Done,
        };
        let request = request::<E>(&asking)?;
        let mut maybe = false;
        let answer = (|| self.once::<E>(request.clone()))
            .retry(self.retries.delays())
            .when(|error| {
                maybe |= error.retry() == Retry::MaybeApplied;
                is_repeatable(error, twice())
            })
            .adjust(|error, next| self.retries.wait(error, next))
            .await;
        answer.map_err(|error| {
            let error = self.retries.last(error, twice(), maybe);
            error.operation(E::OPERATION.as_str())
        })
    }

    /// Opens the stream of an endpoint, which may be silent for so long; once.
    pub(crate) async fn open<E: Endpoint>(
        &self,
        asking: Asking<'_, E>,
        idle: Duration,
    ) -> Result<SseStream> {
        self.check_open()?;
        let request = request::<E>(&asking)?;
        let opened = match self.http.clone().idle(idle).open(request).await? {
            Opened::Events(events) => {
                self.learn(events.headers());
                self.report::<E>(200, true);
                Ok(events)
            }
            Opened::Refused(answer) => {
                let (head, body) = answer.into_parts();
                Err(self.refusal::<E>(&head, &body))
            }
        };
        opened.map_err(|error| error.operation(E::OPERATION.as_str()))
    }

    /// Whether the server has said that it honours idempotency keys.
    pub(crate) fn honours_keys(&self) -> bool {
        self.honours_keys.load(Relaxed)
    }

    /// Refuses what is asked from now on, and ends what is open.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// Is cancelled when the caller is closed.
    pub(crate) const fn closed(&self) -> &CancellationToken {
        &self.closed
    }

    async fn once<E: Endpoint>(&self, request: Request<Bytes>) -> Result<Response<Value<E>>>
    where
        E::Response: Whole,
    {
        self.check_open()?;
        let (head, body) = self.http.send(request).await?.into_parts();
        self.learn(&head.headers);
        if !head.status.is_success() {
            return Err(self.refusal::<E>(&head, &body));
        }
        let read = read::<E::Response>(&head.headers, &body);
        self.report::<E>(head.status.as_u16(), read.is_ok());
        match read {
            Ok(value) => Ok(Response::from_parts(head, value)),
            Err(error) => Err(named(error, &head)),
        }
    }

    /// The error that an answer is, in the dialect's terms.
    fn refusal<E: Endpoint>(&self, head: &Parts, body: &[u8]) -> Error {
        let status = head.status;
        let error = (self.dialect.error)(status.as_u16(), body);
        let is_typed = error
            .remote_detail()
            .is_some_and(|remote| remote.code.is_some());
        self.report::<E>(status.as_u16(), is_typed);
        named(error, head).retryable(grump_http::retry(status, &head.headers))
    }

    fn learn(&self, headers: &HeaderMap) {
        let told = headers.get(headers::IDEMPOTENCY);
        if told.is_some_and(|told| told == headers::HONOURED) {
            self.honours_keys.store(true, Relaxed);
        }
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.is_cancelled() {
            return Err(Error::new(ErrorKind::Unavailable, "the plane was closed")
                .advise("connect to it again"));
        }
        Ok(())
    }

    /// Tells what was exchanged, for those who count it.
    fn report<E: Endpoint>(&self, status: u16, ok: bool) {
        tracing::debug!(
            target: "grump_wire::exchange",
            side = "client",
            dialect = self.dialect.name,
            method = E::METHOD,
            path = E::PATH,
            status,
            ok,
        );
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("dialect", &self.dialect.name)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

fn request<E: Endpoint>(asking: &Asking<'_, E>) -> Result<Request<Bytes>> {
    let invalid = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(ErrorKind::InvalidInput, "this cannot be sent")
            .operation(E::OPERATION.as_str())
            .caused_by(error)
    };
    let target = target::<E>(&asking.path, &asking.query).map_err(|error| invalid(error.into()))?;
    let mut request = Request::builder().method(http_method::<E>()).uri(target);
    if let Some((name, value)) = asking.header {
        request = request.header(HeaderName::from_static(name), value);
    }
    let body = asking.body.write().unwrap_or_default();
    let request = request.body(Bytes::from(body));
    request.map_err(|error| invalid(error.into()))
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

/// Adds the status and the server's id of the request.
fn named(error: Error, head: &Parts) -> Error {
    let mut remote: Remote = error.remote_detail().cloned().unwrap_or_default();
    remote.status = Some(head.status.as_u16());
    let id = REQUEST_IDS.iter().find_map(|name| head.headers.get(*name));
    remote.request_id = id.and_then(|id| Some(id.to_str().ok()?.to_owned()));
    error.remote(remote)
}

/// The refusal of what the server says it has not done.
pub(crate) fn not_done() -> Error {
    Error::new(ErrorKind::Remote, "the server says that it was not done")
        .retryable(Retry::MaybeApplied)
}
