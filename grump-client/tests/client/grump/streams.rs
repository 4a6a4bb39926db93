//! The dialect's own streams: what one call tells, and how it ends.

use futures::StreamExt;
use grump_client::grump::{CallStream, ChatOptions};
use grump_core::{ErrorKind, Result};
use grump_testkit::contract::Contract;
use grump_wire::grump::{ChatEvent, ChatMessage, ShipEvent};
use serde_json::json;

use super::{grump, is_documented, session};
use grump_client::GrumpClient;

async fn ship(server: &Contract, client: &GrumpClient) -> CallStream<ShipEvent> {
    let run = session(server, "pending");
    client.ship().stream(run.id, None).await.unwrap()
}

async fn chat(client: &GrumpClient) -> CallStream<ChatEvent> {
    let hello = [ChatMessage::user("hi")];
    client
        .chat()
        .stream(hello, ChatOptions::new())
        .await
        .unwrap()
}

/// The kinds of what was told, and the kind of the error that it ended in.
async fn told<T>(stream: CallStream<T>, kind: fn(&T) -> &str) -> (Vec<String>, Option<ErrorKind>) {
    let told: Vec<Result<T>> = stream.collect().await;
    let (mut kinds, mut error) = (Vec::new(), None);
    for one in told {
        match one {
            Ok(event) => kinds.push(kind(&event).to_owned()),
            Err(end) => error = Some(end.kind()),
        }
    }
    (kinds, error)
}

#[tokio::test]
async fn a_session_is_told_to_its_end() {
    let (server, client) = grump().await;
    let (kinds, error) = told(ship(&server, &client).await, ShipEvent::kind).await;
    assert_eq!(kinds.first().unwrap(), "start");
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| *kind == "phase_complete")
            .count(),
        4
    );
    assert_eq!((kinds.last().unwrap().as_str(), error), ("complete", None));
    is_documented(&server);
}

#[tokio::test]
async fn a_chat_is_told_to_its_end() {
    let (_server, client) = grump().await;
    let (kinds, error) = told(chat(&client).await, ChatEvent::kind).await;
    assert_eq!(kinds, ["text", "tool_call", "tool_result", "complete"]);
    assert_eq!(error, None);
}

/// Pitfall 9: an end that nobody announced is not the end.
#[tokio::test]
async fn a_stream_that_ends_too_early_is_truncated() {
    let (server, client) = grump().await;
    for cut in 1..4 {
        server.cut_after(cut);
        let (kinds, error) = told(chat(&client).await, ChatEvent::kind).await;
        assert_eq!(kinds.len() as u64, cut);
        assert!(
            matches!(error, Some(ErrorKind::Truncated | ErrorKind::Transport)),
            "{error:?}"
        );
    }
    server.oddity("no-end");
    let (_, error) = told(ship(&server, &client).await, ShipEvent::kind).await;
    assert_eq!(error, Some(ErrorKind::Truncated));
}

#[tokio::test]
async fn two_ends_are_one() {
    let (server, client) = grump().await;
    server.oddity("two-ends");
    server.oddity("field-names");
    let (kinds, error) = told(chat(&client).await, ChatEvent::kind).await;
    assert_eq!(kinds, ["text", "tool_call", "tool_result", "complete"]);
    assert_eq!(error, None);
}

/// Ambiguity G-10: an error inside a stream of status 200.
#[tokio::test]
async fn an_error_is_told_and_the_server_may_end_the_stream_after_it() {
    let (server, client) = grump().await;
    server.script(&[json!({"type": "error", "message": "out of tokens"})]);
    let (kinds, error) = told(ship(&server, &client).await, ShipEvent::kind).await;
    assert_eq!((kinds.as_slice(), error), (&["error".to_owned()][..], None));
}

/// Pitfall 25: an event that nobody knows does not end the stream.
#[tokio::test]
async fn events_that_nobody_knows_are_told_as_they_came() {
    let (server, client) = grump().await;
    server.script(&[
        json!({"type": "autonomous", "value": true}),
        json!("[DONE]"),
        json!({"type": "complete"}),
    ]);
    let all: Vec<_> = chat(&client).await.map(Result::unwrap).collect().await;
    let ChatEvent::Unknown(first) = &all[0] else {
        panic!("{all:?}")
    };
    assert_eq!(
        (&*first.kind, first.body.value()["value"].clone()),
        ("autonomous", json!(true))
    );
    assert_eq!(all.len(), 3);
}

/// Dropping a stream closes its connection.
#[tokio::test]
async fn a_stream_that_is_dropped_is_closed() {
    let (server, client) = grump().await;
    server.hold_streams();
    let stream = ship(&server, &client).await;
    server.streaming(1).await;
    drop(stream);
    server.streaming(0).await;
}
