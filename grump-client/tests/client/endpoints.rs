//! What is asked, word for word.

use grump_client::{LoopOptions, RalpherClient};
use grump_testkit::field::{Field, Quirks};
use grump_wire::ralpher::{Git, LoopChange, StartRequest};
use serde_json::{Value, json};

use crate::support::client;

/// A server that does what its document says, and refuses what its document does not have.
async fn documented() -> (Field, RalpherClient) {
    let field = Field::start(Quirks::documented()).await.unwrap();
    let client = client(&field.url());
    (field, client)
}

/// What was asked: method, path with query, body.
fn asked(field: &Field) -> Vec<(String, String, Value)> {
    let asked = field.asked().into_iter().map(|asked| {
        let query: Vec<_> = asked
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let query = query.join("&");
        let separator = if query.is_empty() { "" } else { "?" };
        let body = asked.json();
        (asked.method, asked.path + separator + &query, body)
    });
    asked.collect()
}

fn line(method: &str, path: &str, body: Value) -> (String, String, Value) {
    (method.to_owned(), path.to_owned(), body)
}

#[tokio::test]
async fn a_loop_is_made_changed_and_removed_as_the_document_says() {
    let (field, client) = documented().await;
    let options = LoopOptions::new()
        .model("anthropic", "claude-sonnet-4-20250514")
        .max_iterations(10);
    let directory = "/Users/me/projects/myapp";
    let made = client
        .loops()
        .create("Add dark mode", directory, "Implement it.", options)
        .await
        .unwrap();
    let id = made.config.id.as_str();
    assert_eq!(made.state.status, "idle");
    let change = LoopChange {
        prompt: Some("Do it well.".into()),
        git: Some(Git {
            branch_prefix: None,
            commit_prefix: Some("[Me]".into()),
            ..Git::default()
        }),
        ..LoopChange::default()
    };
    let edited = client.loops().edit(id, change).await.unwrap();
    assert_eq!(edited.config.prompt, "Do it well.");
    assert_eq!(client.loops().open(id).await.unwrap(), edited);
    assert_eq!(client.loops().list().await.unwrap(), [edited]);
    client.loops().delete(id).await.unwrap();
    client.loops().purge(id).await.unwrap();
    let path = format!("/api/loops/{id}");
    assert_eq!(
        asked(&field),
        [
            line(
                "POST",
                "/api/loops",
                json!({
                    "name": "Add dark mode",
                    "directory": directory,
                    "prompt": "Implement it.",
                    "model": {"providerID": "anthropic", "modelID": "claude-sonnet-4-20250514"},
                    "maxIterations": 10,
                })
            ),
            line(
                "PATCH",
                &path,
                json!({"prompt": "Do it well.", "git": {"commitPrefix": "[Me]"}})
            ),
            line("GET", &path, Value::Null),
            line("GET", "/api/loops", Value::Null),
            line("DELETE", &path, Value::Null),
            line("POST", &format!("{path}/purge"), Value::Null),
        ]
    );
}

#[tokio::test]
async fn a_loop_is_controlled_as_the_document_says() {
    let (field, client) = documented().await;
    let id = field.create("a task");
    client.loops().start(&*id).await.unwrap();
    client
        .loops()
        .set_pending_prompt(&*id, "And tests")
        .await
        .unwrap();
    client.loops().clear_pending_prompt(&*id).await.unwrap();
    client.loops().stop(&*id).await.unwrap();
    let stash = StartRequest {
        handle_uncommitted: Some("stash".into()),
    };
    client.loops().start_with(&*id, stash).await.unwrap();
    field.complete(&id);
    assert!(!client.loops().diff(&*id).await.unwrap().is_empty());
    let accepted = client.loops().accept(&*id).await.unwrap();
    assert_eq!(accepted.merge_commit.len(), 40);
    let path = |end: &str| format!("/api/loops/{id}/{end}");
    assert_eq!(
        asked(&field),
        [
            line("POST", &path("start"), Value::Null),
            line(
                "PUT",
                &path("pending-prompt"),
                json!({"prompt": "And tests"})
            ),
            line("DELETE", &path("pending-prompt"), Value::Null),
            line("POST", &path("stop"), Value::Null),
            line(
                "POST",
                &path("start"),
                json!({"handleUncommitted": "stash"})
            ),
            line("GET", &path("diff"), Value::Null),
            line("POST", &path("accept"), Value::Null),
        ]
    );
}

