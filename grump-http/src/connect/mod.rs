//! [`Connect`]: how connections to a server are made.

mod dial;
mod lines;
mod proxies;
mod tls;

use std::{sync::Arc, time::Duration};

use grump_core::Result;

use self::proxies::Proxies;
pub use self::tls::Tls;
pub(crate) use self::{
    dial::{Io, no_connection, speaks_something_else},
    lines::Lines,
};

/// How connections to a server are made: within what time, through which proxy, and whom to trust.
///
/// Unless told otherwise a connection is made within 10 s, `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`
/// and `NO_PROXY` are honoured but for servers on this machine, and the system's certificate
/// authorities are trusted.
///
/// ```
/// use std::time::Duration;
/// use grump_http::{Connect, HttpClient, Tls};
///
/// let connect = Connect::new()
///     .within(Duration::from_secs(3))
///     .tls(Tls::bundled())
///     .without_proxy();
/// let client = HttpClient::connecting("https://grump.example", &connect)?;
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a client is made with them"]
pub struct Connect {
    limit: Duration,
    tls: Tls,
    proxies: Arc<Proxies>,
    http2_streams: bool,
}

impl Default for Connect {
    fn default() -> Self {
        Self {
            limit: Duration::from_secs(10),
            tls: Tls::default(),
            proxies: Arc::new(Proxies::of_environment()),
            http2_streams: false,
        }
    }
}

impl Connect {
    /// What holds unless told otherwise. The environment is read here.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long making a connection may take, encryption included; 10 s unless told.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Whom to trust.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Goes through this proxy to every server, such as `http://user:password@proxy:3128`. The
    /// address appears in no `Debug` output and in no error.
    ///
    /// # Errors
    /// `InvalidInput` when it is not the URL of a proxy.
    pub fn proxy(mut self, url: &str) -> Result<Self> {
        self.proxies = Arc::new(Proxies::named(url)?);
        Ok(self)
    }

    /// Goes through no proxy, whatever the environment says.
    pub fn without_proxy(mut self) -> Self {
        self.proxies = Arc::new(Proxies::None);
        self
    }

    /// Reads event streams over HTTP/2 where the server offers it: they share a connection then, and
    /// each event costs more. Unless told, each stream has a connection of its own.
    pub fn http2_streams(mut self, wanted: bool) -> Self {
        self.http2_streams = wanted;
        self
    }
}
