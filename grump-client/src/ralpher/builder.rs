//! [`RalpherBuilder`]: how a client speaks with its server.

use std::{fmt, sync::Arc, time::Duration};

use grump_core::Result;
use grump_http::{HttpClient, HttpTransport, PooledTransport};
use grump_wire::ralpher;

use super::RalpherClient;
use crate::{
    caller::{Caller, Dialect},
    retry::Retries,
    stream::StreamConfig,
};

/// How a [`RalpherClient`] speaks with its server.
///
/// ```
/// use std::time::Duration;
/// use grump_client::RalpherClient;
///
/// let client = RalpherClient::builder("http://localhost:3000")
///     .request_timeout(Duration::from_secs(5))
///     .retries(0)
///     .build()?;
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct RalpherBuilder {
    base: String,
    token: Option<String>,
    transport: Option<Arc<dyn HttpTransport>>,
    connect: Duration,
    request: Duration,
    idle: Duration,
    retries: Retries,
    stream: StreamConfig,
}

const DIALECT: Dialect = Dialect {
    name: ralpher::NAME,
    error: ralpher::error::read,
};

impl RalpherBuilder {
    pub(super) fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            token: None,
            transport: None,
            connect: Duration::from_secs(10),
            request: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            retries: Retries::default(),
            stream: StreamConfig::default(),
        }
    }

    /// Shows this token with every request. The document knows none: it is for servers that ask for
    /// one all the same, as a `grump` that owns a data folder does. It appears in no `Debug` output,
    /// log or error.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sends over this transport instead of a pool of connections of its own.
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// How long making a connection may take; 10 s unless told. A transport that was given keeps
    /// its own limit.
    pub const fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// How long a request may take to its answer's end, or a stream to its beginning; 60 s unless
    /// told.
    pub const fn request_timeout(mut self, limit: Duration) -> Self {
        self.request = limit;
        self
    }

    /// How long the dialect's own streams may be silent, heartbeats counted as sound; 60 s unless
    /// told. A plane's streams have [`stream`](Self::stream).
    pub const fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// How often a request is sent again that may be; 3 times unless told.
    pub const fn retries(mut self, times: usize) -> Self {
        self.retries.times = times;
        self
    }

    /// The wait before a request is sent again, which doubles each time; 200 ms unless told.
    pub const fn retry_delay(mut self, first: Duration) -> Self {
        self.retries.first = first;
        self
    }

    /// How patient a plane's streams are.
    pub const fn stream(mut self, config: StreamConfig) -> Self {
        self.stream = config;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// `InvalidInput` for a base that is no absolute `http` URL, or a token that no header can hold.
    pub fn build(self) -> Result<RalpherClient> {
        let transport = self
            .transport
            .unwrap_or_else(|| Arc::new(PooledTransport::connecting_within(self.connect)));
        let mut http = HttpClient::new(without_api(&self.base))?
            .transport(transport)
            .limit(self.request);
        if let Some(token) = &self.token {
            http = http.bearer(token)?;
        }
        Ok(RalpherClient {
            caller: Caller::new(http, DIALECT, self.retries),
            idle: self.idle,
            stream: self.stream,
        })
    }
}

/// The document gives a base that ends in `/api`, and paths that begin with it. (ambiguity R-01)
fn without_api(base: &str) -> &str {
    let base = base.trim_end_matches('/');
    base.strip_suffix("/api").unwrap_or(base)
}

impl fmt::Debug for RalpherBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RalpherBuilder")
            .field("base", &self.base)
            .field("has_token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}
