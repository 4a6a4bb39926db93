//! Who asks: a token, a key, or a login that is renewed by itself.

use futures::StreamExt;
use grump::ErrorKind;
use grump_client::MiniDevinClient;
use serde_json::json;

use super::{builder, server};
use crate::contract::{held, last};

#[tokio::test]
async fn a_token_is_shown_as_the_document_says() {
    let (server, client) = server().await;
    client.sessions().list().await.unwrap();
    let shown = last(&server).header("authorization").unwrap().to_owned();
    assert!(shown.starts_with("Bearer eyJ"), "{shown}");
    assert_eq!(last(&server).header("x-api-key"), None);
    held(&server);
}

#[tokio::test]
async fn a_key_is_shown_as_the_document_says() {
    let (server, client) = server().await;
    let key = client
        .auth()
        .create_api_key("ci", Default::default())
        .await
        .unwrap();
    let client = builder(&server).api_key(key.key.expose()).build().unwrap();
    client.sessions().list().await.unwrap();
    assert_eq!(last(&server).header("x-api-key"), Some(key.key.expose()));
    assert_eq!(last(&server).header("authorization"), None);
    held(&server);
}

fn user(server: &grump_testkit::contract::Contract) -> MiniDevinClient {
    let login = builder(server).login("user@example.com", "securepassword");
    login.build().unwrap()
}

#[tokio::test]
async fn who_has_a_password_is_logged_in_when_it_is_needed_and_once() {
    let (server, _) = server().await;
    let client = user(&server);
    client.health().await.unwrap();
    assert_eq!(server.requests().len(), 1);
    client.sessions().list().await.unwrap();
    client.clone().sessions().list().await.unwrap();
    let paths: Vec<_> = server
        .requests()
        .into_iter()
        .map(|asked| asked.path)
        .collect();
    assert_eq!(
        paths,
        [
            "/health",
            "/api/auth/login",
            "/api/sessions",
            "/api/sessions"
        ]
    );
    held(&server);
}

#[tokio::test]
async fn a_token_that_runs_out_is_renewed_once_and_reaches_the_socket() {
    let (server, _) = server().await;
    let client = user(&server);
    client.sessions().list().await.unwrap();
    server.expire_tokens();
    let task = server.put("task", json!({"status": "running"}));
    let _socket = client.tasks().connect(&*task).await.unwrap();
    let logins = server
        .requests()
        .iter()
        .filter(|asked| asked.path == "/api/auth/login")
        .count();
    assert_eq!(logins, 2);
}

#[tokio::test]
async fn a_wrong_password_is_an_error_of_its_kind() {
    let (server, _) = server().await;
    let login = builder(&server)
        .login("user@example.com", "hunter2")
        .build()
        .unwrap();
    let error = login.sessions().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{error:?} {login:?}").contains("hunter2"));
}

/// Pitfall 37: the token that the socket's address must hold shows nowhere.
#[tokio::test]
async fn the_token_of_a_socket_shows_in_no_error_and_no_debug_output() {
    let (server, _) = server().await;
    let client = builder(&server).token("eyJ-open-sesame").build().unwrap();
    let task = server.put("task", json!({"status": "running"}));
    let refused = client.tasks().connect(&*task).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    assert_eq!(last(&server).query["token"], "eyJ-open-sesame");
    let (known, good) = super::server().await;
    let task = known.put("task", json!({"status": "running"}));
    let mut socket = good.tasks().connect(&*task).await.unwrap();
    let shown = format!("{socket:?}");
    known.streaming(1).await;
    known.abort_streams();
    let lost = socket.next().await.unwrap().unwrap_err();
    let token = last(&known).query["token"].clone();
    for shown in [
        format!("{refused:?} {client:?}"),
        format!("{lost:?} {good:?} {shown}"),
    ] {
        assert!(
            !shown.contains("sesame") && !shown.contains(&token),
            "{shown}"
        );
    }
}
