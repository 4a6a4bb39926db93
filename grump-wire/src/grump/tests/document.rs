//! What the document shows is read, and written as it shows it.

use serde_json::json;

use super::{survives, value};
use crate::{
    Endpoint,
    endpoint::{self, BodyError, NoPath, Received, RequestBody, Whole, Wrapped},
    grump::*,
};

#[test]
fn the_documents_answers_survive() {
    survives::<ShipStarted>(document!("POST_api_ship_start__response_200.json"));
    survives::<ShipSession>(document!("GET_api_ship_sessionId__response_200.json"));
    survives::<Execution>(document!(
        "POST_api_ship_sessionId_execute__response_200.json"
    ));
    survives::<BundleJob>(document!("POST_api_codegen_sessionId__response_200.json"));
    survives::<Architecture>(document!(
        "POST_api_architecture_generate__response_200.json"
    ));
    survives::<Prd>(document!("POST_api_prd_generate__response_200.json"));
    survives::<JobList>(document!("GET_api_jobs__response_200.json"));
    survives::<Job>(document!("GET_api_jobs_jobId__response_200.json"));
    survives::<AgentList>(document!("GET_api_agents__response_200.json"));
    survives::<TierList>(document!("GET_api_billing_tiers__response_200.json"));
    survives::<UsageReport>(document!("GET_api_billing_usage__response_200.json"));
    survives::<HealthReport>(document!("GET_health__response_200.json"));
    survives::<ErrorBody>(document!("envelope_error.json"));
}

#[test]
fn the_documents_requests_survive() {
    survives::<ShipRequest>(document!("POST_api_ship_start__request.json"));
    survives::<ShipRequest>(document!("POST_api_ship_start__request_curl.json"));
    survives::<StreamRequest>(document!(
        "POST_api_ship_sessionId_execute_stream__request.json"
    ));
    survives::<ChatRequest>(document!("POST_api_chat_stream__request.json"));
    survives::<BundleRequest>(document!("POST_api_codegen_sessionId__request.json"));
    survives::<ArchitectureRequest>(document!("POST_api_architecture_generate__request.json"));
    survives::<WorkspaceRequest>(document!("POST_api_architecture_analyze__request.json"));
    survives::<PrdRequest>(document!("POST_api_prd_generate__request.json"));
    survives::<IntentRequest>(document!("POST_api_intent_compile__request.json"));
    survives::<AgentTask>(document!("POST_api_agents_agentId_run__request.json"));
    survives::<WebhookRequest>(document!("POST_api_webhooks__request.json"));
    survives::<ClientMessage>(document!("WS_ws__client_authenticate.json"));
}

#[test]
fn the_documents_frames_survive() {
    for example in [
        document!("POST_api_ship_sessionId_execute_stream__response_200.event1_start.json"),
        document!("POST_api_ship_sessionId_execute_stream__response_200.event2_phase_start.json"),
        document!(
            "POST_api_ship_sessionId_execute_stream__response_200.event3_phase_complete.json"
        ),
        document!("POST_api_ship_sessionId_execute_stream__response_200.event4_phase_start.json"),
        document!("POST_api_ship_sessionId_execute_stream__response_200.event5_complete.json"),
    ] {
        let read = ShipEvent::read(example);
        assert_eq!(serde_json::to_value(&read).unwrap(), value(example));
        assert_eq!(value(example)["type"], read.kind());
        assert_eq!(
            serde_json::to_value(ServerMessage::read(example)).unwrap(),
            value(example)
        );
    }
    for example in [
        document!("POST_api_chat_stream__response_200.event1_text.json"),
        document!("POST_api_chat_stream__response_200.event2_tool_call.json"),
        document!("POST_api_chat_stream__response_200.event3_tool_result.json"),
        document!("POST_api_chat_stream__response_200.event4_complete.json"),
    ] {
        let read = ChatEvent::read(example);
        assert_eq!(serde_json::to_value(&read).unwrap(), value(example));
        assert_eq!(
            serde_json::to_value(ServerMessage::read(example)).unwrap(),
            value(example)
        );
    }
}

