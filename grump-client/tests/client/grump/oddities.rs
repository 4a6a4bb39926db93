//! What servers in the field do that the document does not say is survived.

use futures::{StreamExt, TryStreamExt};
use grump_client::{
    GrumpClient,
    grump::{AgentOptions, ArchitectureOptions, ChatOptions, JobOptions, PrdOptions, ShipOptions},
};
use grump_core::{ErrorKind, Result};
use grump_testkit::contract::{Contract, Oddity};
use grump_wire::grump::{ChatEvent, ChatMessage, Job, ShipEvent, WebhookEvent};

use super::{client, grump};

/// A round through the endpoints: what a user of each would notice.
async fn round(server: &Contract, client: &GrumpClient) -> Result<()> {
    let made = client
        .ship()
        .start("Build a React app", ShipOptions::new())
        .await?;
    let execution = client.ship().execute(&made.session_id).await?;
    let id = made.session_id.as_str();
    let _ = server.finish(id);
    let read = client.ship().get_status(&made.session_id).await?;
    assert_eq!(read.session_id, made.session_id);
    let jobs: Vec<Job> = client.jobs().list(JobOptions::new()).try_collect().await?;
    assert_eq!(Some(&jobs[0].id), execution.job_id.as_ref());
    client.jobs().get_status(&jobs[0].id).await?;
    client
        .architecture()
        .generate("x", ArchitectureOptions::new())
        .await?;
    client.prd().generate("x", PrdOptions::new()).await?;
    assert_eq!(client.agents().list().await?.len(), 2);
    client
        .agents()
        .run("coder", "x", AgentOptions::new())
        .await?;
    assert_eq!(client.billing().tiers().await?[1].price_minor(), Some(2900));
    client.billing().usage().await?;
    let events = [WebhookEvent::JobFailed];
    let hook = client
        .webhooks()
        .register("https://e.com", events, None)
        .await?;
    let hooks = client.webhooks().list().await?;
    assert_eq!(hooks[0].id, hook.id);
    client.webhooks().delete(hook.id.as_ref().unwrap()).await?;
    assert!(client.health().await?.status.is_healthy());
    Ok(())
}

/// The words of a chat's answer.
async fn said(client: &GrumpClient) -> Result<String> {
    let hello = [ChatMessage::user("hi")];
    let turn = client.chat().stream(hello, ChatOptions::new()).await?;
    let events: Vec<ChatEvent> = turn.try_collect().await?;
    let calls = events.iter().filter_map(|event| match event {
        ChatEvent::ToolCall(call) => Some(&*call.tool),
        ChatEvent::ToolResult(result) => Some(&*result.tool),
        _ => None,
    });
    assert_eq!(calls.collect::<Vec<_>>(), ["file_read", "file_read"]);
    let pieces = events.iter().filter_map(|event| match event {
        ChatEvent::Text(piece) => Some(&*piece.content),
        _ => None,
    });
    Ok(pieces.collect())
}

#[tokio::test]
async fn what_can_be_made_good_is() {
    for oddity in Oddity::all("grump").filter(|oddity| !oddity.fails) {
        let (server, client) = grump().await;
        server.oddity(oddity.name);
        let done = round(&server, &client).await;
        assert!(done.is_ok(), "{}: {done:?}", oddity.name);
    }
}

#[tokio::test]
async fn streams_that_are_odd_tell_the_same() {
    for oddity in Oddity::all("grump") {
        if oddity.fails || ["no-end", "error-in-stream"].contains(&oddity.name) {
            continue;
        }
        let (server, client) = grump().await;
        server.oddity(oddity.name);
        let said = said(&client).await;
        let said = said.unwrap_or_else(|error| panic!("{}: {error:?}", oddity.name));
        assert_eq!(
            said, "To implement JWT authentication...",
            "{}",
            oddity.name
        );
    }
}

#[tokio::test]
async fn what_cannot_be_made_good_is_an_error_that_says_which() {
    let expected = |name: &str| match name {
        "html-pages" => ErrorKind::Protocol,
        _ => ErrorKind::NotFound,
    };
    for oddity in Oddity::all("grump").filter(|oddity| oddity.fails) {
        let server = Contract::start("grump").await;
        server.oddity(oddity.name);
        let error = client(&server).jobs().get_status("nobody").await;
        let error = match (oddity.name, error) {
            ("html-pages", _) => client(&server).agents().list().await.unwrap_err(),
            (_, error) => error.unwrap_err(),
        };
        assert_eq!(
            error.kind(),
            expected(oddity.name),
            "{}: {error:?}",
            oddity.name
        );
        assert!(!error.message().is_empty());
    }
}

/// An unknown session is a stream of status 200 with an error in it.
#[tokio::test]
async fn an_error_in_a_stream_is_told() {
    let (server, client) = grump().await;
    server.oddity("error-in-stream");
    let told = client.ship().stream("nobody", None).await.unwrap();
    let told: Vec<_> = told.map(Result::unwrap).collect().await;
    let ShipEvent::Error(error) = told.last().unwrap() else {
        panic!("{told:?}")
    };
    assert_eq!(error.message, "Session not found");
}
