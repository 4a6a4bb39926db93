//! The server: sockets around the player.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::{Stream, StreamExt, stream};
use grump_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

use super::{
    frames,
    log::{Asked, Ending, Log},
    player::{Answer, Player},
    request::ChatRequest,
    script::{Fault, Script},
};

/// A running scripted model. It stops listening when it is dropped.
#[derive(Debug)]
pub struct ScriptedModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    player: Mutex<Player>,
    log: Log,
}

impl ScriptedModel {
    /// Plays these scripts, by name, on a free port of the loopback.
    ///
    /// # Errors
    /// `Transport` when no port can be had.
    pub async fn start<N: Into<String>>(
        scripts: impl IntoIterator<Item = (N, Script)>,
    ) -> Result<Self> {
        Self::start_on(0, scripts).await
    }

    /// As [`start`](Self::start), on this port.
    ///
    /// # Errors
    /// `Transport` when the port is taken.
    pub async fn start_on<N: Into<String>>(
        port: u16,
        scripts: impl IntoIterator<Item = (N, Script)>,
    ) -> Result<Self> {
        let cannot = |error: io::Error| {
            Error::new(ErrorKind::Transport, "the scripted model cannot listen")
                .with("port", port)
                .caused_by(error)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let shared = Arc::new(Shared::new(scripts));
        let router = router(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            // `axum::serve` retries what fails on one connection and never returns.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            shared,
            serving,
        })
    }

    /// The base URL to give to an agent: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Adds a script or replaces it. Counters stay where they are.
    pub fn insert(&self, name: impl Into<String>, script: Script) {
        self.shared.player().insert(name.into(), script);
    }

    /// What was asked on this lane so far, in order.
    #[must_use]
    pub fn requests(&self, lane: &str) -> Vec<Asked> {
        self.shared.log.of(lane)
    }

    /// Waits until what was asked on this lane is as wanted, and returns it.
    pub async fn requests_until(
        &self,
        lane: &str,
        wanted: impl Fn(&[Asked]) -> bool,
    ) -> Vec<Asked> {
        self.shared.log.wait(lane, wanted).await
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn new<N: Into<String>>(scripts: impl IntoIterator<Item = (N, Script)>) -> Self {
        let mut player = Player::default();
        for (name, script) in scripts {
            player.insert(name.into(), script);
        }
        Self {
            player: Mutex::new(player),
            log: Log::new(),
        }
    }

    fn player(&self) -> std::sync::MutexGuard<'_, Player> {
        self.player.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

async fn models(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let player = shared.player();
    let models: Vec<_> = player
        .names()
        .map(|name| json!({"id": name, "object": "model", "created": 0, "owned_by": "scripted"}))
        .collect();
    Json(json!({"object": "list", "data": models}))
}

async fn chat(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let request = ChatRequest::of(body);
    let lane = lane(&headers);
    let answer = shared.player().answer(lane, &request);
    let (model, streamed) = (request.model.clone(), request.stream);
    let number = shared.log.push(lane, request, &answer);
    let open = Open {
        shared,
        number,
        ending: Ending::Abandoned,
    };
    sleep(answer.delay).await;
    respond(answer, &model, streamed, open).await
}

fn lane(headers: &HeaderMap) -> &str {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default()
}

async fn respond(answer: Answer, model: &str, streamed: bool, open: Open) -> Response {
    match &answer.fault {
        Some(Fault::Error {
            status,
            message,
            code,
            headers,
        }) => {
            open.sent();
            refuse(*status, message, code.as_deref(), headers)
        }
        Some(Fault::Hang) if !streamed => std::future::pending().await,
        _ if streamed => event_stream(pieces(answer, model, open)),
        _ => {
            open.sent();
            Json(frames::completion(&answer, model)).into_response()
        }
    }
}

/// Notes in the log how an answer ended: abandoned, if it is dropped before all was sent.
struct Open {
    shared: Arc<Shared>,
    number: usize,
    ending: Ending,
}

impl Open {
    fn sent(mut self) {
        self.ending = Ending::Sent;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.log.end(self.number, self.ending);
    }
}

fn refuse(
    status: u16,
    message: &str,
    code: Option<&str>,
    headers: &BTreeMap<String, String>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({"error": {"message": message, "type": code.unwrap_or("api_error")}});
    let mut response = (status, Json(body)).into_response();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn event_stream(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let head = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (head, Body::from_stream(pieces)).into_response()
}

/// The server-sent events of an answer, with its pauses and its fault.
fn pieces(
    answer: Answer,
    model: &str,
    open: Open,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let sent = match answer.fault {
        Some(Fault::Hang) => 0,
        Some(Fault::DropAfter(count)) => count,
        _ => usize::MAX,
    };
    let pause = answer.chunk_delay;
    let chunks =
        stream::iter(frames::chunks(&answer, model).take(sent)).then(move |data| async move {
            sleep(pause).await;
            Ok(Bytes::from(format!("data: {data}\n\n")))
        });
    let fault = answer.fault;
    let end = stream::once(async move {
        if fault == Some(Fault::Hang) {
            std::future::pending::<()>().await;
        }
        open.sent();
        // An error is how a body without a length is cut off rather than ended.
        matches!(fault, Some(Fault::DropAfter(_)))
            .then(|| Err(io::Error::other("the script cuts the connection here")))
    });
    chunks.chain(end.filter_map(|error| async { error }))
}
