//! Event streams as servers send them, over both transports.

use std::{io::Write, sync::Arc};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::StreamExt;
use grump_core::{Error, ErrorKind, Retry};
use grump_http::{HttpClient, Opened, PooledTransport, sse::SseStream};
use http::{Request, Version};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    encrypted::{serving_http2, trusting},
    raw::{Asked, answering, asked, client},
};

fn head(lines: &str) -> String {
    let lines = lines.replace(';', "\r\n");
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{lines}\r\n\r\n")
}

/// The data of all events, and how it ended.
async fn told(client: &HttpClient) -> (Vec<String>, Option<ErrorKind>) {
    let mut events = match client.events("/").await {
        Ok(events) => events,
        Err(error) => return (Vec::new(), Some(error.kind())),
    };
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => told.push(event.data.into()),
            Err(error) => return (told, Some(error.kind())),
        }
    }
    (told, None)
}

/// Over both transports, whole and byte by byte.
async fn assert_told(answer: String, wanted: (&[&str], Option<ErrorKind>)) {
    let wanted = (wanted.0.iter().map(ToString::to_string).collect(), wanted.1);
    for size in [answer.len(), 1] {
        let direct = sending(answer.clone().into_bytes(), size).await;
        let pooled = direct.clone().transport(Arc::new(PooledTransport::new()));
        for (client, name) in [(direct, "direct"), (pooled, "pooled")] {
            assert_eq!(told(&client).await, wanted, "{name}, by {size}: {answer}");
        }
    }
}

/// A server that sends these bytes, so many at once, to each who asks.
async fn sending(bytes: Vec<u8>, size: usize) -> HttpClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            asked(&mut stream).await;
            for piece in bytes.chunks(size) {
                // Who does not like the beginning does not wait for the end.
                if stream.write_all(piece).await.is_err() {
                    break;
                }
            }
        }
    });
    client
}

#[tokio::test]
async fn every_way_to_frame_a_body_is_read() {
    let events = "data: a\n\ndata: b\n\n";
    let both: (&[&str], _) = (&["a", "b"], None);
    assert_told(head("connection: close") + events, both).await;
    assert_told(head("content-length: 18") + events, both).await;
    let old = (head("server: old") + events).replace("HTTP/1.1", "HTTP/1.0");
    assert_told(old, both).await;
    let chunks = "b;x=y\r\ndata: a\n\nda\r\n07\r\nta: b\n\n\r\n0\r\ntrailer: x\r\n\r\n";
    assert_told(head("transfer-encoding: chunked") + chunks, both).await;
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
    assert_told(
        interim.to_owned() + &head("content-length: 18") + events,
        both,
    )
    .await;
}

/// Pitfall 9: an answer that was cut off is not one that ended.
#[tokio::test]
async fn a_body_that_is_cut_off_is_an_error() {
    let cut = (&["a"][..], Some(ErrorKind::Transport));
    assert_told(head("content-length: 99") + "data: a\n\ndata: b", cut).await;
    let chunked = head("transfer-encoding: chunked");
    for chunks in [
        "9\r\ndata: a\n\n",
        "9\r\ndata: a\n\n\r\n9\r\nda",
        "9\r\ndata: a\n\n\r\n",
    ] {
        assert_told(chunked.clone() + chunks, cut).await;
    }
}

async fn refusal(answer: String) -> Error {
    let client = answering(move |_| answer.clone()).await;
    match client.events("/").await {
        Ok(mut events) => events.next().await.unwrap().unwrap_err(),
        Err(error) => error,
    }
}

