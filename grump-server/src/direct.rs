//! Streams of events without an HTTP library below them.
//!
//! A connection that begins with a request for a stream does nothing else in its life, and there
//! may be thousands of them. The library keeps 16 KiB of buffers for each, for requests and heads
//! that never come; here it is the subscription and the socket. Everything else about the request,
//! its guards and its handler, is as for all others, and whatever is not quite simple (a head in
//! several pieces, another version, a body) is left to the library.

use std::{io, mem::MaybeUninit};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header},
    response::Response,
};
use bytes::{Buf, BytesMut};
use futures::FutureExt;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long a head may be.
const HEAD: usize = 4 << 10;
/// How many headers it may have.
const HEADERS: usize = 32;
/// Frames shorter than this are put together.
const SMALL: usize = 2 << 10;
/// Until there are so many bytes.
const GATHERED: usize = 16 << 10;

/// The request that the connection begins with, taken from it if it is for a stream; anything else
/// is left there.
pub(crate) async fn request_for_stream(
    stream: &mut TcpStream,
    is_stream: impl Fn(&str) -> bool,
) -> Option<Request<Body>> {
    let mut head = vec![0; HEAD];
    let seen = stream.peek(&mut head).await.ok()?;
    let (request, length) = parse(&head[..seen], is_stream)?;
    stream.read_exact(&mut head[..length]).await.ok()?;
    Some(request)
}

fn parse(seen: &[u8], is_stream: impl Fn(&str) -> bool) -> Option<(Request<Body>, usize)> {
    let mut headers = [MaybeUninit::uninit(); HEADERS];
    let mut head = httparse::Request::new(&mut []);
    let parsed = head.parse_with_uninit_headers(seen, &mut headers).ok()?;
    let httparse::Status::Complete(length) = parsed else {
        return None;
    };
    let target = head
        .path
        .filter(|_| head.method == Some("GET") && head.version == Some(1))?;
    let path = target.split('?').next()?;
    if !is_stream(path) {
        return None;
    }
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = target.parse().ok()?;
    for told in head.headers {
        let name = HeaderName::from_bytes(told.name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(told.value).ok()?;
        request.headers_mut().append(name, value);
    }
    is_plain(request.headers()).then_some((request, length))
}

/// Whether nothing but the head belongs to the request.
fn is_plain(headers: &HeaderMap) -> bool {
    let more = [
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::EXPECT,
        header::UPGRADE,
    ];
    !more.iter().any(|name| headers.contains_key(name))
}

/// Writes the answer for as long as there is somebody who reads it, and closes the connection.
pub(crate) async fn write(mut stream: TcpStream, response: Response) -> io::Result<()> {
    let (mut parts, mut body) = response.into_parts();
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    if let Ok(date) = HeaderValue::try_from(date) {
        parts.headers.insert(header::DATE, date);
    }
    let length = body.size_hint().exact();
    match length {
        Some(length) => {
            let close = HeaderValue::from_static("close");
            parts.headers.insert(header::CONNECTION, close);
            parts.headers.insert(header::CONTENT_LENGTH, length.into());
        }
        None => {
            let chunked = HeaderValue::from_static("chunked");
            parts.headers.insert(header::TRANSFER_ENCODING, chunked);
        }
    }
    stream.write_all(&head(&parts)).await?;
    drop(parts);
    while let Some(frames) = next(&mut stream, &mut body).await? {
        match length {
            Some(_) => stream.write_all(&frames).await?,
            None => write_chunk(&mut stream, frames).await?,
        }
    }
    if length.is_none() {
        stream.write_all(b"0\r\n\r\n").await?;
    }
    stream.shutdown().await
}

fn head(parts: &axum::http::response::Parts) -> Vec<u8> {
    let reason = parts.status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", parts.status.as_u16()).into_bytes();
    for (name, value) in &parts.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

async fn write_chunk(stream: &mut TcpStream, frames: Bytes) -> io::Result<()> {
    let size = format!("{:x}\r\n", frames.len());
    let mut chunk = Buf::chain(size.as_bytes(), frames).chain(&b"\r\n"[..]);
    stream.write_all_buf(&mut chunk).await
}

/// The next frames; `None` at the end of the body.
///
/// # Errors
/// When the other side has closed the connection.
async fn next(stream: &mut TcpStream, body: &mut Body) -> io::Result<Option<Bytes>> {
    let first = tokio::select! {
        biased;
        first = take(body) => first,
        error = closed(stream) => return Err(error),
    };
    let Some(first) = first else {
        return Ok(None);
    };
    if first.len() >= SMALL {
        return Ok(Some(first));
    }
    let mut gathered: Option<BytesMut> = None;
    while gathered.as_ref().map_or(0, BytesMut::len) < GATHERED
        && let Some(Some(more)) = take(body).now_or_never()
    {
        let all = gathered.get_or_insert_with(|| BytesMut::from(&*first));
        all.extend_from_slice(&more);
    }
    Ok(Some(gathered.map_or(first, BytesMut::freeze)))
}

async fn take(body: &mut Body) -> Option<Bytes> {
    loop {
        // A body of ours does not fail.
        let frame = body.frame().await?.ok()?;
        match frame.into_data() {
            Ok(data) if !data.is_empty() => return Some(data),
            _ => {}
        }
    }
}

/// Waits until the other side closes the connection. What it sends until then is not looked at.
async fn closed(stream: &TcpStream) -> io::Error {
    let mut ignored = [0; 64];
    loop {
        if let Err(error) = stream.readable().await {
            return error;
        }
        match stream.try_read(&mut ignored) {
            Ok(0) => return io::ErrorKind::ConnectionReset.into(),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(request: &str) -> Option<(String, usize)> {
        let (request, length) = parse(request.as_bytes(), |path| path.ends_with("/events"))?;
        Some((request.uri().to_string(), length))
    }

    #[test]
    fn only_plain_requests_for_streams_are_taken() {
        let host = "Host: localhost\r\n";
        let whole = format!("GET /api/events?x=1 HTTP/1.1\r\n{host}\r\n");
        let expected = ("/api/events?x=1".to_owned(), whole.len());
        assert_eq!(taken(&whole), Some(expected.clone()));
        assert_eq!(taken(&format!("{whole}GET / HTTP/1.1")), Some(expected));
        for other in [
            whole[..whole.len() - 1].to_owned(),
            whole.replace("GET", "HEAD"),
            whole.replace("HTTP/1.1", "HTTP/1.0"),
            whole.replace("/events", "/loops"),
            whole.replace(host, "Content-Length: 1\r\n"),
            whole.replace(host, "Upgrade: websocket\r\n"),
            whole.replace(host, "no header\r\n"),
            format!(
                "GET /api/events HTTP/1.1\r\n{}\r\n",
                host.repeat(HEADERS + 1)
            ),
        ] {
            assert_eq!(taken(&other), None, "{other}");
        }
    }
}
