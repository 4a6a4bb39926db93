//! From a connection to a WebSocket. (RFC 6455, section 4)

use bytes::Bytes;
use futures::TryStreamExt;
use grump_core::{Error, ErrorKind, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

use super::{Limits, Socket};
use crate::{
    connect::Io,
    h1::{self, BodyStream, Connection, Framing},
    pooled::broken,
    transport::ByteStream,
};

/// What a server said to the wish for a WebSocket.
pub(crate) enum Answer {
    Socket(Socket),
    /// Another status.
    Refused(Response<ByteStream>),
}

/// Asks on this connection for a WebSocket.
pub(crate) async fn ask(mut io: Io, request: &Request<Bytes>, limits: Limits) -> Result<Answer> {
    let key = generate_key();
    let connection = Connection::WebSocket { key: &key };
    let (head, read) = h1::exchange(&mut io, request, connection).await?;
    if head.status() != StatusCode::SWITCHING_PROTOCOLS {
        let framing = Framing::of(request.method(), &head)?;
        let body: ByteStream = Box::pin(BodyStream::new(io, read, framing));
        return Ok(Answer::Refused(head.map(|()| body)));
    }
    check(&head, request.headers(), &key)?;
    let (head, ()) = head.into_parts();
    let socket = Socket::over(io, read.to_vec(), head.headers, limits).await;
    Ok(Answer::Socket(socket))
}

/// Asks for a WebSocket through a pool, which knows the way through proxies.
pub(crate) async fn ask_through(
    pool: &reqwest::Client,
    request: Request<Bytes>,
    limits: Limits,
) -> Result<Answer> {
    let key = generate_key();
    let asked = request.headers().clone();
    let mut request = reqwest::Request::try_from(request).map_err(broken)?;
    for (name, value) in [
        (header::CONNECTION, "Upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_VERSION, "13"),
        (header::SEC_WEBSOCKET_KEY, &key),
    ] {
        let value = HeaderValue::from_str(value).expect("a key is of visible ASCII characters");
        request.headers_mut().insert(name, value);
    }
    let answer = pool.execute(request).await.map_err(broken)?;
    let mut head = Response::new(());
    *head.status_mut() = answer.status();
    *head.headers_mut() = answer.headers().clone();
    if head.status() != StatusCode::SWITCHING_PROTOCOLS {
        let body: ByteStream = Box::pin(answer.bytes_stream().map_err(broken));
        return Ok(Answer::Refused(head.map(|()| body)));
    }
    check(&head, &asked, &key)?;
    let io = Box::new(answer.upgrade().await.map_err(broken)?);
    let (head, ()) = head.into_parts();
    let socket = Socket::over(io, Vec::new(), head.headers, limits).await;
    Ok(Answer::Socket(socket))
}

/// Whether the answer fits the request. (RFC 6455, section 4.1, the numbered list)
fn check(head: &Response<()>, asked: &HeaderMap, key: &str) -> Result<()> {
    let headers = head.headers();
    let missing = if !lists(headers, &header::UPGRADE, "websocket") {
        "upgrade"
    } else if !lists(headers, &header::CONNECTION, "upgrade") {
        "connection"
    } else if text(headers, &header::SEC_WEBSOCKET_ACCEPT)
        != Some(&*derive_accept_key(key.as_bytes()))
    {
        "sec-websocket-accept"
    } else if headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
        "sec-websocket-extensions"
    } else if !was_asked_for(headers, asked) {
        "sec-websocket-protocol"
    } else {
        return Ok(());
    };
    Err(Error::new(
        ErrorKind::Protocol,
        "the server switched to something else than was asked for",
    )
    .advise("check that the address is that of the server meant")
    .with("header", missing))
}

/// Whether the subprotocol, if the server chose one, is of those that were offered.
fn was_asked_for(headers: &HeaderMap, asked: &HeaderMap) -> bool {
    let chosen = text(headers, &header::SEC_WEBSOCKET_PROTOCOL);
    chosen.is_none_or(|chosen| lists(asked, &header::SEC_WEBSOCKET_PROTOCOL, chosen))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    let mut listed = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    listed.any(|one| one.trim().eq_ignore_ascii_case(wanted))
}
