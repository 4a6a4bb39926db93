//! [`Hosts`]: where agents listen that loops may be told to connect to.

use std::{fmt, str::FromStr};

use grump_core::{Endpoint, Error, Result};

use super::spec::invalid;

/// A host that agents listen on: at one port, or at any.
///
/// ```
/// use grump_engine::agent::hosts::Host;
///
/// let host: Host = "127.0.0.1:4096".parse()?;
/// assert_eq!(host.to_string(), "127.0.0.1:4096");
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    name: String,
    port: Option<u16>,
}

impl Host {
    fn is_of(&self, endpoint: &Endpoint) -> bool {
        let same_port = self.port.is_none_or(|port| port == endpoint.port);
        same_port && self.name.eq_ignore_ascii_case(bare(&endpoint.hostname))
    }
}

impl From<Endpoint> for Host {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            name: bare(&endpoint.hostname).to_owned(),
            port: Some(endpoint.port),
        }
    }
}

impl FromStr for Host {
    type Err = Error;

    /// Reads `HOST` or `HOST:PORT`; an IPv6 address with a port stands in brackets.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || invalid("a host is HOST or HOST:PORT").with("host", text);
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
                (name, Some(port.parse().map_err(|_| wrong())?))
            }
            _ => (text, None),
        };
        let name = bare(name);
        if name.is_empty() || name.contains(['/', '@']) || name.contains(char::is_whitespace) {
            return Err(wrong());
        }
        let name = name.to_owned();
        Ok(Self { name, port })
    }
}

impl fmt::Display for Host {
    /// What [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) if self.name.contains(':') => write!(f, "[{}]:{port}", self.name),
            Some(port) => write!(f, "{}:{port}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The hosts that `backend.mode` connect may name. The default is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Vec<Host>);

impl Hosts {
    /// Refuses to connect to what is not configured.
    ///
    /// # Errors
    /// `InvalidInput`, naming the hosts that are.
    pub(crate) fn admit(&self, endpoint: &Endpoint) -> Result<()> {
        if self.0.iter().any(|host| host.is_of(endpoint)) {
            return Ok(());
        }
        let known: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        let known = match known.is_empty() {
            true => "none is".to_owned(),
            false => format!("these are: {}", known.join(", ")),
        };
        let host = Host::from(endpoint.clone());
        let error = invalid("loops may connect only to hosts that are configured");
        Err(error.with("host", host).advise(format!(
            "{known}; add it to `connect` under [engine] in grump.toml"
        )))
    }
}

impl FromIterator<Host> for Hosts {
    fn from_iter<I: IntoIterator<Item = Host>>(hosts: I) -> Self {
        Self(hosts.into_iter().collect())
    }
}

fn bare(name: &str) -> &str {
    let inner = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    inner.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use grump_core::ErrorKind;

    use super::*;

    fn hosts(texts: &[&str]) -> Hosts {
        texts
            .iter()
            .map(|text| text.parse::<Host>().unwrap())
            .collect()
    }

    fn at(hostname: &str, port: u16) -> Endpoint {
        let hostname = hostname.to_owned();
        Endpoint { hostname, port }
    }

    #[test]
    fn a_host_is_read_and_written_back() {
        for text in ["localhost", "10.0.0.7:4096", "[::1]:4096", "::1"] {
            assert_eq!(text.parse::<Host>().unwrap().to_string(), text);
        }
        for wrong in ["", ":80", "a:b", "http://a", "user@a", "a b", "a:99999"] {
            assert!(wrong.parse::<Host>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_with_a_port_is_that_port_only() {
        let hosts = hosts(&["localhost:4096", "agents.example", "[::1]:7"]);
        for (name, port) in [("LocalHost", 4096), ("agents.example", 1), ("[::1]", 7)] {
            assert!(hosts.admit(&at(name, port)).is_ok(), "{name}:{port}");
        }
        for (name, port) in [("localhost", 22), ("example", 1), ("::1", 8)] {
            assert!(hosts.admit(&at(name, port)).is_err(), "{name}:{port}");
        }
    }

    #[test]
    fn a_host_that_is_not_configured_is_refused_with_those_that_are() {
        let refused = hosts(&["localhost:4096"]).admit(&at("169.254.169.254", 80));
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        let text = refused.to_string();
        assert!(text.contains("169.254.169.254:80"), "{text}");
        assert!(text.contains("these are: localhost:4096"), "{text}");
        let none = Hosts::default().admit(&at("localhost", 4096)).unwrap_err();
        assert!(none.to_string().contains("none is"), "{none}");
    }
}
