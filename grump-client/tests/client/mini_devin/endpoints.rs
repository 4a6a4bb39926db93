//! Every method of the client: the request is what the document says.

use futures::StreamExt;
use grump_client::mini_devin::{ApiKeyOptions, RegisterOptions, SessionOptions, TaskOptions};
use grump_wire::mini_devin::{ProviderName, TaskMessage, TaskStatus};
use serde_json::{Value, json};

use super::{builder, server};
use crate::contract::{held, last, line, lines};

#[tokio::test]
async fn users_and_keys_are_asked_for_as_the_document_says() {
    let (server, client) = server().await;
    let name = RegisterOptions::new().name("Example User");
    let user = client
        .auth()
        .register("new@example.com", "securepassword", name)
        .await
        .unwrap();
    assert_eq!(
        (&*user.email, &*user.name),
        ("new@example.com", "Example User")
    );
    assert_eq!(last(&server).header("authorization"), None);
    let token = client
        .auth()
        .login("new@example.com", "securepassword")
        .await
        .unwrap();
    assert_eq!(
        (&*token.token_type, token.expires_in),
        ("bearer", Some(3600))
    );
    assert_eq!(last(&server).header("authorization"), None);
    let end = ApiKeyOptions::new().expires_at("2025-01-01T00:00:00Z".parse().unwrap());
    let key = client
        .auth()
        .create_api_key("My API Key", end)
        .await
        .unwrap();
    assert!(key.key.expose().starts_with("md_"));
    let login = json!({"email": "new@example.com", "password": "securepassword"});
    let mut register = login.clone();
    register["name"] = json!("Example User");
    assert_eq!(
        lines(&server),
        [
            line("POST", "/api/auth/register", register),
            line("POST", "/api/auth/login", login),
            line(
                "POST",
                "/api/auth/api-keys",
                json!({"name": "My API Key", "expires_at": "2025-01-01T00:00:00Z"})
            ),
        ]
    );
    held(&server);
}

#[tokio::test]
async fn models_are_asked_for_as_the_document_says() {
    let (server, client) = server().await;
    assert_eq!(client.models().list().await.unwrap().len(), 2);
    let some = client
        .models()
        .list_of(ProviderName::Anthropic)
        .await
        .unwrap();
    assert_eq!(some[0].context_window, Some(200_000));
    let providers = client.models().providers().await.unwrap();
    assert_eq!(providers.default_model.as_deref(), Some("gpt-4o"));
    assert!(client.health().await.unwrap().status == "healthy");
    let paths: Vec<_> = lines(&server)
        .into_iter()
        .map(|(_, path, _)| path)
        .collect();
    assert_eq!(
        paths,
        [
            "/api/models",
            "/api/models?provider=anthropic",
            "/api/providers",
            "/health"
        ]
    );
    assert_eq!(last(&server).header("authorization"), None);
    held(&server);
}

#[tokio::test]
async fn sessions_are_asked_for_as_the_document_says() {
    let (server, client) = server().await;
    let options = SessionOptions::new()
        .name("New Session")
        .working_directory("/path/to/project");
    let made = client.sessions().create(options).await.unwrap();
    assert_eq!(
        client.sessions().list().await.unwrap()[0].task_count,
        Some(0)
    );
    assert_eq!(
        client.sessions().open(&made.id).await.unwrap().tasks,
        Some(vec![])
    );
    client.sessions().delete(&made.id).await.unwrap();
    client
        .sessions()
        .create(SessionOptions::new())
        .await
        .unwrap();
    let path = format!("/api/sessions/{}", made.id);
    assert_eq!(
        lines(&server),
        [
            line(
                "POST",
                "/api/sessions",
                json!({"name": "New Session", "working_directory": "/path/to/project"})
            ),
            line("GET", "/api/sessions", Value::Null),
            line("GET", &path, Value::Null),
            line("DELETE", &path, Value::Null),
            line("POST", "/api/sessions", json!({})),
        ]
    );
    held(&server);
}

