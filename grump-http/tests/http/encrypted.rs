//! Servers that are spoken with encrypted.

use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use grump_core::{ErrorKind, Retry};
use grump_http::{Connect, HttpClient, Message, Tls, Upgraded};
use http::{Request, Response, Version};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{accept_async, tungstenite::Message as Wire};

use crate::raw::asked;

/// Made by openssl for 100 years: an authority whose key is thrown away, and a server of its own that
/// is `localhost` and `127.0.0.1`.
const AUTHORITY: &[u8] = include_bytes!("tls/authority.pem");
const SERVER: &[u8] = include_bytes!("tls/server.pem");
const KEY: &[u8] = include_bytes!("tls/server.key");

fn acceptor(protocols: &[&str]) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    let chain = CertificateDer::from_pem_slice(SERVER).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let mut config = config.with_single_cert(vec![chain], key).unwrap();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A port where each connection is encrypted and then served so.
pub(crate) async fn serving<S>(
    protocols: &[&str],
    serve: impl Fn(TlsStream<TcpStream>) -> S + Send + 'static,
) -> u16
where
    S: Future<Output = ()> + Send + 'static,
{
    let acceptor = acceptor(protocols);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Whoever does not trust us hangs up.
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream));
            }
        }
    });
    port
}

/// Answers a request with this, and hangs up.
pub(crate) async fn answer(mut stream: TlsStream<TcpStream>, bytes: &'static str) {
    asked(&mut stream).await;
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

/// Sends each text back.
pub(crate) async fn echo(stream: TlsStream<TcpStream>) {
    let mut server = accept_async(stream).await.unwrap();
    while let Some(Ok(message)) = server.next().await {
        if let Wire::Text(_) = message {
            server.send(message).await.unwrap();
        }
    }
}

pub(crate) fn trusting() -> Connect {
    Connect::new().tls(Tls::only(AUTHORITY).unwrap())
}

pub(crate) fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).unwrap()
}

pub(crate) async fn assert_echoes(client: &HttpClient) {
    let Upgraded::Socket(mut socket) = client.upgrade(get("/ws")).await.unwrap() else {
        panic!("it was refused");
    };
    socket.send("hello".into()).await.unwrap();
    let Some(Ok(Message::Text(text))) = socket.next().await else {
        panic!("it is sent back");
    };
    assert_eq!(text, "hello");
}

const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    content-length: 9\r\n\r\ndata: a\n\n";

#[tokio::test]
async fn a_server_of_an_authority_that_is_trusted_is_spoken_with() {
    let port = serving(&["http/1.1"], |stream| answer(stream, EVENTS)).await;
    for host in ["localhost", "127.0.0.1"] {
        let client =
            HttpClient::connecting(&format!("https://{host}:{port}"), &trusting()).unwrap();
        let answer = client.send(get("/")).await.unwrap();
        assert_eq!(answer.body(), "data: a\n\n");
        let mut events = client.events("/").await.unwrap();
        assert_eq!(events.next().await.unwrap().unwrap().data, "a");
        assert!(events.next().await.is_none());
    }
}

#[tokio::test]
async fn sockets_are_encrypted_too() {
    let port = serving(&[], echo).await;
    let client = HttpClient::connecting(&format!("https://localhost:{port}"), &trusting());
    assert_echoes(&client.unwrap()).await;
}

/// With the system's authorities, with those of Mozilla, and under a name that it does not have.
#[tokio::test]
async fn a_server_that_may_be_somebody_else_is_not_spoken_with() {
    let port = serving(&[], |stream| answer(stream, EVENTS)).await;
    for (host, connect) in [
        ("localhost", Connect::new()),
        ("localhost", Connect::new().tls(Tls::bundled())),
        ("[::ffff:127.0.0.1]", trusting()),
    ] {
        let client = HttpClient::connecting(&format!("https://{host}:{port}"), &connect).unwrap();
        for error in [
            client.send(get("/")).await.unwrap_err(),
            client.events("/").await.unwrap_err(),
            client.upgrade(get("/")).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
            assert_eq!(error.retry(), Retry::Never, "{error:?}");
            assert_eq!(error.message(), "no encrypted connection can be made");
        }
    }
}

/// A port where HTTP/2 is spoken, and each request answered by what `answer` makes of its version.
pub(crate) async fn serving_http2(
    protocols: &[&str],
    content_type: &'static str,
    answer: fn(Version) -> String,
) -> u16 {
    serving(protocols, move |stream| async move {
        let answer = move |request: Request<hyper::body::Incoming>| async move {
            let response = Response::builder().header("content-type", content_type);
            response.body(answer(request.version()))
        };
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = server
            .serve_connection(TokioIo::new(stream), service_fn(answer))
            .await;
    })
    .await
}

#[tokio::test]
async fn http2_is_spoken_with_a_server_that_offers_it() {
    let said = |version| format!("{version:?}");
    let port = serving_http2(&["h2", "http/1.1"], "text/plain", said).await;
    let client = HttpClient::connecting(&format!("https://localhost:{port}"), &trusting()).unwrap();
    let answer = client.send(get("/path")).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    assert_eq!(answer.body(), "HTTP/2.0");
}
