//! A server that plays a recording of opencode's and breaks off where it is told to.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::{StreamExt, stream};
use grump_core::{Endpoint, EventKind, Payload};
use grump_engine::{
    agent::{Agent, AgentSession, OpenCode, Ruling, Site, TurnOutcome},
    process::Launcher,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

use crate::bench::{Played, play, turn};

const SESSION: &str = "ses_dff8ed4daffe8RhLChVzeX8a6R";

/// What the server does.
#[derive(Default)]
struct Part {
    /// How much of the recording is heard before the stream breaks.
    heard: usize,
    /// Asked for after that, and waited for.
    permission: Option<Value>,
    answered: watch::Sender<bool>,
    connections: AtomicUsize,
}

impl Part {
    fn is_waiting(&self) -> bool {
        self.permission.is_some() && !*self.answered.borrow()
    }
}

async fn session(part: Part) -> Box<dyn AgentSession> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = router(Arc::new(part));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let site = Site {
        directory: "/repo".into(),
        run: "run".into(),
        launcher: Launcher::new(None, "played"),
        connect: Some(Endpoint {
            hostname: "127.0.0.1".into(),
            port,
        }),
        ask: false,
    };
    OpenCode::new().open(site).await.unwrap()
}

fn router(part: Arc<Part>) -> Router {
    Router::new()
        .route("/event", get(events))
        .route("/session", post(|| async { Json(json!({"id": SESSION})) }))
        .route("/session/{id}/prompt_async", post(StatusCode::NO_CONTENT))
        .route("/session/{id}/message", get(messages))
        .route("/session/{id}/children", get(|| async { Json(json!([])) }))
        .route("/session/status", get(statuses))
        .route("/permission", get(permissions))
        .route("/permission/{id}/reply", post(reply))
        .route("/question", get(|| async { Json(json!([])) }))
        .with_state(part)
}

/// The first connection breaks off; every other one says that the session is at rest once what is
/// asked was answered.
async fn events(State(part): State<Arc<Part>>) -> Response {
    let recording = include_str!("../../fixtures/opencode/write.sse");
    let greeting = "data: {\"type\":\"server.connected\",\"properties\":{}}\n\n".to_owned();
    let is_first = part.connections.fetch_add(1, Ordering::SeqCst) == 0;
    let heard = if is_first { part.heard } else { 0 };
    let blocks = recording.split_inclusive("\n\n").take(heard);
    let blocks: Vec<_> = [greeting]
        .into_iter()
        .chain(blocks.map(str::to_owned))
        .map(|block| Ok::<_, Infallible>(Bytes::from(block)))
        .collect();
    let mut answers = part.answered.subscribe();
    let end = stream::once(async move {
        if is_first {
            return Ok(Bytes::new());
        }
        let _ = answers.wait_for(|answered| *answered).await;
        let idle = json!({"type": "session.idle", "properties": {"sessionID": SESSION}});
        Ok(Bytes::from(format!("data: {idle}\n\n")))
    });
    let head = [(header::CONTENT_TYPE, "text/event-stream")];
    (head, Body::from_stream(stream::iter(blocks).chain(end))).into_response()
}

async fn messages(State(part): State<Arc<Part>>) -> Json<Value> {
    let messages = include_str!("../../fixtures/opencode/write.messages.json");
    let mut messages: Value = serde_json::from_str(messages).unwrap();
    if part.is_waiting() {
        messages.as_array_mut().unwrap().truncate(1);
    }
    Json(messages)
}

async fn statuses(State(part): State<Arc<Part>>) -> Json<Value> {
    if part.is_waiting() {
        Json(json!({SESSION: {"type": "busy"}}))
    } else {
        Json(json!({}))
    }
}

async fn permissions(State(part): State<Arc<Part>>) -> Json<Value> {
    let waiting = part.permission.iter().filter(|_| part.is_waiting());
    Json(waiting.cloned().collect())
}

async fn reply(State(part): State<Arc<Part>>) -> Json<bool> {
    part.answered.send_replace(true);
    Json(true)
}

fn count(played: &Played, kind: EventKind) -> usize {
    played.kinds().iter().filter(|told| **told == kind).count()
}

/// Pitfall 1: what a broken stream left out is told from the state, and nothing twice.
#[tokio::test]
async fn a_stream_that_breaks_loses_nothing() {
    for heard in [0, 20, 26, 40, 51] {
        let part = Part {
            heard,
            ..Part::default()
        };
        let mut session = session(part).await;
        let played = play(&mut *session, turn(), Ruling::Allow).await;
        assert_eq!(played.end().outcome, TurnOutcome::Finished);
        let text: String = played
            .told
            .iter()
            .filter_map(|told| match told {
                Payload::TextDelta(delta) => Some(&*delta.text),
                _ => None,
            })
            .collect();
        assert_eq!(
            text,
            "I will write the file.Done.\n<promise>COMPLETE</promise>"
        );
        for kind in [
            EventKind::ToolCalled,
            EventKind::ToolResult,
            EventKind::FileChanged,
        ] {
            assert_eq!(
                count(&played, kind),
                1,
                "{kind} after {heard}: {:?}",
                played.told
            );
        }
    }
}

/// Pitfall 22: a permission that was asked for while nobody listened is found and answered.
#[tokio::test]
async fn a_permission_asked_for_in_a_gap_is_answered() {
    let permission = json!({
        "id": "per_1", "sessionID": SESSION, "permission": "edit",
        "patterns": ["hello.txt"], "metadata": {}, "always": [],
    });
    let part = Part {
        heard: 20,
        permission: Some(permission),
        ..Part::default()
    };
    let mut session = session(part).await;
    let played = play(&mut *session, turn(), Ruling::Allow).await;
    assert_eq!(played.asked.len(), 1);
    assert_eq!(played.asked[0].title, "hello.txt");
    assert_eq!(played.end().outcome, TurnOutcome::Finished);
}
