//! [`ClientBuilder`]: how a client of any dialect speaks with its server.

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use grump_core::Result;
use grump_http::{Connect, HttpTransport};

use crate::{
    auth::Credential,
    caller::{Caller, Dialect},
    hooks::{Reconnecting, Retrying},
    options::Options,
    pacing::Pacing,
    stream::StreamConfig,
};

/// A client of one dialect.
pub trait DialectClient: Spoken {}

impl<C: Spoken> DialectClient for C {}

/// What makes a client of what sends requests. `pub` only so that [`DialectClient`] can ask for it.
pub trait Spoken: Sized {
    /// The dialect.
    const DIALECT: Dialect;

    /// The base that the dialect's paths are appended to.
    fn base(given: &str) -> &str;

    /// The client that sends by this.
    fn over(caller: Caller) -> Self;
}

/// How a client speaks with its server. It is the same for every dialect.
///
/// ```
/// use std::time::Duration;
/// use grump_client::RalpherClient;
///
/// let client = RalpherClient::builder("http://localhost:3000")
///     .first_byte_timeout(Duration::from_secs(5))
///     .retries(0)
///     .on_reconnect(|lost| eprintln!("{}; again in {:?}", lost.reason, lost.wait))
///     .build()?;
/// # Ok::<(), grump_core::Error>(())
/// ```
///
/// # Time-outs
/// Each bounds another thing: [`connect_timeout`](Self::connect_timeout) the making of a connection,
/// [`first_byte_timeout`](Self::first_byte_timeout) the wait for the head of an answer,
/// [`idle_timeout`](Self::idle_timeout) the silence within a stream or a download,
/// [`request_timeout`](Self::request_timeout) one try to its answer's end, and
/// [`total_timeout`](Self::total_timeout) all tries with the waits between them. The last two do not
/// bound how long a stream or a download may go on.
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder<C> {
    base: String,
    options: Options,
    client: PhantomData<fn() -> C>,
}

