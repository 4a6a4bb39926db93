//! A transport for answers that last: one connection for each, read as it comes off the socket.

use std::sync::Arc;

use bytes::Bytes;
use grump_core::{Error, ErrorKind, Result};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};

use crate::{
    connect::{Connect, Lines, speaks_something_else},
    h1::{self, BodyStream, Connection, Framing},
    pooled::PooledTransport,
    transport::{ByteStream, HttpTransport, ResponseFuture},
};

/// HTTP/1.1 on a connection for each request, which is closed after the answer. For event streams: an
/// event costs a fraction of what it does over a pool.
///
/// What it does not do itself goes over a [`PooledTransport`], as long as nothing was sent or sending
/// it again does no harm: servers behind a proxy or that speak HTTP/2 alone, and answers that the
/// server compresses although it was asked not to. It follows no redirect.
#[derive(Clone, Debug)]
pub struct DirectTransport {
    lines: Arc<Lines>,
    pooled: PooledTransport,
}

/// Marks an answer whose body comes off the socket as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direct;

impl DirectTransport {
    /// A transport that makes connections so.
    #[must_use]
    pub fn connecting(connect: &Connect) -> Self {
        Self::over(Arc::new(Lines::new(connect.clone())))
    }

    pub(crate) fn over(lines: Arc<Lines>) -> Self {
        let pooled = PooledTransport::over(lines.clone());
        Self { lines, pooled }
    }

    async fn answer(self, request: Request<Bytes>) -> Result<Response<ByteStream>> {
        if self.lines.wants_http2_streams() || self.lines.has_proxy(request.uri()) {
            return self.pooled.send(request).await;
        }
        let mut io = match self.lines.dial(request.uri()).await {
            Ok(io) => io,
            Err(error) if speaks_something_else(&error) => return self.pooled.send(request).await,
            Err(error) => return Err(error),
        };
        let (mut head, read) = h1::exchange(&mut io, &request, Connection::Close).await?;
        if head.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(refused("the server changed the protocol, unasked"));
        }
        if is_compressed(head.headers()) {
            if request.method().is_safe() {
                return self.pooled.send(request).await;
            }
            return Err(refused(
                "the server compressed what it was asked not to compress",
            ));
        }
        let framing = Framing::of(request.method(), &head)?;
        head.extensions_mut().insert(Direct);
        let body: ByteStream = Box::pin(BodyStream::new(io, read, framing));
        Ok(head.map(|()| body))
    }
}

impl HttpTransport for DirectTransport {
    fn send(&self, mut request: Request<Bytes>) -> ResponseFuture {
        let headers = request.headers_mut();
        let as_it_is = HeaderValue::from_static("identity");
        headers.entry(header::ACCEPT_ENCODING).or_insert(as_it_is);
        Box::pin(self.clone().answer(request))
    }
}

fn is_compressed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).into_iter();
    codings.any(|coding| {
        !coding
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"identity")
    })
}

fn refused(message: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, message).advise("check the server, and the proxies before it")
}
