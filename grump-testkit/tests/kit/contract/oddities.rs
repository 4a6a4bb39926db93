//! Each oddity of the catalogue shows.

use std::fmt::Write as _;

use grump_testkit::contract::{Dialect, Oddity};
use serde_json::{Value, json};

use super::{Speaker, socket::Socket};

/// What a dialect is asked, one after the other: method, path, body.
fn asked(dialect: Dialect) -> Vec<(&'static str, &'static str, Value)> {
    let none = Value::Null;
    match dialect {
        Dialect::Grump => vec![
            (
                "POST",
                "/api/ship/start",
                json!({"projectDescription": "x"}),
            ),
            ("GET", "/api/ship/{ship_session}", none.clone()),
            ("GET", "/api/billing/tiers", none.clone()),
            ("GET", "/api/jobs/nobody", none),
        ],
        Dialect::Steward => vec![
            (
                "POST",
                "/api/projects",
                json!({"name": "x", "repositoryUrl": "y"}),
            ),
            ("GET", "/api/runs/{run}", none.clone()),
            ("POST", "/api/runs/{run}/resume", none.clone()),
            ("GET", "/api/runs/{run}/diff", none.clone()),
            ("GET", "/api/runs/{run}/files", none.clone()),
            ("GET", "/api/projects/{project}/diagrams", none.clone()),
            ("DELETE", "/api/projects/{project}", none.clone()),
            ("GET", "/api/runs/0", none),
        ],
        Dialect::Ralpher => vec![
            (
                "POST",
                "/api/loops",
                json!({"name": "n", "directory": "/d", "prompt": "p", "backend": {"type": "other"}}),
            ),
            ("POST", "/api/loops/{loop}/start", none.clone()),
            ("GET", "/api/loops", none.clone()),
            ("GET", "/api/loops/{loop}/diff", none.clone()),
            ("GET", "/api/loops/{loop}/plan", none.clone()),
            ("GET", "/api/preferences/last-model", none.clone()),
            ("GET", "/api/models", none.clone()),
            ("PATCH", "/api/loops/{started}", json!({"name": "other"})),
            ("GET", "/api/elsewhere", none.clone()),
            ("GET", "/api/loops/nobody", none),
        ],
        Dialect::MetaForge => vec![
            ("POST", "/api/v1/session/create", json!({"skill": "spec"})),
            ("POST", "/api/v1/agent/run", json!({"skill": "spec"})),
            ("GET", "/api/v1/session/nobody", none),
        ],
        Dialect::MiniDevin => vec![
            ("POST", "/api/sessions", json!({})),
            ("GET", "/api/models", none.clone()),
            ("POST", "/api/sessions/{session}/tasks", json!({})),
            (
                "POST",
                "/api/sessions/{session}/tasks",
                json!({"description": "x"}),
            ),
            ("GET", "/api/tasks/{task}", none.clone()),
            ("GET", "/api/tasks/nobody", none.clone()),
            ("DELETE", "/api/sessions/{session}", none),
        ],
        _ => unreachable!("these are all"),
    }
}

/// The entities that there are.
fn put(speaker: &Speaker, dialect: Dialect) -> Vec<(&'static str, String)> {
    let put = |kind: &'static str, members: Value| (kind, speaker.server.put(kind, members));
    match dialect {
        Dialect::Grump => vec![put("ship_session", json!({"status": "completed"}))],
        Dialect::Steward => vec![
            put("project", json!({"status": "ready"})),
            put("run", json!({"status": "paused"})),
        ],
        Dialect::Ralpher => vec![
            put("loop", json!({})),
            put("running", json!({})),
            put("started", json!({"status": "running"})),
        ],
        Dialect::MiniDevin => vec![put("session", json!({})), put("task", json!({}))],
        _ => Vec::new(),
    }
}

