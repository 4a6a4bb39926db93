//! Every documented error, at every endpoint, arrives as its kind.

use futures::{FutureExt, future::BoxFuture};
use grump::{ErrorKind, Result};
use grump_client::{MetaForgeClient, metaforge::SkillOptions};
use grump_testkit::contract::{Contract, Failure};
use grump_wire::metaforge::{SessionsQuery, SkillInput};
use serde_json::json;

use super::{builder, gateway};

/// The error table, and what each is.
const ERRORS: [(u16, &str, ErrorKind); 5] = [
    (400, "VALIDATION_ERROR", ErrorKind::InvalidInput),
    (404, "NOT_FOUND", ErrorKind::NotFound),
    (500, "AGENT_ERROR", ErrorKind::Agent),
    (500, "TOOL_ERROR", ErrorKind::Agent),
    (504, "TIMEOUT", ErrorKind::Timeout),
];

type Call<'c> = BoxFuture<'c, Result<()>>;

/// Every method, once.
fn calls(client: &MetaForgeClient) -> Vec<Call<'_>> {
    let (sessions, agents) = (client.sessions(), client.agents());
    let (approvals, system) = (client.approvals(), client.system());
    vec![
        sessions
            .create("spec", SkillInput::default())
            .map(|done| done.map(drop))
            .boxed(),
        sessions.open("s").map(|done| done.map(drop)).boxed(),
        sessions
            .list(SessionsQuery::default())
            .map(|done| done.map(drop))
            .boxed(),
        sessions.delete("s").boxed(),
        agents
            .run("spec", SkillOptions::new())
            .map(|done| done.map(drop))
            .boxed(),
        agents.status("s").map(|done| done.map(drop)).boxed(),
        approvals.pending().map(|done| done.map(drop)).boxed(),
        approvals.approve("s").map(|done| done.map(drop)).boxed(),
        approvals
            .reject("s", "no")
            .map(|done| done.map(drop))
            .boxed(),
        system.health().map(|done| done.map(drop)).boxed(),
        system.status().map(|done| done.map(drop)).boxed(),
    ]
}

async fn once() -> (Contract, MetaForgeClient) {
    let server = Contract::start("metaforge").await;
    let client = builder(&server).retries(0).build().unwrap();
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
async fn what_is_wrong_in_particular_is_told() {
    let (server, client) = once().await;
    let failure = Failure::new(400, "VALIDATION_ERROR")
        .with("field", "skill")
        .with("expected", "string");
    server.fail_with("*", failure);
    let error = client.system().health().await.unwrap_err();
    assert!(
        error.to_string().contains("skill: expected string"),
        "{error}"
    );
}

#[tokio::test]
async fn a_refused_socket_is_an_error_of_its_kind() {
    let (server, client) = once().await;
    server.fail_next("*", 404, "NOT_FOUND");
    let error = client.events().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_later_gateway_knows_none_of_the_paths() {
    let (server, client) = gateway().await;
    let error = client.sessions().open("nobody").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(server.violations(), Vec::<String>::new());
}

/// Pitfall 39: what may have been done is not done twice.
#[tokio::test]
async fn a_start_that_failed_is_not_sent_again_and_a_look_is() {
    let (server, client) = gateway().await;
    server.fail_next("*", 500, "AGENT_ERROR");
    client
        .run_skill("spec", SkillOptions::new())
        .await
        .unwrap_err();
    assert_eq!(server.requests().len(), 1);
    server.fail_next("*", 504, "TIMEOUT");
    client.system().health().await.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_request_that_is_missing_something_is_refused_by_the_server_in_its_words() {
    let (server, client) = once().await;
    let id = server.put("session", json!({"status": "created"}));
    let error = client.approvals().approve(&*id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
