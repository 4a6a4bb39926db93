//! One listener and its connections.

use std::{
    convert::Infallible,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    BoxError, Router,
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
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service;
use uuid::Uuid;

use crate::{app::App, direct, exchange::Refused, guard::Guard, probes};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static IDEMPOTENCY: HeaderName = HeaderName::from_static(headers::IDEMPOTENCY);
/// How long an id of a request may be that is given back.
const REQUEST_ID_LENGTH: usize = 128;
/// How much of an answer a connection holds before it is sent, and how much of a head it reads.
const BUFFER: usize = 16 << 10;
/// How long the last events may take to reach who listens, and a request to come, once the server
/// is to end.
const FAREWELL: Duration = Duration::from_secs(1);
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
    /// Whether a path is that of a stream of events.
    pub(crate) is_stream: fn(&str) -> bool,
    pub(crate) shared: Shared,
}

/// What a connection begins with.
enum First {
    /// A request for a stream.
    Stream(Box<Request<Body>>),
    /// Something else, which is still to be read.
    Other,
    /// Nothing that is waited for any longer.
    Nothing,
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
            sleep(PAUSE).await;
        }
    }

    async fn connection(self: Arc<Self>, mut stream: TcpStream) {
        // Frames are small and wanted at once.
        let _ = stream.set_nodelay(true);
        let ending = self.shared.ending.clone();
        let served = async {
            match self.first(&mut stream).await {
                First::Stream(request) => {
                    let response = Box::pin(self.answer(*request)).await;
                    tokio::select! {
                        written = direct::write(stream, response) => written.map_err(Into::into),
                        () = self.farewell() => Ok(()),
                    }
                }
                First::Other => Box::pin(self.clone().http(stream)).await,
                First::Nothing => Ok(()),
            }
        };
        tokio::select! {
            served = served => if let Err(error) = served {
                tracing::debug!(%error, "a connection broke off");
            },
            () = ending.cancelled() => {}
        }
    }

    /// Waits until a stream has had the time to end: one whose reader is gone holds nothing up.
    async fn farewell(&self) {
        self.shared.draining.cancelled().await;
        sleep(FAREWELL).await;
    }

    /// Looks at what a connection begins with. The look is a future of its own, and gone with what
    /// it needs when it is over.
    async fn first(&self, stream: &mut TcpStream) -> First {
        let looking = Box::pin(async {
            let request = direct::request_for_stream(stream, self.is_stream).await;
            request.map_or(First::Other, |request| First::Stream(request.into()))
        });
        let draining = &self.shared.draining;
        if draining.is_cancelled() {
            let first = timeout(FAREWELL, looking).await;
            return first.unwrap_or(First::Nothing);
        }
        tokio::select! {
            biased;
            first = looking => first,
            () = draining.cancelled() => First::Nothing,
            () = sleep(self.app.limits.head_time) => First::Nothing,
        }
    }

    /// All that is not a stream from the beginning on. Once the server is to end, only a request
    /// that has an end is waited for.
    async fn http(self: Arc<Self>, stream: TcpStream) -> Result<(), BoxError> {
        let draining = &self.shared.draining;
        let has_end = &AtomicBool::new(false);
        let service = service_fn(|request: Request<Incoming>| {
            let is_stream = (self.is_stream)(request.uri().path());
            has_end.store(!is_stream, Ordering::Relaxed);
            let entrance = self.clone();
            async move { Ok::<_, Infallible>(entrance.answer(request.map(Body::new)).await) }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.app.limits.head_time)
            .max_buf_size(BUFFER)
            .keep_alive(!draining.is_cancelled());
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        if !draining.is_cancelled() {
            tokio::select! {
                served = connection.as_mut() => return Ok(served?),
                () = draining.cancelled() => connection.as_mut().graceful_shutdown(),
            }
        }
        if let Ok(served) = timeout(FAREWELL, connection.as_mut()).await {
            return Ok(served?);
        }
        if has_end.load(Ordering::Relaxed) {
            connection.await?;
        }
        Ok(())
    }

    /// The answer to a request, with what all answers carry.
    async fn answer(&self, request: Request<Body>) -> Response {
        let id = request_id(request.headers());
        let mut response = match self.admit(&request) {
            Ok(()) => self.route(request).await,
            Err(refused) => (self.refuse)(refused),
        };
        let told = response.headers_mut();
        told.insert(&REQUEST_ID, id);
        if self.app.honours_keys() {
            told.insert(&IDEMPOTENCY, HeaderValue::from_static(headers::HONOURED));
        }
        response
    }

    async fn route(&self, request: Request<Body>) -> Response {
        let routed = self.router.clone().call(request).await;
        routed.unwrap_or_else(|never| match never {})
    }

    fn admit(&self, request: &Request<Body>) -> Result<(), Refused> {
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