/// Ambiguity X-01: the envelope is promised, and never shown.
#[test]
fn an_answer_in_the_documents_envelope_is_the_answer() {
    let envelope = value(document!("envelope_success.json"));
    let bare = document!("GET_api_jobs_jobId__response_200.json");
    let mut enveloped = envelope;
    enveloped["data"] = value(bare);
    let body = enveloped.to_string();
    let read = |body: &str| {
        let received = Received {
            content_type: "application/json",
            body: body.as_bytes(),
        };
        Wrapped::<Job>::read(received).unwrap()
    };
    assert_eq!(read(&body), read(bare));
}

#[test]
fn every_endpoint_is_spelled_with_its_members_in_the_path() {
    let session = SessionPath {
        session_id: "ship/1".into(),
    };
    let path = endpoint::path::<StreamShip>(&session);
    assert_eq!(path, "/api/ship/ship%2F1/execute/stream");
    let job = JobPath {
        job_id: "j 1".into(),
    };
    assert_eq!(endpoint::path::<CancelJob>(&job), "/api/jobs/j%201/cancel");
    let agent = AgentPath {
        agent_id: "coder".into(),
    };
    assert_eq!(endpoint::path::<RunAgent>(&agent), "/api/agents/coder/run");
    let webhook = WebhookPath {
        webhook_id: "7".into(),
    };
    assert_eq!(endpoint::path::<DeleteWebhook>(&webhook), "/api/webhooks/7");
    assert_eq!(
        (Socket::METHOD, Socket::PATH, Socket::STATUS),
        ("WS", "/ws", 101)
    );
}

#[test]
fn a_query_holds_only_what_is_asked_for() {
    let target = |query: &JobQuery| endpoint::target::<ListJobs>(&NoPath {}, query).unwrap();
    assert_eq!(target(&JobQuery::default()), "/api/jobs");
    let query = JobQuery {
        status: Some(JobFilter::Running),
        limit: Some(10),
        offset: Some(20),
    };
    assert_eq!(
        target(&query),
        "/api/jobs?status=running&limit=10&offset=20"
    );
}

/// Ambiguity G-03: the body is optional, and `{}` where it says nothing.
#[test]
fn a_body_that_may_be_left_out_is_read_from_nothing_and_written_as_an_object() {
    assert_eq!(StreamRequest::read(b" ").unwrap(), StreamRequest::default());
    assert_eq!(StreamRequest::default().write().unwrap(), b"{}");
    assert_eq!(BundleRequest::read(b"").unwrap(), BundleRequest::default());
    assert_eq!(BundleRequest::default().write().unwrap(), b"{}");
}

#[test]
fn a_body_is_refused_by_what_is_wrong_with_it() {
    let wrong = |body: &str| ShipRequest::read(body.as_bytes()).unwrap_err();
    assert!(matches!(wrong("{"), BodyError::NotJson(_)));
    assert!(wrong("{}").to_string().contains("projectDescription"));
    let foreign = wrong(r#"{"projectDescription":"x","budget":1}"#).to_string();
    assert!(foreign.contains("budget"), "{foreign}");
    let phase = StreamRequest::read(br#"{"resumeFromPhase":"deploy"}"#).unwrap_err();
    assert!(phase.to_string().starts_with("resumeFromPhase"), "{phase}");
    let wish = br#"{"projectDescription":"x","preferences":{"colour":"red"}}"#;
    let asked = ShipRequest::read(wish).unwrap();
    assert_eq!(asked.preferences.unwrap().extra["colour"], "red");
}

/// Pitfall 37: what is secret is not shown.
#[test]
fn secrets_are_in_no_debug_output() {
    let webhook: WebhookRequest =
        serde_json::from_str(document!("POST_api_webhooks__request.json")).unwrap();
    assert!(!format!("{webhook:?}").contains("my_webhook_secret"));
    let told: Webhook =
        serde_json::from_value(json!({"id": "w", "secret": "my_webhook_secret"})).unwrap();
    assert!(!format!("{told:?}").contains("my_webhook_secret"));
    let hello: ClientMessage =
        serde_json::from_str(document!("WS_ws__client_authenticate.json")).unwrap();
    assert!(!format!("{hello:?}").contains("grump_api_xxxxxx"));
}
