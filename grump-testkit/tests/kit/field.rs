//! The server as seen in the field, over plain HTTP.

use grump_testkit::field::{Field, NoModel, Quirks, Reply};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

struct Asking {
    field: Field,
    client: Client,
}

impl Asking {
    async fn with(quirks: Quirks) -> Self {
        Self {
            field: Field::start(quirks).await.unwrap(),
            client: crate::client(),
        }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        let method: Method = method.parse().unwrap();
        let request = self
            .client
            .request(method, format!("{}{path}", self.field.url()));
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// The status and the body of an answer.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let response = self.send(method, path, body).await;
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// The code of an error.
    async fn refused(&self, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
        let (status, body) = self.ask(method, path, body).await;
        (
            status,
            body["error"].as_str().unwrap_or_default().to_owned(),
        )
    }

    /// A stream that is open, and what it tells until this text has come.
    async fn told(&self, path: &str, act: impl FnOnce(&Field), until: &str) -> String {
        let mut response = self.send("GET", path, None).await;
        self.field.streaming(1).await;
        act(&self.field);
        let mut told = String::new();
        while !told.contains(until) {
            let chunk = response.chunk().await.unwrap();
            let chunk = chunk.unwrap_or_else(|| panic!("it ended without {until:?}: {told}"));
            told.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        told
    }
}

fn new() -> Option<Value> {
    Some(
        json!({"name": "My Loop", "directory": "/path/to/project", "prompt": "Implement feature X"}),
    )
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn a_documented_loop_has_the_members_of_the_document_and_no_others() {
    let asking = Asking::with(Quirks::documented()).await;
    let (status, made) = asking.ask("POST", "/api/loops", new()).await;
    assert_eq!(status, 201);
    let members = [
        "backend",
        "createdAt",
        "directory",
        "git",
        "id",
        "name",
        "prompt",
        "stopPattern",
        "updatedAt",
    ];
    assert_eq!(keys(&made["config"]), members);
    assert_eq!(
        keys(&made["state"]),
        ["currentIteration", "id", "recentIterations", "status"]
    );
    assert_eq!(
        asking.ask("GET", "/api/loops", None).await,
        (200, json!([made]))
    );
}

#[tokio::test]
async fn a_loop_in_the_field_has_more_members() {
    let asking = Asking::with(Quirks::field()).await;
    let (_, made) = asking.ask("POST", "/api/loops", new()).await;
    assert_eq!(made["config"]["maxConsecutiveErrors"], 10);
    assert_eq!(made["state"]["toolCalls"], json!([]));
}

#[tokio::test]
async fn a_create_is_refused_as_documented() {
    let asking = Asking::with(Quirks::documented()).await;
    let blank = json!({"name": " ", "directory": "/p", "prompt": "p"});
    let relative = json!({"name": "n", "directory": "p", "prompt": "p"});
    let unknown = json!({"name": "n", "directory": "/p", "prompt": "p", "agent": "a"});
    for body in [blank, relative, unknown] {
        let refused = asking.refused("POST", "/api/loops", Some(body)).await;
        assert_eq!(refused, (400, "validation_error".to_owned()));
    }
    let url = format!("{}/api/loops", asking.field.url());
    let response = asking.client.post(url).body("{").send().await.unwrap();
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body["error"], "invalid_body");
}

#[tokio::test]
async fn a_loop_goes_through_its_states_from_creation_to_purge() {
    let asking = Asking::with(Quirks::documented()).await;
    let id = asking.field.create("a task");
    let path = format!("/api/loops/{id}");
    let status = || asking.field.shown(&id)["state"]["status"].clone();
    asking.ask("POST", &format!("{path}/start"), None).await;
    assert_eq!(status(), "starting");
    asking.field.iterate(&id);
    assert_eq!(status(), "waiting");
    asking.field.complete(&id);
    assert_eq!(status(), "completed");
    let (_, accepted) = asking.ask("POST", &format!("{path}/accept"), None).await;
    assert_eq!(keys(&accepted), ["mergeCommit", "success"]);
    assert_eq!(status(), "merged");
    asking.ask("POST", &format!("{path}/purge"), None).await;
    let gone = asking.refused("GET", &path, None).await;
    assert_eq!(gone, (404, "not_found".to_owned()));
}

#[tokio::test]
async fn what_a_state_does_not_allow_is_refused_by_the_table() {
    let asking = Asking::with(Quirks::documented()).await;
    let id = asking.field.create("a task");
    for (command, status, code) in [
        ("stop", 409, "not_running"),
        ("accept", 400, "accept_failed"),
        ("discard", 400, "discard_failed"),
        ("purge", 400, "purge_failed"),
    ] {
        let path = format!("/api/loops/{id}/{command}");
        let refused = asking.refused("POST", &path, None).await;
        assert_eq!(refused, (status, code.to_owned()));
    }
    asking.field.begin(&id);
    let again = asking
        .refused("POST", &format!("/api/loops/{id}/start"), None)
        .await;
    assert_eq!(again, (409, "already_running".to_owned()));
}

#[tokio::test]
async fn uncommitted_changes_are_answered_by_a_choice() {
    let asking = Asking::with(Quirks::documented()).await;
    let path = format!("/api/loops/{}/start", asking.field.create("a task"));
    asking.field.changed_files(&["src/foo.ts", "src/bar.ts"]);
    let (status, refused) = asking.ask("POST", &path, None).await;
    let documented = json!({
        "error": "uncommitted_changes",
        "message": "Target directory has uncommitted changes",
        "options": ["commit", "stash", "cancel"],
        "changedFiles": ["src/foo.ts", "src/bar.ts"],
    });
    assert_eq!((status, refused), (409, documented));
    let cancel = asking
        .refused("POST", &path, Some(json!({"handleUncommitted": "cancel"})))
        .await;
    assert_eq!(cancel.0, 400);
    let (status, _) = asking
        .ask("POST", &path, Some(json!({"handleUncommitted": "stash"})))
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_first_changed_file_loses_a_letter_in_the_field() {
    let asking = Asking::with(Quirks::field()).await;
    let path = format!("/api/loops/{}/start", asking.field.create("a task"));
    asking.field.changed_files(&["README.md", "b"]);
    let (_, refused) = asking.ask("POST", &path, None).await;
    assert_eq!(refused["changedFiles"], json!(["EADME.md", "b"]));
}

#[tokio::test]
async fn a_route_that_is_not_there_is_a_page_in_the_field() {
    let asking = Asking::with(Quirks::field()).await;
    let response = asking.send("PUT", "/api/loops", None).await;
    assert_eq!(response.status(), 200);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
}

#[tokio::test]
async fn a_start_right_after_completion_is_refused_for_a_while() {
    let asking = Asking::with(Quirks::field()).await;
    let id = asking.field.create("a task");
    asking.field.complete(&id);
    let path = format!("/api/loops/{id}/start");
    let refused = asking.refused("POST", &path, None).await;
    assert_eq!(refused, (409, "already_running".to_owned()));
    assert_eq!(asking.ask("POST", &path, None).await.0, 200);
}

#[tokio::test]
async fn an_unknown_backend_is_found_out_at_the_start_in_the_field() {
    let asking = Asking::with(Quirks::field()).await;
    let mut body = new().unwrap();
    body["backend"] = json!({"type": "nobody"});
    let (status, made) = asking.ask("POST", "/api/loops", Some(body)).await;
    assert_eq!(status, 201);
    let path = format!(
        "/api/loops/{}/start",
        made["config"]["id"].as_str().unwrap()
    );
    assert_eq!(
        asking.refused("POST", &path, None).await,
        (404, "not_found".to_owned())
    );
}

#[tokio::test]
async fn pending_prompts_are_checked_before_the_loop_is_looked_for_in_the_field() {
    let asking = Asking::with(Quirks::field()).await;
    let path = "/api/loops/nothing/pending-prompt";
    let refused = async |body| asking.refused("PUT", path, Some(body)).await;
    assert_eq!(refused(json!({})).await, (400, "invalid_body".to_owned()));
    assert_eq!(
        refused(json!({"prompt": " "})).await,
        (400, "validation_error".to_owned())
    );
    assert_eq!(
        refused(json!({"prompt": "more"})).await,
        (404, "not_found".to_owned())
    );
}

#[tokio::test]
async fn no_model_is_said_in_three_ways() {
    let asking = Asking::with(Quirks::documented()).await;
    let path = "/api/preferences/last-model";
    assert_eq!(asking.ask("GET", path, None).await, (200, Value::Null));
    asking
        .field
        .quirks(|quirks| quirks.no_model = NoModel::Empty);
    assert_eq!(asking.ask("GET", path, None).await, (200, json!({})));
    asking
        .field
        .quirks(|quirks| quirks.no_model = NoModel::NoContent);
    assert_eq!(asking.ask("GET", path, None).await.0, 204);
    let model = json!({"providerID": "anthropic", "modelID": "claude-sonnet-4-20250514"});
    asking.ask("PUT", path, Some(model.clone())).await;
    assert_eq!(asking.ask("GET", path, None).await, (200, model));
}

#[tokio::test]
async fn files_of_the_planning_folder_are_read_where_the_loop_is() {
    let asking = Asking::with(Quirks::documented()).await;
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().to_str().unwrap();
    let body = json!({"name": "n", "directory": directory, "prompt": "p"});
    let (_, made) = asking.ask("POST", "/api/loops", Some(body)).await;
    let path = format!("/api/loops/{}/plan", made["config"]["id"].as_str().unwrap());
    let absent = json!({"content": "", "exists": false});
    assert_eq!(asking.ask("GET", &path, None).await, (200, absent));
    std::fs::create_dir(folder.path().join(".planning")).unwrap();
    std::fs::write(folder.path().join(".planning/plan.md"), "# Plan\n").unwrap();
    let there = json!({"content": "# Plan\n", "exists": true});
    assert_eq!(asking.ask("GET", &path, None).await, (200, there));
    let path = format!("/api/check-planning-dir?directory={directory}");
    let checked = json!({"exists": true, "hasFiles": true, "files": ["plan.md"]});
    assert_eq!(asking.ask("GET", &path, None).await, (200, checked));
}

#[tokio::test]
async fn a_stream_of_a_loop_tells_of_it_only() {
    let asking = Asking::with(Quirks::documented()).await;
    let (id, other) = (asking.field.create("mine"), asking.field.create("other"));
    let path = format!("/api/loops/{id}/events");
    let complete = |field: &Field| {
        field.complete(&other);
        field.complete(&id);
    };
    let told = asking.told(&path, complete, "loop.completed").await;
    assert!(!told.contains(&other), "{told}");
    assert!(
        told.starts_with("data: {\"type\":\"loop.started\""),
        "{told}"
    );
}

#[tokio::test]
async fn a_stream_in_the_field_begins_with_a_comment_and_logs_before_the_start() {
    let asking = Asking::with(Quirks::field()).await;
    let id = asking.field.create("a task");
    let told = asking
        .told("/api/events", |field| field.begin(&id), "loop.started")
        .await;
    assert!(told.starts_with(": connected\n\n"), "{told}");
    assert_eq!(told.matches("loop.log").count(), 12);
    assert!(
        !told.contains("\nid:") && !told.contains("event:"),
        "{told}"
    );
}

#[tokio::test]
async fn a_silent_stream_in_the_field_has_a_heartbeat() {
    let asking = Asking::with(Quirks::field()).await;
    let soon = |quirks: &mut Quirks| quirks.heartbeat = Some(std::time::Duration::from_millis(1));
    asking.field.quirks(soon);
    asking.told("/api/events", |_| {}, ": heartbeat\n\n").await;
}

#[tokio::test]
async fn the_limit_is_told_in_the_field_only() {
    let asking = Asking::with(Quirks::field()).await;
    let id = asking.field.create("a task");
    let limit = |field: &Field| {
        field.iterate(&id);
        field.limit(&id);
    };
    let told = asking.told("/api/events", limit, "loop.stopped").await;
    assert!(
        told.contains("\"reason\":\"Reached maximum iterations (1)\""),
        "{told}"
    );
}

#[tokio::test]
async fn streams_are_ended_and_broken_off_and_end_with_their_reader() {
    let asking = Asking::with(Quirks::documented()).await;
    let mut ended = asking.send("GET", "/api/events", None).await;
    asking.field.streaming(1).await;
    asking.field.cut_streams();
    assert_eq!(ended.chunk().await.unwrap(), None);
    let mut broken = asking.send("GET", "/api/events", None).await;
    asking.field.streaming(1).await;
    asking.field.abort_streams();
    broken.chunk().await.unwrap_err();
    let left = asking.send("GET", "/api/events", None).await;
    asking.field.streaming(1).await;
    drop(left);
    asking.field.streaming(0).await;
}

#[tokio::test]
async fn times_have_other_decimals_each_in_the_field() {
    let asking = Asking::with(Quirks::field()).await;
    let times: Vec<_> = (0..3)
        .map(|_| asking.field.create("a task"))
        .map(|id| {
            asking.field.shown(&id)["config"]["createdAt"]
                .as_str()
                .unwrap()
                .len()
        })
        .collect();
    assert!(times.iter().any(|length| *length != times[0]), "{times:?}");
}

#[tokio::test]
async fn the_test_can_answer_in_the_servers_place_and_see_what_was_asked() {
    let asking = Asking::with(Quirks::documented()).await;
    let path = "/api/health";
    asking
        .field
        .reply_once("GET", path, Reply::text(500, "text/plain", "oh no"));
    assert_eq!(asking.ask("GET", path, None).await, (500, json!("oh no")));
    assert_eq!(asking.ask("GET", path, None).await.0, 200);
    asking.ask("POST", "/api/loops", new()).await;
    let asked = asking.field.asked_for("POST", "/api/loops");
    assert_eq!(asked[0].json(), new().unwrap());
    assert_eq!(asked[0].header("content-type"), Some("application/json"));
    assert_eq!(asking.field.asked().len(), 3);
}

#[tokio::test]
async fn a_status_goes_back_when_the_test_says_so() {
    let asking = Asking::with(Quirks::field()).await;
    let id = asking.field.create("a task");
    asking.field.complete(&id);
    asking
        .ask("POST", &format!("/api/loops/{id}/accept"), None)
        .await;
    asking
        .field
        .state(&id, |state| state["status"] = json!("completed"));
    let purged = asking
        .refused("POST", &format!("/api/loops/{id}/purge"), None)
        .await;
    assert_eq!(purged, (400, "purge_failed".to_owned()));
}
