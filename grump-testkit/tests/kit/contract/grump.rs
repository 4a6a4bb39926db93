//! G-Rump.

use serde_json::{Value, json};

use super::{Speaker, example, socket::Socket, with};

const DIALECT: &str = "grump";

fn document(name: &str) -> Value {
    example(DIALECT, name)
}

#[tokio::test]
async fn a_ship_session_is_answered_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let request = document("POST_api_ship_start__request");
    let started = speaker.post("/api/ship/start", request.clone()).await;
    let shown = document("POST_api_ship_start__response_200");
    let created = json!({"createdAt": started["createdAt"]});
    assert_eq!(started, with(shown, created));
    let path = "/api/ship/ship_session_xyz789";
    let executed = speaker.post(&format!("{path}/execute"), Value::Null).await;
    assert_eq!(
        executed,
        document("POST_api_ship_sessionId_execute__response_200")
    );
    assert_eq!(speaker.server.finish("ship_session_xyz789"), "completed");
    let read = speaker.get(path).await;
    let shown = document("GET_api_ship_sessionId__response_200");
    let ours = json!({
        "projectDescription": request["projectDescription"],
        "preferences": request["preferences"],
        "createdAt": started["createdAt"],
        "updatedAt": read["updatedAt"],
    });
    assert_eq!(read, with(shown, ours));
    speaker.clean();
}

#[tokio::test]
async fn a_session_is_executed_once() {
    let speaker = Speaker::to(DIALECT).await;
    let id = speaker.server.put("ship_session", json!({}));
    let path = format!("/api/ship/{id}/execute");
    speaker.post(&path, Value::Null).await;
    let (status, body) = speaker.ask("POST", &path, Value::Null).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (400, &json!("invalid_request"))
    );
    speaker.clean();
}

#[tokio::test]
async fn the_stream_of_a_session_tells_what_the_document_shows_and_the_phases_that_it_leaves_out() {
    let speaker = Speaker::to(DIALECT).await;
    let id = speaker.server.put("ship_session", json!({}));
    let path = format!("/api/ship/{id}/execute/stream");
    let body = document("POST_api_ship_sessionId_execute_stream__request");
    let told = speaker.stream("POST", &path, body).await;
    let told: Vec<Value> = told
        .split("\n\n")
        .filter(|frame| !frame.is_empty())
        .map(|frame| serde_json::from_str(&frame["data: ".len()..]).unwrap())
        .collect();
    for name in [
        "event1_start",
        "event2_phase_start",
        "event3_phase_complete",
        "event4_phase_start",
        "event5_complete",
    ] {
        let shown = document(&format!(
            "POST_api_ship_sessionId_execute_stream__response_200.{name}"
        ));
        assert!(told.contains(&shown), "{shown} in {told:?}");
    }
    assert_eq!(told.len(), 10);
    assert_eq!(speaker.server.known(&id)["status"], "completed");
    speaker.clean();
}

#[tokio::test]
async fn the_chat_is_told_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let body = document("POST_api_chat_stream__request");
    let told = speaker.stream("POST", "/api/chat/stream", body).await;
    for name in [
        "event1_text",
        "event2_tool_call",
        "event3_tool_result",
        "event4_complete",
    ] {
        let shown = document(&format!("POST_api_chat_stream__response_200.{name}"));
        assert!(told.contains(&format!("data: {shown}\n\n")), "{shown}");
    }
    speaker.clean();
}

#[tokio::test]
async fn what_a_test_scripts_is_told_instead() {
    let speaker = Speaker::to(DIALECT).await;
    speaker
        .server
        .script(&[json!({"type": "error", "message": "no"})]);
    let body = json!({"messages": []});
    let told = speaker.stream("POST", "/api/chat/stream", body).await;
    assert_eq!(told, "data: {\"type\":\"error\",\"message\":\"no\"}\n\n");
}

