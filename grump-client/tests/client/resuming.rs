//! A plane's streams where the server has positions: nothing is lost.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::{StreamExt, stream};
use grump::{Cursor, Error, ErrorKind, Payload, Plane, Result, Since, Update};
use grump_testkit::proxy::{At, Cut, Direction::ToClient, FaultProxy, Plan, Seed};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, time::timeout};

use crate::support::{MOMENT, builder, plane, short};

/// A server of one loop whose events have positions, as those of a `grump` have. It shares no code
/// with it.
struct Resuming {
    events: Vec<String>,
    /// How many have happened.
    happened: watch::Sender<usize>,
    /// The first position that is kept.
    kept: usize,
}

const EVENTS: usize = 40;

impl Resuming {
    async fn start(happened: usize, kept: usize) -> (Arc<Self>, SocketAddr) {
        let mut events: Vec<_> = (1..EVENTS)
            .map(|number| event(number).to_string())
            .collect();
        events.push(json!({"type": "loop.completed", "loopId": "l"}).to_string());
        let server = Arc::new(Self {
            events,
            happened: watch::Sender::new(happened),
            kept,
        });
        let router = Router::new()
            .route("/api/loops/l", get(shown))
            .route("/api/loops/l/events", get(told))
            .with_state(Arc::clone(&server));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, address)
    }

    /// Lets everything happen, little by little.
    async fn happen(&self) {
        while *self.happened.borrow() < EVENTS {
            tokio::time::sleep(MOMENT / 5).await;
            self.happened.send_modify(|happened| *happened += 1);
        }
    }
}

fn event(number: usize) -> Value {
    let text = format!("{number} ").repeat(20);
    json!({"type": "loop.progress", "loopId": "l", "iteration": 1, "content": text})
}

async fn shown(State(server): State<Arc<Resuming>>) -> Json<Value> {
    let is_over = *server.happened.borrow() == EVENTS;
    let status = if is_over { "completed" } else { "running" };
    Json(json!({
        "config": {"id": "l", "name": "n", "directory": "/d", "prompt": "p"},
        "state": {"id": "l", "status": status, "currentIteration": 1},
    }))
}

async fn told(State(server): State<Arc<Resuming>>, headers: HeaderMap) -> Response {
    let now = *server.happened.borrow();
    let asked = headers.get("last-event-id").map(|id| id.to_str().unwrap());
    let after = match asked {
        None => Some(now),
        Some("0") => Some(0),
        Some(cursor) => cursor.strip_prefix("j-").and_then(|at| at.parse().ok()),
    };
    let Some(after) = after.filter(|after| asked == Some("0") || *after >= server.kept) else {
        let body = json!({"error": "cursor_expired", "message": "It is not kept"});
        return (StatusCode::GONE, Json(body)).into_response();
    };
    let greeting = stream::iter([Bytes::from(": connected\n\n")]);
    let happened = server.happened.subscribe();
    let frames = stream::unfold((server, happened, after, false), next);
    let body = Body::from_stream(greeting.chain(frames).map(Ok::<_, Infallible>));
    let head = [
        (header::CONTENT_TYPE, "text/event-stream".to_owned()),
        ("grump-cursor".parse().unwrap(), format!("j-{after}")),
    ];
    (head, body).into_response()
}

type Telling = (Arc<Resuming>, watch::Receiver<usize>, usize, bool);

async fn next((server, mut happened, at, is_live): Telling) -> Option<(Bytes, Telling)> {
    if at < *happened.borrow_and_update() {
        let frame = format!("id: j-{}\ndata: {}\n\n", at + 1, server.events[at]);
        return Some((frame.into(), (server, happened, at + 1, is_live)));
    }
    if !is_live {
        return Some((": live\n\n".into(), (server, happened, at, true)));
    }
    let frame = match timeout(2 * MOMENT, happened.changed()).await {
        Ok(_) => Bytes::new(),
        Err(_) => Bytes::from(": heartbeat\n\n"),
    };
    Some((frame, (server, happened, at, true)))
}

/// The numbers of the events that were told; the end is the last.
fn numbers(updates: &[Update]) -> Vec<usize> {
    let number = |update: &Update| match update.event().map(|event| &event.payload) {
        Some(Payload::TextDelta(delta)) => delta.text.split(' ').next().unwrap().parse().unwrap(),
        Some(Payload::RunCompleted(_)) => EVENTS,
        _ => panic!("{update:?}"),
    };
    updates.iter().map(number).collect()
}

/// A plane behind a network like this, whose requests lose no time in it either.
async fn behind(
    server: SocketAddr,
    plans: impl Fn(u64) -> Plan + Send + 'static,
) -> (FaultProxy, Plane) {
    let proxy = FaultProxy::start(server).await.unwrap();
    proxy.each(plans);
    let client = builder(&proxy.url())
        .request_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    (proxy, Plane::new(grump_client::RalpherPlane::new(client)))
}

/// A network may fail the very first requests too: then it is tried again.
async fn watched(plane: &Plane, since: &Since) -> grump::EventStream {
    loop {
        match plane.loops().watch("l", since.clone()).await {
            Ok(updates) => return updates,
            Err(error) => assert!(is_of_the_network(&error), "{error:?}"),
        }
    }
}

fn is_of_the_network(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Transport | ErrorKind::Timeout)
}

/// Everything that is told through a network like this, while all happens.
async fn survived(plans: impl Fn(u64) -> Plan + Send + 'static) -> Vec<usize> {
    let (server, address) = Resuming::start(EVENTS / 2, 0).await;
    let (_proxy, plane) = behind(address, plans).await;
    let updates = async {
        let updates = watched(&plane, &Since::Beginning).await;
        updates.map(Result::unwrap).collect::<Vec<_>>().await
    };
    let (updates, ()) = futures::join!(updates, server.happen());
    numbers(&updates)
}

