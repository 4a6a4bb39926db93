//! [`Secret`]: what signs a webhook.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use grump_core::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretSlice};

/// What stands before a secret that is written down.
const PREFIX: &str = "whsec_";

/// What signs a webhook. It is shown nowhere.
#[derive(Clone)]
pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// One that is written as `whsec_` and base64, or base64 alone.
    ///
    /// # Errors
    /// `InvalidInput` for text that is not; the error does not repeat it.
    pub fn new(text: &str) -> Result<Self> {
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "this is not a webhook's secret").advise(
                "give base64, with or without whsec_ before it; \
                 for a secret that is any text use Secret::raw",
            )
        })?;
        Self::raw(bytes)
    }

    /// One that is these bytes, such as a word that was given to the server when the webhook was
    /// registered.
    ///
    /// # Errors
    /// `InvalidInput` for no bytes at all.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Result<Self> {
        let bytes = bytes.into();
        if bytes.is_empty() {
            let message = "a webhook's secret is not empty";
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(Self(bytes.into()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
