//! Mini-Devin.

use serde_json::{Value, json};

use super::{Speaker, example, socket::Socket, with};

const DIALECT: &str = "mini-devin";

fn document(name: &str) -> Value {
    example(DIALECT, name)
}

async fn at_work() -> (Speaker, String) {
    let speaker = Speaker::to(DIALECT).await;
    let task = speaker.server.put("task", json!({}));
    (speaker, task)
}

/// An example with what of it is ours: ids and times.
fn like(name: &str, answer: &Value) -> Value {
    let mut shown = document(name);
    for member in ["id", "created_at", "updated_at", "completed_at"] {
        if shown.get(member).is_some() {
            shown[member] = answer[member].clone();
        }
    }
    shown
}

#[tokio::test]
async fn a_user_registers_logs_in_and_makes_a_key_as_the_document_shows() {
    let mut speaker = Speaker::to(DIALECT).await;
    speaker.token = None;
    let request = with(
        document("POST_api_auth_register__request"),
        json!({"email": "other@example.com"}),
    );
    let user = speaker.post("/api/auth/register", request.clone()).await;
    let email = json!({"email": "other@example.com"});
    assert_eq!(
        user,
        with(like("POST_api_auth_register__response_200", &user), email)
    );
    assert_eq!(
        speaker.ask("POST", "/api/auth/register", request).await.0,
        400
    );
    let request = document("POST_api_auth_login__request");
    let login = speaker.post("/api/auth/login", request).await;
    let token = json!({"access_token": login["access_token"]});
    assert_eq!(
        login,
        with(document("POST_api_auth_login__response_200"), token)
    );
    speaker.token = Some(login["access_token"].as_str().unwrap().to_owned());
    let request = document("POST_api_auth_api-keys__request");
    let key = speaker.post("/api/auth/api-keys", request).await;
    let ours = json!({"key": key["key"]});
    assert_eq!(
        key,
        with(like("POST_api_auth_api-keys__response_200", &key), ours)
    );
    let request = speaker.http.get(speaker.server.url() + "/api/sessions");
    let (status, _) =
        super::answered(request.header("x-api-key", key["key"].as_str().unwrap())).await;
    assert_eq!(status, 200);
    speaker.clean();
}

#[tokio::test]
async fn a_wrong_password_is_refused_as_the_document_spells_it() {
    let mut speaker = Speaker::to(DIALECT).await;
    speaker.token = None;
    let login = json!({"email": "user@example.com", "password": "wrong"});
    let (status, refused) = speaker.ask("POST", "/api/auth/login", login).await;
    assert_eq!((status, &refused["code"]), (401, &json!("UNAUTHORIZED")));
    let members = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(members(&refused), members(&document("envelope_error")));
    speaker.clean();
}

