//! Servers that are reached through a proxy.

use std::{
    process::Command,
    sync::{Arc, Mutex},
};

use futures::StreamExt;
use grump_core::ErrorKind;
use grump_http::{Connect, HttpClient};
use tokio::{
    io::{AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::{
    encrypted::{answer, assert_echoes, echo, get, serving, trusting},
    raw::{Asked, asked},
};

/// A proxy, which answers by itself what is not encrypted.
struct Proxy {
    url: String,
    seen: Arc<Mutex<Vec<Asked>>>,
}

const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    connection: close\r\n\r\ndata: a\n\n";

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::default();
        let saw = Arc::clone(&seen);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(handle(stream, Arc::clone(&saw)));
            }
        });
        Self { url, seen }
    }

    fn saw(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|asked| asked.line().to_owned()).collect()
    }
}

async fn handle(mut stream: TcpStream, seen: Arc<Mutex<Vec<Asked>>>) {
    let asked = asked(&mut stream).await;
    seen.lock().unwrap().push(asked.clone());
    let Some(rest) = asked.line().strip_prefix("CONNECT ") else {
        stream.write_all(EVENTS.as_bytes()).await.unwrap();
        return;
    };
    let place = rest.split(' ').next().unwrap();
    let mut server = TcpStream::connect(place).await.unwrap();
    stream
        .write_all(b"HTTP/1.1 200 Connected\r\n\r\n")
        .await
        .unwrap();
    let _ = copy_bidirectional(&mut stream, &mut server).await;
}

#[tokio::test]
async fn a_proxy_is_asked_for_what_is_not_encrypted() {
    let proxy = Proxy::start().await;
    let connect = Connect::new().proxy(&proxy.url).unwrap();
    let client = HttpClient::connecting("http://a.example", &connect).unwrap();
    assert_eq!(client.send(get("/b")).await.unwrap().body(), "data: a\n\n");
    let mut events = client.events("/c").await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().data, "a");
    client.upgrade(get("/d")).await.unwrap();
    assert_eq!(
        proxy.saw(),
        [
            "GET http://a.example/b HTTP/1.1",
            "GET http://a.example/c HTTP/1.1",
            "GET http://a.example/d HTTP/1.1",
        ]
    );
}

#[tokio::test]
async fn what_is_encrypted_goes_through_a_proxy_that_cannot_read_it() {
    let proxy = Proxy::start().await;
    let connect = trusting().proxy(&proxy.url).unwrap();
    let port = serving(&["http/1.1"], |stream| answer(stream, EVENTS)).await;
    let client = HttpClient::connecting(&format!("https://localhost:{port}"), &connect).unwrap();
    let mut events = client.events("/secret").await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().data, "a");
    assert_eq!(proxy.saw(), [format!("CONNECT localhost:{port} HTTP/1.1")]);
}

#[tokio::test]
async fn a_socket_goes_through_a_proxy() {
    let proxy = Proxy::start().await;
    let connect = trusting().proxy(&proxy.url).unwrap();
    let port = serving(&["http/1.1"], echo).await;
    let client = HttpClient::connecting(&format!("https://localhost:{port}"), &connect).unwrap();
    assert_echoes(&client).await;
    assert_eq!(proxy.saw(), [format!("CONNECT localhost:{port} HTTP/1.1")]);
}

#[tokio::test]
async fn the_password_of_a_proxy_is_for_the_proxy_alone() {
    let proxy = Proxy::start().await;
    let url = proxy.url.replace("http://", "http://me:sesame@");
    let connect = Connect::new().proxy(&url).unwrap();
    let client = HttpClient::connecting("http://a.example", &connect).unwrap();
    client.send(get("/")).await.unwrap();
    let told = proxy.seen.lock().unwrap()[0].clone();
    assert_eq!(
        told.header("proxy-authorization"),
        Some("Basic bWU6c2VzYW1l")
    );
    assert!(!format!("{connect:?} {client:?}").contains("sesame"));

    let nowhere = Connect::new()
        .proxy("http://me:sesame@127.0.0.1:1")
        .unwrap();
    let client = HttpClient::connecting("http://a.example", &nowhere).unwrap();
    let error = client.send(get("/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(
        !format!("{error} {error:?}").contains("sesame"),
        "{error:?}"
    );
    let error = Connect::new().proxy("http://me:sesame@:x").unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("sesame"),
        "{error:?}"
    );
}

/// A child with a proxy in its environment asks a server out there, and one on this machine.
#[tokio::test]
async fn the_environment_names_a_proxy_for_servers_out_there() {
    let proxy = Proxy::start().await;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "--ignored", "proxied::asks_servers"]);
    for name in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ] {
        child.env_remove(name);
    }
    child
        .env("HTTP_PROXY", &proxy.url)
        .env("NO_PROXY", ".inside.invalid");
    let done = tokio::task::spawn_blocking(move || child.output())
        .await
        .unwrap()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(said.contains("1 passed"), "{said}");
    assert_eq!(proxy.saw(), ["GET http://a.example/ HTTP/1.1"]);
}

#[tokio::test]
#[ignore = "started by another test, with a proxy in its environment"]
async fn asks_servers() {
    let out_there = HttpClient::new("http://a.example").unwrap();
    out_there.send(get("/")).await.unwrap();
    let here = crate::raw::answering(|_| "HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(here.send(get("/")).await.unwrap().status(), 204);
    let inside = HttpClient::new("http://a.inside.invalid").unwrap();
    inside.send(get("/")).await.unwrap_err();
}
