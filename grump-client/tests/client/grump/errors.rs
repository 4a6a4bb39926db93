//! Every documented error arrives as its kind.

use std::time::Duration;

use grump_client::{
    GrumpClient,
    grump::{ChatOptions, JobOptions},
};
use grump_core::{ErrorKind, Retry};
use grump_testkit::contract::{Contract, Failure};
use grump_wire::grump::ChatMessage;

use super::{client_at, grump, is_documented, session};
use crate::support::MOMENT;

const DOCUMENTED: [(u16, &str, ErrorKind); 8] = [
    (400, "invalid_request", ErrorKind::InvalidInput),
    (401, "unauthorized", ErrorKind::Unauthenticated),
    (403, "forbidden", ErrorKind::Forbidden),
    (404, "not_found", ErrorKind::NotFound),
    (429, "rate_limited", ErrorKind::RateLimited),
    (500, "internal_error", ErrorKind::Remote),
    (503, "service_unavailable", ErrorKind::Unavailable),
    (504, "timeout", ErrorKind::Timeout),
];

/// A client that asks once.
fn once(server: &Contract) -> GrumpClient {
    let builder = GrumpClient::builder(&server.url()).token(server.token());
    builder.retries(0).retry_delay(MOMENT).build().unwrap()
}

#[tokio::test]
async fn every_documented_error_arrives_as_its_kind_from_every_sort_of_endpoint() {
    let (server, _) = grump().await;
    let client = once(&server);
    let run = session(&server, "pending");
    for (status, code, kind) in DOCUMENTED {
        let fail = || server.fail_next("*", status, code);
        fail();
        let read = client.agents().list().await.unwrap_err();
        fail();
        let made = client.ship().execute(run.id.clone()).await.unwrap_err();
        fail();
        let streamed = client
            .ship()
            .stream(run.id.clone(), None)
            .await
            .unwrap_err();
        fail();
        let message = [ChatMessage::user("hi")];
        let chat = client
            .chat()
            .stream(message, ChatOptions::new())
            .await
            .unwrap_err();
        fail();
        let file = client
            .codegen()
            .download(run.id.clone(), None)
            .await
            .unwrap_err();
        fail();
        let text = client.metrics().await.unwrap_err();
        fail();
        let socket = client.socket().await.unwrap_err();
        for error in [read, made, streamed, chat, file, text, socket] {
            assert_eq!(error.kind(), kind, "{error:?}");
            let remote = error.remote_detail().unwrap();
            assert_eq!(remote.status, Some(status));
            assert_eq!(remote.code.as_deref(), Some(code), "{error:?}");
        }
    }
}

/// Pitfall 39: what may have been done is not done again.
#[tokio::test]
async fn a_start_that_may_have_happened_is_not_made_again() {
    let (server, client) = grump().await;
    let run = session(&server, "pending");
    server.fail_next("shipExecute", 500, "internal_error");
    let error = client.ship().execute(run.id).await.unwrap_err();
    assert_eq!(error.retry(), Retry::MaybeApplied);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_was_not_done_is_asked_again_when_the_server_says() {
    let (server, client) = grump().await;
    let run = session(&server, "pending");
    server.fail_with(
        "shipExecute",
        Failure::new(429, "rate_limited").retry_after("0"),
    );
    client.ship().execute(run.id).await.unwrap();
    assert_eq!(server.requests().len(), 2);
    server.fail_with(
        "jobsList",
        Failure::new(429, "rate_limited").retry_after("900"),
    );
    let error = client.jobs().page(JobOptions::new()).await.unwrap_err();
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(900)));
}

/// Pitfall 37: a key is in no error and no output.
#[tokio::test]
async fn a_key_that_is_refused_is_not_shown() {
    let (server, _) = grump().await;
    let client = client_at(&server.url(), "grump_api_open_sesame".to_owned());
    let error = client.agents().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let mut socket = client.socket().await.unwrap();
    let refused = futures::StreamExt::next(&mut socket)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    let shown = format!("{error:?} {error} {client:?} {refused:?} {socket:?}");
    assert!(!shown.contains("sesame"), "{shown}");
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let (server, client) = grump().await;
    let missing = [
        client.ship().get_status("nobody").await.unwrap_err(),
        client.ship().execute("nobody").await.unwrap_err(),
        client.jobs().get_status("nobody").await.unwrap_err(),
        client.jobs().cancel("nobody").await.unwrap_err(),
        client.webhooks().delete("nobody").await.unwrap_err(),
        client.codegen().download("nobody", None).await.unwrap_err(),
    ];
    for error in missing {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    }
    is_documented(&server);
}

#[tokio::test]
async fn an_answer_may_be_had_as_it_came() {
    use grump_wire::{
        endpoint::{NoBody, NoQuery},
        grump::{JobPath, OpenJob},
    };
    let (_server, client) = grump().await;
    let path = JobPath {
        job_id: "nobody".into(),
    };
    let raw = client
        .raw::<OpenJob>(path, NoQuery {}, NoBody)
        .await
        .unwrap();
    assert_eq!(raw.status(), 404);
}
