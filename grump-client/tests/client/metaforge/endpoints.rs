//! Every method of the client: the request is what the document says.

use futures::{StreamExt, TryStreamExt};
use grump_client::{MetaForgeClient, metaforge::SkillOptions};
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    metaforge::{GatewayEvent, Health, Session, SessionStatus, SessionsQuery, SkillInput},
};
use serde_json::{Map, Value, json};

use super::gateway;
use crate::contract::{held, last, line, lines};

#[tokio::test]
async fn sessions_are_asked_for_as_the_document_says() {
    let (server, client) = gateway().await;
    let input = SkillInput {
        files: vec!["PRD.md".into()],
        args: Some(Map::new()),
        ..SkillInput::default()
    };
    let made = client.sessions().create("spec", input).await.unwrap();
    assert_eq!(made.status, SessionStatus::Created);
    assert_eq!(
        client.sessions().open(&made.id).await.unwrap().skill,
        "spec"
    );
    let query = SessionsQuery {
        limit: Some(10),
        offset: Some(0),
        status: Some(SessionStatus::Created),
    };
    let page = client.sessions().list(query).await.unwrap();
    assert_eq!((page.sessions.len(), page.total), (1, Some(1)));
    client.sessions().delete(&made.id).await.unwrap();
    let path = format!("/api/v1/session/{}", made.id);
    assert_eq!(
        lines(&server),
        [
            line(
                "POST",
                "/api/v1/session/create",
                json!({"skill": "spec", "input": {"files": ["PRD.md"], "args": {}}})
            ),
            line("GET", &path, Value::Null),
            line(
                "GET",
                "/api/v1/sessions?limit=10&offset=0&status=created",
                Value::Null
            ),
            line("DELETE", &path, Value::Null),
        ]
    );
    held(&server);
}

#[tokio::test]
async fn agents_and_approvals_are_asked_for_as_the_document_says() {
    let (server, client) = gateway().await;
    let options = SkillOptions::new()
        .file("constraints.json")
        .temperature(0.3)
        .verbose(false);
    let started = client.agents().run("architecture", options).await.unwrap();
    let id = started.session_id.clone();
    assert_eq!(started.agent, "architecture-agent");
    assert_eq!(
        client.agents().status(&id).await.unwrap().status,
        SessionStatus::Running
    );
    server.advance(id.as_str());
    let pending = client.approvals().pending().await.unwrap();
    assert_eq!(pending[0].session_id, id);
    let approved = client.approvals().approve_with(&id, "LGTM").await.unwrap();
    assert_eq!(approved.status, "approved");
    let other = server.put("session", json!({"status": "running"}));
    server.advance(&other);
    let reason = "Need to revise power requirements";
    let rejected = client.approvals().reject(&*other, reason).await.unwrap();
    assert_eq!(
        (rejected.status, &*rejected.reason),
        (SessionStatus::Rejected, reason)
    );
    let asked: Vec<_> = lines(&server);
    assert_eq!(
        asked,
        [
            line(
                "POST",
                "/api/v1/agent/run",
                json!({
                    "skill": "architecture",
                    "input": {"files": ["constraints.json"]},
                    "options": {"temperature": 0.3, "verbose": false},
                })
            ),
            line("GET", &format!("/api/v1/agent/{id}/status"), Value::Null),
            line("GET", "/api/v1/pending", Value::Null),
            line(
                "POST",
                &format!("/api/v1/approve/{id}"),
                json!({"comment": "LGTM"})
            ),
            line(
                "POST",
                &format!("/api/v1/reject/{other}"),
                json!({"reason": reason})
            ),
        ]
    );
    held(&server);
}

#[tokio::test]
async fn an_approval_without_a_word_has_no_body() {
    let (server, client) = gateway().await;
    let id = server.put("session", json!({"status": "running"}));
    server.advance(&id);
    client.approvals().approve(&*id).await.unwrap();
    let asked = last(&server);
    assert!(asked.body.is_empty());
    assert_eq!(asked.header("content-type"), None);
    held(&server);
}

#[tokio::test]
async fn the_gateway_itself_is_asked_for_as_the_document_says() {
    let (server, client) = gateway().await;
    assert_eq!(client.system().health().await.unwrap().status, "healthy");
    assert!(!client.system().status().await.unwrap().tools.is_empty());
    let paths: Vec<_> = lines(&server)
        .into_iter()
        .map(|(_, path, _)| path)
        .collect();
    assert_eq!(paths, ["/api/v1/health", "/api/v1/status"]);
    held(&server);
}

#[tokio::test]
async fn the_socket_is_at_the_root_and_tells_in_the_documents_words() {
    let (server, client) = gateway().await;
    let mut events = client.events().await.unwrap();
    assert_eq!(last(&server).path, "/ws");
    server.streaming(1).await;
    server.raw(b"Received: nothing");
    client.run_skill("spec", SkillOptions::new()).await.unwrap();
    let first = events.next().await.unwrap().unwrap();
    assert!(matches!(first, GatewayEvent::Unknown(_)), "{first:?}");
    let GatewayEvent::SessionStarted(started) = events.next().await.unwrap().unwrap() else {
        panic!("it was started");
    };
    assert_eq!(started.skill.as_deref(), Some("spec"));
    held(&server);
}

#[tokio::test]
async fn no_credential_is_shown_to_a_gateway_that_asks_for_none() {
    let (server, client) = gateway().await;
    client.system().health().await.unwrap();
    let asked = last(&server);
    assert_eq!(
        (asked.header("authorization"), asked.header("x-api-key")),
        (None, None)
    );
}

#[tokio::test]
async fn the_base_may_end_in_the_paths_beginning() {
    let (server, _) = gateway().await;
    for end in ["", "/", "/api/v1", "/api/v1/"] {
        let client = MetaForgeClient::new(&format!("{}{end}", server.url())).unwrap();
        client.system().health().await.unwrap();
    }
    held(&server);
}

#[tokio::test]
async fn all_sessions_are_read_page_by_page_when_they_are_needed() {
    let (server, client) = gateway().await;
    for _ in 0..5 {
        server.put("session", json!({}));
    }
    let query = SessionsQuery {
        limit: Some(2),
        offset: Some(1),
        ..SessionsQuery::default()
    };
    let mut all = client.sessions().all(query);
    assert!(server.requests().is_empty());
    all.next().await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 1);
    let rest: Vec<Session> = all.try_collect().await.unwrap();
    assert_eq!(rest.len(), 3);
    let offsets: Vec<_> = server
        .requests()
        .iter()
        .map(|asked| asked.query["offset"].clone())
        .collect();
    assert_eq!(offsets, ["1", "3"]);
    held(&server);
}

#[tokio::test]
async fn an_answer_is_to_be_had_as_it_came() {
    let (_server, client) = gateway().await;
    let raw = client
        .raw::<Health>(NoPath {}, NoQuery {}, NoBody)
        .await
        .unwrap();
    assert_eq!(
        (raw.status(), raw.header("content-type")),
        (200, Some("application/json"))
    );
    assert!(raw.text().contains("llm_provider"));
}

#[tokio::test]
async fn an_id_that_would_be_another_path_is_not_sent() {
    let (server, client) = gateway().await;
    for id in ["", ".", ".."] {
        let error = client.sessions().delete(id).await.unwrap_err();
        assert_eq!(error.kind(), grump::ErrorKind::NotFound);
    }
    assert!(server.requests().is_empty());
}