#[tokio::test]
async fn sessions_and_tasks_are_answered_as_the_document_shows() {
    let speaker = Speaker::to(DIALECT).await;
    let request = document("POST_api_sessions__request");
    let session = speaker.post("/api/sessions", request).await;
    assert_eq!(session, like("POST_api_sessions__response_200", &session));
    let path = format!("/api/sessions/{}", session["id"].as_str().unwrap());
    let request = document("POST_api_sessions_session_id_tasks__request");
    let task = speaker.post(&format!("{path}/tasks"), request).await;
    assert_eq!(
        task,
        like("POST_api_sessions_session_id_tasks__response_200", &task)
    );
    let id = task["id"].as_str().unwrap();
    assert_eq!(speaker.server.finish(id), "completed");
    let read = speaker.get(&format!("/api/tasks/{id}")).await;
    let ours = json!({"description": task["description"]});
    assert_eq!(
        read,
        with(like("GET_api_tasks_task_id__response_200", &read), ours)
    );
    let listed = speaker.get(&format!("{path}/tasks")).await;
    let shown = document("GET_api_sessions_session_id_tasks__response_200")[0].clone();
    let ours =
        json!({"id": id, "created_at": read["created_at"], "completed_at": read["completed_at"]});
    assert_eq!(listed, json!([with(shown, ours)]));
    let named = json!({"name": "New Session"});
    let read = speaker.get(&path).await;
    let ours =
        json!({"tasks": [{"id": id, "description": task["description"], "status": "completed"}]});
    assert_eq!(
        read,
        with(
            with(
                like("GET_api_sessions_session_id__response_200", &read),
                ours
            ),
            named.clone()
        )
    );
    let listed = speaker.get("/api/sessions").await;
    let shown = document("GET_api_sessions__response_200")[0].clone();
    let ours = json!({"id": session["id"], "task_count": 1, "created_at": read["created_at"], "updated_at": read["updated_at"]});
    assert_eq!(listed, json!([with(with(shown, ours), named)]));
    assert_eq!(speaker.ask("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(speaker.ask("GET", &path, Value::Null).await.0, 404);
    assert_eq!(
        speaker
            .ask("GET", &format!("/api/tasks/{id}"), Value::Null)
            .await
            .0,
        404
    );
    speaker.clean();
}

#[tokio::test]
async fn models_are_those_of_a_provider_where_one_is_named() {
    let speaker = Speaker::to(DIALECT).await;
    assert_eq!(
        speaker.get("/api/models").await,
        document("GET_api_models__response_200")
    );
    let of_one = speaker.get("/api/models?provider=openai").await;
    assert_eq!(of_one["models"].as_array().unwrap().len(), 1);
    assert_eq!(
        speaker.get("/api/providers").await,
        document("GET_api_providers__response_200")
    );
    speaker.clean();
}

#[tokio::test]
async fn artifacts_are_as_long_as_the_list_says() {
    let (speaker, task) = at_work().await;
    let path = format!("/api/tasks/{task}/artifacts");
    let listed = speaker.get(&path).await;
    let mut shown = document("GET_api_tasks_task_id_artifacts__response_200");
    for at in 0..2 {
        shown[at]["id"] = listed[at]["id"].clone();
        let one = format!("{path}/{}", listed[at]["id"].as_str().unwrap());
        let got = speaker.request("GET", &one).send().await.unwrap();
        assert_eq!(got.content_length(), listed[at]["size"].as_u64());
    }
    assert_eq!(listed, shown);
    speaker.clean();
}

#[tokio::test]
async fn the_socket_tells_the_work_of_a_task_as_the_document_shows() {
    let (speaker, task) = at_work().await;
    let token = speaker.token.clone().unwrap();
    let path = format!("/ws/tasks/{task}?token={token}");
    let mut socket = Socket::open(&speaker.server, &path).await.unwrap();
    speaker.server.finish(&task);
    for kind in ["token", "tool_call", "tool_result", "plan_update", "status"] {
        let told = socket.next().await.unwrap();
        let shown = document(&format!("WS_ws_tasks_task_id__server_{kind}"));
        let ours = json!({"timestamp": told["timestamp"]});
        assert_eq!(told, with(shown, ours));
    }
    assert_eq!(socket.next().await, None);
    speaker.clean();
}

#[tokio::test]
async fn a_task_is_told_something_and_stopped_on_its_socket() {
    let (speaker, task) = at_work().await;
    let token = speaker.token.clone().unwrap();
    let path = format!("/ws/tasks/{task}?token={token}");
    let mut socket = Socket::open(&speaker.server, &path).await.unwrap();
    for kind in ["input", "stop"] {
        let said = document(&format!("WS_ws_tasks_task_id__client_{kind}"));
        socket.say(&said.to_string()).await;
    }
    assert_eq!(socket.next().await.unwrap()["status"], "stopped");
    assert_eq!(
        speaker.server.known(&task)["input"],
        "Yes, proceed with the changes"
    );
    speaker.clean();
}

#[tokio::test]
async fn a_task_that_fails_tells_its_error_and_its_status() {
    let (speaker, task) = at_work().await;
    let token = speaker.token.clone().unwrap();
    let path = format!("/ws/tasks/{task}?token={token}");
    let mut socket = Socket::open(&speaker.server, &path).await.unwrap();
    assert_eq!(speaker.server.break_down(&task), "failed");
    let told = socket.next().await.unwrap();
    let shown = document("WS_ws_tasks_task_id__server_error");
    assert_eq!(told, with(shown, json!({"timestamp": told["timestamp"]})));
    assert_eq!(socket.next().await.unwrap()["status"], "failed");
}

#[tokio::test]
async fn a_socket_is_refused_at_the_handshake() {
    let (speaker, task) = at_work().await;
    let path = format!("/ws/tasks/{task}?token=old");
    assert_eq!(Socket::open(&speaker.server, &path).await.err(), Some(401));
    speaker.clean();
    let path = format!("/ws/tasks/{task}");
    assert_eq!(Socket::open(&speaker.server, &path).await.err(), Some(401));
    assert_eq!(speaker.server.violations().len(), 1);
}

#[tokio::test]
async fn a_task_is_stopped_once() {
    let (speaker, task) = at_work().await;
    let path = format!("/api/tasks/{task}/stop");
    let stopped = speaker.post(&path, Value::Null).await;
    assert_eq!(
        stopped,
        like("POST_api_tasks_task_id_stop__response_200", &stopped)
    );
    assert_eq!(speaker.ask("POST", &path, Value::Null).await.0, 404);
    speaker.clean();
}
