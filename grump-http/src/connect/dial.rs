//! Making connections.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use grump_core::{Error, ErrorKind, Result, Retry};
use http::{Uri, uri::Scheme};
use rustls::{AlertDescription, ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// A connection, whatever it is made of.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A connection that is open.
pub(crate) type Io = Box<dyn Wire>;

/// How much earlier an address is tried than the next one. (RFC 8305, section 5)
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to the server that a URL names, encrypted if that is said how.
pub(super) async fn dial(url: &Uri, tls: Option<Arc<ClientConfig>>, limit: Duration) -> Result<Io> {
    let (host, port) = place(url)?;
    let connected = async {
        let stream = tcp(host, port).await.map_err(unconnected)?;
        match tls {
            Some(tls) => encrypted(stream, host, tls).await,
            None => Ok(Box::new(stream) as Io),
        }
    };
    let in_time = timeout(limit, connected).await;
    in_time
        .unwrap_or_else(|_| Err(unconnected(io::ErrorKind::TimedOut.into())))
        .map_err(|error| error.with("host", format_args!("{host}:{port}")))
}

async fn encrypted(stream: TcpStream, host: &str, tls: Arc<ClientConfig>) -> Result<Io> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "this is not the name of a server").caused_by(error)
    })?;
    let stream = TlsConnector::from(tls).connect(name, stream).await;
    Ok(Box::new(stream.map_err(unconnected)?))
}

fn unconnected(error: io::Error) -> Error {
    no_connection(error)
}

/// Nothing was sent, so that it may be tried again; against a certificate that would not help.
pub(crate) fn no_connection(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    if refused_encryption(&error).is_some() {
        return Error::new(ErrorKind::Transport, "no encrypted connection can be made")
            .advise(
                "check the address, and that an authority stands behind it that is trusted here",
            )
            .caused_by(error);
    }
    Error::new(ErrorKind::Transport, "cannot connect")
        .retryable(Retry::Safe)
        .caused_by(error)
}

/// Whether a connection came about, but the server does not speak HTTP/1.1.
pub(crate) fn speaks_something_else(error: &Error) -> bool {
    let refused = std::error::Error::source(error).and_then(|source| refused_encryption(source));
    let other = AlertDescription::NoApplicationProtocol;
    matches!(refused, Some(rustls::Error::AlertReceived(alert)) if *alert == other)
}

/// What is wrong with the encryption, if that is what an error is about.
fn refused_encryption<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(refused) = error.downcast_ref() {
            return Some(refused);
        }
        // An I/O error shows what it holds no other way.
        let held = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = held.map_or_else(|| error.source(), |held| Some(held as _));
    }
    None
}

/// Host, without the brackets of an IPv6 address, and port.
fn place(url: &Uri) -> Result<(&str, u16)> {
    let default = if url.scheme() == Some(&Scheme::HTTPS) {
        443
    } else {
        80
    };
    let host = url
        .host()
        .ok_or_else(|| Error::new(ErrorKind::InvalidInput, "this URL names no server"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host, url.port_u16().unwrap_or(default)))
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = first(by_turns(lookup_host((host, port)).await?.collect())).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The addresses of both families by turns, in the order the system gave them.
fn by_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(favourite) = addresses.first().map(SocketAddr::is_ipv6) else {
        return addresses;
    };
    let (ours, others): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == favourite);
    let (mut ours, mut others) = (ours.into_iter(), others.into_iter());
    std::iter::from_fn(|| Some([ours.next(), others.next()]))
        .take_while(|pair| pair.iter().any(Option::is_some))
        .flatten()
        .flatten()
        .collect()
}

/// The address that answers first, each with a head start before the next.
async fn first(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    loop {
        match waiting.next() {
            Some(address) => attempts.push(TcpStream::connect(address)),
            None if attempts.is_empty() => return Err(failure),
            None => {}
        }
        let is_last = waiting.len() == 0;
        let head_start = if is_last { Duration::MAX } else { HEAD_START };
        match timeout(head_start, attempts.next()).await {
            Ok(Some(Ok(stream))) => return Ok(stream),
            Ok(Some(Err(error))) => failure = error,
            Ok(None) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn both_families_are_tried_by_turns() {
        let addresses = |text: &str| -> Vec<SocketAddr> {
            text.split(' ').map(|one| one.parse().unwrap()).collect()
        };
        assert_eq!(
            by_turns(addresses("[::1]:1 [::2]:1 [::3]:1 1.1.1.1:1")),
            addresses("[::1]:1 1.1.1.1:1 [::2]:1 [::3]:1")
        );
        assert!(by_turns(Vec::new()).is_empty());
    }

    #[tokio::test]
    async fn an_address_that_refuses_does_not_hold_up_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refusing = gone.local_addr().unwrap();
        drop(gone);
        let stream = first(vec![refusing, there]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), there);
        first(vec![refusing]).await.unwrap_err();
    }

    #[test]
    fn a_url_says_where_to_connect_to() {
        let place_of = |url: &str| {
            let url: Uri = url.parse().unwrap();
            place(&url).map(|(host, port)| (host.to_owned(), port))
        };
        assert_eq!(place_of("http://a/b").unwrap(), ("a".into(), 80));
        assert_eq!(place_of("https://a/b").unwrap(), ("a".into(), 443));
        assert_eq!(place_of("https://[::1]:7/b").unwrap(), ("::1".into(), 7));
        assert!(place_of("/b").is_err());
    }
}
