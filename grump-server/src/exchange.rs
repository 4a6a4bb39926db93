//! One request and its answer: what every handler of every dialect has around it.

use std::{future::Future, marker::PhantomData, sync::Arc, time::Duration};

use axum::{
    RequestExt, Router,
    body::{Body, Bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
    routing::{MethodFilter, on},
};
use futures::StreamExt;
use grump_core::{Cursor, Error, Result, Since};
use grump_wire::{
    Endpoint,
    endpoint::{BodyError, BodyKind, Json, RequestBody, Sse},
    headers,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;

use crate::{app::App, fanout::Subscription};

/// How a dialect tells what went wrong.
pub(crate) trait Dialect: 'static {
    /// Its name.
    const NAME: &'static str;
    /// The body of its errors.
    type Error: Serialize;

    /// The answer of an endpoint that failed.
    fn error<E: Endpoint>(error: &Error) -> (u16, Self::Error);

    /// The answer to a body that cannot be read.
    fn body_error(error: &BodyError) -> (u16, Self::Error);

    /// The answer to a request that was not even looked at.
    fn refused(refused: Refused) -> Self::Error;
}

/// Why a request was not even looked at.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            header: None,
        }
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// The answer, in the words of a dialect.
    pub(crate) fn answer<D: Dialect>(mut self) -> Response {
        let (status, header) = (self.status, self.header.take());
        let mut response = json(status, &D::refused(self));
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// A request, taken apart.
#[derive(Debug)]
pub(crate) struct Call<E: Endpoint> {
    pub(crate) path: E::Path,
    pub(crate) query: E::Query,
    pub(crate) body: E::Body,
    headers: HeaderMap,
}

impl<E: Endpoint> Call<E> {
    /// The key by which a second request is known for the same.
    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.header(headers::IDEMPOTENCY_KEY)
    }

    /// Where the stream is to begin. (HTML, "Server-sent events": an empty id is none.)
    pub(crate) fn since(&self) -> Since {
        match self.header(headers::LAST_EVENT_ID) {
            None => Since::Now,
            Some(headers::BEGINNING) => Since::Beginning,
            Some(id) => Cursor::new(id).into(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?.to_str().ok()?;
        Some(value).filter(|value| !value.is_empty())
    }
}

/// What a handler answers: a value, and a position where there is one to tell.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    value: T,
    cursor: Option<Cursor>,
}

impl<T> Reply<T> {
    /// Tells the position before what the request caused.
    pub(crate) fn at(mut self, cursor: Option<Cursor>) -> Self {
        self.cursor = cursor;
        self
    }
}

impl<T> From<T> for Reply<T> {
    fn from(value: T) -> Self {
        Self {
            value,
            cursor: None,
        }
    }
}

/// The endpoints of a dialect, each with its handler.
pub(crate) struct Routes<D> {
    router: Router<Arc<App>>,
    dialect: PhantomData<D>,
}

impl<D: Dialect> Routes<D> {
    pub(crate) fn new() -> Self {
        Self {
            router: Router::new(),
            dialect: PhantomData,
        }
    }

    /// Mounts an endpoint that answers with one value.
    pub(crate) fn endpoint<E, T, H, F>(self, handler: H) -> Self
    where
        E: Endpoint<Response = Json<T>>,
        Json<T>: grump_wire::endpoint::ResponseBody,
        T: Serialize + Send + 'static,
        H: Fn(Arc<App>, Call<E>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Reply<T>>> + Send,
    {
        self.mount::<E, _, _>(move |app, call| {
            let handling = handler(app, call);
            async move { handling.await.map(|reply| reply_with::<E, T>(&reply)) }
        })
    }

    /// Mounts an endpoint that answers with a stream of events.
    pub(crate) fn stream<E, T, H, F>(self, handler: H) -> Self
    where
        E: Endpoint<Response = Sse<T>>,
        Sse<T>: grump_wire::endpoint::ResponseBody,
        H: Fn(Arc<App>, Call<E>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Subscription>> + Send,
    {
        self.mount::<E, _, _>(move |app, call| {
            let subscribing = handler(app, call);
            async move { subscribing.await.map(stream_of) }
        })
    }

    fn mount<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Arc<App>, Call<E>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response>> + Send,
    {
        let method = MethodFilter::try_from(
            E::METHOD
                .parse::<axum::http::Method>()
                .expect("the table holds methods"),
        );
        let method = method.expect("the table holds methods that are routed");
        let serve = async move |State(app): State<Arc<App>>, request: Request| {
            let response = answer::<D, E, _>(app, request, handler).await;
            note::<D, E>(response.status());
            response
        };
        Self {
            router: self.router.route(E::PATH, on(method, serve)),
            ..self
        }
    }

    /// All of them; what is asked for beside them is refused in the dialect's words.
    pub(crate) fn into_router(self) -> Router<Arc<App>> {
        let unknown = async || {
            let message = "there is no such route; see /openapi.json";
            Refused::new(StatusCode::NOT_FOUND, "not_found", message).answer::<D>()
        };
        let wrong_method = async || {
            let message = "this route does not take that method; see the header Allow";
            let refused = Refused::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                message,
            );
            refused.answer::<D>()
        };
        self.router
            .fallback(unknown)
            .method_not_allowed_fallback(wrong_method)
    }
}

/// Whether a path is one of this template.
pub(crate) fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut told) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), told.next()) {
            (None, None) => return true,
            (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => {}
            (Some(name), Some(segment)) if name == segment => {}
            _ => return false,
        }
    }
}

