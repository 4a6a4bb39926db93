//! What is asked, word for word.

use futures::StreamExt;
use grump_client::grump::{
    AgentOptions, AnalyzeOptions, ArchitectureOptions, Bundle, ChatOptions, CodegenOptions,
    CompileOptions, PrdOptions, ShipOptions,
};
use grump_core::{ErrorKind, Secret};
use grump_testkit::contract::Contract;
use grump_wire::grump::{
    AgentProfile, BundleFormat, ChatMessage, ChatMode, ModelPreset, Provider, ResumePhase,
    SessionStatus, SubscriptionTier, WebhookEvent,
};
use serde_json::{Value, json};

use super::{asked, client_at, grump, is_documented, line, session};
use grump_client::GrumpClient;

/// An example of the document's.
fn example(name: &str) -> Value {
    let found = Contract::examples("grump").find(|(known, _)| known.contains(name));
    let (_, text) = found.unwrap_or_else(|| panic!("there is no example {name}"));
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_session_is_made_started_and_read_as_the_document_says() {
    let (server, client) = grump().await;
    let options = ShipOptions::new()
        .tech_stack(["react", "node", "stripe"])
        .style("modern")
        .complexity("medium")
        .project_id("proj_123");
    let description = "Build a React e-commerce app with Stripe payments";
    let started = client.ship().start(description, options).await.unwrap();
    assert_eq!(started.status, SessionStatus::Pending);
    let id = started.session_id;
    let execution = client.ship().execute(&id).await.unwrap();
    assert_eq!(execution.status, SessionStatus::Running);
    assert!(execution.job_id.is_some());
    let read = client.ship().get_status(&id).await.unwrap();
    assert_eq!(read.project_description, description);
    assert_eq!(read.preferences.unwrap().style.as_deref(), Some("modern"));
    assert_eq!(
        asked(&server),
        [
            line(
                "POST",
                "/api/ship/start",
                example("POST_api_ship_start__request.json")
            ),
            line("POST", format!("/api/ship/{id}/execute"), Value::Null),
            line("GET", format!("/api/ship/{id}"), Value::Null),
        ]
    );
    is_documented(&server);
}

#[tokio::test]
async fn what_is_not_said_is_not_sent() {
    let (server, client) = grump().await;
    client
        .ship()
        .start("Build a React app", ShipOptions::new())
        .await
        .unwrap();
    let hello = [ChatMessage::user("hi")];
    let _ = client
        .chat()
        .stream(hello, ChatOptions::new())
        .await
        .unwrap();
    client
        .architecture()
        .generate("x", ArchitectureOptions::new())
        .await
        .unwrap();
    client
        .architecture()
        .analyze("./src", AnalyzeOptions::new())
        .await
        .unwrap();
    client.prd().generate("x", PrdOptions::new()).await.unwrap();
    client
        .intent()
        .compile(["*.intent"], CompileOptions::new())
        .await
        .unwrap();
    client
        .agents()
        .run("coder", "x", AgentOptions::new())
        .await
        .unwrap();
    let events = [WebhookEvent::JobFailed];
    client
        .webhooks()
        .register("https://e.com", events, None)
        .await
        .unwrap();
    let bodies: Vec<_> = asked(&server)
        .into_iter()
        .map(|(_, _, body)| body)
        .collect();
    assert_eq!(
        bodies,
        [
            json!({"projectDescription": "Build a React app"}),
            json!({"messages": [{"role": "user", "content": "hi"}]}),
            json!({"description": "x"}),
            json!({"workspacePath": "./src"}),
            json!({"description": "x"}),
            json!({"files": ["*.intent"]}),
            json!({"task": "x"}),
            json!({"url": "https://e.com", "events": ["job.failed"]}),
        ]
    );
    is_documented(&server);
}

/// Ambiguity G-03: the body is `{}` where it says nothing.
#[tokio::test]
async fn a_session_is_streamed_as_the_document_says() {
    let (server, client) = grump().await;
    let run = session(&server, "pending");
    let path = format!("/api/ship/{}/execute/stream", run.id);
    let told = client.ship().stream(run.id.clone(), None).await.unwrap();
    assert!(told.map(Result::unwrap).count().await > 8);
    let told = client
        .ship()
        .stream(run.id, ResumePhase::Design)
        .await
        .unwrap();
    assert!(told.map(Result::unwrap).count().await > 8);
    let resume = example("POST_api_ship_sessionId_execute_stream__request.json");
    assert_eq!(
        asked(&server),
        [line("POST", &path, json!({})), line("POST", &path, resume)]
    );
    for asked in server.requests() {
        assert_eq!(
            asked.header("accept"),
            Some("text/event-stream, application/json")
        );
        assert_eq!(asked.header("content-type"), Some("application/json"));
    }
    is_documented(&server);
}

#[tokio::test]
async fn a_chat_is_asked_as_the_document_says() {
    let (server, client) = grump().await;
    let options = ChatOptions::new()
        .workspace_root("/path/to/project")
        .mode(ChatMode::Normal)
        .agent_profile(AgentProfile::Backend)
        .model(Provider::Nim, "moonshotai/kimi-k2.5")
        .tier(SubscriptionTier::Pro)
        .autonomous(false)
        .prefer_nim(true)
        .model_preset(ModelPreset::Balanced);
    let question = [ChatMessage::user("How do I implement JWT authentication?")];
    let told = client
        .chat()
        .stream(question, options.clone())
        .await
        .unwrap();
    assert_eq!(told.map(Result::unwrap).count().await, 4);
    let by_key = options.model_key("nim:moonshotai/kimi-k2.5");
    let told = client
        .chat()
        .stream([ChatMessage::user("hi")], by_key)
        .await
        .unwrap();
    drop(told);
    let asked = asked(&server);
    let documented = example("POST_api_chat_stream__request.json");
    assert_eq!(asked[0], line("POST", "/api/chat/stream", documented));
    let body = &asked[1].2;
    assert_eq!(body["modelKey"], "nim:moonshotai/kimi-k2.5");
    assert!(body.get("modelId").is_none() && body.get("provider").is_none());
    is_documented(&server);
}

#[tokio::test]
async fn code_is_generated_and_downloaded_as_the_document_says() {
    let (server, client) = grump().await;
    server.download_size(100_000);
    let id = session(&server, "completed").id;
    let options = CodegenOptions::new()
        .format(BundleFormat::Zip)
        .output_dir("./generated")
        .include_tests(true)
        .include_docs(false);
    let job = client
        .codegen()
        .generate(id.clone(), options)
        .await
        .unwrap();
    server.finish(job.job_id.as_str());
    let file = client
        .codegen()
        .download(id.clone(), BundleFormat::Zip)
        .await
        .unwrap();
    assert_eq!(file.content_type(), Some("application/zip"));
    assert_eq!(file.file_name(), Some("generated.zip"));
    let (mut written, mut told) = (Vec::new(), 0);
    let bytes = file
        .write_to(&mut written, |done, _| told = done)
        .await
        .unwrap();
    assert_eq!((bytes, written.len(), told), (100_000, 100_000, 100_000));
    let documented = example("POST_api_codegen_sessionId__request.json");
    let asked = asked(&server);
    assert_eq!(
        asked[0],
        line("POST", format!("/api/codegen/{id}"), documented)
    );
    assert_eq!(
        asked[1],
        line("GET", format!("/api/codegen/{id}/download"), Value::Null)
    );
    assert_eq!(
        server.requests()[1].header("accept"),
        Some("application/zip")
    );
    is_documented(&server);
}

/// Ambiguity G-12: the content type says what it is.
#[tokio::test]
async fn code_is_what_its_content_type_says() {
    let (server, client) = grump().await;
    let id = session(&server, "completed").id;
    let mut told = Vec::new();
    for format in BundleFormat::ALL {
        let options = CodegenOptions::new().format(*format);
        let job = client
            .codegen()
            .generate(id.clone(), options)
            .await
            .unwrap();
        server.finish(job.job_id.as_str());
        told.push(
            client
                .codegen()
                .retrieve(id.clone(), 1 << 20)
                .await
                .unwrap(),
        );
    }
    assert!(matches!(&told[0], Bundle::Zip(bytes) if bytes.starts_with(b"PK")));
    assert!(matches!(&told[1], Bundle::Contents(members) if members.contains_key("files")));
    assert!(matches!(&told[2], Bundle::Files(files) if files[0]["path"] == "src/app.ts"));
    is_documented(&server);
}

#[tokio::test]
async fn designs_are_asked_as_the_document_says() {
    let (server, client) = grump().await;
    let options = ArchitectureOptions::new()
        .format("mermaid")
        .include_c4(true)
        .tech_stack(["kubernetes", "postgres", "redis"]);
    let description = "Design a microservices architecture for a fintech app";
    let told = client
        .architecture()
        .generate(description, options)
        .await
        .unwrap();
    assert_eq!(told.components[0].name, "API Gateway");
    let options = AnalyzeOptions::new()
        .include_metrics(true)
        .output_format("markdown");
    let told = client
        .architecture()
        .analyze("./src", options)
        .await
        .unwrap();
    assert!(told.value()["analysis"].is_string());
    let options = PrdOptions::new()
        .template("default")
        .include_user_stories(true)
        .include_acceptance_criteria(true);
    let description = "A mobile app for tracking daily water intake";
    let told = client.prd().generate(description, options).await.unwrap();
    assert!(told.prd.starts_with("# Product Requirements Document"));
    let options = CompileOptions::new()
        .output_format("json")
        .watch(false)
        .analyze(true)
        .parallel(true);
    let told = client
        .intent()
        .compile(["./features/*.intent"], options)
        .await
        .unwrap();
    assert!(told.value()["compiled"].is_array());
    assert_eq!(
        asked(&server),
        [
            line(
                "POST",
                "/api/architecture/generate",
                example("POST_api_architecture_generate__request.json")
            ),
            line(
                "POST",
                "/api/architecture/analyze",
                example("POST_api_architecture_analyze__request.json")
            ),
            line(
                "POST",
                "/api/prd/generate",
                example("POST_api_prd_generate__request.json")
            ),
            line(
                "POST",
                "/api/intent/compile",
                example("POST_api_intent_compile__request.json")
            ),
        ]
    );
    is_documented(&server);
}

#[tokio::test]
async fn agents_and_accounts_are_asked_as_the_document_says() {
    let (server, client) = grump().await;
    assert_eq!(
        client.agents().list().await.unwrap()[1].id.as_str(),
        "coder"
    );
    let options = AgentOptions::new()
        .context("code", "...")
        .context("language", "typescript")
        .option("strictness", "high")
        .option("focusAreas", json!(["security", "performance"]));
    let task = "Review this code for security issues";
    let told = client.agents().run("coder", task, options).await.unwrap();
    assert!(told.job_id().is_some());
    assert_eq!(
        client.billing().tiers().await.unwrap()[1].price_minor(),
        Some(2900)
    );
    assert_eq!(
        client
            .billing()
            .usage()
            .await
            .unwrap()
            .current_month
            .api_calls,
        450
    );
    assert_eq!(
        asked(&server),
        [
            line("GET", "/api/agents", Value::Null),
            line(
                "POST",
                "/api/agents/coder/run",
                example("POST_api_agents_agentId_run__request.json")
            ),
            line("GET", "/api/billing/tiers", Value::Null),
            line("GET", "/api/billing/usage", Value::Null),
        ]
    );
    is_documented(&server);
}

#[tokio::test]
async fn webhooks_are_asked_as_the_document_says() {
    let (server, client) = grump().await;
    let events = ["job.completed", "job.failed", "ship.phase_complete"].map(WebhookEvent::from);
    let secret = Secret::new("my_webhook_secret");
    let made = client
        .webhooks()
        .register("https://myapp.com/webhooks/grump", events, secret)
        .await
        .unwrap();
    let id = made.id.unwrap();
    assert_eq!(
        client.webhooks().list().await.unwrap()[0].id,
        Some(id.clone())
    );
    client.webhooks().delete(&id).await.unwrap();
    assert!(client.webhooks().list().await.unwrap().is_empty());
    assert_eq!(
        asked(&server),
        [
            line(
                "POST",
                "/api/webhooks",
                example("POST_api_webhooks__request.json")
            ),
            line("GET", "/api/webhooks", Value::Null),
            line("DELETE", format!("/api/webhooks/{id}"), Value::Null),
            line("GET", "/api/webhooks", Value::Null),
        ]
    );
    is_documented(&server);
}

#[tokio::test]
async fn the_server_itself_is_asked_as_the_document_says() {
    let (server, client) = grump().await;
    let health = client.health().await.unwrap();
    assert!(health.status.is_healthy());
    assert_eq!(health.services["database"], "connected");
    assert!(
        client
            .metrics()
            .await
            .unwrap()
            .contains("grump_requests_total 42")
    );
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), None);
    assert!(
        requests[1]
            .header("authorization")
            .unwrap()
            .starts_with("Bearer ")
    );
    assert_eq!(requests[1].header("accept"), Some("text/plain"));
    assert_eq!(asked(&server)[1], line("GET", "/metrics", Value::Null));
    is_documented(&server);
}

