//! How a server ends.

use std::time::Duration;

use grump_core::{ControlPlane, ErrorKind};
use grump_server::{Limits, Server};
use grump_testkit::behaviour::scripts;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    stage::{Served, Stage, anywhere},
    tape::Tape,
    wire::raw,
};

#[tokio::test]
async fn streams_end_when_the_server_does() {
    let tape = Tape::new();
    let served = Served::of(tape.clone()).await;
    let mut all = served.ask().stream("/api/events", None).await;
    let mut one = served.ask().stream("/api/loops/a/events", Some("0")).await;
    tape.tell("a", "last");
    for listening in [&mut all, &mut one] {
        listening.until("last").await;
    }
    let ended = tokio::spawn(served.ended());
    for listening in [all, one] {
        listening.rest().await;
    }
    ended.await.unwrap().unwrap();
}

/// Pitfall 14: a listener that does not read does not hold up the end.
#[tokio::test]
async fn a_listener_that_does_not_read_holds_up_nothing() {
    let tape = Tape::new();
    let served = Served::of(tape.clone()).await;
    let mut stuck = TcpStream::connect(served.address()).await.unwrap();
    let request = "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stuck.write_all(request.as_bytes()).await.unwrap();
    stuck.read_exact(&mut [0; 1]).await.unwrap();
    let text = "x".repeat(1 << 20);
    for _ in 0..16 {
        tape.tell("a", &*text);
    }
    served.ended().await.unwrap();
}

/// Pitfall 14: nor does one whose connection was used before, as clients keep theirs.
#[tokio::test]
async fn a_listener_on_a_connection_that_was_used_before_holds_up_nothing() {
    let tape = Tape::new();
    let served = Served::of(tape.clone()).await;
    let mut stuck = TcpStream::connect(served.address()).await.unwrap();
    let request = |path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stuck
        .write_all(request("/healthz").as_bytes())
        .await
        .unwrap();
    let mut last = 0;
    while last != b'}' {
        last = stuck.read_u8().await.unwrap();
    }
    let stream = request("/api/events");
    stuck.write_all(stream.as_bytes()).await.unwrap();
    stuck.read_exact(&mut [0; 12]).await.unwrap();
    let mut beside = served.ask().stream("/api/events", None).await;
    let text = "x".repeat(1 << 20);
    for number in 0..16 {
        tape.tell("a", format!("{text}{number}!"));
        beside.until(&format!("{number}!")).await;
    }
    drop(beside);
    served.ended().await.unwrap();
}

/// The request that was under way is answered; what comes then is told to come back.
#[tokio::test]
async fn a_request_under_way_finishes_and_others_are_told_to_come_back() {
    let stage = Stage::set().await;
    let mut served = Served::of(stage.engine.clone()).await;
    let mut slow = TcpStream::connect(served.address()).await.unwrap();
    let head = "POST /api/loops HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
    let expecting = format!("{head}Expect: 100-continue\r\n\r\n");
    slow.write_all(expecting.as_bytes()).await.unwrap();
    slow.read_exact(&mut [0; 12]).await.unwrap();
    let idle = TcpStream::connect(served.address()).await.unwrap();
    served.ask().get("/readyz").await;
    served.signal();
    let ready = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    loop {
        let answer = raw(served.address(), ready, "}").await;
        if answer.starts_with("HTTP/1.1 503") {
            assert!(answer.contains("draining"), "{answer}");
            break;
        }
    }
    let alive = raw(served.address(), &ready.replace("readyz", "healthz"), "}").await;
    assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
    let refused = served.ask().get("/api/health").await;
    assert_eq!(refused.refusal(), (503, "unavailable"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    slow.write_all(b"{}").await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.contains("HTTP/1.1 400") && answer.contains("validation_error"),
        "{answer}"
    );
    drop(idle);
    served.ended().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut_off_and_said() {
    let mut limits = Limits::default();
    limits.drain = Duration::from_millis(50);
    let stage = Stage::set().await;
    let builder = Server::builder(stage.engine.clone()).ralpher(anywhere());
    let served = Served::up(builder.limits(limits)).await;
    let mut stuck = TcpStream::connect(served.address()).await.unwrap();
    let head = "POST /api/loops HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n";
    let expecting = format!("{head}Expect: 100-continue\r\n\r\n");
    stuck.write_all(expecting.as_bytes()).await.unwrap();
    // The server has begun to read the body once it says that it will.
    stuck.read_exact(&mut [0; 12]).await.unwrap();
    let error = served.ended().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    stage.close().await;
}

/// The plane belongs to whoever opened it: its loops go on.
#[tokio::test]
async fn the_plane_outlives_the_server() {
    let stage = Stage::set().await;
    let path = stage.start(scripts::HANGS).await;
    stage.until(&path, "running").await;
    let Stage { served, engine, .. } = stage;
    served.ended().await.unwrap();
    let again = Served::of(engine.clone()).await;
    let seen = again.ask().get(&path).await;
    assert_eq!(seen.body["state"]["status"], json!("running"));
    again
        .ask()
        .done("POST", &format!("{path}/stop"), None)
        .await;
    again.ended().await.unwrap();
    engine.close().await;
}

/// A connection that sends no request holds nothing up.
#[tokio::test]
async fn idle_connections_are_closed_at_once() {
    let served = Served::of(Tape::new()).await;
    let mut idle = TcpStream::connect(served.address()).await.unwrap();
    served.ask().get("/healthz").await;
    served.ended().await.unwrap();
    let mut nothing = Vec::new();
    idle.read_to_end(&mut nothing).await.unwrap();
    assert!(nothing.is_empty());
}

/// Nor does one that comes when the server is about to end, or one that never says all of it.
#[tokio::test]
async fn connections_that_ask_for_nothing_while_it_ends_are_not_waited_for() {
    let mut served = Served::of(Tape::new()).await;
    let mut slow = TcpStream::connect(served.address()).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    let head = "POST /api/loops HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
    let mut working = TcpStream::connect(served.address()).await.unwrap();
    let expecting = format!("{head}Expect: 100-continue\r\n\r\n");
    working.write_all(expecting.as_bytes()).await.unwrap();
    working.read_exact(&mut [0; 12]).await.unwrap();
    served.signal();
    let ready = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    while !raw(served.address(), ready, "}").await.contains("draining") {}
    let silent = TcpStream::connect(served.address()).await.unwrap();
    // Whoever is answered after it was accepted after it.
    raw(served.address(), ready, "}").await;
    working.write_all(b"{}").await.unwrap();
    served.ended().await.unwrap();
    drop((slow, silent));
}

/// A head that never ends is not waited for.
#[tokio::test]
async fn a_head_that_is_never_whole_ends_the_connection() {
    let mut limits = Limits::default();
    limits.head_time = Duration::from_millis(50);
    let served = Served::up(
        Server::builder(Tape::new())
            .ralpher(anywhere())
            .limits(limits),
    )
    .await;
    raw(
        served.address(),
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        "\0",
    )
    .await;
}

/// Connections beyond the limit wait for a place.
#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let mut limits = Limits::default();
    limits.connections = 1;
    let served = Served::up(
        Server::builder(Tape::new())
            .ralpher(anywhere())
            .limits(limits),
    )
    .await;
    let first = TcpStream::connect(served.address()).await.unwrap();
    let asking = tokio::spawn({
        let ask = served.ask();
        async move { ask.get("/healthz").await.status }
    });
    drop(first);
    assert_eq!(asking.await.unwrap(), 200);
}
