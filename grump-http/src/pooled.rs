//! A transport that keeps connections open for the next request.

use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use grump_core::{Error, ErrorKind, Retry};
use http::{Request, Response};

use crate::transport::{ByteStream, HttpTransport, ResponseFuture};

/// HTTP over a pool of connections. It asks no proxy and follows no redirect.
#[derive(Clone, Debug)]
pub struct PooledTransport(reqwest::Client);

const CONNECT: Duration = Duration::from_secs(10);

impl PooledTransport {
    /// A pool without connections, which gives making one 10 s.
    #[must_use]
    pub fn new() -> Self {
        Self::connecting_within(CONNECT)
    }

    /// A pool without connections, which gives making one this long.
    #[must_use]
    pub fn connecting_within(limit: Duration) -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .connect_timeout(limit)
            .build()
            .expect("a client without TLS and proxies needs nothing from the system");
        Self(client)
    }
}

impl Default for PooledTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpTransport for PooledTransport {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture {
        let client = self.0.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(broken)?;
            let answer = client.execute(request).await.map_err(broken)?;
            let mut response = Response::new(());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            let body: ByteStream = Box::pin(answer.bytes_stream().map_err(broken));
            Ok(response.map(|()| body))
        })
    }
}

fn broken(error: reqwest::Error) -> Error {
    let (message, retry) = if error.is_connect() {
        ("cannot connect", Retry::Safe)
    } else if error.is_builder() {
        ("this is not a request that can be sent", Retry::Never)
    } else {
        ("the connection broke", Retry::MaybeApplied)
    };
    let kind = if error.is_builder() {
        ErrorKind::InvalidInput
    } else {
        ErrorKind::Transport
    };
    Error::new(kind, message)
        .retryable(retry)
        .caused_by(error.without_url())
}
