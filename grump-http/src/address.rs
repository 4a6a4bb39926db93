//! The address of a server, and how addresses are shown.

use grump_core::{Error, ErrorKind, Result};
use http::{Uri, uri::Scheme};

/// An address without its query, which may hold a secret.
pub(crate) fn shown(url: &str) -> String {
    match url.split_once('?') {
        Some((before, _)) => format!("{before}?…"),
        None => url.to_owned(),
    }
}

pub(crate) fn no_url(url: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::InvalidInput, "this is not a URL")
        .with("url", shown(url))
        .caused_by(error)
}

/// Whether this is an address that paths can be put behind.
pub(crate) fn check_base(base: &str) -> Result<()> {
    let given = base.parse::<Uri>().ok();
    let authority = given.as_ref().and_then(Uri::authority);
    if authority.is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(
            Error::new(ErrorKind::InvalidInput, "an address holds no credentials")
                .advise("give them apart from it"),
        );
    }
    let is_absolute = given.as_ref().is_some_and(|uri| {
        let schemes = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)];
        schemes.contains(&uri.scheme()) && uri.authority().is_some() && uri.query().is_none()
    });
    if is_absolute {
        return Ok(());
    }
    Err(
        Error::new(ErrorKind::InvalidInput, "this is not an http or https URL")
            .advise("give one like http://127.0.0.1:4096")
            .with("url", shown(base)),
    )
}
