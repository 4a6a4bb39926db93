//! A transport that keeps connections open for the next request.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::TryStreamExt;
use grump_core::{Error, ErrorKind, Retry};
use http::{Request, Response};

use crate::{
    connect::{Connect, Lines, no_connection},
    transport::{ByteStream, HttpTransport, ResponseFuture},
};

/// HTTP/1.1 and HTTP/2 over a pool of connections, with and without encryption, through proxies,
/// answers compressed by gzip unpacked. It follows no redirect. Clones share their connections.
#[derive(Clone, Debug)]
pub struct PooledTransport(Arc<Lines>);

impl PooledTransport {
    /// A pool without connections, which makes them as is usual.
    #[must_use]
    pub fn new() -> Self {
        Self::connecting(&Connect::new())
    }

    /// A pool without connections, which makes them so.
    #[must_use]
    pub fn connecting(connect: &Connect) -> Self {
        Self::over(Arc::new(Lines::new(connect.clone())))
    }

    /// A pool without connections, which gives making one this long.
    #[must_use]
    pub fn connecting_within(limit: Duration) -> Self {
        Self::connecting(&Connect::new().within(limit))
    }

    pub(crate) const fn over(lines: Arc<Lines>) -> Self {
        Self(lines)
    }
}

impl Default for PooledTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpTransport for PooledTransport {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture {
        let pool = self.0.pool(request.uri());
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(broken)?;
            let answer = pool.execute(request).await.map_err(broken)?;
            let mut response = Response::new(());
            *response.status_mut() = answer.status();
            *response.version_mut() = answer.version();
            *response.headers_mut() = answer.headers().clone();
            let body: ByteStream = Box::pin(answer.bytes_stream().map_err(broken));
            Ok(response.map(|()| body))
        })
    }
}

/// An error of the pool.
pub(crate) fn broken(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        no_connection(error)
    } else if error.is_builder() {
        Error::new(
            ErrorKind::InvalidInput,
            "this is not a request that can be sent",
        )
        .caused_by(error)
    } else {
        Error::new(ErrorKind::Transport, "the connection broke")
            .retryable(Retry::MaybeApplied)
            .caused_by(error)
    }
}
