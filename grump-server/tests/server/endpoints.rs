//! The 22 endpoints of the Ralpher dialect over the engine: shapes, statuses and errors as the
//! document has them.

use grump_testkit::behaviour::scripts;
use grump_wire::{Endpoint, Visitor, ralpher};
use serde_json::{Value, json};

use crate::{stage::Stage, tape::Tape};

/// The members of an object that the document's example has, of the same types.
fn assert_like(example: &str, answer: &Value) {
    let example: Value = serde_json::from_str(example).unwrap();
    same_shape(&example, answer, "$");
}

fn same_shape(example: &Value, answer: &Value, place: &str) {
    match (example, answer) {
        (Value::Object(members), Value::Object(told)) => {
            for (name, member) in members {
                let told = told.get(name);
                let told = told.unwrap_or_else(|| panic!("{place}.{name} is missing: {answer}"));
                same_shape(member, told, &format!("{place}.{name}"));
            }
        }
        (Value::Array(examples), Value::Array(told)) => {
            for (example, told) in examples.iter().take(1).zip(told) {
                same_shape(example, told, &format!("{place}[]"));
            }
        }
        _ => assert_eq!(
            std::mem::discriminant(example),
            std::mem::discriminant(answer),
            "{place}: {answer}"
        ),
    }
}

macro_rules! example {
    ($name:literal) => {
        include_str!(concat!(
            "../../../grump-wire/src/ralpher/fixtures/document/",
            $name,
            ".json"
        ))
    };
}

