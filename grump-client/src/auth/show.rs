//! How a key is shown to an endpoint, and what is said where it was not enough.

use bytes::Bytes;
use grump_core::{Error, ErrorKind, Result};
use grump_wire::endpoint::Auth;
use http::{HeaderName, Request, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;

use super::{
    Abilities,
    credential::Scheme,
    keyring::{Key, Keyring},
};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What stands in the place of a secret.
const MASK: &str = "[secret]";

impl Key {
    /// The token itself.
    pub(crate) fn secret(&self) -> &str {
        self.token.secret.expose_secret()
    }
}

/// Shows the key as the endpoint asks for it. One that is named in the first message of a WebSocket
/// stands nowhere in the request.
///
/// # Errors
/// `InvalidInput` where the URI cannot hold the token.
pub(crate) fn show(key: &Key, auth: Auth, request: &mut Request<Bytes>) -> Result<()> {
    match (auth, key.token.scheme) {
        (Auth::FirstMessage, _) => {}
        (Auth::QueryToken, Scheme::Bearer) => in_query(key, request)?,
        // A key in the place of a token: no document says what then. (ambiguity D-06)
        (_, Scheme::ApiKey) => {
            request.headers_mut().insert(API_KEY, key.header.clone());
        }
        (_, Scheme::Bearer) => {
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, key.header.clone());
        }
    }
    Ok(())
}

fn in_query(key: &Key, request: &mut Request<Bytes>) -> Result<()> {
    let token = utf8_percent_encode(key.secret(), NON_ALPHANUMERIC);
    let separator = request.uri().query().map_or('?', |_| '&');
    let target = format!("{}{separator}token={token}", request.uri());
    let target: Uri = target.parse().map_err(|_| {
        Error::new(ErrorKind::InvalidInput, "a URL cannot hold this token")
            .advise("give a shorter one")
    })?;
    *request.uri_mut() = target;
    Ok(())
}

/// Says which ability was missing where a request was refused for one. (ambiguity C-14)
pub(crate) fn missing(error: Error, auth: Auth, keyring: &Keyring) -> Error {
    let Auth::Ability(needed) = auth else {
        return error;
    };
    // The server may have said itself what was lacking, and it need not be the ability.
    let is_said = error
        .context()
        .any(|(name, _)| ["ability", "setting"].contains(&name));
    if error.kind() != ErrorKind::Forbidden || is_said {
        return error;
    }
    let error = error.with("ability", needed);
    match keyring.abilities() {
        Some(held) => lacking(error, needed, &held),
        None if error.advice().is_none() => error.advise("use a token that has the ability"),
        None => error,
    }
}

fn lacking(error: Error, needed: &str, held: &Abilities) -> Error {
    if held.allows(needed) {
        return error;
    }
    error
        .with("abilities of the token", held)
        .advise("ask for a token that has the ability")
}

/// An answer without the secrets that are known here, should the server repeat one.
pub(crate) fn masked(body: &Bytes, key: Option<&Key>, keyring: &Keyring) -> Bytes {
    let text = String::from_utf8_lossy(body);
    let mut clean = text.as_ref().to_owned();
    let shown = key.map(Key::secret).into_iter();
    for secret in shown
        .chain(keyring.password())
        .filter(|secret| !secret.is_empty())
    {
        let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        clean = clean.replace(secret, MASK).replace(&encoded, MASK);
    }
    match clean == text {
        true => body.clone(),
        false => clean.into(),
    }
}
