//! Webhooks: signed by who sends them, verified by who receives them.
//!
//! As the specification "Standard Webhooks" has it, and its packages in other languages do: the
//! headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, the last an HMAC-SHA256 over
//! id, timestamp and the body's very bytes.
//!
//! ```
//! use std::time::SystemTime;
//! use grump_http::webhook::{Secret, Webhook};
//!
//! # fn main() -> grump_core::Result<()> {
//! // The secret that is in use, and the one that it replaces.
//! let webhook = Webhook::new(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?)
//!     .also(Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")?);
//!
//! let body = br#"{"event":"job.completed"}"#;
//! let headers = webhook.sign("msg_1", SystemTime::now(), body)?;
//! assert_eq!(webhook.verify(&headers, body)?.id, "msg_1");
//! assert!(webhook.verify(&headers, br#"{ "event": "job.completed" }"#).is_err());
//! # Ok(())
//! # }
//! ```

mod secret;
mod signature;

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use grump_core::{Error, ErrorKind, Result};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

pub use self::secret::Secret;
use self::signature::{Signed, matches};

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// How far a webhook's time may be from this machine's, unless told.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Signs and verifies the webhooks of one sender.
#[derive(Clone, Debug)]
pub struct Webhook {
    secrets: Vec<Secret>,
    tolerance: Duration,
}

/// What was verified of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The webhook's id, the same each time it is delivered again: who has seen it need not act.
    pub id: String,
    /// When it was signed.
    pub at: SystemTime,
}

impl Webhook {
    /// Of a sender with this secret.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self {
            secrets: vec![secret],
            tolerance: TOLERANCE,
        }
    }

    /// Takes this secret too: while one replaces another, what either signed is good, and what is
    /// signed is signed with both.
    #[must_use]
    pub fn also(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// How far a webhook's time may be from this machine's, before or after; 5 min unless told. It
    /// is how long one that was overheard can be sent again.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The three headers to send with this body, whose bytes must not change any more.
    ///
    /// # Errors
    /// `InvalidInput` for an id that is empty or that no header can hold, and a time before 1970.
    pub fn sign(&self, id: &str, at: SystemTime, body: &[u8]) -> Result<HeaderMap> {
        let seconds = at.duration_since(SystemTime::UNIX_EPOCH).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "webhooks have no time before 1970")
                .caused_by(error)
        })?;
        let timestamp = seconds.as_secs().to_string();
        let signed = Signed {
            id,
            timestamp: &timestamp,
            body,
        };
        let signatures: Vec<_> = self
            .secrets
            .iter()
            .map(|key| signed.signature(key))
            .collect();
        let id = HeaderValue::try_from(id).ok().filter(|id| !id.is_empty());
        let headers = [
            (ID, id.ok_or_else(no_id)?),
            (TIMESTAMP, visible(&timestamp)),
            (SIGNATURE, visible(&signatures.join(" "))),
        ];
        Ok(headers.into_iter().collect())
    }

    /// Verifies what came: the body as the bytes that came, before anything has read it. One that is
    /// written anew has another signature.
    ///
    /// # Errors
    /// `InvalidInput` where a header is missing or is none; `Unauthenticated` where no secret signed
    /// it, or its time is not now.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Delivery> {
        self.verify_at(headers, body, SystemTime::now())
    }

    /// Verifies what came, as [`verify`](Self::verify), then reads the body as JSON.
    ///
    /// # Errors
    /// As for [`verify`](Self::verify), and `Protocol` for a body that is not what is wanted.
    pub fn read<T: DeserializeOwned>(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(Delivery, T)> {
        let delivery = self.verify(headers, body)?;
        let reader = &mut serde_json::Deserializer::from_slice(body);
        let read = serde_path_to_error::deserialize(reader).map_err(|error| {
            Error::new(ErrorKind::Protocol, "the webhook is not what was expected")
                .with("member", error.path())
                .caused_by(error)
        });
        Ok((delivery, read?))
    }

    fn verify_at(&self, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Result<Delivery> {
        let (id, timestamp) = (header(headers, &ID)?, header(headers, &TIMESTAMP)?);
        let given = header(headers, &SIGNATURE)?;
        let signed = Signed {
            id,
            timestamp,
            body,
        };
        // The time is judged last: who cannot sign learns nothing of this machine's clock.
        if !self.secrets.iter().any(|key| matches(&signed, key, given)) {
            return Err(unsigned());
        }
        let at = time(timestamp)?;
        self.check_time(at, now)?;
        let id = id.to_owned();
        Ok(Delivery { id, at })
    }

    fn check_time(&self, at: SystemTime, now: SystemTime) -> Result<()> {
        let (distance, message) = match now.duration_since(at) {
            Ok(age) => (age, "the webhook is too old"),
            Err(ahead) => (ahead.duration(), "the webhook is from the future"),
        };
        if distance <= self.tolerance {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unauthenticated, message)
            .advise("check this machine's clock; do not act on it")
            .with("tolerance", format_args!("{:?}", self.tolerance)))
    }
}

fn visible(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).expect("numbers and base64 are of visible ASCII characters")
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, "this is not a signed webhook")
            .with("missing header", name)
    })
}

fn time(timestamp: &str) -> Result<SystemTime> {
    let seconds = timestamp.parse().ok().map(Duration::from_secs);
    let time = seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(seconds));
    time.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "the webhook's time is none"))
}

fn unsigned() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "no secret that is known signed this webhook",
    )
    .advise("check the secret, and that the body is verified as it came; do not act on it")
}

fn no_id() -> Error {
    Error::new(ErrorKind::InvalidInput, "this is not the id of a webhook")
        .advise("give one of visible ASCII characters, the same for all deliveries of a webhook")
}