#[tokio::test]
async fn tasks_are_asked_for_as_the_document_says() {
    let (server, client) = server().await;
    let session = server.put("session", json!({}));
    let options = TaskOptions::new().model("gpt-4o").run_mode("offline");
    let made = client
        .tasks()
        .create(&*session, "Fix it", options)
        .await
        .unwrap();
    assert_eq!(made.status, TaskStatus::Running);
    assert_eq!(client.tasks().list(&*session).await.unwrap()[0].id, made.id);
    assert_eq!(
        client.tasks().open(&made.id).await.unwrap().description,
        "Fix it"
    );
    assert_eq!(
        client.tasks().stop(&made.id).await.unwrap().status,
        TaskStatus::Stopped
    );
    let (all, one) = (
        format!("/api/sessions/{session}/tasks"),
        format!("/api/tasks/{}", made.id),
    );
    assert_eq!(
        lines(&server),
        [
            line(
                "POST",
                &all,
                json!({"description": "Fix it", "model": "gpt-4o", "run_mode": "offline"})
            ),
            line("GET", &all, Value::Null),
            line("GET", &one, Value::Null),
            line("POST", &format!("{one}/stop"), Value::Null),
        ]
    );
    held(&server);
}

#[tokio::test]
async fn artifacts_are_downloaded_as_the_document_says() {
    let (server, client) = server().await;
    let task = server.put("task", json!({}));
    let artifacts = client.artifacts().list(&*task).await.unwrap();
    server.download_size(100_000);
    let download = client
        .artifacts()
        .download(&*task, &artifacts[1].id)
        .await
        .unwrap();
    assert_eq!(download.content_type(), Some("text/x-diff"));
    assert_eq!(download.file_name(), Some("diff.patch"));
    let (mut file, mut told) = (Vec::new(), Vec::new());
    let done = download
        .write_to(&mut file, |done, total| told.push((done, total)))
        .await;
    assert_eq!((done.unwrap(), file.len()), (100_000, 100_000));
    assert_eq!(told.last(), Some(&(100_000, Some(100_000))));
    let list = format!("/api/tasks/{task}/artifacts");
    let paths: Vec<_> = lines(&server)
        .into_iter()
        .map(|(_, path, _)| path)
        .collect();
    assert_eq!(paths, [list.clone(), format!("{list}/{}", artifacts[1].id)]);
    held(&server);
}

#[tokio::test]
async fn a_task_is_watched_stopped_and_told_something_over_its_socket() {
    let (server, client) = server().await;
    let task = server.put("task", json!({"status": "running"}));
    let mut socket = client.tasks().connect(&*task).await.unwrap();
    let asked = last(&server);
    assert_eq!(
        (asked.path, asked.query.len()),
        (format!("/ws/tasks/{task}"), 1)
    );
    server.streaming(1).await;
    server.advance(&task);
    let first = socket.next().await.unwrap().unwrap();
    assert!(matches!(first, TaskMessage::Token(_)), "{first:?}");
    socket.input("Yes, proceed with the changes").await.unwrap();
    socket.stop().await.unwrap();
    server.heard(2).await;
    assert_eq!(
        server.messages(),
        [
            json!({"type": "input", "content": "Yes, proceed with the changes"}),
            json!({"type": "stop"}),
        ]
    );
    let rest: Vec<_> = socket.collect().await;
    assert!(rest.last().unwrap().is_err(), "a socket's end is an error");
    let stopped = rest
        .iter()
        .flatten()
        .any(|message| message.name() == "status");
    assert!(stopped, "{rest:?}");
    held(&server);
}

#[tokio::test]
async fn an_id_that_would_be_another_path_is_not_sent() {
    let (server, client) = server().await;
    for id in ["", ".", ".."] {
        let error = client.tasks().open(id).await.unwrap_err();
        assert_eq!(error.kind(), grump::ErrorKind::NotFound);
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_base_may_end_in_the_paths_beginning() {
    let (server, _) = server().await;
    let url = server.url();
    for end in ["", "/", "/api", "/api/"] {
        let client = grump_client::MiniDevinClient::new(&format!("{url}{end}")).unwrap();
        client.health().await.unwrap();
    }
    let client = builder(&server).build().unwrap();
    client.health().await.unwrap();
    held(&server);
}
