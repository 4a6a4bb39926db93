//! How a `WebSocket` comes about. What goes on in one is tested beside its code.

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use grump_core::{Error, ErrorKind, Result, Retry};
use grump_http::{HttpClient, Message, Socket, Upgraded};
use http::{Request, StatusCode};
use tokio::net::TcpListener;
use tokio_tungstenite::{
    accept_async,
    tungstenite::{Message as Wire, handshake::derive_accept_key},
};

use crate::raw::{Asked, answering, client};

fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).unwrap()
}

async fn opened(client: &HttpClient) -> Socket {
    match client.upgrade(get("/ws")).await.unwrap() {
        Upgraded::Socket(socket) => socket,
        other => panic!("it was refused: {other:?}"),
    }
}

async fn refusal(client: &HttpClient) -> Error {
    client.upgrade(get("/ws?token=sesame")).await.unwrap_err()
}

/// The answer that agrees, with this instead of one of its lines.
fn agreeing(asked: &Asked, instead: (&str, &str)) -> String {
    let accept = derive_accept_key(asked.header("sec-websocket-key").unwrap().as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n\
         connection: keep-alive, Upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
    );
    assert!(head.contains(instead.0));
    head.replace(instead.0, instead.1)
}

#[tokio::test]
async fn a_socket_is_opened_with_the_headers_of_a_request() -> Result<()> {
    let (told, asked) = std::sync::mpsc::channel();
    let client = answering(move |asked: &Asked| {
        told.send(asked.clone()).unwrap();
        agreeing(asked, ("\r\n\r\n", "\r\nx-id: 7\r\n\r\n"))
    })
    .await
    .bearer("sesame")?;
    let request = Request::get("/ws?since=7").header("x-request-id", "9");
    let request = request.header("connection", "close").body(Bytes::new());
    let Upgraded::Socket(socket) = client.upgrade(request.unwrap()).await? else {
        panic!("it was refused");
    };
    assert_eq!(socket.headers()["x-id"], "7");
    let asked = asked.recv().unwrap();
    assert_eq!(asked.line(), "GET /ws?since=7 HTTP/1.1");
    for (name, value) in [
        ("authorization", "Bearer sesame"),
        ("x-request-id", "9"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
    ] {
        assert_eq!(asked.header(name), Some(value), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn it_speaks_with_a_server_of_another_make() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut server = accept_async(stream).await.unwrap();
        while let Some(Ok(message)) = server.next().await {
            if let Wire::Text(text) = message {
                server.send(Wire::text(format!("{text}!"))).await.unwrap();
            }
        }
    });
    let mut socket = opened(&client).await;
    socket.send("hello".into()).await.unwrap();
    let Some(Ok(Message::Text(text))) = socket.next().await else {
        panic!("there is an answer");
    };
    assert_eq!(text, "hello!");
    socket.close().await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let client = answering(|_| {
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         10\r\n{\"error\":\"origin\r\n2\r\n\"}\r\n0\r\n\r\n"
    })
    .await;
    let Upgraded::Refused(answer) = client.upgrade(get("/ws")).await.unwrap() else {
        panic!("it was not refused");
    };
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.body(), r#"{"error":"origin"}"#);
}

#[tokio::test]
async fn a_server_that_does_not_know_of_sockets_answers() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        "HTTP/1.0 200 OK\r\n\r\nhi",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhi",
    ] {
        let client = answering(move |_| answer).await;
        let Upgraded::Refused(answer) = client.upgrade(get("/ws")).await.unwrap() else {
            panic!("it was not refused");
        };
        assert_eq!(answer.body(), "hi");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_an_error_that_says_where() {
    for (instead, header) in [
        (("upgrade: WebSocket", "upgrade: h2c"), "upgrade"),
        (("keep-alive, Upgrade", "keep-alive"), "connection"),
        (("accept: ", "accept: x"), "sec-websocket-accept"),
        (
            (
                "\r\n\r\n",
                "\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n",
            ),
            "sec-websocket-extensions",
        ),
        (
            ("\r\n\r\n", "\r\nsec-websocket-protocol: chat\r\n\r\n"),
            "sec-websocket-protocol",
        ),
    ] {
        let client = answering(move |asked| agreeing(asked, instead)).await;
        let error = refusal(&client).await;
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(
            error.to_string().contains(&format!("header: {header}")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_is_not_http_or_ends_early_is_an_error() {
    let kinds = [
        ("SSH-2.0-OpenSSH_9.2\r\n", ErrorKind::Protocol),
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 9\r\n\r\n{",
            ErrorKind::Transport,
        ),
        ("HTTP/1.1 101 Switch", ErrorKind::Transport),
        ("", ErrorKind::Transport),
    ];
    for (answer, kind) in kinds {
        let client = answering(move |_| answer).await;
        assert_eq!(refusal(&client).await.kind(), kind, "{answer}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_can_be_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener);
    drop(listener);
    let error = refusal(&client).await;
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(error.retry(), Retry::Safe);
}

/// Pitfall 37: a token in the query is shown nowhere.
#[tokio::test]
async fn the_query_is_in_no_error_and_no_debug() {
    let client = answering(|_| "HTTP/1.1 101 Switching Protocols\r\n\r\n").await;
    let shown = |error: &Error| format!("{error} {error:?}");
    assert!(!shown(&refusal(&client).await).contains("sesame"));
    let client = answering(|_| "HTTP/1.1 401 No\r\n\r\n").await;
    let path = "/a?token=sesame";
    for error in [
        client.get::<()>(path).await.unwrap_err(),
        client.events(path).await.unwrap_err(),
    ] {
        assert!(shown(&error).contains("/a?…"), "{error}");
        assert!(!shown(&error).contains("sesame"), "{error}");
    }
    let client = answering(|_| "garbage").await;
    let error = client.get::<()>(path).await.unwrap_err();
    assert!(!shown(&error).contains("sesame"), "{error:?}");
    let client = answering(|asked| agreeing(asked, ("HTTP", "HTTP"))).await;
    let opened = client.upgrade(get(path)).await.unwrap();
    assert!(!format!("{opened:?} {client:?}").contains("sesame"));
}
