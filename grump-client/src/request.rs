//! What every request goes through, whatever its dialect and whatever answers it.
//!
//! In this order, which [`Caller::pass`] and [`Caller::tries`] spell:
//!
//! 1. **Request id**: `x-request-id`, the same for all tries. What the server calls the request,
//!    in `x-request-id` or `x-correlation-id`, stands in errors; ours where it has no name for it.
//! 2. **Trace**: a span with dialect, endpoint, request id, status and tries, never with a URL; the
//!    `traceparent` that the caller is in is passed on.
//! 3. **Pacing**: a try waits for its turn where the server, or the user, has set a pace.
//! 4. **Retry**: another try follows where that is safe, after the time that the server wants.
//! 5. **Auth**: the key of the moment is shown, renewed if need be; after a 401 once more with
//!    another one.
//! 6. **Time-outs** of one try: to connect, to the first byte, in silence, in all.
//! 7. **Send**.
//!
//! Cancelling it, wherever it is, ends the try and leaves nothing behind.

#[cfg(test)]
mod secrets;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use grump_core::{Error, ErrorKind, Operation, Remote, Result, Retry};
use grump_wire::{
    Endpoint,
    endpoint::{Auth, Repeat},
    headers,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

use crate::{
    auth::{Key, masked, missing, show},
    caller::Caller,
    hooks::Retrying,
    pacing::Turn,
    retry::{Retries, Twice},
};

/// What the pipeline knows of an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    operation: Operation,
    auth: Auth,
    repeat: Repeat,
    key: Given,
    is_once: bool,
}

/// Whether a request holds an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// No.
    No,
    /// One that the caller gave, and may give once more.
    ByCaller,
    /// One that was made up, and is lost with the call.
    MadeUp,
}

impl Spec {
    pub(crate) const fn of<E: Endpoint>(key: Given) -> Self {
        Self {
            name: E::NAME,
            method: E::METHOD,
            path: E::PATH,
            operation: E::OPERATION,
            auth: E::AUTH,
            repeat: E::REPEAT,
            key,
            is_once: false,
        }
    }

    /// The same, to be tried once.
    pub(crate) const fn once(mut self) -> Self {
        self.is_once = true;
        self
    }
}

/// A request, and what sends one try of it.
struct Asked<'a, S> {
    spec: Spec,
    request: &'a Request<Bytes>,
    send: &'a S,
}

impl<S> Clone for Asked<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Asked<'_, S> {}

/// What a transport made of a request.
pub(crate) enum Sent<T> {
    /// An answer of success.
    Success(StatusCode, HeaderMap, T),
    /// Any other answer.
    Refused(Response<Bytes>),
}

/// An answer of success, and what was shown to get it.
pub(crate) struct Passed<T> {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) value: T,
    pub(crate) key: Option<Arc<Key>>,
}

/// Why there is none.
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// The answer, where there was one.
    pub(crate) answer: Option<Box<Response<Bytes>>>,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let answer = None;
        Self { error, answer }
    }
}

/// The names under which servers tell the id of a request.
const REQUEST_IDS: [&str; 2] = ["x-request-id", "x-correlation-id"];

const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

impl Caller {
    /// Sends a request through all that is said above. `send` sends one try.
    pub(crate) async fn pass<T, S, F>(
        &self,
        spec: Spec,
        mut request: Request<Bytes>,
        send: S,
    ) -> Result<Passed<T>, Failure>
    where
        S: Fn(Request<Bytes>) -> F,
        F: Future<Output = Result<Sent<T>>>,
    {
        let id = self.stamp(&mut request);
        let span = self.span(spec, &id);
        let passed = async {
            let asked = Asked {
                spec,
                request: &request,
                send: &send,
            };
            let passed = self.tries(asked).await;
            passed.map_err(|failure| Failure {
                error: identified(failure.error, &id).operation(spec.operation.as_str()),
                ..failure
            })
        };
        passed.instrument(span).await
    }