#[tokio::test]
async fn what_can_be_understood_in_two_ways_is_refused() {
    for answer in [
        head("transfer-encoding: gzip, chunked"),
        head("transfer-encoding: chunked;content-length: 3"),
        head("content-length: 3;content-length: 4"),
        head("transfer-encoding: chunked") + "x\r\n",
        head(&format!("x: {}", "y".repeat(70_000))),
        head("x: y").replace("200 OK", "101 Switching Protocols"),
        "\0\0\u{12}\u{4}\0\0\0\0\0".to_owned(),
    ] {
        let error = refusal(answer.clone()).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{answer}");
        assert_eq!(error.retry(), Retry::Never, "{answer}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let client = answering(|_| "HTTP/1.1 302 Found\r\nlocation: /b\r\n\r\n").await;
    let request = Request::get("/a").body(Bytes::new()).unwrap();
    let Opened::Refused(answer) = client.open(request).await.unwrap() else {
        panic!("it is no stream");
    };
    assert_eq!(answer.headers()["location"], "/b");
}

/// Pitfall 13: nobody is asked to compress a stream.
#[tokio::test]
async fn a_stream_is_asked_for_as_it_is() {
    let (told, all_asked) = std::sync::mpsc::channel();
    let client = answering(move |asked: &Asked| {
        told.send(asked.clone()).unwrap();
        head("content-length: 0")
    })
    .await;
    drop(client.events("/").await.unwrap());
    let pooled = client.clone().transport(Arc::new(PooledTransport::new()));
    drop(pooled.events("/").await.unwrap());
    let direct = all_asked.recv().unwrap();
    assert_eq!(direct.header("connection"), Some("close"));
    for asked in [direct, all_asked.recv().unwrap()] {
        assert_eq!(asked.header("accept-encoding"), Some("identity"));
        assert_eq!(asked.header("cache-control"), Some("no-cache"));
        assert!(
            asked
                .header("accept")
                .unwrap()
                .starts_with("text/event-stream")
        );
    }
}

/// A proxy of its own mind, as there are.
fn compressing() -> Bytes {
    let mut body = GzEncoder::new(Vec::new(), Compression::default());
    body.write_all(b"data: a\n\n").unwrap();
    let mut answer = head("content-encoding: gzip;connection: close").into_bytes();
    answer.extend(body.finish().unwrap());
    answer.into()
}

#[tokio::test]
async fn a_stream_that_is_compressed_all_the_same_is_unpacked() {
    let client = answering(|_| compressing()).await;
    assert_eq!(told(&client).await, (vec!["a".to_owned()], None));
}

#[tokio::test]
async fn what_may_have_run_is_not_asked_again_to_unpack_it() {
    let client = answering(|_| compressing()).await;
    let request = Request::post("/").body("{}".into()).unwrap();
    let error = client.open(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("compressed"), "{error}");
}

#[tokio::test]
async fn a_stream_may_be_asked_for_by_post() {
    let client = answering(|asked: &Asked| {
        let length = asked.header("content-length").unwrap_or("none");
        let data = format!("data: {} {length}\n\n", asked.line());
        head("connection: close") + &data
    })
    .await;
    let request = Request::post("/ask").body(r#"{"q":1}"#.into()).unwrap();
    let Opened::Events(mut events) = client.open(request).await.unwrap() else {
        panic!("it is a stream");
    };
    let event = events.next().await.unwrap().unwrap();
    assert_eq!(event.data, "POST /ask HTTP/1.1 7");
}

async fn version_of(connect: &grump_http::Connect, protocols: &[&str]) -> String {
    let port = serving_http2(protocols, "text/event-stream", |version: Version| {
        format!("data: {version:?}\n\n")
    })
    .await;
    let client = HttpClient::connecting(&format!("https://localhost:{port}"), connect).unwrap();
    told(&client).await.0.concat()
}

#[tokio::test]
async fn a_server_that_speaks_http2_alone_is_understood() {
    assert_eq!(version_of(&trusting(), &["h2"]).await, "HTTP/2.0");
}

#[tokio::test]
async fn streams_share_a_connection_where_that_is_wanted() {
    let connect = trusting().http2_streams(true);
    assert_eq!(version_of(&connect, &["h2", "http/1.1"]).await, "HTTP/2.0");
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener);
    let opening = tokio::spawn(async move { client.events("/").await.unwrap() });
    let (mut stream, _) = listener.accept().await.unwrap();
    asked(&mut stream).await;
    stream
        .write_all(head("connection: close").as_bytes())
        .await
        .unwrap();
    let events: SseStream = opening.await.unwrap();
    drop(events);
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
}
