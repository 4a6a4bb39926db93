//! [`Raw`]: an answer as it came.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use grump_core::{Error, ErrorKind, Result};
use http::Response;
use serde::de::DeserializeOwned;

use crate::request::request_id;

/// An answer as it came, whatever its status: for what a server says beyond its document, and for
/// finding out why an answer is not what was expected.
///
/// ```no_run
/// use grump_client::RalpherClient;
/// use grump_wire::{endpoint::{NoBody, NoPath, NoQuery}, ralpher::Health};
///
/// # async fn example() -> grump_core::Result<()> {
/// let client = RalpherClient::new("http://localhost:3000")?;
/// let answer = client.raw::<Health>(NoPath {}, NoQuery {}, NoBody).await?;
/// println!("{} {:?}", answer.status(), answer.header("content-type"));
/// println!("{}", answer.text());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "an answer that is not looked at says nothing, not even that it is an error"]
pub struct Raw(Response<Bytes>);

impl Raw {
    pub(crate) const fn of(answer: Response<Bytes>) -> Self {
        Self(answer)
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// Whether the status is one of success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.0.status().is_success()
    }

    /// The first header of this name, in any case, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)?.to_str().ok()
    }

    /// All headers that are text, by their names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.0.headers().iter();
        headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// What the server calls the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        request_id(self.0.headers())
    }

    /// The body's bytes.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.0.body()
    }

    /// The body as text; what is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.0.body())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// `Protocol` where it is not, or is not what is wanted.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let reader = &mut serde_json::Deserializer::from_slice(self.0.body());
        serde_path_to_error::deserialize(reader).map_err(|error| {
            Error::new(ErrorKind::Protocol, "the answer is not what was asked for")
                .with("member", error.path())
                .caused_by(error)
        })
    }
}

impl fmt::Debug for Raw {
    /// Status and length. The rest may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw")
            .field("status", &self.status())
            .field("bytes", &self.body().len())
            .finish_non_exhaustive()
    }
}
