//! Which servers are reached through a proxy.

use std::{fmt, net::IpAddr};

use grump_core::{Error, ErrorKind, Result};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// Which servers are reached through a proxy.
pub(super) enum Proxies {
    /// None.
    None,
    /// All, through this one.
    All(reqwest::Proxy),
    /// Those that the environment says.
    Environment(Matcher),
}

impl Proxies {
    pub(super) fn of_environment() -> Self {
        Self::Environment(Matcher::from_system())
    }

    pub(super) fn named(url: &str) -> Result<Self> {
        let named = reqwest::Proxy::all(url).map(Self::All);
        named.map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "this is not the URL of a proxy")
                .advise("give one like http://proxy:3128")
        })
    }

    /// Puts them before a pool. Those of the environment it finds itself.
    pub(super) fn put_before(&self, pool: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        match self {
            Self::None => pool.no_proxy(),
            Self::All(all) => pool.no_proxy().proxy(all.clone()),
            Self::Environment(_) => pool,
        }
    }

    /// Whether the server that a URL names is reached through one. What the environment says is meant
    /// for the network: a server on this machine, that maybe this program started, is not out there.
    pub(super) fn stand_before(&self, url: &Uri) -> bool {
        match self {
            Self::None => false,
            Self::All(_) => true,
            Self::Environment(matcher) => !is_here(url) && matcher.intercept(url).is_some(),
        }
    }
}

fn is_here(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Without the addresses: they may hold a password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::All(_) => "All",
            Self::Environment(_) => "Environment",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand_before(proxies: &Proxies, url: &str) -> bool {
        proxies.stand_before(&url.parse().unwrap())
    }

    #[test]
    fn the_environment_does_not_speak_of_servers_on_this_machine() {
        let matcher = Matcher::builder()
            .all("http://proxy:3128")
            .no("inside.example");
        let proxies = Proxies::Environment(matcher.build());
        assert!(stand_before(&proxies, "https://a.example/b"));
        assert!(stand_before(&proxies, "http://10.0.0.1/b"));
        assert!(!stand_before(&proxies, "https://inside.example/b"));
        for here in [
            "http://localhost:7/",
            "https://127.0.0.1/",
            "http://[::1]:7/",
        ] {
            assert!(!stand_before(&proxies, here), "{here}");
        }
    }

    #[test]
    fn a_proxy_that_is_named_stands_before_all() {
        let named = Proxies::named("http://me:sesame@proxy:3128").unwrap();
        assert!(!format!("{named:?}").contains("sesame"));
        assert!(stand_before(&named, "http://localhost:7/"));
        assert!(!stand_before(&Proxies::None, "http://a.example/"));
    }
}
