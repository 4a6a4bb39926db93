//! Every documented error, at every endpoint that may give it, arrives as its kind.

use futures::{FutureExt, future::BoxFuture};
use grump::{ErrorKind, Result};
use grump_client::{
    MiniDevinClient,
    mini_devin::{ApiKeyOptions, RegisterOptions, SessionOptions, TaskOptions},
};
use grump_testkit::contract::Contract;

use super::{builder, server};

/// The error table, and what each is.
const ERRORS: [(u16, &str, ErrorKind); 6] = [
    (401, "UNAUTHORIZED", ErrorKind::Unauthenticated),
    (403, "FORBIDDEN", ErrorKind::Forbidden),
    (404, "NOT_FOUND", ErrorKind::NotFound),
    (422, "VALIDATION_ERROR", ErrorKind::InvalidInput),
    (429, "RATE_LIMITED", ErrorKind::RateLimited),
    (500, "INTERNAL_ERROR", ErrorKind::Remote),
];

type Call<'c> = BoxFuture<'c, Result<()>>;

/// Every method, once.
fn calls(client: &MiniDevinClient) -> Vec<Call<'_>> {
    let (auth, models, sessions) = (client.auth(), client.models(), client.sessions());
    let (tasks, artifacts) = (client.tasks(), client.artifacts());
    vec![
        client.health().map(|done| done.map(drop)).boxed(),
        auth.register("a@b", "p", RegisterOptions::new())
            .map(|done| done.map(drop))
            .boxed(),
        auth.login("a@b", "p").map(|done| done.map(drop)).boxed(),
        auth.create_api_key("k", ApiKeyOptions::new())
            .map(|done| done.map(drop))
            .boxed(),
        models.list().map(|done| done.map(drop)).boxed(),
        models.providers().map(|done| done.map(drop)).boxed(),
        sessions.list().map(|done| done.map(drop)).boxed(),
        sessions
            .create(SessionOptions::new())
            .map(|done| done.map(drop))
            .boxed(),
        sessions.open("s").map(|done| done.map(drop)).boxed(),
        sessions.delete("s").boxed(),
        tasks.list("s").map(|done| done.map(drop)).boxed(),
        tasks
            .create("s", "d", TaskOptions::new())
            .map(|done| done.map(drop))
            .boxed(),
        tasks.open("t").map(|done| done.map(drop)).boxed(),
        tasks.stop("t").map(|done| done.map(drop)).boxed(),
        artifacts.list("t").map(|done| done.map(drop)).boxed(),
        artifacts
            .download("t", "a")
            .map(|done| done.map(drop))
            .boxed(),
        tasks.connect("t").map(|done| done.map(drop)).boxed(),
    ]
}

async fn once() -> (Contract, MiniDevinClient) {
    let server = Contract::start("mini-devin").await;
    let client = builder(&server)
        .token(server.token())
        .retries(0)
        .build()
        .unwrap();
    (server, client)
}

#[tokio::test]
async fn every_documented_error_arrives_as_its_kind_at_every_endpoint() {
    let (server, client) = once().await;
    for (status, code, kind) in ERRORS {
        for call in calls(&client) {
            server.fail_next("*", status, code);
            let error = call.await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error:?}");
            let remote = error.remote_detail().unwrap();
            assert_eq!(
                (remote.status, remote.code.as_deref()),
                (Some(status), Some(code))
            );
            assert!(error.failed_operation().is_some());
        }
    }
    assert_eq!(server.requests().len(), ERRORS.len() * calls(&client).len());
}

#[tokio::test]
async fn who_shows_nothing_is_not_let_in() {
    let (server, _) = server().await;
    let client = builder(&server).build().unwrap();
    let error = client.sessions().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

/// Pitfall 39: what may have been done is not done twice.
#[tokio::test]
async fn a_task_that_may_have_been_made_is_not_made_again() {
    let (server, client) = server().await;
    let session = server.put("session", serde_json::json!({}));
    server.fail_next("*", 500, "INTERNAL_ERROR");
    let made = client
        .tasks()
        .create(&*session, "Fix it", TaskOptions::new())
        .await;
    made.unwrap_err();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_was_refused_for_its_pace_is_sent_again() {
    let (server, client) = server().await;
    let failure = grump_testkit::contract::Failure::new(429, "RATE_LIMITED").retry_after("0");
    server.fail_with("*", failure);
    client
        .sessions()
        .create(SessionOptions::new())
        .await
        .unwrap();
    assert_eq!(server.requests().len(), 2);
}
