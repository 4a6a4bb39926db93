//! Steward.

use serde_json::{Value, json};

use super::{Speaker, answered, example, with};

const DIALECT: &str = "steward";

fn run_request(project: &Value) -> Value {
    json!({
        "projectId": project,
        "title": "Dark mode",
        "prompt": "Add dark mode",
        "selectedAgent": "frontend",
        "selectedModel": "claude-sonnet-4",
    })
}

async fn running() -> (Speaker, String) {
    let speaker = Speaker::to(DIALECT).await;
    let run = speaker.server.put("run", json!({"status": "running"}));
    (speaker, run)
}

#[tokio::test]
async fn logging_in_gives_the_abilities_of_the_mobile_app() {
    let mut speaker = Speaker::to(DIALECT).await;
    speaker.token = None;
    let login = json!({"email": "user@example.com", "password": "securepassword"});
    let told = speaker.post("/api/auth/token", login).await;
    let abilities = json!([
        "projects:*",
        "runs:start",
        "runs:control",
        "git:commit",
        "settings:read"
    ]);
    assert_eq!(told["abilities"], abilities);
    speaker.token = Some(told["token"].as_str().unwrap().to_owned());
    speaker.get("/api/auth/me").await;
    assert_eq!(
        speaker.ask("POST", "/api/auth/logout", Value::Null).await.0,
        204
    );
    assert_eq!(speaker.ask("GET", "/api/auth/me", Value::Null).await.0, 401);
    speaker.clean();
}

#[tokio::test]
async fn a_run_goes_its_way_by_the_table_of_states() {
    let speaker = Speaker::to(DIALECT).await;
    let body = json!({"name": "App", "repositoryUrl": "https://example.com/app.git"});
    let project = speaker.post("/api/projects", body).await;
    assert_eq!(
        (&project["id"], &project["status"]),
        (&json!(12), &json!("cloning"))
    );
    let run = speaker.post("/api/runs", run_request(&project["id"])).await;
    assert_eq!((&run["id"], &run["status"]), (&json!(148), &json!("draft")));
    let act = async |what: &str| {
        let path = format!("/api/runs/148/{what}");
        let (status, body) = speaker.ask("POST", &path, Value::Null).await;
        (status, body["status"].clone())
    };
    assert_eq!(act("start").await, (200, json!("queued")));
    assert_eq!(speaker.server.advance("148"), "running");
    assert_eq!(act("pause").await, (200, json!("paused")));
    assert_eq!(act("pause").await, (409, json!(409)));
    assert_eq!(act("resume").await, (200, json!("running")));
    assert_eq!(speaker.server.break_down("148"), "failed");
    assert_eq!(act("retry").await, (200, json!("queued")));
    assert_eq!(act("cancel").await, (200, json!("cancelled")));
    speaker.clean();
}

#[tokio::test]
async fn a_run_that_runs_is_not_started_and_the_problem_is_the_documents() {
    let (speaker, run) = running().await;
    let path = format!("/api/runs/{run}/start");
    let response = speaker.request("POST", &path).send().await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let problem: Value = response.json().await.unwrap();
    assert_eq!(
        problem,
        example(DIALECT, "POST_api_runs_run_start__response_409")
    );
}

#[tokio::test]
async fn an_event_is_framed_as_the_document_shows() {
    let (speaker, run) = running().await;
    let path = format!("/api/runs/{run}/events/stream");
    let told = async { speaker.stream("GET", &path, Value::Null).await };
    let tell = async {
        speaker.server.streaming(1).await;
        speaker.server.ping();
        let event = json!({"eventType": "file_updated"});
        let event = speaker.server.emit(&run, event);
        speaker.server.end_streams();
        event
    };
    let (told, event) = tokio::join!(told, tell);
    assert_eq!(
        told,
        format!(":ping\n\nid: 91823\nevent: agent_event\ndata: {event}\n\n")
    );
    let shown = example(
        DIALECT,
        "GET_api_runs_run_events_stream__response_200.event1_agent_event",
    );
    assert_eq!(with(event.clone(), shown), event);
    speaker.clean();
}

