//! The document's own conveniences: a skill's run as a live handle.

use std::time::Duration;

use grump::ErrorKind;
use grump_client::metaforge::SkillOptions;
use serde_json::json;

use super::gateway;
use crate::contract::{held, line, lines};

#[tokio::test]
async fn a_skill_is_run_waited_for_and_approved() {
    let (server, client) = gateway().await;
    let mut session = client
        .run_skill("spec", SkillOptions::new().file("PRD.md"))
        .await
        .unwrap();
    assert_eq!(
        (session.status().as_str(), session.agent()),
        ("running", "requirements-agent")
    );
    let id = session.id().clone();
    let done = async {
        server.asked(|asked| asked.len() >= 3).await;
        server.advance(id.as_str());
    };
    let (status, ()) = tokio::join!(session.wait_for_completion(), done);
    assert_eq!(*status.unwrap(), "pending_approval");
    assert!(!session.artifacts().is_empty());
    session.approve().await.unwrap();
    assert_eq!(*session.status(), "approved");
    let asked = lines(&server);
    let run = json!({"skill": "spec", "input": {"files": ["PRD.md"]}});
    assert_eq!(asked[0], line("POST", "/api/v1/agent/run", run));
    assert_eq!(asked[1].1, format!("/api/v1/agent/{id}/status"));
    assert_eq!(asked.last().unwrap().1, format!("/api/v1/approve/{id}"));
    held(&server);
}

#[tokio::test]
async fn a_skill_that_is_not_liked_is_rejected() {
    let (server, client) = gateway().await;
    let mut session = client.run_skill("spec", SkillOptions::new()).await.unwrap();
    server.advance(session.id().as_str());
    session.wait_for_completion().await.unwrap();
    let rejected = session.reject("too long").await.unwrap();
    assert_eq!(
        (&*rejected.reason, session.status().as_str()),
        ("too long", "rejected")
    );
    held(&server);
}

/// Pitfall 41: who waits too long keeps the handle, and waits again.
#[tokio::test]
async fn a_wait_that_is_too_short_loses_nothing() {
    let (server, client) = gateway().await;
    let mut session = client.run_skill("spec", SkillOptions::new()).await.unwrap();
    let waited = session.wait_for_completion_within(Duration::ZERO).await;
    assert_eq!(waited.unwrap_err().kind(), ErrorKind::Timeout);
    server.advance(session.id().as_str());
    assert_eq!(
        *session.wait_for_completion().await.unwrap(),
        "pending_approval"
    );
}

#[tokio::test]
async fn a_run_that_was_begun_elsewhere_is_taken_up() {
    let (server, client) = gateway().await;
    let id = server.put("session", json!({"status": "running"}));
    let mut session = client.skill_run(&*id).await.unwrap();
    assert_eq!(*session.status(), "running");
    server.advance(&id);
    session.refresh().await.unwrap();
    assert_eq!(*session.status(), "pending_approval");
}
