//! `MetaForge`.

use serde_json::{Value, json};

use super::{Speaker, example, socket::Socket, with};

const DIALECT: &str = "metaforge";

fn document(name: &str) -> Value {
    example(DIALECT, name)
}

#[tokio::test]
async fn a_session_is_made_read_listed_and_deleted_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let request = document("POST_session_create__request");
    let made = speaker.post("/api/v1/session/create", request).await;
    let created = json!({"created": made["created"]});
    assert_eq!(
        made,
        with(
            document("POST_session_create__response_200"),
            created.clone()
        )
    );
    let path = "/api/v1/session/session-abc123";
    let listed = speaker.get("/api/v1/sessions?status=created").await;
    let mut shown = document("GET_sessions__response_200");
    shown["sessions"][0]["created"] = made["created"].clone();
    shown["sessions"][0]["status"] = json!("created");
    assert_eq!(listed, with(shown, json!({"total": 1})));
    let (status, deleted) = speaker.ask("DELETE", path, Value::Null).await;
    assert_eq!(
        (status, deleted),
        (200, document("DELETE_session_id__response_200"))
    );
    let (status, missing) = speaker.ask("GET", path, Value::Null).await;
    assert_eq!(
        (status, &missing["error"]["code"]),
        (404, &json!("NOT_FOUND"))
    );
    speaker.clean();
}

#[tokio::test]
async fn a_run_is_followed_and_approved_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let request = document("POST_agent_run__request");
    let run = speaker.post("/api/v1/agent/run", request).await;
    assert_eq!(run, document("POST_agent_run__response_200"));
    assert_eq!(speaker.server.advance("session-def456"), "pending_approval");
    let status = speaker.get("/api/v1/agent/session-def456/status").await;
    assert_eq!(status, document("GET_agent_id_status__response_200"));
    let pending = speaker.get("/api/v1/pending").await;
    let mut shown = document("GET_pending__response_200");
    shown["pending"][0]["created"] = pending["pending"][0]["created"].clone();
    assert_eq!(pending, shown);
    let body = document("POST_approve_session__request");
    let approved = speaker.post("/api/v1/approve/session-def456", body).await;
    assert_eq!(approved, document("POST_approve_session__response_200"));
    let (status, again) = speaker
        .ask("POST", "/api/v1/approve/session-def456", Value::Null)
        .await;
    assert_eq!(
        (status, &again["error"]["code"]),
        (400, &json!("VALIDATION_ERROR"))
    );
    speaker.clean();
}

#[tokio::test]
async fn a_session_that_is_over_is_read_and_rejected_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let id = speaker.server.put("session", json!({"status": "running"}));
    speaker.server.advance(&id);
    let path = format!("/api/v1/session/{id}");
    let read = speaker.get(&path).await;
    let ours = json!({"status": "pending_approval", "created": read["created"], "updated": read["updated"]});
    assert_eq!(read, with(document("GET_session_id__response_200"), ours));
    let request = document("POST_reject_session__request");
    let rejected = speaker.post(&format!("/api/v1/reject/{id}"), request).await;
    let ours = json!({"session_id": id});
    assert_eq!(
        rejected,
        with(document("POST_reject_session__response_200"), ours)
    );
    speaker.clean();
}

#[tokio::test]
async fn the_system_answers_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let health = speaker.get("/api/v1/health").await;
    assert_eq!(health, document("GET_health__response_200"));
    let status = speaker.get("/api/v1/status").await;
    let none = json!({"sessions": {"active": 0, "pending": 0, "completed": 0}});
    assert_eq!(status, with(document("GET_status__response_200"), none));
    speaker.clean();
}

#[tokio::test]
async fn a_missing_member_is_refused_as_the_document_spells_it() {
    let speaker = Speaker::to(DIALECT).await;
    let (status, body) = speaker.ask("POST", "/api/v1/agent/run", json!({})).await;
    let shown = document("envelope_error");
    assert_eq!(
        (status, &body["error"]["code"]),
        (400, &shown["error"]["code"])
    );
}

#[tokio::test]
async fn the_socket_tells_everything_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let mut socket = Socket::open(&speaker.server, "/ws").await.unwrap();
    speaker.server.streaming(1).await;
    let body = json!({"skill": "spec"});
    speaker.post("/api/v1/agent/run", body).await;
    speaker.server.advance("session-def456");
    for (name, members) in [
        ("session.started", json!({"session_id": "session-def456"})),
        ("agent.progress", json!({"session_id": "session-def456"})),
        ("session.complete", json!({"session_id": "session-def456"})),
    ] {
        let mut shown = document(&format!("WS_ws__event_{name}"));
        shown["data"] = with(shown["data"].clone(), members);
        assert_eq!(socket.next().await, Some(shown));
    }
    speaker.clean();
    socket.say("{}").await;
    speaker.server.heard(1).await;
    speaker.server.close_sockets(1001, "going away");
    assert_eq!(socket.next().await, None);
    assert_eq!(
        speaker.server.violations(),
        ["WS /ws: no message is documented: {}"]
    );
}