#[tokio::test]
async fn a_stream_goes_on_behind_the_last_event() {
    let (speaker, run) = running().await;
    for _ in 0..3 {
        speaker.server.emit(&run, json!({}));
    }
    speaker.server.finish(&run);
    let request = speaker
        .request("GET", &format!("/api/runs/{run}/events/stream"))
        .header("accept", "text/event-stream")
        .header("last-event-id", "91824");
    let told = request.send().await.unwrap().text().await.unwrap();
    let ids: Vec<_> = told
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    assert_eq!(ids, ["91825", "91826"]);
    speaker.clean();
}

#[tokio::test]
async fn events_are_read_in_pages_behind_an_event_and_filtered() {
    let (speaker, run) = running().await;
    for number in 0..7 {
        let path = if number % 2 == 0 { "a.ts" } else { "b.ts" };
        speaker.server.emit(&run, json!({"path": path}));
    }
    let mut path = format!("/api/runs/{run}/events?since=91823&limit=4");
    let first = speaker.get(&path).await;
    assert_eq!(first["data"].as_array().unwrap().len(), 4);
    path = format!(
        "{path}&cursor={}",
        first["meta"]["nextCursor"].as_str().unwrap()
    );
    let second = speaker.get(&path).await;
    assert_eq!(second["data"][1]["id"], 91829);
    assert_eq!(second["meta"]["nextCursor"], Value::Null);
    let filtered = speaker
        .get(&format!("/api/runs/{run}/events?path=b.ts"))
        .await;
    assert_eq!(filtered["data"].as_array().unwrap().len(), 3);
    let (status, _) = speaker
        .ask(
            "GET",
            &format!("/api/runs/{run}/events?cursor=x"),
            Value::Null,
        )
        .await;
    assert_eq!(status, 422);
    speaker.clean();
}

#[tokio::test]
async fn a_user_has_four_streams() {
    let (speaker, run) = running().await;
    let open = || async {
        let path = format!("/api/runs/{run}/events/stream");
        let request = speaker
            .request("GET", &path)
            .header("accept", "text/event-stream");
        request.send().await.unwrap()
    };
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(open().await);
    }
    assert_eq!(open().await.status(), 429);
    drop(streams);
    speaker.server.streaming(0).await;
    assert_eq!(open().await.status(), 200);
}

#[tokio::test]
async fn pushing_needs_the_setting_the_ability_and_an_approval() {
    let (mut speaker, run) = running().await;
    let path = format!("/api/runs/{run}/push");
    let all = speaker
        .token
        .replace(speaker.server.token_of(&["git:commit"]));
    let (status, body) = speaker.ask("POST", &path, Value::Null).await;
    assert_eq!((status, &body["ability"]), (403, &json!("git:push")));
    speaker.token = all;
    assert_eq!(speaker.ask("POST", &path, Value::Null).await.0, 403);
    speaker.server.set("safety.auto_git_push", true);
    let (status, body) = speaker.ask("POST", &path, Value::Null).await;
    assert_eq!((status, &body["runId"]), (409, &json!(148)));
    let review = speaker
        .post(
            &format!("/api/runs/{run}/approve"),
            json!({"notes": "good"}),
        )
        .await;
    assert_eq!(review["status"], "approved");
    speaker
        .post(&format!("/api/runs/{run}/commit"), Value::Null)
        .await;
    speaker.post(&path, Value::Null).await;
    speaker
        .post(&format!("/api/runs/{run}/reject"), Value::Null)
        .await;
    assert_eq!(speaker.ask("POST", &path, Value::Null).await.0, 409);
    speaker.clean();
}

#[tokio::test]
async fn a_snapshot_is_restored_behind_one_more() {
    let (speaker, run) = running().await;
    let project = speaker.server.put("project", json!({}));
    let path = format!("/api/projects/{project}/snapshots");
    let made = speaker.post(&path, json!({"description": "before"})).await;
    let kept = speaker.post("/api/snapshots/31/restore", Value::Null).await;
    assert_eq!(kept["description"], "restore checkpoint");
    let listed = speaker.get(&path).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let events = speaker.get(&format!("/api/runs/{run}/events")).await;
    assert_eq!(events["data"][0]["eventType"], "snapshot_created");
    for against in [json!("current"), kept["id"].clone()] {
        speaker
            .post("/api/snapshots/31/compare", json!({"against": against}))
            .await;
    }
    let (status, _) = speaker
        .ask("POST", "/api/snapshots/31/compare", json!({"against": 99}))
        .await;
    assert_eq!(status, 422);
    assert_eq!(made["id"], 31);
    speaker.clean();
}