    /// Tries it as often as is safe and useful, each time when it is its turn.
    async fn tries<T, S, F>(&self, asked: Asked<'_, S>) -> Result<Passed<T>, Failure>
    where
        S: Fn(Request<Bytes>) -> F,
        F: Future<Output = Result<Sent<T>>>,
    {
        let spec = asked.spec;
        let deadline = self.timeouts.deadline();
        let retries = match spec.is_once {
            true => self.retries.none(),
            false => self.retries,
        };
        let mut waits = retries.waits();
        let (mut tries, mut maybe) = (0, false);
        loop {
            let turn = self.pace.turn(spec.auth, deadline).await?;
            tries += 1;
            Span::current().record("tries", tries);
            let tried = self.try_once(asked, turn, deadline).await;
            let Err(failure) = tried else {
                return tried;
            };
            maybe |= failure.error.retry() == Retry::MaybeApplied;
            let twice = self.twice(spec);
            let wait = retries.wait(&failure.error, twice, waits.next());
            match wait.filter(|wait| Instant::now() + *wait < deadline) {
                Some(wait) => {
                    self.hooks.retry(&Retrying {
                        operation: spec.operation.as_str(),
                        tries,
                        wait,
                        error: &failure.error,
                    });
                    sleep(wait).await;
                }
                None => return Err(given_up(failure, spec, (retries, twice), maybe)),
            }
        }
    }

    /// One try, within the time that is left.
    async fn try_once<T, S, F>(
        &self,
        asked: Asked<'_, S>,
        turn: Turn,
        deadline: Instant,
    ) -> Result<Passed<T>, Failure>
    where
        S: Fn(Request<Bytes>) -> F,
        F: Future<Output = Result<Sent<T>>>,
    {
        let tried = timeout_at(deadline, self.with_key(asked)).await;
        let tried = tried.unwrap_or_else(|_| Err(self.timeouts.over().into()));
        match &tried {
            Ok(passed) => turn.told(passed.status, &passed.headers),
            Err(Failure {
                answer: Some(answer),
                ..
            }) => turn.told(answer.status(), answer.headers()),
            Err(_) => {}
        }
        tried
    }

    /// Shows the key of the moment; after a 401, which was not executed, once more another one.
    async fn with_key<T, S, F>(&self, asked: Asked<'_, S>) -> Result<Passed<T>, Failure>
    where
        S: Fn(Request<Bytes>) -> F,
        F: Future<Output = Result<Sent<T>>>,
    {
        self.check_open()?;
        let key = match self.shows_key(asked.spec.auth) {
            true => self.keyring.key(self).await.map_err(not_sent)?,
            false => None,
        };
        let first = self.send(asked, key.clone()).await;
        match (&first, key) {
            (Err(failure), Some(key)) if failure.is_401() => {
                match self.keyring.instead_of(self, key).await.map_err(not_sent)? {
                    Some(key) => self.send(asked, Some(key)).await,
                    None => first,
                }
            }
            _ => first,
        }
    }

    /// Sends it once.
    async fn send<T, S, F>(
        &self,
        asked: Asked<'_, S>,
        key: Option<Arc<Key>>,
    ) -> Result<Passed<T>, Failure>
    where
        S: Fn(Request<Bytes>) -> F,
        F: Future<Output = Result<Sent<T>>>,
    {
        let (spec, mut request) = (asked.spec, asked.request.clone());
        if let Some(key) = &key {
            show(key, spec.auth, &mut request)?;
        }
        match (asked.send)(request).await? {
            Sent::Success(status, headers, value) => {
                Span::current().record("status", status.as_u16());
                self.learn(&headers);
                Ok(Passed {
                    status,
                    headers,
                    value,
                    key,
                })
            }
            Sent::Refused(answer) => Err(self.refused(spec, answer, key.as_deref())),
        }
    }

    /// The error that an answer is, in the dialect's terms.
    fn refused(&self, spec: Spec, answer: Response<Bytes>, key: Option<&Key>) -> Failure {
        let (status, headers) = (answer.status(), answer.headers());
        Span::current().record("status", status.as_u16());
        self.learn(headers);
        let clean = masked(answer.body(), key, &self.keyring);
        let error = (self.dialect.error)(status.as_u16(), &clean);
        let is_typed = error
            .remote_detail()
            .is_some_and(|remote| remote.code.is_some());
        self.report(spec, status.as_u16(), is_typed);
        let error = named(error, status, headers).retryable(grump_http::retry(status, headers));
        Failure {
            error: missing(error, spec.auth, &self.keyring),
            answer: Some(Box::new(answer)),
        }
    }

    /// Names the request, and who sends it in which trace.
    fn stamp(&self, request: &mut Request<Bytes>) -> String {
        let id = Uuid::now_v7().to_string();
        let value = |text: &str| HeaderValue::try_from(text).ok();
        let headers = request.headers_mut();
        let named = HeaderName::from_static(REQUEST_IDS[0]);
        headers.extend(value(&id).map(|id| (named, id)));
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        let parent = self.hooks.trace_parent().and_then(|parent| value(&parent));
        headers.extend(parent.map(|parent| (TRACE_PARENT, parent)));
        id
    }

    fn span(&self, spec: Spec, id: &str) -> Span {
        tracing::debug_span!(
            "request",
            dialect = self.dialect.name,
            endpoint = spec.name,
            id,
            status = Empty,
            tries = Empty,
        )
    }

    /// Whether the endpoint is shown a key. A dialect that knows none is shown what the user gave
    /// all the same; one that knows some is shown none where everybody may ask. (ambiguities X-08,
    /// D-02)
    fn shows_key(&self, auth: Auth) -> bool {
        !self.dialect.has_auth || auth != Auth::None
    }

    /// What it means to send the request a second time.
    fn twice(&self, spec: Spec) -> Twice {
        match (spec.repeat, spec.key) {
            (Repeat::Safe, _) => Twice::Harmless,
            (Repeat::WithKey, Given::ByCaller) if self.honours_keys() => Twice::Known,
            (Repeat::WithKey, Given::MadeUp) if self.honours_keys() => Twice::KnownNow,
            _ => Twice::Done,
        }
    }

    /// Notes what a server says of itself.
    fn learn(&self, headers: &HeaderMap) {
        let told = headers.get(headers::IDEMPOTENCY);
        if told.is_some_and(|told| told == headers::HONOURED) {
            self.note_keys();
        }
    }

    /// Tells what was exchanged, for those who count it.
    pub(crate) fn report(&self, spec: Spec, status: u16, ok: bool) {
        tracing::debug!(
            target: "grump_wire::exchange",
            side = "client",
            dialect = self.dialect.name,
            method = spec.method,
            path = spec.path,
            status,
            ok,
        );
    }
}

impl Failure {
    fn is_401(&self) -> bool {
        let answer = self.answer.as_ref();
        answer.is_some_and(|answer| answer.status() == StatusCode::UNAUTHORIZED)
    }
}

fn given_up(
    failure: Failure,
    spec: Spec,
    (retries, twice): (Retries, Twice),
    maybe: bool,
) -> Failure {
    let mut error = retries.last(failure.error, twice, maybe);
    if maybe && spec.method == "DELETE" && error.kind() == ErrorKind::NotFound {
        // It may be gone because an earlier try, whose answer was lost, removed it.
        error = error.retryable(Retry::MaybeApplied);
    }
    Failure { error, ..failure }
}

/// Getting a key failed: the request itself was not sent, whatever became of the log-in.
fn not_sent(error: Error) -> Error {
    match error.retry() {
        Retry::MaybeApplied => error.retryable(Retry::Safe),
        _ => error,
    }
}

/// The error of a try whose time was over.
pub(crate) fn over(limit: std::time::Duration) -> Error {
    Error::new(ErrorKind::Timeout, "it took too long altogether")
        .retryable(Retry::MaybeApplied)
        .with("limit", format_args!("{limit:?}"))
}

/// Adds the status and the server's id of the request.
pub(crate) fn named(error: Error, status: StatusCode, headers: &HeaderMap) -> Error {
    let mut remote: Remote = error.remote_detail().cloned().unwrap_or_default();
    remote.status = Some(status.as_u16());
    if let Some(id) = request_id(headers) {
        remote.request_id = Some(id.to_owned());
    }
    error.remote(remote)
}

/// What the server calls the request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    let named = REQUEST_IDS.iter().find_map(|name| headers.get(*name));
    named.and_then(|id| id.to_str().ok())
}

/// Names the request by our own id where the server has no name for it.
fn identified(error: Error, id: &str) -> Error {
    let mut remote: Remote = error.remote_detail().cloned().unwrap_or_default();
    remote.request_id.get_or_insert_with(|| id.to_owned());
    error.remote(remote)
}