fn everything() -> Vec<usize> {
    (1..=EVENTS).collect()
}

/// Pitfall 1: whatever the network does, the sequence is the same, without a gap.
#[tokio::test]
async fn any_pattern_of_faults_is_exactly_the_same_sequence() {
    let seed = Seed::fresh();
    let cases = (0..16).map(|case| survived(move |number| seed.plan(case * 1000 + number)));
    for told in futures::future::join_all(cases).await {
        assert_eq!(told, everything());
    }
}

/// Pitfall 1: a cut at any byte of an event's frame, or between two.
#[tokio::test]
async fn a_cut_at_any_byte_of_the_stream_is_not_seen() {
    let (server, address) = Resuming::start(EVENTS - 1, 0).await;
    server.happen().await;
    // From within the head of the answer to behind the first two frames, far and near.
    let cases = (100..900).step_by(13).map(|at| async move {
        let plan = move |number: u64| match number {
            2 => Plan::new().cut_at(ToClient, At::bytes(at), Cut::End),
            _ => Plan::new(),
        };
        let (_proxy, plane) = behind(address, plan).await;
        let updates = watched(&plane, &Since::Beginning).await;
        let updates: Vec<_> = updates.map(Result::unwrap).collect().await;
        assert_eq!(numbers(&updates), everything(), "cut at byte {at}");
    });
    futures::stream::iter(cases)
        .buffered(16)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn a_cursor_goes_on_behind_itself() {
    let (_server, address) = Resuming::start(EVENTS, 0).await;
    let plane = plane(&format!("http://{address}"));
    let mut updates = plane.loops().watch("l", Since::Beginning).await.unwrap();
    assert_eq!(updates.cursor(), Some(&Cursor::new("j-0")));
    for told in 1..EVENTS {
        updates.next().await.unwrap().unwrap();
        if told % 8 != 1 {
            continue;
        }
        let cursor = updates.cursor().unwrap().clone();
        let rest = plane.loops().watch("l", cursor).await.unwrap();
        let rest: Vec<_> = rest.map(Result::unwrap).collect().await;
        assert_eq!(numbers(&rest), everything()[told..]);
    }
}

#[tokio::test]
async fn a_finished_run_from_now_is_the_run_and_the_end() {
    let (_server, address) = Resuming::start(EVENTS, 0).await;
    let plane = plane(&format!("http://{address}"));
    let updates = plane.loops().watch("l", Since::Now).await.unwrap();
    assert_eq!(updates.cursor(), Some(&Cursor::new("j-40")));
    let told: Vec<_> = updates
        .map(|update| short(&update.unwrap()))
        .collect()
        .await;
    assert_eq!(told, ["is completed"]);
}

/// Pitfall 3: a position that is not kept any more is refused, and says so.
#[tokio::test]
async fn a_position_that_is_not_kept_is_an_error() {
    let (_server, address) = Resuming::start(EVENTS, 10).await;
    let plane = plane(&format!("http://{address}"));
    for cursor in ["j-9", "k-20"] {
        let watched = plane.loops().watch("l", Cursor::new(cursor)).await;
        assert_eq!(watched.unwrap_err().kind(), ErrorKind::CursorExpired);
    }
}

/// Pitfall 11: a connection that is open and dead is replaced, and nothing is lost.
#[tokio::test]
async fn a_dead_connection_is_replaced_without_a_gap() {
    let (server, address) = Resuming::start(3, 0).await;
    let (proxy, plane) = behind(address, |_| Plan::new()).await;
    let mut updates = plane.loops().watch("l", Since::Beginning).await.unwrap();
    updates.next().await.unwrap().unwrap();
    proxy.asked("/events").await.stall();
    let (rest, ()) = futures::join!(
        updates.map(Result::unwrap).collect::<Vec<_>>(),
        server.happen()
    );
    assert_eq!(numbers(&rest), everything()[1..]);
}

/// Pitfall 14: what nobody reads stays in the socket: the server is slowed, memory is not filled.
#[tokio::test]
async fn a_reader_that_pauses_loses_nothing_and_keeps_its_connection() {
    let (server, address) = Resuming::start(EVENTS, 0).await;
    let (proxy, plane) = behind(address, |_| Plan::new()).await;
    let mut updates = plane.loops().watch("l", Since::Beginning).await.unwrap();
    let mut told = Vec::new();
    while let Some(update) = updates.next().await {
        told.push(update.unwrap());
        if told.len() == 2 {
            // Longer than all patience with silence.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    assert_eq!(numbers(&told), everything());
    let asked = proxy.counts();
    assert!(asked.connections <= 2, "{asked:?}");
    drop(server);
}

/// Pitfall 4: a server that answers and tells nothing is given up.
#[tokio::test]
async fn a_server_that_only_hangs_up_is_given_up() {
    let (_server, address) = Resuming::start(3, 0).await;
    let proxy = FaultProxy::start(address).await.unwrap();
    let mut config = crate::support::impatient();
    config.reconnects = 5;
    let client = builder(&proxy.url()).stream(config).build().unwrap();
    let plane = Plane::new(grump_client::RalpherPlane::new(client));
    let mut updates = plane.loops().watch("l", Since::Now).await.unwrap();
    proxy.each(|_| Plan::new().cut_at(ToClient, At::text(": live\n\n", 1), Cut::End));
    proxy.cut(Cut::End);
    let error = updates.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stalled);
    assert!(error.to_string().contains("connections: 6"), "{error}");
}
