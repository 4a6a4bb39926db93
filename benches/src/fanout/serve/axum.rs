//! What one writes with axum alone: `Sse` with `json_data` over a broadcast, a handler that
//! answers JSON, and a file of ready frames.

use std::{convert::Infallible, path::Path, sync::Arc};

use ::axum::{
    Json, Router,
    body::Body,
    extract::{self, State},
    http::header,
    response::{IntoResponse, Sse, sse},
    routing::get,
};
use futures::{Stream, stream};
use grump_benches::Failure;
use grump_wire::ralpher;
use serde::{Deserialize, Serialize};
use tokio::{
    io::AsyncReadExt,
    sync::broadcast::{self, error::RecvError},
};

use super::{control, listen, ready};
use crate::{
    event::{LENGTH, Template},
    plane,
};

/// How many events one who listens may be behind.
const BEHIND: usize = 4096;

/// How much of a file is sent at once: whole frames of `id: 00000000` and the event's data, about
/// 64 KiB.
const CHUNK: usize = ("id: 00000000\ndata: \n\n".len() + LENGTH) * 256;

#[derive(Clone)]
struct Shared {
    events: broadcast::Sender<Arc<ToolCall>>,
    answer: Arc<ralpher::Loop>,
    file: Option<Arc<Path>>,
}

/// The event, as somebody types it who serves this one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolCall {
    #[serde(skip)]
    number: u64,
    r#type: String,
    loop_id: String,
    iteration: u64,
    tool: Tool,
    timestamp: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Tool {
    id: String,
    name: String,
    input: Input,
    status: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Input {
    command: String,
}

pub(super) async fn serve(file: Option<&Path>) -> Result<(), Failure> {
    let events = broadcast::Sender::new(BEHIND);
    let answer = ralpher::map::wire_loop(&plane::run()).ok_or("it is a loop")?;
    let shared = Shared {
        events: events.clone(),
        answer: Arc::new(answer),
        file: file.map(Arc::from),
    };
    let app = Router::new()
        .route("/events", get(told))
        .route("/file", get(stored))
        .route("/api/loops/{id}", get(open))
        .with_state(shared);
    let (listener, control) = (listen().await?, listen().await?);
    ready(listener.local_addr()?.port(), control.local_addr()?.port());
    tokio::spawn(publish(control, events));
    let listener = ::axum::serve::ListenerExt::tap_io(listener, |stream| {
        // Where it is refused, the figures show it.
        let _ = stream.set_nodelay(true);
    });
    Ok(::axum::serve(listener, app).await?)
}

async fn publish(control: tokio::net::TcpListener, events: broadcast::Sender<Arc<ToolCall>>) {
    let template = Template::new();
    let sample: ToolCall = serde_json::from_str(&template.text(0, 0)).expect("it has these types");
    let obeyed = control::obey(control, |order| {
        for (number, stamp) in order.events() {
            let mut call = sample.clone();
            call.number = number;
            call.tool.input.command = template.command(number, stamp);
            // Nobody may listen yet.
            let _ = events.send(Arc::new(call));
        }
    });
    if let Err(error) = obeyed.await {
        eprintln!("axum: {error}");
    }
}

async fn told(State(shared): State<Shared>) -> Sse<impl Stream<Item = Result<sse::Event, Lost>>> {
    let events = shared.events.subscribe();
    Sse::new(stream::unfold(events, |mut events| async move {
        let event = match events.recv().await {
            Ok(call) => frame(&call),
            Err(RecvError::Lagged(_)) => Err(Lost),
            Err(RecvError::Closed) => return None,
        };
        Some((event, events))
    }))
}

fn frame(call: &ToolCall) -> Result<sse::Event, Lost> {
    let event = sse::Event::default().id(call.number.to_string());
    event.json_data(call).map_err(|_| Lost)
}

/// One who listens was too slow.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("events are lost")
    }
}

impl std::error::Error for Lost {}

async fn open(State(shared): State<Shared>, _: extract::Path<String>) -> impl IntoResponse {
    Json(ralpher::Loop::clone(&shared.answer))
}

async fn stored(State(shared): State<Shared>) -> impl IntoResponse {
    let file = shared.file.expect("a file was named");
    let file = tokio::fs::File::open(file)
        .await
        .expect("the file is there");
    let chunks = stream::unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut part = (&mut file).take(CHUNK as u64);
        let many = part.read_to_end(&mut chunk).await.expect("it is read");
        (many > 0).then_some((Ok::<_, Infallible>(chunk), file))
    });
    let event_stream = [(header::CONTENT_TYPE, "text/event-stream")];
    (event_stream, Body::from_stream(chunks))
}