/// Ambiguity G-25: who it is is said first, and once.
#[tokio::test]
async fn a_socket_authenticates_and_tells_what_the_server_says() {
    let (server, client) = grump().await;
    let run = session(&server, "running");
    let mut socket = client.socket().await.unwrap();
    server.streaming(1).await;
    server.emit(
        run.id.as_str(),
        json!({"type": "phase_start", "phase": "spec"}),
    );
    let told = socket.next().await.unwrap().unwrap();
    assert_eq!(told.kind(), "phase_start");
    let said = server.messages();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["type"], "authenticate");
    assert!(server.requests()[0].header("authorization").is_none());
    is_documented(&server);
}

/// The two headers are equal; exactly one is sent. (ambiguity G-02)
#[tokio::test]
async fn a_key_is_shown_in_the_header_that_was_chosen() {
    let (server, _) = grump().await;
    let client = GrumpClient::builder(&server.url())
        .api_key(server.token())
        .build()
        .unwrap();
    client.agents().list().await.unwrap();
    let asked = &server.requests()[0];
    assert!(asked.header("x-api-key").is_some() && asked.header("authorization").is_none());
    is_documented(&server);
}

#[tokio::test]
async fn the_base_may_end_in_api() {
    let (server, _) = grump().await;
    for base in ["", "/", "/api", "/api/"] {
        let client = client_at(&format!("{}{base}", server.url()), server.token());
        client.agents().list().await.unwrap();
        client.health().await.unwrap();
    }
    is_documented(&server);
}

#[tokio::test]
async fn an_id_that_would_be_another_path_is_not_sent() {
    let (server, client) = grump().await;
    for id in ["", ".", ".."] {
        let error = client.ship().get_status(id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = client.jobs().cancel(id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    let error = client.jobs().get_status("a/b c").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        asked(&server),
        [line("GET", "/api/jobs/a%2Fb%20c", Value::Null)]
    );
}
