//! [`Lines`]: the connections that are made as [`Connect`] says.

use std::sync::{Arc, OnceLock};

use grump_core::Result;
use http::{Uri, uri::Scheme};
use rustls::ClientConfig;

use super::{Connect, Io, Tls, dial};

/// The connections that are made as [`Connect`] says. What is not needed is not set up: reading the
/// system's authorities takes milliseconds.
#[derive(Debug)]
pub(crate) struct Lines {
    connect: Connect,
    pools: [OnceLock<reqwest::Client>; 4],
    direct: OnceLock<Arc<ClientConfig>>,
}

/// What a pool is for.
#[derive(Clone, Copy)]
enum Pool {
    /// Servers that are reached without proxy and encryption.
    Plain,
    /// Servers that are reached without a proxy.
    Encrypted,
    /// Servers behind a proxy.
    Proxied,
    /// Servers behind a proxy, with which another protocol will be spoken in the end.
    Tunnel,
}

impl Lines {
    pub(crate) fn new(connect: Connect) -> Self {
        Self {
            connect,
            pools: [const { OnceLock::new() }; 4],
            direct: OnceLock::new(),
        }
    }

    /// Opens a connection to the server that a URL names, for HTTP/1.1, without a proxy.
    pub(crate) async fn dial(&self, url: &Uri) -> Result<Io> {
        let is_encrypted = url.scheme() == Some(&Scheme::HTTPS);
        let tls = is_encrypted.then(|| {
            let config = || Arc::new(self.connect.tls.config(&["http/1.1"]));
            self.direct.get_or_init(config).clone()
        });
        dial::dial(url, tls, self.connect.limit).await
    }

    /// Whether a proxy stands between us and the server that a URL names.
    pub(crate) fn has_proxy(&self, url: &Uri) -> bool {
        self.connect.proxies.stand_before(url)
    }

    /// Whether streams are to be read over HTTP/2.
    pub(crate) fn wants_http2_streams(&self) -> bool {
        self.connect.http2_streams
    }

    /// The pool with the connections to the server that a URL names.
    pub(crate) fn pool(&self, url: &Uri) -> reqwest::Client {
        self.get(if self.has_proxy(url) {
            Pool::Proxied
        } else if url.scheme() == Some(&Scheme::HTTPS) {
            Pool::Encrypted
        } else {
            Pool::Plain
        })
    }

    /// Makes connections through a proxy, for HTTP/1.1 and what it can be exchanged for.
    pub(crate) fn tunnel(&self) -> reqwest::Client {
        self.get(Pool::Tunnel)
    }

    fn get(&self, pool: Pool) -> reqwest::Client {
        let client = || {
            let built = self.built(pool).build();
            built.expect("a client that is given its encryption needs nothing from the system")
        };
        self.pools[pool as usize].get_or_init(client).clone()
    }

    fn built(&self, pool: Pool) -> reqwest::ClientBuilder {
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .connect_timeout(self.connect.limit);
        let tls = &self.connect.tls;
        let both = &["h2", "http/1.1"];
        match pool {
            Pool::Plain => builder
                .tls_backend_preconfigured(Tls::nobody().config(both))
                .no_proxy(),
            Pool::Encrypted => builder
                .tls_backend_preconfigured(tls.config(both))
                .no_proxy(),
            Pool::Proxied => {
                let builder = builder.tls_backend_preconfigured(tls.config(both));
                self.connect.proxies.put_before(builder)
            }
            Pool::Tunnel => {
                let builder = builder
                    .tls_backend_preconfigured(tls.config(&["http/1.1"]))
                    .http1_only();
                self.connect.proxies.put_before(builder)
            }
        }
    }
}
