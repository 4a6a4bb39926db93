//! The scripted model over its sockets.

use futures::StreamExt;
use grump_testkit::model::{Ending, Fault, Script, ScriptedModel, Turn};
use serde_json::{Value, json};

async fn model(script: &str) -> ScriptedModel {
    let script = Script::parse(script).unwrap();
    ScriptedModel::start([("m", script)]).await.unwrap()
}

async fn ask(model: &ScriptedModel, lane: &str, stream: bool) -> reqwest::Response {
    let body = json!({
        "model": "m",
        "stream": stream,
        "messages": [{"role": "user", "content": "Do it."}],
        "tools": [{"type": "function", "function": {"name": "bash", "parameters": {}}}],
    });
    crate::client()
        .post(format!("{}/chat/completions", model.base_url()))
        .bearer_auth(lane)
        .json(&body)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn answers_are_streamed_as_events() {
    let model = model(r#"{"turns": [{"text": "Hello, world, and all in it."}]}"#).await;
    let response = ask(&model, "lane", true).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    assert!(text.starts_with("data: {"), "{text}");
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    assert_eq!(text.matches("data: ").count(), 1 + 2 + 1 + 1 + 1);
}

#[tokio::test]
async fn answers_come_in_one_body_when_not_streamed() {
    let model = model(r#"{"turns": [{"tools": [{"bash": {"command": "ls"}}]}]}"#).await;
    let body: Value = ask(&model, "lane", false).await.json().await.unwrap();
    let call = &body["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(
        *call,
        json!({"name": "bash", "arguments": r#"{"command":"ls"}"#})
    );
}

#[tokio::test]
async fn an_error_carries_its_status_and_headers() {
    let model = model(
        r#"{"turns": [
            {"fault": {"error": {"status": 429, "headers": {"retry-after": "1"}}}},
            {"text": "Recovered."}
        ]}"#,
    )
    .await;
    let refused = ask(&model, "lane", true).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    let text = ask(&model, "lane", true).await.text().await.unwrap();
    assert!(text.contains("Recovered."), "{text}");
}

#[tokio::test]
async fn a_dropped_answer_breaks_off_without_an_end() {
    let model = model(r#"{"turns": [{"text": "Hello.", "fault": {"drop_after": 2}}]}"#).await;
    let pieces: Vec<_> = ask(&model, "lane", true)
        .await
        .bytes_stream()
        .collect()
        .await;
    assert!(pieces.last().unwrap().is_err(), "{pieces:?}");
}

#[tokio::test]
async fn a_hanging_answer_is_abandoned_when_the_agent_goes_away() {
    let model = model(r#"{"turns": [{"fault": "hang"}]}"#).await;
    let response = ask(&model, "lane", true).await;
    assert_eq!(model.requests("lane")[0].ending, Ending::Open);
    drop(response);
    let asked = model
        .requests_until("lane", |asked| asked[0].ending != Ending::Open)
        .await;
    assert_eq!(asked[0].ending, Ending::Abandoned);
}

#[tokio::test]
async fn the_log_says_what_was_asked_and_answered() {
    let model = model(r#"{"turns": [{"text": "Fine."}]}"#).await;
    ask(&model, "one", false).await;
    ask(&model, "two", false).await;
    let [asked] = &model.requests("one")[..] else {
        panic!("one request on this lane");
    };
    assert_eq!(asked.request.last(), "Do it.");
    assert_eq!((asked.text.as_str(), asked.turn), ("Fine.", Some(0)));
    assert_eq!(asked.ending, Ending::Sent);
}

#[tokio::test]
async fn scripts_are_listed_as_models_and_can_be_added() {
    let model = model(r#"{"turns": []}"#).await;
    model.insert("n", Script::of([Turn::say("Hello.")]));
    let url = format!("{}/models", model.base_url());
    let body: Value = crate::client()
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(body["data"][1]["id"], "n");
}

#[tokio::test]
async fn a_model_without_a_script_is_refused() {
    let model = ScriptedModel::start([("other", Script::default())])
        .await
        .unwrap();
    assert_eq!(ask(&model, "lane", false).await.status(), 404);
    let fault = model.requests("lane")[0].fault.clone();
    assert!(matches!(fault, Some(Fault::Error { status: 404, .. })));
}

#[test]
fn the_scripts_that_come_with_it_are_scripts() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!Script::parse(&text).unwrap().turns.is_empty());
    }
}
