//! [`Options`]: what can be set of a client, the same for all dialects.

use std::{fmt, sync::Arc, time::Duration};

use grump_core::{Error, ErrorKind, Result};
use grump_http::{Connect, HttpClient, HttpTransport};
use http::HeaderValue;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    auth::{Credential, Keyring},
    caller::{Caller, Dialect},
    hooks::Hooks,
    pacing::{Pace, Pacing},
    request::over,
    retry::Retries,
    stream::StreamConfig,
};

/// What can be set of a client.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) credential: Option<Credential>,
    pub(crate) connect: Connect,
    pub(crate) transport: Option<Arc<dyn HttpTransport>>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retries: Retries,
    pub(crate) pacing: Pacing,
    pub(crate) user_agent: Option<String>,
    pub(crate) hooks: Hooks,
    pub(crate) stream: StreamConfig,
}

/// How long each part of a request may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    /// One try, to its answer's end.
    pub(crate) request: Duration,
    /// All tries, with the waits between them.
    pub(crate) total: Duration,
}

/// How a client names itself unless it is told.
const USER_AGENT: &str = concat!("grump-client/", env!("CARGO_PKG_VERSION"));

const MINUTE: Duration = Duration::from_secs(60);

/// What never comes. A time that no clock can hold is taken for it.
const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

impl Default for Options {
    fn default() -> Self {
        Self {
            credential: None,
            connect: Connect::new(),
            transport: None,
            timeouts: Timeouts {
                first_byte: MINUTE,
                idle: MINUTE,
                request: MINUTE,
                total: 5 * MINUTE,
            },
            retries: Retries::default(),
            pacing: Pacing::default(),
            user_agent: None,
            hooks: Hooks::default(),
            stream: StreamConfig::default(),
        }
    }
}

impl Timeouts {
    /// When all tries of a request that begins now must be over.
    pub(crate) fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.total.min(FAR)).unwrap_or(now + FAR)
    }

    /// The error of a request whose tries took too long.
    pub(crate) fn over(&self) -> Error {
        over(self.total)
    }
}

impl Options {
    /// What sends requests of this dialect to the server at this base.
    ///
    /// # Errors
    /// `InvalidInput` for a base that is no absolute URL or holds a credential, and for what no
    /// header can hold.
    pub(crate) fn caller(self, base: &str, dialect: Dialect) -> Result<Caller> {
        check_base(base)?;
        let http = HttpClient::connecting(base, &self.connect)?;
        let http = match self.transport {
            Some(transport) => http.transport(transport),
            None => http,
        };
        let http = http
            .first_byte(self.timeouts.first_byte)
            .idle(self.timeouts.idle)
            .limit(self.timeouts.request);
        Ok(Caller {
            http,
            dialect,
            keyring: Arc::new(Keyring::of(self.credential)?),
            pace: Arc::new(Pace::of(&self.pacing)),
            retries: self.retries,
            timeouts: self.timeouts,
            user_agent: user_agent(self.user_agent.as_deref())?,
            hooks: self.hooks,
            stream: self.stream,
            honours_keys: Arc::default(),
            closed: CancellationToken::new(),
        })
    }
}

/// A credential in the base would be shown wherever the base is.
fn check_base(base: &str) -> Result<()> {
    let authority = base.split("://").nth(1).unwrap_or(base);
    let authority = authority.split('/').next().unwrap_or_default();
    if !authority.contains('@') {
        return Ok(());
    }
    let message = "a credential does not belong into an address";
    Err(Error::new(ErrorKind::InvalidInput, message).advise("give the client a credential"))
}

fn user_agent(given: Option<&str>) -> Result<HeaderValue> {
    HeaderValue::try_from(given.unwrap_or(USER_AGENT)).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "this is not a user agent")
            .advise("give one of visible ASCII characters")
            .caused_by(error)
    })
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("credential", &self.credential)
            .field("connect", &self.connect)
            .field("timeouts", &self.timeouts)
            .field("retries", &self.retries)
            .field("pacing", &self.pacing)
            .field("user_agent", &self.user_agent)
            .field("hooks", &self.hooks)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}
