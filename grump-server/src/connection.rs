//! One listener and its connections.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header},
    response::Response,
};
use grump_wire::headers;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service;
use uuid::Uuid;

use crate::{app::App, exchange::Refused, guard::Guard, probes};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static IDEMPOTENCY: HeaderName = HeaderName::from_static(headers::IDEMPOTENCY);
/// How long an id of a request may be that is given back.
const REQUEST_ID_LENGTH: usize = 128;
/// How much of an answer a connection holds before it is sent, and how much of a head it reads.
const BUFFER: usize = 16 << 10;
/// What is waited for when a connection cannot be accepted, as there are no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// One listener: what it lets in, and what answers there.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) app: Arc<App>,
    pub(crate) guard: Guard,
    pub(crate) router: Router,
    /// How the dialect tells that a request was not looked at.
    pub(crate) refuse: fn(Refused) -> Response,
    pub(crate) shared: Shared,
}

/// What the listeners of a server have in common.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    /// The server is about to end: requests under way finish.
    pub(crate) draining: CancellationToken,
    /// The server ends: nothing is waited for.
    pub(crate) ending: CancellationToken,
    pub(crate) open: TaskTracker,
    pub(crate) places: Arc<Semaphore>,
}

impl Entrance {
    /// Takes connections until the server ends. Those that come while it drains have their one
    /// request answered, so that they hear that it does.
    pub(crate) async fn listen(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok(place) = self.shared.places.clone().acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let connection = self.clone().connection(stream);
                    self.shared.open.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => self.cannot_accept(&error).await,
            }
        }
    }

    async fn cannot_accept(&self, error: &io::Error) {
        let is_of_one = matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
        );
        if !is_of_one {
            tracing::warn!(%error, "a connection cannot be accepted");
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        let Shared {
            draining, ending, ..
        } = &self.shared;
        // Frames are small and wanted at once.
        let _ = stream.set_nodelay(true);
        let service = service_fn(|request| {
            let entrance = self.clone();
            async move { Ok::<_, Infallible>(entrance.answer(request).await) }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.app.limits.head_time)
            .max_buf_size(BUFFER)
            .keep_alive(!draining.is_cancelled());
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let served = async {
            if !draining.is_cancelled() {
                tokio::select! {
                    served = connection.as_mut() => return served,
                    () = draining.cancelled() => connection.as_mut().graceful_shutdown(),
                }
            }
            connection.await
        };
        tokio::select! {
            served = served => if let Err(error) = served {
                tracing::debug!(%error, "a connection broke off");
            },
            () = ending.cancelled() => {}
        }
    }

    /// The answer to a request, with what all answers carry.
    async fn answer(&self, request: Request<Incoming>) -> Response {
        let id = request_id(request.headers());
        let mut response = match self.admit(&request) {
            Ok(()) => self.route(request.map(Body::new)).await,
            Err(refused) => (self.refuse)(refused),
        };
        let told = response.headers_mut();
        told.insert(&REQUEST_ID, id);
        told.insert(&IDEMPOTENCY, HeaderValue::from_static(headers::HONOURED));
        response
    }

    async fn route(&self, request: Request<Body>) -> Response {
        let routed = self.router.clone().call(request).await;
        routed.unwrap_or_else(|never| match never {})
    }

    fn admit(&self, request: &Request<Incoming>) -> Result<(), Refused> {
        self.guard.check(request)?;
        if !self.app.is_draining() || probes::is_open(request.uri().path()) {
            return Ok(());
        }
        let message = "the server is shutting down; try again when it is back";
        let mut refused = Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
        refused.header = Some((header::RETRY_AFTER, HeaderValue::from_static("1")));
        Err(refused)
    }
}

/// The id that a request came with, or a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let told = headers.get(&REQUEST_ID);
    let told = told.filter(|id| (1..=REQUEST_ID_LENGTH).contains(&id.len()));
    told.filter(|id| id.to_str().is_ok())
        .cloned()
        .or_else(|| HeaderValue::try_from(Uuid::now_v7().to_string()).ok())
        .unwrap_or_else(|| HeaderValue::from_static("unknown"))
}
