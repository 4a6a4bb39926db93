//! The dialect's own streams.

use futures::StreamExt;
use grump::ErrorKind;
use grump_testkit::field::Quirks;
use serde_json::json;

use crate::support::{MOMENT, builder, field};

#[tokio::test]
async fn events_come_in_the_dialects_own_terms() {
    let (field, client) = field().await;
    let mut all = client.events().all().await.unwrap();
    let id = field.create("a task");
    let event = all.next().await.unwrap().unwrap();
    assert_eq!(event.kind, "loop.created");
    assert_eq!(event.loop_id.unwrap().as_str(), id);
    assert!(event.members.contains_key("config"));
    field.raw("data: not JSON\n\n");
    let event = all.next().await.unwrap().unwrap();
    assert_eq!(event.kind, "unknown");
    assert_eq!(event.members["data"], json!("not JSON"));
}

/// Pitfall 9: an end is an error, whatever was told before.
#[tokio::test]
async fn a_stream_that_ends_is_truncated() {
    let (field, client) = field().await;
    let id = field.create("a task");
    let mut events = client.events().of_loop(&*id).await.unwrap();
    field.streaming(1).await;
    field.cut_streams();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_stream_that_breaks_says_so() {
    let (field, client) = field().await;
    let mut events = client.events().all().await.unwrap();
    field.streaming(1).await;
    field.abort_streams();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
}

/// Pitfall 11: silence is noticed.
#[tokio::test]
async fn a_stream_that_falls_silent_is_given_up() {
    let field = grump_testkit::field::Field::start(Quirks::documented()).await;
    let field = field.unwrap();
    let client = builder(&field.url()).idle_timeout(4 * MOMENT);
    let mut events = client.build().unwrap().events().all().await.unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_loop_that_is_not_there_has_no_stream() {
    let (_field, client) = field().await;
    let error = client.events().of_loop("nobody").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