#[tokio::test]
async fn the_rest_is_asked_as_the_document_says() {
    let (field, client) = documented().await;
    let id = field.create("a task");
    assert!(client.health().await.unwrap().healthy);
    assert!(!client.loops().plan(&*id).await.unwrap().exists);
    assert!(!client.loops().status_file(&*id).await.unwrap().exists);
    assert_eq!(client.models().list("/a b").await.unwrap().len(), 2);
    client
        .preferences()
        .set_last_model("openai", "gpt-4o")
        .await
        .unwrap();
    let last = client.preferences().last_model().await.unwrap().unwrap();
    assert_eq!(last.model_id.as_deref(), Some("gpt-4o"));
    assert!(
        !client
            .loops()
            .check_planning_dir("/nowhere")
            .await
            .unwrap()
            .exists
    );
    field.begin(&id);
    client.loops().stop(&*id).await.unwrap();
    client.loops().discard(&*id).await.unwrap();
    let _all = client.events().all().await.unwrap();
    let _one = client.events().of_loop(&*id).await.unwrap();
    let model = json!({"providerID": "openai", "modelID": "gpt-4o"});
    let path = |end: &str| format!("/api/loops/{id}/{end}");
    assert_eq!(
        asked(&field),
        [
            line("GET", "/api/health", Value::Null),
            line("GET", &path("plan"), Value::Null),
            line("GET", &path("status-file"), Value::Null),
            line("GET", "/api/models?directory=/a b", Value::Null),
            line("PUT", "/api/preferences/last-model", model),
            line("GET", "/api/preferences/last-model", Value::Null),
            line(
                "GET",
                "/api/check-planning-dir?directory=/nowhere",
                Value::Null
            ),
            line("POST", &path("stop"), Value::Null),
            line("POST", &path("discard"), Value::Null),
            line("GET", "/api/events", Value::Null),
            line("GET", &path("events"), Value::Null),
        ]
    );
}

#[tokio::test]
async fn the_base_may_end_in_api() {
    let field = Field::start(Quirks::documented()).await.unwrap();
    for base in ["", "/", "/api", "/api/"] {
        let client = client(&format!("{}{base}", field.url()));
        assert!(client.health().await.unwrap().healthy);
    }
}

#[tokio::test]
async fn an_id_is_a_part_of_the_path_whatever_it_holds() {
    let (field, client) = documented().await;
    for id in ["a/b", "a?b", "a b", "é", "%2e"] {
        let error = client.loops().open(id).await.unwrap_err();
        assert_eq!(error.kind(), grump::ErrorKind::NotFound);
    }
    let paths: Vec<_> = asked(&field).into_iter().map(|(_, path, _)| path).collect();
    assert_eq!(
        paths,
        [
            "/api/loops/a%2Fb",
            "/api/loops/a%3Fb",
            "/api/loops/a%20b",
            "/api/loops/%C3%A9",
            "/api/loops/%252e"
        ]
    );
}

#[tokio::test]
async fn an_id_that_would_be_another_path_is_not_sent() {
    let (field, client) = documented().await;
    for id in ["", ".", ".."] {
        let error = client.loops().delete(id).await.unwrap_err();
        assert_eq!(error.kind(), grump::ErrorKind::NotFound);
    }
    assert!(asked(&field).is_empty());
}

#[tokio::test]
async fn a_token_is_shown_to_the_server_and_to_nobody_else() {
    let field = Field::start(Quirks::documented()).await.unwrap();
    let builder = RalpherClient::builder(&field.url()).token("open-sesame");
    assert!(!format!("{builder:?}").contains("sesame"));
    let client = builder.build().unwrap();
    client.health().await.unwrap();
    assert_eq!(
        field.asked()[0].header("authorization"),
        Some("Bearer open-sesame")
    );
    let error = client.loops().open("l").await.unwrap_err();
    assert!(!format!("{error:?} {client:?}").contains("sesame"));
}
