//! What is sent again, and what is not.

use std::time::Duration;

use grump::{ErrorKind, Retry};
use grump_client::LoopOptions;
use grump_testkit::{
    field::{Field, Quirks, Reply},
    proxy::{At, Direction::ToClient, FaultProxy, Plan},
};
use serde_json::json;

use crate::support::{MOMENT, builder, client, field};

async fn behind_a_proxy() -> (Field, FaultProxy) {
    let field = Field::start(Quirks::field()).await.unwrap();
    let proxy = FaultProxy::start(field.address()).await.unwrap();
    (field, proxy)
}

fn busy(status: u16) -> Reply {
    Reply::json(status, &json!({"error": "busy", "message": "Try again"}))
}

#[tokio::test]
async fn a_read_whose_answer_is_lost_is_repeated() {
    let (field, proxy) = behind_a_proxy().await;
    proxy.lose_answer_to("GET /api/health");
    assert!(client(&proxy.url()).health().await.unwrap().healthy);
    assert_eq!(field.asked().len(), 2);
}

/// Pitfall 39: what may have run is not run again, and says so.
#[tokio::test]
async fn a_start_whose_answer_is_lost_is_not_repeated() {
    let (field, proxy) = behind_a_proxy().await;
    let id = field.create("a task");
    proxy.lose_answer_to("/start");
    let started = client(&proxy.url()).loops().start(&*id).await;
    let error = started.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Transport, Retry::MaybeApplied)
    );
    assert_eq!(field.asked().len(), 1);
}

/// Pitfall 39: a create is repeated only where the server knows that it is the same one.
#[tokio::test]
async fn a_create_whose_answer_is_lost_is_not_repeated_where_keys_are_not_honoured() {
    let (field, proxy) = behind_a_proxy().await;
    proxy.lose_answer_to("POST /api/loops");
    let made = client(&proxy.url())
        .loops()
        .create("n", "/d", "p", LoopOptions::new())
        .await;
    assert_eq!(made.unwrap_err().retry(), Retry::MaybeApplied);
    assert_eq!(field.asked_for("POST", "/api/loops").len(), 1);
}

/// Pitfall 39: the key is the same over all tries.
#[tokio::test]
async fn a_create_whose_answer_is_lost_is_repeated_with_its_key_where_keys_are_honoured() {
    let (field, proxy) = behind_a_proxy().await;
    proxy.lose_answer_to("POST /api/loops");
    let healthy = json!({"healthy": true, "version": "1"});
    let announced = Reply::json(200, &healthy).header("grump-idempotency", "honoured");
    field.reply_once("GET", "/api/health", announced);
    let options = LoopOptions::new().idempotency_key("my-key");
    let made = client(&proxy.url())
        .loops()
        .create("n", "/d", "p", options)
        .await;
    made.unwrap();
    let asked = field.asked_for("POST", "/api/loops");
    let keys: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("idempotency-key"))
        .collect();
    assert_eq!(keys, [Some("my-key"); 2]);
}

/// Pitfall 39: a key that was made up is gone with the call, so the call tries what can be tried,
/// and the caller is not told that it may ask again.
#[tokio::test]
async fn a_create_that_fails_again_and_again_may_have_made_a_loop() {
    let (field, client) = field().await;
    for _ in 0..12 {
        let failed = busy(500).header("grump-idempotency", "honoured");
        field.reply_once("POST", "/api/loops", failed);
    }
    let create = |options| client.loops().create("n", "/d", "p", options);
    let error = create(LoopOptions::new()).await.unwrap_err();
    assert_eq!(error.retry(), Retry::MaybeApplied);
    let asked = field.asked_for("POST", "/api/loops");
    let key = asked[0].header("idempotency-key");
    assert!(asked.len() > 1);
    assert!(
        asked
            .iter()
            .all(|asked| asked.header("idempotency-key") == key)
    );
    let error = create(LoopOptions::new()).await.unwrap_err();
    assert_eq!(error.retry(), Retry::MaybeApplied);
    let options = LoopOptions::new().idempotency_key("my-key");
    let error = create(options).await.unwrap_err();
    assert_eq!(error.retry(), Retry::Exhausted);
}

#[tokio::test]
async fn a_prompt_that_may_have_been_set_is_not_set_again() {
    let (field, proxy) = behind_a_proxy().await;
    let id = field.create("a task");
    field.begin(&id);
    proxy.lose_answer_to("PUT /api/loops");
    let set = client(&proxy.url())
        .loops()
        .set_pending_prompt(&*id, "more")
        .await;
    assert_eq!(set.unwrap_err().retry(), Retry::MaybeApplied);
    assert_eq!(field.asked().len(), 1);
}

#[tokio::test]
async fn what_was_refused_for_its_rate_is_sent_again() {
    let (field, client) = field().await;
    let id = field.create("a task");
    let path = format!("/api/loops/{id}/start");
    field.reply_once("POST", &path, busy(429));
    field.reply_once("POST", &path, busy(503).header("retry-after", "0"));
    client.loops().start(&*id).await.unwrap();
    assert_eq!(field.asked().len(), 3);
}

#[tokio::test]
async fn an_outage_that_says_not_when_it_ends_may_have_run_something() {
    let (field, client) = field().await;
    let id = field.create("a task");
    field.reply_once("POST", &format!("/api/loops/{id}/start"), busy(503));
    let started = client.loops().start(&*id).await;
    let error = started.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::MaybeApplied)
    );
    assert_eq!(field.asked().len(), 1);
}

#[tokio::test]
async fn who_is_told_to_wait_for_long_is_told_so() {
    let (field, client) = field().await;
    let reply = busy(429).header("retry-after", "900");
    field.reply_once("GET", "/api/health", reply);
    let error = client.health().await.unwrap_err();
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(900)));
    assert_eq!(field.asked().len(), 1);
}

#[tokio::test]
async fn after_so_many_tries_it_is_over() {
    let (field, client) = field().await;
    for _ in 0..4 {
        field.reply_once("GET", "/api/health", busy(429));
    }
    let error = client.health().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::RateLimited, Retry::Exhausted)
    );
    assert_eq!(field.asked().len(), 4);
}

#[tokio::test]
async fn what_was_never_sent_is_sent_again() {
    let (field, proxy) = behind_a_proxy().await;
    let id = field.create("a task");
    proxy.refuse().await;
    let client = builder(&proxy.url()).retries(100).build().unwrap();
    let starting = tokio::spawn(async move { client.loops().start(&*id).await });
    tokio::time::sleep(MOMENT).await;
    proxy.admit().await.unwrap();
    starting.await.unwrap().unwrap();
    assert_eq!(field.asked().len(), 1);
}

/// Pitfall 12: a request has a time of its own, and what it asked for may still happen.
#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up() {
    let (field, proxy) = behind_a_proxy().await;
    let id = field.create("a task");
    proxy.next(Plan::new().stall_at(ToClient, At::bytes(0)));
    let client = builder(&proxy.url()).request_timeout(10 * MOMENT);
    let client = client.build().unwrap();
    let started = client.loops().start(&*id).await;
    let error = started.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Timeout, Retry::MaybeApplied)
    );
}