async fn answer<D, E, F>(
    app: Arc<App>,
    request: Request,
    handler: impl Fn(Arc<App>, Call<E>) -> F,
) -> Response
where
    D: Dialect,
    E: Endpoint,
    F: Future<Output = Result<Response>>,
{
    if let Err(error) = app.plane.info().require(E::OPERATION) {
        return error_of::<D, E>(&error);
    }
    match take_apart::<D, E>(&app, request).await {
        Ok(call) => handler(app, call)
            .await
            .unwrap_or_else(|error| error_of::<D, E>(&error)),
        Err(response) => response,
    }
}

/// One event per exchange, for who counts what was used.
fn note<D: Dialect, E: Endpoint>(status: StatusCode) {
    tracing::debug!(
        target: "grump_wire::exchange",
        side = "server",
        dialect = D::NAME,
        method = E::METHOD,
        path = E::PATH,
        status = status.as_u16(),
        ok = status.is_success(),
    );
}

async fn take_apart<D: Dialect, E: Endpoint>(
    app: &App,
    mut request: Request,
) -> Result<Call<E>, Response> {
    let bad_request =
        |code, message: String| Refused::new(StatusCode::BAD_REQUEST, code, message).answer::<D>();
    let path = request.extract_parts::<Path<E::Path>>().await;
    let Path(path) = path.map_err(|error| bad_request("invalid_request", error.body_text()))?;
    let query = Query::try_from_uri(request.uri());
    let Query(query) = query.map_err(|error| bad_request("validation_error", error.body_text()))?;
    let (parts, body) = request.into_parts();
    let body = match E::Body::KIND {
        BodyKind::None => Bytes::new(),
        BodyKind::Optional | BodyKind::Required => read(app, &parts.headers, body)
            .await
            .map_err(Refused::answer::<D>)?,
    };
    let body = E::Body::read(&body).map_err(|error| {
        let (status, body) = D::body_error(&error);
        json(status_of(status), &body)
    })?;
    Ok(Call {
        path,
        query,
        body,
        headers: parts.headers,
    })
}

/// The bytes of a JSON body, of bounded size and in bounded time.
async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes, Refused> {
    let limit = app.limits.body;
    let reading = Limited::new(body, limit).collect();
    let Ok(read) = tokio::time::timeout(app.limits.body_time, reading).await else {
        return Err(too_slow(app.limits.body_time));
    };
    let body = read.map_err(|error| match error.is::<LengthLimitError>() {
        true => Refused::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            format!("the request body has more than {limit} bytes"),
        ),
        false => Refused::new(
            StatusCode::BAD_REQUEST,
            "invalid_body",
            format!("the request body broke off: {error}"),
        ),
    })?;
    let body = body.to_bytes();
    match is_json(headers) || body.is_empty() {
        true => Ok(body),
        false => Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_body",
            "the request body must be JSON: Content-Type: application/json",
        )),
    }
}

fn too_slow(limit: Duration) -> Refused {
    let message = format!("the request body took more than {} s", limit.as_secs());
    Refused::new(StatusCode::REQUEST_TIMEOUT, "timeout", message)
}

/// Whether a body says that it is JSON, or says nothing.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(told) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let essence = told.to_str().unwrap_or_default().split(';').next();
    let essence = essence.unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

fn error_of<D: Dialect, E: Endpoint>(error: &Error) -> Response {
    let (status, body) = D::error::<E>(error);
    if status >= 500 {
        tracing::warn!(?error, endpoint = E::NAME, "a request failed");
    }
    let mut response = json(status_of(status), &body);
    if let grump_core::Retry::After(delay) = error.retry() {
        let seconds = HeaderValue::from(delay.as_secs().max(1));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn reply_with<E: Endpoint, T: Serialize>(reply: &Reply<T>) -> Response {
    let mut response = json(status_of(E::STATUS), &reply.value);
    tell_cursor(&mut response, reply.cursor.as_ref());
    response
}

fn stream_of(subscription: Subscription) -> Response {
    let cursor = subscription.cursor.clone();
    let frames = subscription
        .into_frames()
        .map(Ok::<_, std::convert::Infallible>);
    let mut response = Response::new(Body::from_stream(frames));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (header::CONNECTION, "keep-alive"),
        // nginx passes on at once what says so.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    tell_cursor(&mut response, cursor.as_ref());
    response
}

fn tell_cursor(response: &mut Response, cursor: Option<&Cursor>) {
    let value = cursor.and_then(|cursor| HeaderValue::from_str(cursor.as_str()).ok());
    if let Some(value) = value {
        response.headers_mut().insert(headers::CURSOR, value);
    }
}

/// An answer that is one JSON value.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("what is answered has text for keys");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
