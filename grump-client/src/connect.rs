//! [`connect`]: a plane by its address.

use std::sync::Arc;

use grump_core::{ControlPlane, Error, ErrorKind, Result};
use grump_wire::ralpher;
use http::{Uri, uri::Authority};

use crate::{RalpherBuilder, RalpherClient, RalpherPlane};

/// The addresses that are understood.
const KNOWN: &str = "known are: ralpher+http://host:port";

/// The plane at this address, such as `ralpher+http://localhost:3000`: the dialect, `+`, and the
/// server's base URL. Nothing is sent yet.
///
/// ```
/// use grump_core::ControlPlane;
///
/// let plane = grump_client::connect("ralpher+http://localhost:3000")?;
/// assert_eq!(plane.info().name, "ralpher");
/// # Ok::<(), grump_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` for an address that is not understood; the error names those that are.
pub fn connect(url: &str) -> Result<Arc<dyn ControlPlane>> {
    plane(url, |builder| builder)
}

/// As [`connect`], showing this token with every request: for a server that asks for one, though
/// its dialect's document knows none.
///
/// # Errors
/// As for [`connect`].
pub fn connect_with_token(url: &str, token: &str) -> Result<Arc<dyn ControlPlane>> {
    plane(url, |builder| builder.token(token))
}

fn plane(
    url: &str,
    configured: impl FnOnce(RalpherBuilder) -> RalpherBuilder,
) -> Result<Arc<dyn ControlPlane>> {
    let Some((dialect, base)) = url.split_once('+') else {
        return Err(not_understood("the address names no dialect", url));
    };
    match dialect {
        ralpher::NAME => {
            let builder = RalpherClient::builder(&with_port(base, ralpher::PORT, url)?);
            Ok(Arc::new(RalpherPlane::new(configured(builder).build()?)))
        }
        _ => Err(not_understood("there is no such dialect", url)),
    }
}

/// The base with the dialect's own port where it says none.
fn with_port(base: &str, port: u16, url: &str) -> Result<String> {
    let parsed: Uri = base
        .parse()
        .map_err(|_| not_understood("this is not a URL", url))?;
    let authority = parsed.authority().map_or("", Authority::as_str);
    if authority.contains('@') {
        let message = "a credential does not belong into an address";
        return Err(Error::new(ErrorKind::InvalidInput, message).advise(KNOWN));
    }
    if parsed.scheme_str() == Some("https") {
        return Err(not_understood("https is not spoken here yet", url));
    }
    if parsed.scheme_str() != Some("http") || authority.is_empty() {
        return Err(not_understood("this is not an http URL", url));
    }
    Ok(match parsed.port_u16() {
        Some(_) => base.to_owned(),
        None => base.replacen(
            &format!("://{authority}"),
            &format!("://{}:{port}", authority.trim_end_matches(':')),
            1,
        ),
    })
}

fn not_understood(message: &'static str, url: &str) -> Error {
    let error = Error::new(ErrorKind::InvalidInput, message).advise(KNOWN);
    // Whatever is before an `@` may be a secret.
    match url.contains('@') {
        true => error,
        false => error.with("address", url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_gets_the_dialects_own() {
        let base = with_port("http://localhost/api", 3000, "");
        assert_eq!(base.unwrap(), "http://localhost:3000/api");
        let base = with_port("http://p/", 3000, "");
        assert_eq!(base.unwrap(), "http://p:3000/");
        let base = with_port("http://localhost:80", 3000, "");
        assert_eq!(base.unwrap(), "http://localhost:80");
    }

    #[test]
    fn an_address_that_is_not_understood_names_those_that_are() {
        for url in [
            "http://localhost:3000",
            "rulpher+http://localhost:3000",
            "ralpher+https://localhost:3000",
            "ralpher+ftp://localhost",
            "ralpher+localhost",
            "ralpher+",
        ] {
            let error = connect(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}");
            let told = error.to_string();
            assert!(told.contains("ralpher+http://host:port"), "{told}");
            assert!(told.contains(url), "{told}");
        }
    }

    #[test]
    fn a_credential_in_an_address_is_refused_and_not_repeated() {
        for url in ["ralpher+http://me:hush@localhost", "me:hush@localhost"] {
            let error = connect(url).unwrap_err();
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }
}