#[tokio::test]
async fn a_secret_that_was_read_is_not_written_back() {
    let speaker = Speaker::to(DIALECT).await;
    let path = "/api/settings/server-params";
    let key = "providers.anthropic.api_key";
    let told = speaker.get(path).await;
    assert_eq!(told[key], "********");
    let (status, told) = speaker
        .ask("PUT", path, json!({key: "new", "runs.max_minutes": 5}))
        .await;
    assert_eq!((status, &told[key]), (200, &json!("********")));
    speaker.clean();
    assert_eq!(
        speaker
            .ask("PUT", path, json!({"runs.max_minutes": "5"}))
            .await
            .0,
        422
    );
    speaker.clean();
    assert_eq!(
        speaker.ask("PUT", path, json!({key: "********"})).await.0,
        422
    );
    assert_eq!(speaker.server.violations().len(), 1);
}

#[tokio::test]
async fn what_a_command_wrote_is_fetched_without_the_credential() {
    let (speaker, run) = running().await;
    let command = speaker.get(&format!("/api/runs/{run}/commands/1")).await;
    let url = command["stdoutUrl"].as_str().unwrap();
    assert_eq!(answered(speaker.http.get(url)).await.0, 200);
    speaker.clean();
    answered(speaker.http.get(url).bearer_auth("x")).await;
    assert_eq!(speaker.server.violations().len(), 1);
}

#[tokio::test]
async fn every_row_answers_with_its_status() {
    let speaker = Speaker::to(DIALECT).await;
    speaker.server.put("project", json!({"status": "error"}));
    let run = speaker.server.put("run", json!({}));
    speaker.server.put("snapshot", json!({"runId": 148}));
    for (method, path, body, wanted) in [
        ("GET", "/api/projects", Value::Null, 200),
        ("GET", "/api/projects/12", Value::Null, 200),
        (
            "PUT",
            "/api/projects/12",
            json!({"name": "x", "description": null}),
            200,
        ),
        ("POST", "/api/projects/12/clone", Value::Null, 202),
        ("POST", "/api/projects/12/clone", Value::Null, 409),
        ("POST", "/api/projects/12/pull", Value::Null, 202),
        ("POST", "/api/projects/12/index-rag", Value::Null, 202),
        ("GET", "/api/projects/12/map", Value::Null, 200),
        ("GET", "/api/projects/12/schema", Value::Null, 200),
        ("GET", "/api/projects/12/diagrams", Value::Null, 200),
        ("GET", "/api/projects/12/docs", Value::Null, 200),
        ("GET", "/api/projects/12/docs/project-map", Value::Null, 200),
        ("GET", "/api/projects/12/changelog", Value::Null, 200),
        ("POST", "/api/projects/12/docs/regenerate", Value::Null, 202),
        ("GET", "/api/runs/148", Value::Null, 200),
        ("GET", "/api/runs/148/files", Value::Null, 200),
        ("GET", "/api/runs/148/files/1", Value::Null, 200),
        ("GET", "/api/runs/148/diff", Value::Null, 200),
        ("GET", "/api/runs/148/snapshots", Value::Null, 200),
        ("GET", "/api/runs/148/commands", Value::Null, 200),
        ("GET", "/api/runs/148/summary", Value::Null, 200),
        ("GET", "/api/snapshots/31", Value::Null, 200),
        ("GET", "/api/settings/providers", Value::Null, 200),
        (
            "PUT",
            "/api/settings/providers/openai",
            json!({"enabled": false}),
            200,
        ),
        (
            "PUT",
            "/api/settings/providers/nobody",
            json!({"enabled": false}),
            404,
        ),
        ("POST", "/api/devices", json!({"token": "apns"}), 201),
        ("DELETE", "/api/devices/5", Value::Null, 204),
        ("DELETE", "/api/projects/12", Value::Null, 204),
    ] {
        let (status, answer) = speaker.ask(method, path, body).await;
        assert_eq!(status, wanted, "{method} {path}: {answer}");
    }
    assert_eq!(run, "148");
    speaker.clean();
}