/// Everything that a server of this dialect says, with this oddity.
async fn transcript(dialect: Dialect, oddity: Option<&str>) -> String {
    let speaker = Speaker::to(dialect.name()).await;
    if let Some(oddity) = oddity {
        speaker.server.oddity(oddity);
    }
    let entities = put(&speaker, dialect);
    let mut all = String::new();
    let named = |path: &str| {
        let mut path = path.to_owned();
        for (kind, id) in &entities {
            path = path.replace(&format!("{{{kind}}}"), id);
        }
        path
    };
    for (method, path, body) in asked(dialect) {
        let mut request = speaker.request(method, &named(path));
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (status, mut headers) = (response.status(), response.headers().clone());
        headers.remove("date");
        let text = response.text().await.unwrap();
        let _ = writeln!(all, "{method} {path}: {status} {headers:?} {text}");
    }
    all + &told(&speaker, dialect, &entities).await
}

/// What streams and sockets say.
async fn told(speaker: &Speaker, dialect: Dialect, entities: &[(&str, String)]) -> String {
    let id = |kind: &str| &entities.iter().find(|(known, _)| *known == kind).unwrap().1;
    match dialect {
        Dialect::Grump => {
            let chat = json!({"messages": []});
            let mut told = speaker.stream("POST", "/api/chat/stream", chat).await;
            let request = speaker
                .request("POST", "/api/ship/nobody/execute/stream")
                .header("accept", "text/event-stream");
            told += &request.send().await.unwrap().text().await.unwrap();
            told
        }
        Dialect::Steward => {
            let path = format!("/api/runs/{}/events/stream", id("run"));
            let told = async { speaker.stream("GET", &path, Value::Null).await };
            let tell = async {
                speaker.server.streaming(1).await;
                speaker.server.emit(id("run"), json!({}));
                speaker.server.end_streams();
            };
            tokio::join!(told, tell).0
        }
        Dialect::Ralpher => {
            let path = "/api/events";
            let told = async { speaker.stream("GET", path, Value::Null).await };
            let tell = async {
                speaker.server.streaming(1).await;
                let start = format!("/api/loops/{}/start", id("running"));
                speaker.ask("POST", &start, Value::Null).await;
                speaker.server.finish(id("running"));
                let again = speaker.ask("POST", &start, Value::Null).await;
                speaker.server.end_streams();
                again
            };
            let (told, again) = tokio::join!(told, tell);
            format!("{told} {again:?}")
        }
        Dialect::MetaForge => heard(speaker, "/ws", "").await,
        Dialect::MiniDevin => {
            let token = speaker.token.clone().unwrap();
            let path = format!("/ws/tasks/{}?token={token}", id("task"));
            heard(speaker, &path, id("task")).await
        }
        _ => unreachable!("these are all"),
    }
}

async fn heard(speaker: &Speaker, path: &str, task: &str) -> String {
    let mut socket = match Socket::open(&speaker.server, path).await {
        Ok(socket) => socket,
        Err(status) => return status.to_string(),
    };
    if !task.is_empty() {
        speaker
            .ask("POST", &format!("/api/tasks/{task}/stop"), Value::Null)
            .await;
    }
    speaker.server.end_streams();
    let mut all = String::new();
    while let Some(text) = socket.next_text().await {
        all += &text;
    }
    all
}

#[tokio::test]
async fn each_oddity_of_the_catalogue_shows() {
    let mut hidden = Vec::new();
    for dialect in Dialect::ALL {
        let documented = transcript(dialect, None).await;
        assert_eq!(documented, transcript(dialect, None).await, "{dialect}");
        for oddity in Oddity::all(dialect.name()) {
            if documented == transcript(dialect, Some(oddity.name)).await {
                hidden.push(format!("{dialect}: {}", oddity.name));
            }
        }
    }
    assert_eq!(hidden, Vec::<String>::new());
}

#[tokio::test]
async fn ids_that_are_integers_name_what_they_are_of() {
    let speaker = Speaker::to("grump").await;
    speaker.server.oddity("huge-ids");
    let body = json!({"projectDescription": "x"});
    let made = speaker.post("/api/ship/start", body).await;
    let id = made["sessionId"].as_u64().unwrap();
    assert_eq!(
        speaker.get(&format!("/api/ship/{id}")).await["sessionId"],
        id
    );
}