impl<C: DialectClient> ClientBuilder<C> {
    pub(crate) fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            options: Options::default(),
            client: PhantomData,
        }
    }

    /// Shows this credential. Where the dialect's document knows authentication, only to endpoints
    /// that ask for it; where it knows none (Ralpher, `MetaForge`), to all: it is for servers that ask
    /// all the same, as a `grump` that owns a data folder does.
    pub fn credential(mut self, credential: Credential) -> Self {
        self.options.credential = Some(credential);
        self
    }

    /// Shows this token or key as `Authorization: Bearer …`; short for [`Credential::bearer`].
    pub fn token(self, token: impl Into<String>) -> Self {
        self.credential(Credential::bearer(token))
    }

    /// Shows this key as `X-API-Key: …`; short for [`Credential::api_key`].
    pub fn api_key(self, key: impl Into<String>) -> Self {
        self.credential(Credential::api_key(key))
    }

    /// Logs in with these when a token is needed; short for [`Credential::login`].
    pub fn login(self, email: impl Into<String>, password: impl Into<String>) -> Self {
        self.credential(Credential::login(email, password))
    }

    /// Makes connections so: whom to trust, through which proxy. It holds a time-out of its own,
    /// which [`connect_timeout`](Self::connect_timeout) sets anew.
    pub fn connect(mut self, connect: Connect) -> Self {
        self.options.connect = connect;
        self
    }

    /// Sends over this transport instead of connections of its own. `WebSocket`s are opened without
    /// it.
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.options.transport = Some(transport);
        self
    }

    /// How long making a connection may take; 10 s unless told. A transport that was given keeps
    /// its own limit.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect = self.options.connect.within(limit);
        self
    }

    /// How long the head of an answer may take to come, connecting included; 60 s unless told.
    pub fn first_byte_timeout(mut self, limit: Duration) -> Self {
        self.options.timeouts.first_byte = limit;
        self
    }

    /// How long a download or one of the dialect's own streams may be silent, heartbeats counted as
    /// sound; 60 s unless told. A plane's streams have [`stream`](Self::stream).
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.options.timeouts.idle = limit;
        self
    }

    /// How long one try of a request may take to its answer's end, or a stream to its beginning;
    /// 60 s unless told. Requests in which a model works have as long as
    /// [`total_timeout`](Self::total_timeout) says.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.options.timeouts.request = limit;
        self
    }

    /// How long all tries of a request may take with the waits between them, or a stream to its
    /// beginning; 5 min unless told.
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.options.timeouts.total = limit;
        self
    }

    /// How often a request is sent again that may be; 3 times unless told.
    pub fn retries(mut self, times: usize) -> Self {
        self.options.retries.times = times;
        self
    }

    /// The longest wait before a request is sent again for the first time, which doubles each time;
    /// 200 ms unless told. How much of it is waited is left to chance.
    pub fn retry_delay(mut self, first: Duration) -> Self {
        self.options.retries.first = first;
        self
    }

    /// The pace at which requests are sent; as the server says unless told.
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.options.pacing = pacing;
        self
    }

    /// How the client names itself; `grump-client/` and its version unless told.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.options.user_agent = Some(name.into());
        self
    }

    /// Is asked with each request for the `traceparent` to pass on, so that the server's part joins
    /// the caller's trace. What is not spelled as one is not sent. (W3C "Trace Context")
    pub fn trace_parent(
        mut self,
        current: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.options.hooks.trace_parent = Some(Arc::new(current));
        self
    }

    /// Is told of each request that is sent again. It must not block.
    pub fn on_retry(mut self, hook: impl Fn(&Retrying<'_>) + Send + Sync + 'static) -> Self {
        self.options.hooks.on_retry = Some(Arc::new(hook));
        self
    }

    /// Is told of each connection that one of a plane's streams lost and makes again. It must not
    /// block.
    pub fn on_reconnect(
        mut self,
        hook: impl Fn(&Reconnecting<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.options.hooks.on_reconnect = Some(Arc::new(hook));
        self
    }

    /// How patient a plane's streams are.
    pub fn stream(mut self, config: StreamConfig) -> Self {
        self.options.stream = config;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// `InvalidInput` for a base that is no absolute URL or holds a credential, and for a token or
    /// user agent that no header can hold.
    pub fn build(self) -> Result<C> {
        let base = C::base(self.base.trim_end_matches('/'));
        self.options.caller(base, C::DIALECT).map(C::over)
    }
}

impl<C> Clone for ClientBuilder<C> {
    fn clone(&self) -> Self {
        Self {
            base: self.base.clone(),
            options: self.options.clone(),
            client: PhantomData,
        }
    }
}

impl<C: DialectClient> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whatever is before an `@` may be a secret.
        let base = self.base.rsplit('@').next().unwrap_or_default();
        f.debug_struct("ClientBuilder")
            .field("dialect", &C::DIALECT.name)
            .field("base", &base)
            .field("options", &self.options)
            .finish()
    }
}

/// What every client has: `new`, `builder`, `raw` and `abilities`. An example of a base, and what else
/// may be said of it.
macro_rules! client {
    ($client:ident, $example:literal, $base:literal) => {
        impl $client {
            #[doc = concat!("A client of the server at this base URL, such as `", $example, "`, ", $base, ".")]
            /// Nothing is sent yet.
            ///
            /// # Errors
            /// `InvalidInput` for a base that is no absolute URL, or holds a credential.
            pub fn new(base: &str) -> ::grump_core::Result<Self> {
                Self::builder(base).build()
            }

            /// A client with more say in how it speaks, and by whom.
            pub fn builder(base: &str) -> $crate::ClientBuilder<Self> {
                $crate::ClientBuilder::new(base)
            }

            /// Asks an endpoint and gives the answer as it came, be it one of success or not: status,
            /// headers and body. All else is as for any request.
            ///
            /// # Errors
            /// Only where no answer came.
            pub async fn raw<E: ::grump_wire::Endpoint>(
                &self,
                path: E::Path,
                query: E::Query,
                body: E::Body,
            ) -> ::grump_core::Result<$crate::Raw> {
                let asking = $crate::caller::Asking::<E>::of(path, query, body);
                self.caller.raw(asking).await
            }

            /// What the token may do, where the server said so when one logged in.
            #[must_use]
            pub fn abilities(&self) -> Option<$crate::Abilities> {
                self.caller.abilities()
            }
        }
    };
}

pub(crate) use client;