/// Every endpoint of the table is mounted: what is asked there is not an unknown route.
#[tokio::test]
async fn every_endpoint_is_mounted_and_says_what_a_plane_lacks() {
    struct Listed(Vec<(&'static str, String)>);
    impl Visitor for Listed {
        fn endpoint<E: Endpoint>(&mut self) {
            let path = E::PATH.replace("{id}", "nobody");
            self.0.push((E::METHOD, path));
        }
    }
    let mut listed = Listed(Vec::new());
    ralpher::each(&mut listed);
    assert_eq!(listed.0.len(), 22);
    let served = crate::stage::Served::of(Tape::lacking(grump_core::Operation::ALL)).await;
    for (method, path) in listed.0 {
        let answer = served.ask().json(method, &path, None).await;
        assert_eq!(answer.refusal(), (501, "unsupported"), "{method} {path}");
    }
}

#[tokio::test]
async fn health_says_that_the_server_works() {
    let stage = Stage::set().await;
    let answer = stage.ask.get("/api/health").await;
    assert_like(example!("GET_api_health__response_200"), &answer.body);
    assert_eq!(
        (answer.status, &answer.body["healthy"]),
        (200, &json!(true))
    );
    stage.close().await;
}

#[tokio::test]
async fn a_loop_is_created_with_201_and_reads_back_the_same_everywhere() {
    let stage = Stage::set().await;
    let created = stage
        .ask
        .post("/api/loops", stage.request(scripts::FINISHES))
        .await;
    assert_eq!(created.status, 201);
    let list = stage.ask.done("GET", "/api/loops", None).await;
    assert_like(example!("GET_api_loops__response_200"), &list);
    let path = format!(
        "/api/loops/{}",
        created.body["config"]["id"].as_str().unwrap()
    );
    let opened = stage.ask.done("GET", &path, None).await;
    assert_eq!((&opened, &list), (&created.body, &json!([created.body])));
    assert_eq!(opened["state"]["status"], "idle");
    stage.close().await;
}

#[tokio::test]
async fn a_create_that_is_sent_twice_with_one_key_makes_one_loop() {
    let stage = Stage::set().await;
    let key = [("idempotency-key", "k-1")];
    let mut made = Vec::new();
    for _ in 0..2 {
        let request = Some(stage.request(scripts::FINISHES));
        let response = stage
            .ask
            .send_with("POST", "/api/loops", request, &key)
            .await;
        assert_eq!(response.status(), 201);
        made.push(crate::wire::answer(response).await.body);
    }
    assert_eq!(made[0], made[1]);
    let list = stage.ask.done("GET", "/api/loops", None).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    stage.close().await;
}

/// A command line never comes over the wire: a backend is the name of an agent that is configured.
#[tokio::test]
async fn a_create_that_cannot_be_is_refused_with_the_member() {
    let stage = Stage::set().await;
    for (member, value, says) in [
        ("name", json!(""), "name"),
        ("prompt", json!(""), "prompt"),
        ("directory", json!("relative"), "relative"),
        ("backend", json!({"type": "rm -rf /"}), scripts::FINISHES),
        (
            "backend",
            json!({"type": "finishes", "command": "x"}),
            "backend.command",
        ),
        (
            "backend",
            json!({"mode": "connect", "hostname": "evil.example", "port": 1}),
            "",
        ),
        ("stopPattern", json!("("), ""),
        ("model", json!({"providerID": "anthropic"}), "modelID"),
        ("color", json!("red"), "color"),
        ("maxIterations", json!(-1), "maxIterations"),
    ] {
        let mut request = stage.request(scripts::FINISHES);
        request[member] = value;
        let refused = stage.ask.post("/api/loops", request).await;
        assert_eq!(refused.refusal(), (400, "validation_error"), "{member}");
        let message = refused.body["message"].as_str().unwrap();
        assert!(message.contains(says), "{member}: {message}");
    }
    stage.close().await;
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_nothing_else() {
    let stage = Stage::set().await;
    let path = stage.create(scripts::FINISHES).await;
    let edit = json!({"name": "Other", "maxIterations": 3, "git": {"branchPrefix": "x/"}});
    let edited = stage.ask.done("PATCH", &path, Some(edit)).await;
    let config = &edited["config"];
    assert_eq!(
        (&config["name"], &config["maxIterations"]),
        (&json!("Other"), &json!(3))
    );
    assert_eq!(
        config["git"],
        json!({"branchPrefix": "x/", "commitPrefix": "[Ralph]"})
    );
    assert_eq!(config["prompt"], "work");
    for forbidden in [
        json!({"directory": "/tmp"}),
        json!({"backend": {"type": "says"}}),
        json!({"x": 1}),
    ] {
        let refused = stage.ask.json("PATCH", &path, Some(forbidden)).await;
        assert_eq!(refused.refusal(), (400, "validation_error"));
    }
    stage.close().await;
}

/// What the document lists for a loop that is not there, and what it leaves out.
#[tokio::test]
async fn a_loop_that_is_not_there_is_not_found() {
    let stage = Stage::set().await;
    for (method, rest, body) in [
        ("GET", "", None),
        ("PATCH", "", Some(json!({"name": "x"}))),
        ("DELETE", "", None),
        ("POST", "/start", None),
        ("POST", "/stop", None),
        ("POST", "/accept", None),
        ("POST", "/discard", None),
        ("POST", "/purge", None),
        ("PUT", "/pending-prompt", Some(json!({"prompt": "x"}))),
        ("DELETE", "/pending-prompt", None),
        ("GET", "/diff", None),
        ("GET", "/plan", None),
        ("GET", "/status-file", None),
        ("GET", "/events", None),
    ] {
        for id in ["nobody", "a%20b%2Fc", "%FF"] {
            let path = format!("/api/loops/{id}{rest}");
            let refused = stage.ask.json(method, &path, body.clone()).await;
            let expected = if id == "%FF" {
                (400, "invalid_request")
            } else {
                (404, "not_found")
            };
            assert_eq!(refused.refusal(), expected, "{method} {path}");
        }
    }
    stage.close().await;
}

/// The body of a start is optional: none, none of some type, an empty one, an empty object.
#[tokio::test]
async fn a_start_needs_no_body() {
    let stage = Stage::set().await;
    for (body, headers) in [
        (None, &[][..]),
        (None, &[("content-type", "application/json")]),
        (
            None,
            &[("content-type", "application/x-www-form-urlencoded")],
        ),
        (Some(json!({})), &[]),
    ] {
        let path = format!("{}/start", stage.create(scripts::FINISHES).await);
        let response = stage.ask.send_with("POST", &path, body, headers).await;
        let answer = crate::wire::answer(response).await;
        assert_eq!(
            (answer.status, &answer.body),
            (200, &json!({"success": true}))
        );
        assert!(answer.header("grump-cursor").is_some());
    }
    stage.close().await;
}

#[tokio::test]
async fn a_start_over_uncommitted_changes_says_which_and_what_can_be_chosen() {
    let stage = Stage::set().await;
    stage.repository.write("README.md", "changed\n");
    let path = format!("{}/start", stage.create(scripts::FINISHES).await);
    let refused = stage.ask.json("POST", &path, None).await;
    assert_eq!(refused.refusal(), (409, "uncommitted_changes"));
    let example = example!("POST_api_loops_id_start__response_409_uncommitted_changes");
    assert_like(example, &refused.body);
    assert_eq!(
        refused.body["options"],
        json!(["commit", "stash", "cancel"])
    );
    assert_eq!(refused.body["changedFiles"], json!(["README.md"]));
    for word in ["cancel", "keep", ""] {
        let choice = json!({"handleUncommitted": word});
        let refused = stage.ask.post(&path, choice).await;
        assert_eq!(refused.refusal(), (400, "validation_error"), "{word}");
    }
    let unknown = stage.ask.post(&path, json!({"handle": "commit"})).await;
    assert_eq!(unknown.refusal(), (400, "validation_error"));
    stage
        .ask
        .done("POST", &path, Some(json!({"handleUncommitted": "stash"})))
        .await;
    assert_eq!(stage.repository.status(), "");
    stage.close().await;
}

#[tokio::test]
async fn a_loop_that_runs_is_not_started_accepted_discarded_or_purged() {
    let stage = Stage::set().await;
    let path = stage.start(scripts::HANGS).await;
    for (rest, expected) in [
        ("start", (409, "already_running")),
        ("accept", (400, "accept_failed")),
        ("discard", (400, "discard_failed")),
        ("purge", (400, "purge_failed")),
    ] {
        let refused = stage
            .ask
            .json("POST", &format!("{path}/{rest}"), None)
            .await;
        assert_eq!(refused.refusal(), expected);
    }
    stage.ask.done("POST", &format!("{path}/stop"), None).await;
    stage.close().await;
}

#[tokio::test]
async fn a_loop_that_does_not_run_is_not_stopped_or_prompted() {
    let stage = Stage::set().await;
    let path = stage.create(scripts::FINISHES).await;
    let prompt = format!("{path}/pending-prompt");
    for (method, path, body) in [
        ("POST", &format!("{path}/stop"), None),
        ("PUT", &prompt, Some(json!({"prompt": "x"}))),
        ("DELETE", &prompt, None),
    ] {
        let refused = stage.ask.json(method, path, body).await;
        assert_eq!(refused.refusal(), (409, "not_running"), "{method} {path}");
    }
    let diff = stage.ask.get(&format!("{path}/diff")).await;
    assert_eq!(diff.refusal(), (400, "no_git_branch"));
    stage.close().await;
}

#[tokio::test]
async fn the_next_prompt_of_a_loop_that_runs_is_set_and_cleared() {
    let stage = Stage::set().await;
    let path = stage.start(scripts::HANGS).await;
    let prompt = format!("{path}/pending-prompt");
    stage.until(&path, "running").await;
    let set = stage
        .ask
        .json("PUT", &prompt, Some(json!({"prompt": "more"})))
        .await;
    assert_eq!((set.status, set.body), (200, json!({"success": true})));
    for empty in [
        json!({"prompt": ""}),
        json!({"prompt": "  "}),
        json!({}),
        json!({"prompt": 7}),
    ] {
        let refused = stage.ask.json("PUT", &prompt, Some(empty)).await;
        assert_eq!(refused.refusal(), (400, "validation_error"));
    }
    let cleared = stage.ask.json("DELETE", &prompt, None).await;
    assert_eq!(
        (cleared.status, cleared.body),
        (200, json!({"success": true}))
    );
    let stopped = stage.ask.json("POST", &format!("{path}/stop"), None).await;
    assert_eq!(
        (stopped.status, stopped.body),
        (200, json!({"success": true}))
    );
    stage.close().await;
}

#[tokio::test]
async fn a_loop_that_is_done_is_shown_accepted_and_purged() {
    let stage = Stage::set().await;
    let path = stage.run(scripts::FINISHES).await;
    let diff = stage.ask.done("GET", &format!("{path}/diff"), None).await;
    assert_like(example!("GET_api_loops_id_diff__response_200"), &diff);
    assert_eq!(
        (&diff[0]["path"], &diff[0]["status"]),
        (&json!("done.txt"), &json!("added"))
    );
    assert!(
        diff[0]["patch"].as_str().unwrap().starts_with("@@ "),
        "{diff}"
    );
    let accepted = stage
        .ask
        .json("POST", &format!("{path}/accept"), None)
        .await;
    assert_eq!(accepted.status, 200);
    let head = stage.repository.head();
    assert_eq!(accepted.body, json!({"success": true, "mergeCommit": head}));
    let purged = stage.ask.json("POST", &format!("{path}/purge"), None).await;
    assert_eq!(
        (purged.status, purged.body),
        (200, json!({"success": true}))
    );
    assert_eq!(stage.ask.get(&path).await.refusal(), (404, "not_found"));
    stage.close().await;
}

#[tokio::test]
async fn a_loop_is_discarded_or_deleted_and_is_kept_until_it_is_purged() {
    let stage = Stage::set().await;
    let discarded = stage.run(scripts::FINISHES).await;
    let deleted = stage.create(scripts::FINISHES).await;
    for (method, path) in [
        ("POST", format!("{discarded}/discard")),
        ("DELETE", deleted.clone()),
    ] {
        let answer = stage.ask.json(method, &path, None).await;
        assert_eq!(
            (answer.status, answer.body),
            (200, json!({"success": true}))
        );
    }
    for path in [discarded, deleted] {
        let kept = stage.ask.done("GET", &path, None).await;
        assert_eq!(kept["state"]["status"], "deleted");
        stage.ask.done("POST", &format!("{path}/purge"), None).await;
    }
    stage.close().await;
}

#[tokio::test]
async fn planning_files_and_folders_are_read() {
    let stage = Stage::set().await;
    let path = stage.create(scripts::FINISHES).await;
    let directory = stage.repository.directory();
    let check = format!("/api/check-planning-dir?directory={directory}");
    let missing = stage.ask.done("GET", &check, None).await;
    let expected: Value =
        serde_json::from_str(example!("GET_api_check-planning-dir__response_200_missing")).unwrap();
    assert_eq!(missing, expected);
    for rest in ["plan", "status-file"] {
        let absent = stage.ask.done("GET", &format!("{path}/{rest}"), None).await;
        assert_eq!(absent, json!({"content": "", "exists": false}));
    }
    stage.repository.write(".planning/plan.md", "# Plan\n");
    stage.repository.write(".planning/status.md", "# Status\n");
    let there = stage.ask.done("GET", &check, None).await;
    let expected: Value =
        serde_json::from_str(example!("GET_api_check-planning-dir__response_200_exists")).unwrap();
    assert_eq!(there, expected);
    for (rest, content) in [("plan", "# Plan\n"), ("status-file", "# Status\n")] {
        let file = stage.ask.done("GET", &format!("{path}/{rest}"), None).await;
        assert_eq!(file, json!({"content": content, "exists": true}));
    }
    stage.close().await;
}

#[tokio::test]
async fn a_query_without_its_directory_is_refused() {
    let stage = Stage::set().await;
    for path in [
        "/api/models",
        "/api/check-planning-dir",
        "/api/models?directory=relative",
    ] {
        let refused = stage.ask.get(path).await;
        assert_eq!(refused.refusal(), (400, "validation_error"), "{path}");
    }
    let directory = stage.repository.directory();
    let models = stage
        .ask
        .done("GET", &format!("/api/models?directory={directory}"), None)
        .await;
    assert!(models.is_array());
    stage.close().await;
}

#[tokio::test]
async fn the_last_model_is_null_until_one_is_set() {
    let stage = Stage::set().await;
    let last = "/api/preferences/last-model";
    assert_eq!(stage.ask.done("GET", last, None).await, Value::Null);
    let model = json!({"providerID": "anthropic", "modelID": "claude-sonnet-4-20250514"});
    let set = stage.ask.json("PUT", last, Some(model.clone())).await;
    assert_eq!((set.status, set.body), (200, json!({"success": true})));
    assert_eq!(stage.ask.done("GET", last, None).await, model);
    for half in [json!({"providerID": "anthropic"}), json!({})] {
        let refused = stage.ask.json("PUT", last, Some(half)).await;
        assert_eq!(refused.refusal(), (400, "validation_error"));
    }
    stage.close().await;
}
