//! Ralpher.

use serde_json::{Value, json};

use super::{Speaker, example, with};

const DIALECT: &str = "ralpher";

fn document(name: &str) -> Value {
    example(DIALECT, name)
}

#[tokio::test]
async fn a_loop_is_made_and_listed_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let request = document("POST_api_loops__request");
    let (status, made) = speaker.ask("POST", "/api/loops", request).await;
    assert_eq!((status, &made["state"]["status"]), (201, &json!("idle")));
    let body = json!({"name": "My Loop", "directory": "/path/to/project", "prompt": "Implement feature X"});
    let made = speaker.post("/api/loops", body).await;
    let listed = speaker.get("/api/loops").await;
    let mut shown = document("GET_api_loops__response_200")[0].clone();
    for member in ["id", "createdAt", "updatedAt"] {
        shown["config"][member] = made["config"][member].clone();
    }
    shown["state"]["id"] = made["config"]["id"].clone();
    assert_eq!(listed[1], shown);
    speaker.clean();
}

#[tokio::test]
async fn a_loop_goes_its_way_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let id = speaker.server.put("loop", json!({}));
    let path = |end: &str| format!("/api/loops/{id}/{end}");
    let act = async |what: &str| speaker.post(&path(what), Value::Null).await;
    speaker.server.changed_files(&["src/foo.ts", "src/bar.ts"]);
    let (status, refused) = speaker.ask("POST", &path("start"), Value::Null).await;
    let shown = document("POST_api_loops_id_start__response_409_uncommitted_changes");
    assert_eq!((status, refused), (409, shown));
    let request = document("POST_api_loops_id_start__request_curl");
    let started = speaker.post(&path("start"), request).await;
    assert_eq!(started, document("POST_api_loops_id_start__response_200"));
    let prompt = document("PUT_api_loops_id_pending-prompt__request");
    let (_, set) = speaker.ask("PUT", &path("pending-prompt"), prompt).await;
    assert_eq!(
        set,
        document("PUT_api_loops_id_pending-prompt__response_200")
    );
    assert_eq!(speaker.server.finish(&id), "completed");
    assert_eq!(
        speaker.get(&path("diff")).await,
        document("GET_api_loops_id_diff__response_200")
    );
    let accepted = act("accept").await;
    let ours = json!({"mergeCommit": accepted["mergeCommit"]});
    assert_eq!(
        accepted,
        with(document("POST_api_loops_id_accept__response_200"), ours)
    );
    assert_eq!(
        act("purge").await,
        document("POST_api_loops_id_purge__response_200")
    );
    assert_eq!(speaker.server.known(&id), Value::Null);
    speaker.clean();
}

#[tokio::test]
async fn events_are_framed_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let id = speaker.server.put("loop", json!({"status": "running"}));
    let shown = [
        "event1_loop.iteration.start",
        "event2_loop.log",
        "event3_loop.tool_call",
    ]
    .map(|name| document(&format!("GET_api_events__response_200.{name}")));
    let path = format!("/api/loops/{id}/events");
    let told = async { speaker.stream("GET", &path, Value::Null).await };
    let tell = async {
        speaker.server.streaming(1).await;
        for event in &shown {
            speaker
                .server
                .emit(&id, with(event.clone(), json!({"loopId": id})));
        }
        speaker.server.end_streams();
    };
    let (told, ()) = tokio::join!(told, tell);
    let frames = shown.map(|event| format!("data: {}\n\n", with(event, json!({"loopId": id}))));
    assert_eq!(told, frames.concat());
    speaker.clean();
}

#[tokio::test]
async fn what_a_loop_does_is_told_on_the_stream_of_all() {
    let speaker = Speaker::to(DIALECT).await;
    let path = "/api/events";
    let told = async { speaker.stream("GET", path, Value::Null).await };
    let tell = async {
        speaker.server.streaming(1).await;
        let id = speaker.server.put("loop", json!({}));
        speaker
            .post(&format!("/api/loops/{id}/start"), Value::Null)
            .await;
        speaker.server.finish(&id);
        speaker.server.end_streams();
    };
    let (told, ()) = tokio::join!(told, tell);
    for kind in [
        "loop.created",
        "loop.started",
        "loop.iteration.start",
        "loop.git.commit",
        "loop.completed",
    ] {
        assert!(told.contains(kind), "{kind}");
    }
}

#[tokio::test]
async fn the_rest_is_answered_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().to_str().unwrap();
    let planning = folder.path().join(".planning");
    let path = format!("/api/check-planning-dir?directory={directory}");
    assert_eq!(
        speaker.get(&path).await,
        document("GET_api_check-planning-dir__response_200_missing")
    );
    std::fs::create_dir(&planning).unwrap();
    let id = speaker.server.put("loop", json!({"directory": directory}));
    for (file, route) in [("plan.md", "plan"), ("status.md", "status-file")] {
        let shown = document(&format!("GET_api_loops_id_{route}__response_200"));
        std::fs::write(planning.join(file), shown["content"].as_str().unwrap()).unwrap();
        assert_eq!(
            speaker.get(&format!("/api/loops/{id}/{route}")).await,
            shown
        );
    }
    assert_eq!(
        speaker.get(&path).await,
        document("GET_api_check-planning-dir__response_200_exists")
    );
    assert_eq!(
        speaker.get("/api/health").await,
        document("GET_api_health__response_200")
    );
    let models = speaker.get("/api/models?directory=/a").await;
    assert_eq!(models, document("GET_api_models__response_200"));
    let last = "/api/preferences/last-model";
    assert_eq!(speaker.get(last).await, Value::Null);
    let request = document("PUT_api_preferences_last-model__request");
    assert_eq!(speaker.ask("PUT", last, request).await.0, 200);
    assert_eq!(
        speaker.get(last).await,
        document("GET_api_preferences_last-model__response_200")
    );
    speaker.clean();
}

#[tokio::test]
async fn a_credential_is_a_violation() {
    let mut speaker = Speaker::to(DIALECT).await;
    speaker.token = Some("x".to_owned());
    speaker.ask("GET", "/api/loops", Value::Null).await;
    assert_eq!(speaker.server.violations().len(), 1);
}