#[tokio::test]
async fn a_stream_is_broken_off_behind_so_many_events() {
    let speaker = Speaker::to(DIALECT).await;
    speaker.server.cut_after(2);
    let response = speaker
        .request("POST", "/api/chat/stream")
        .header("accept", "text/event-stream")
        .json(&json!({"messages": []}))
        .send()
        .await
        .unwrap();
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn code_is_generated_from_a_completed_session_and_then_downloaded() {
    let speaker = Speaker::to(DIALECT).await;
    let id = speaker
        .server
        .put("ship_session", json!({"status": "completed"}));
    let body = document("POST_api_codegen_sessionId__request");
    let begun = speaker.post(&format!("/api/codegen/{id}"), body).await;
    assert_eq!(begun, document("POST_api_codegen_sessionId__response_200"));
    let path = format!("/api/codegen/{id}/download");
    assert_eq!(speaker.ask("GET", &path, Value::Null).await.0, 404);
    assert_eq!(speaker.server.finish("job_codegen_123"), "completed");
    speaker.server.download_size(10_000);
    let response = speaker.request("GET", &path).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/zip");
    assert_eq!(response.bytes().await.unwrap().len(), 10_000);
    speaker.clean();
}

#[tokio::test]
async fn jobs_are_listed_in_pages() {
    let speaker = Speaker::to(DIALECT).await;
    for number in 0..127 {
        let status = if number == 0 { "running" } else { "queued" };
        speaker
            .server
            .put("job", json!({"status": status, "progress": 45}));
    }
    let listed = speaker.get("/api/jobs").await;
    let shown = document("GET_api_jobs__response_200");
    let first = with(
        shown["jobs"][0].clone(),
        json!({"createdAt": listed["jobs"][0]["createdAt"]}),
    );
    assert_eq!(listed["jobs"][0], first);
    assert_eq!(listed["jobs"].as_array().unwrap().len(), 50);
    assert_eq!(listed["total"], shown["total"]);
    let listed = speaker
        .get("/api/jobs?limit=5&offset=125&status=queued")
        .await;
    assert_eq!(listed["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(listed["total"], 126);
    speaker.clean();
}

#[tokio::test]
async fn a_job_is_read_as_the_document_shows_and_cancelled() {
    let speaker = Speaker::to(DIALECT).await;
    let id = speaker.server.put("job", json!({}));
    assert_eq!(speaker.server.advance(&id), "running");
    assert_eq!(speaker.server.advance(&id), "completed");
    let read = speaker.get(&format!("/api/jobs/{id}")).await;
    let ours = json!({"createdAt": read["createdAt"], "completedAt": read["completedAt"]});
    assert_eq!(
        read,
        with(document("GET_api_jobs_jobId__response_200"), ours)
    );
    let (status, _) = speaker
        .ask("POST", &format!("/api/jobs/{id}/cancel"), Value::Null)
        .await;
    assert_eq!(status, 400);
    let id = speaker.server.put("job", json!({}));
    let cancelled = speaker
        .post(&format!("/api/jobs/{id}/cancel"), Value::Null)
        .await;
    assert_eq!(cancelled["status"], "cancelled");
    speaker.clean();
}

#[tokio::test]
async fn the_rest_is_answered_as_the_document_shows() {
    let mut speaker = Speaker::to(DIALECT).await;
    for (path, name) in [
        ("/api/agents", "GET_api_agents__response_200"),
        ("/api/billing/tiers", "GET_api_billing_tiers__response_200"),
        ("/api/billing/usage", "GET_api_billing_usage__response_200"),
    ] {
        assert_eq!(speaker.get(path).await, document(name));
    }
    for area in ["architecture_generate", "prd_generate"] {
        let path = format!("/api/{}", area.replace('_', "/"));
        let request = document(&format!("POST_api_{area}__request"));
        let answer = document(&format!("POST_api_{area}__response_200"));
        assert_eq!(speaker.post(&path, request).await, answer);
    }
    for (path, name) in [
        (
            "/api/architecture/analyze",
            "POST_api_architecture_analyze__request",
        ),
        ("/api/intent/compile", "POST_api_intent_compile__request"),
        (
            "/api/agents/coder/run",
            "POST_api_agents_agentId_run__request",
        ),
        ("/api/webhooks", "POST_api_webhooks__request"),
    ] {
        speaker.post(path, document(name)).await;
    }
    let metrics = speaker.request("GET", "/metrics").send().await.unwrap();
    assert!(
        metrics.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    speaker.token = None;
    assert_eq!(
        speaker.get("/health").await,
        document("GET_health__response_200")
    );
    speaker.clean();
}

#[tokio::test]
async fn webhooks_are_registered_listed_without_their_secret_and_deleted() {
    let speaker = Speaker::to(DIALECT).await;
    let made = speaker
        .post("/api/webhooks", document("POST_api_webhooks__request"))
        .await;
    let listed = speaker.get("/api/webhooks").await;
    assert_eq!(listed, json!({"webhooks": [made]}));
    assert!(made.get("secret").is_none());
    let path = format!("/api/webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!(speaker.ask("DELETE", &path, Value::Null).await.0, 200);
    assert_eq!(speaker.ask("DELETE", &path, Value::Null).await.0, 404);
    speaker.clean();
}

#[tokio::test]
async fn a_socket_is_told_something_when_it_has_authenticated() {
    let mut speaker = Speaker::to(DIALECT).await;
    let mut socket = Socket::open(&speaker.server, "/ws").await.unwrap();
    socket
        .say(&document("WS_ws__client_authenticate").to_string())
        .await;
    speaker.server.streaming(1).await;
    let id = speaker
        .server
        .put("ship_session", json!({"status": "running"}));
    speaker.server.finish(&id);
    assert_eq!(socket.next().await.unwrap()["type"], "phase_start");
    speaker.clean();
    speaker.token = None;
    let mut socket = Socket::open(&speaker.server, "/ws").await.unwrap();
    socket
        .say(r#"{"type":"authenticate","apiKey":"wrong"}"#)
        .await;
    assert_eq!(socket.next().await, None);
    speaker.clean();
    let mut socket = Socket::open(&speaker.server, "/ws").await.unwrap();
    socket.say(r#"{"type":"subscribe"}"#).await;
    assert_eq!(socket.next().await, None);
    assert_eq!(speaker.server.violations().len(), 1);
}
