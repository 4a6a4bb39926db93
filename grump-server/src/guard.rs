//! [`Guard`]: which requests a listener lets in at all.
//!
//! A server on the loopback is reached by every program of the machine, and through a browser by
//! every page: one whose name is made to lead to 127.0.0.1 (DNS rebinding), or one that posts a
//! form. The first names itself in `Host`, the second in `Origin`.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header, uri::Authority};
use grump_core::{Error, ErrorKind, Result};
use subtle::ConstantTimeEq;

use crate::exchange::Refused;

/// A secret that a request must carry as `Authorization: Bearer …`.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// The token of this text.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// In constant time: how long it takes says nothing about how much of it is right.
    fn is(&self, told: &str) -> bool {
        self.0.as_bytes().ct_eq(told.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Which requests a listener lets in.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    bound: IpAddr,
    token: Option<Token>,
}

impl Guard {
    /// The guard of a listener on this address.
    ///
    /// # Errors
    /// `InvalidInput` for an address that other machines reach, without a token.
    pub(crate) fn new(bound: SocketAddr, token: Option<Token>) -> Result<Self> {
        if token.as_ref().is_some_and(|token| token.0.is_empty()) {
            return Err(
                Error::new(ErrorKind::InvalidInput, "an empty token guards nothing")
                    .with("address", bound),
            );
        }
        if token.is_none() && !bound.ip().is_loopback() {
            let message = "other machines reach this address, and nobody is asked for a token";
            return Err(Error::new(ErrorKind::InvalidInput, message)
                .with("address", bound)
                .advise("listen on 127.0.0.1, or set a token"));
        }
        Ok(Self {
            bound: bound.ip(),
            token,
        })
    }

    /// Refuses what must not come in.
    pub(crate) fn check<B>(&self, request: &Request<B>) -> Result<(), Refused> {
        let host = self.check_host(request)?;
        check_origin(request.headers(), host)?;
        // Whether it lives is no secret.
        match &self.token {
            Some(token) if !crate::probes::is_open(request.uri().path()) => {
                check_token(token, request.headers())
            }
            _ => Ok(()),
        }
    }

    fn check_host<'a, B>(&self, request: &'a Request<B>) -> Result<&'a str, Refused> {
        let host = only(request.headers(), header::HOST).and_then(|host| host.to_str().ok());
        let host = host.ok_or_else(|| Refused::forbidden("the request does not name one host"))?;
        let target = request.uri().authority().map(Authority::as_str);
        for name in target.into_iter().chain([host]) {
            if !self.is_ours(without_port(name)) {
                return Err(Refused::forbidden(format!(
                    "this server does not answer to the host {name:?}; use its address"
                )));
            }
        }
        Ok(without_port(host))
    }

    /// Whether a request may call the server so. One that other machines reach has names that it
    /// does not know: there the token guards.
    fn is_ours(&self, host: &str) -> bool {
        let address = address(host);
        !self.bound.is_loopback() || is_loopback(host) || address == Some(self.bound)
    }
}

/// Pages of other hosts do not call this server.
fn check_origin(headers: &HeaderMap, host: &str) -> Result<(), Refused> {
    if !headers.contains_key(header::ORIGIN) {
        return Ok(());
    }
    let origin = only(headers, header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let from = origin.and_then(|origin| Some(without_port(origin.split_once("://")?.1)));
    match from {
        Some(from) if is_loopback(from) || from.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(Refused::forbidden(
            "pages of other origins may not call this server",
        )),
    }
}

fn check_token(token: &Token, headers: &HeaderMap) -> Result<(), Refused> {
    let told = only(headers, header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, told) = told
        .and_then(|told| told.split_once(' '))
        .unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && token.is(told.trim()) {
        return Ok(());
    }
    let mut refused = Refused::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "this address wants a token: Authorization: Bearer …",
    );
    refused.header = Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
    Err(refused)
}

/// The header's value, if there is exactly one.
fn only(headers: &HeaderMap, name: header::HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn without_port(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.split_inclusive(']').next().unwrap_or(authority);
    }
    authority.split(':').next().unwrap_or(authority)
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_name = name.eq_ignore_ascii_case("localhost");
    is_name || address(name).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Guard {
        Guard::new("127.0.0.1:3000".parse().unwrap(), None).unwrap()
    }

    fn status(guard: &Guard, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().uri("/api/loops");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match guard.check(&request.body(()).unwrap()) {
            Ok(()) => 200,
            Err(refused) => refused.status.as_u16(),
        }
    }

    /// Pitfall 38: a page whose name was made to lead to the loopback is refused.
    #[test]
    fn only_the_loopback_answers_to_its_names() {
        for host in [
            "localhost",
            "LOCALHOST:3000",
            "localhost.",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:3000",
        ] {
            assert_eq!(status(&local(), &[("host", host)]), 200, "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:3000",
            "",
            "10.0.0.1",
            "[::2]",
        ] {
            assert_eq!(status(&local(), &[("host", host)]), 403, "{host}");
        }
        assert_eq!(status(&local(), &[]), 403);
        let twice = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(status(&local(), &twice), 403);
    }

    /// Pitfall 38: a page elsewhere cannot post to the loopback.
    #[test]
    fn only_pages_of_this_machine_may_call() {
        for (origin, expected) in [
            ("http://localhost:5173", 200),
            ("http://127.0.0.1:3000", 200),
            ("http://[::1]:3000", 200),
            ("https://evil.example", 403),
            ("http://localhost.evil.example", 403),
            ("null", 403),
            ("", 403),
        ] {
            let headers = [("host", "localhost:3000"), ("origin", origin)];
            assert_eq!(status(&local(), &headers), expected, "{origin}");
        }
    }

    /// Pitfall 38: nothing listens for other machines without asking who calls.
    #[test]
    fn an_address_that_others_reach_needs_a_token() {
        for address in ["0.0.0.0:3000", "[::]:3000", "10.0.0.1:3000"] {
            let address = address.parse().unwrap();
            assert_eq!(
                Guard::new(address, None).unwrap_err().kind(),
                ErrorKind::InvalidInput
            );
            assert!(Guard::new(address, Some(Token::new(""))).is_err());
            let guard = Guard::new(address, Some(Token::new("s3cret"))).unwrap();
            let host = ("host", "build-server:3000");
            assert_eq!(
                status(&guard, &[host, ("authorization", "Bearer s3cret")]),
                200
            );
        }
    }

    #[test]
    fn a_token_must_be_the_very_one() {
        let guard = Guard::new("127.0.0.1:0".parse().unwrap(), Some(Token::new("s3cret"))).unwrap();
        let host = ("host", "localhost");
        assert_eq!(status(&guard, &[host]), 401);
        for told in [
            "s3cret",
            "Basic s3cret",
            "Bearer s3cre",
            "Bearer s3crets",
            "Bearer ",
        ] {
            assert_eq!(
                status(&guard, &[host, ("authorization", told)]),
                401,
                "{told}"
            );
        }
        assert_eq!(
            status(&guard, &[host, ("authorization", "bearer s3cret")]),
            200
        );
        let elsewhere = [("host", "evil.example"), ("authorization", "Bearer s3cret")];
        assert_eq!(status(&guard, &elsewhere), 403);
    }

    #[test]
    fn a_token_is_not_shown() {
        assert_eq!(format!("{:?}", Token::new("s3cret")), "Token(…)");
    }
}
