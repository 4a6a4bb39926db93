//! [`connect`]: a plane by its address.

use std::{env, sync::Arc};

use grump_core::{ControlPlane, Error, ErrorKind, Result};
use http::{Uri, uri::Authority};

use crate::{Credential, builder::DialectClient, stream::StreamConfig};

/// A dialect that can be connected to.
struct Entry {
    /// What stands before the `+`.
    name: &'static str,
    /// The port of its document, for `http` addresses that name none.
    port: Option<u16>,
    plane: Connected,
}

/// The plane at a base, for who knows this and is this patient.
type Connected = fn(&str, Option<Credential>, StreamConfig) -> Result<Arc<dyn ControlPlane>>;

/// The dialects that are understood: a line for each.
const DIALECTS: &[Entry] = &[
    #[cfg(feature = "grump")]
    entry::<crate::GrumpClient, crate::GrumpPlane>(Some(grump_wire::grump::PORT)),
    #[cfg(feature = "metaforge")]
    entry::<crate::MetaForgeClient, crate::MetaForgePlane>(Some(grump_wire::metaforge::PORT)),
    #[cfg(feature = "mini-devin")]
    entry::<crate::MiniDevinClient, crate::MiniDevinPlane>(Some(grump_wire::mini_devin::PORT)),
    #[cfg(feature = "ralpher")]
    entry::<crate::RalpherClient, crate::RalpherPlane>(Some(grump_wire::ralpher::PORT)),
    // Its document names no port.
    #[cfg(feature = "steward")]
    entry::<crate::StewardClient, crate::StewardPlane>(None),
];

const fn entry<C, P>(port: Option<u16>) -> Entry
where
    C: DialectClient,
    P: From<C> + ControlPlane,
{
    Entry {
        name: C::DIALECT.name,
        port,
        plane: plane::<C, P>,
    }
}

fn plane<C, P>(
    base: &str,
    credential: Option<Credential>,
    patience: StreamConfig,
) -> Result<Arc<dyn ControlPlane>>
where
    C: DialectClient,
    P: From<C> + ControlPlane,
{
    let builder = crate::ClientBuilder::<C>::new(base).stream(patience);
    let builder = credential
        .into_iter()
        .fold(builder, crate::ClientBuilder::credential);
    Ok(Arc::new(P::from(builder.build()?)))
}

/// The plane at this address, such as `ralpher+http://localhost:3000`: the dialect, `+`, and the
/// server's base URL, of `http` or `https`. Nothing is sent yet.
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
    connect_with_patience(url, None, StreamConfig::default())
}

/// As [`connect`], showing this credential. A server of a dialect whose document knows no
/// authentication (Ralpher, `MetaForge`) is shown it with every request: it is for servers that ask
/// for one all the same.
///
/// # Errors
/// As for [`connect`], and `InvalidInput` for a token that no header can hold.
pub fn connect_with(url: &str, credential: Credential) -> Result<Arc<dyn ControlPlane>> {
    connect_with_patience(url, Some(credential), StreamConfig::default())
}

/// As [`connect_with`], with a token or key that is shown as `Authorization: Bearer …`.
///
/// # Errors
/// As for [`connect_with`].
pub fn connect_with_token(url: &str, token: &str) -> Result<Arc<dyn ControlPlane>> {
    connect_with(url, Credential::bearer(token))
}

/// The plane that the environment names: its address in `GRUMP_URL`, and its key, if it asks for one,
/// in `GRUMP_API_KEY`.
///
/// # Errors
/// As for [`connect_with`], and `InvalidInput` where `GRUMP_URL` is not set.
pub fn connect_from_env() -> Result<Arc<dyn ControlPlane>> {
    let url = env::var("GRUMP_URL").map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "GRUMP_URL names no address")
            .advise(format!("set it; {}", known()))
            .caused_by(error)
    })?;
    connect_with_patience(&url, Credential::from_env(), StreamConfig::default())
}

/// As [`connect_with`], with a credential if there is one, and with streams that are this patient.
///
/// # Errors
/// As for [`connect_with`].
pub fn connect_with_patience(
    url: &str,
    credential: Option<Credential>,
    patience: StreamConfig,
) -> Result<Arc<dyn ControlPlane>> {
    let Some((name, base)) = url.split_once('+') else {
        return Err(not_understood("the address names no dialect", url)
            .advise(format!("{}; grump_client::detect finds it", known())));
    };
    let Some(dialect) = DIALECTS.iter().find(|dialect| dialect.name == name) else {
        return Err(not_understood("there is no such dialect", url));
    };
    (dialect.plane)(&with_port(base, dialect.port, url)?, credential, patience)
}

/// The base with the dialect's own port where it says none. Encrypted addresses have that of
/// `https`.
fn with_port(base: &str, port: Option<u16>, url: &str) -> Result<String> {
    let parsed: Uri = base
        .parse()
        .map_err(|_| not_understood("this is not a URL", url))?;
    let authority = parsed.authority().map_or("", Authority::as_str);
    if authority.contains('@') {
        let message = "a credential does not belong into an address";
        return Err(Error::new(ErrorKind::InvalidInput, message).advise(known()));
    }
    if authority.is_empty() || !matches!(parsed.scheme_str(), Some("http" | "https")) {
        return Err(not_understood("this is not an http URL", url));
    }
    let port = port.filter(|_| parsed.scheme_str() == Some("http"));
    Ok(match (parsed.port_u16(), port) {
        (None, Some(port)) => base.replacen(
            &format!("://{authority}"),
            &format!("://{}:{port}", authority.trim_end_matches(':')),
            1,
        ),
        _ => base.to_owned(),
    })
}

/// What addresses look like.
fn known() -> String {
    let names = DIALECTS.iter().map(|dialect| dialect.name);
    let known: Vec<_> = names
        .map(|name| format!("{name}+http://host:port"))
        .collect();
    format!("known are: {}", known.join(", "))
}

fn not_understood(message: &'static str, url: &str) -> Error {
    let error = Error::new(ErrorKind::InvalidInput, message).advise(known());
    // Whatever is before an `@`, or in a query, may be a secret.
    match url.contains(['@', '?']) {
        true => error,
        false => error.with("address", url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_gets_the_dialects_own() {
        let base = |base, port| with_port(base, port, "").unwrap();
        assert_eq!(
            base("http://localhost/api", Some(3000)),
            "http://localhost:3000/api"
        );
        assert_eq!(base("http://p/", Some(3000)), "http://p:3000/");
        assert_eq!(
            base("http://localhost:80", Some(3000)),
            "http://localhost:80"
        );
        assert_eq!(base("http://localhost", None), "http://localhost");
        assert_eq!(base("https://p", Some(3000)), "https://p");
    }

    #[test]
    fn an_address_that_is_not_understood_names_those_that_are() {
        for url in [
            "http://localhost:3000",
            "rulpher+http://localhost:3000",
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
    fn every_dialect_is_connected_to_by_its_name() {
        for dialect in DIALECTS {
            for scheme in ["http", "https"] {
                let url = format!("{}+{scheme}://localhost", dialect.name);
                let plane = connect_with_token(&url, "t").unwrap();
                assert_eq!(plane.info().name, dialect.name);
            }
        }
    }

    #[test]
    fn a_credential_in_an_address_is_refused_and_not_repeated() {
        for url in [
            "ralpher+http://me:hush@localhost",
            "me:hush@localhost",
            "ralpher+ftp://localhost?token=hush",
        ] {
            let error = connect(url).unwrap_err();
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }
}
