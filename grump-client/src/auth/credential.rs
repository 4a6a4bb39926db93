//! [`Credential`]: what the user knows; [`Token`]: what a server takes.

use std::{env, fmt, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use grump_core::Result;
use secrecy::SecretString;

use super::Abilities;

/// The variable of the environment that holds a key.
const VARIABLE: &str = "GRUMP_API_KEY";

/// What proves who asks. It appears in no `Debug` output, log, error or URL.
///
/// ```no_run
/// use std::time::Duration;
/// use grump_client::{Credential, RalpherClient, Token};
///
/// # async fn vault() -> grump_core::Result<String> { Ok(String::new()) }
/// // A key or a token that stays what it is:
/// let plain = Credential::bearer("grump_api_…");
/// // One that is asked for when it is needed, before it expires, and once it was refused:
/// let fresh = Credential::callback(|| async {
///     Ok(Token::bearer(vault().await?).expires_in(Duration::from_secs(3600)))
/// });
/// let client = RalpherClient::builder("http://localhost:3000")
///     .credential(fresh)
///     .build()?;
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a credential does nothing until a client has it"]
pub struct Credential(pub(super) Kind);

/// Where a token comes from.
#[derive(Clone)]
pub(super) enum Kind {
    Fixed(Token),
    Login {
        email: String,
        password: SecretString,
    },
    Callback(Callback),
}

type Callback = Arc<dyn Fn() -> BoxFuture<'static, Result<Token>> + Send + Sync>;

impl Credential {
    /// A token or key that is shown as `Authorization: Bearer …`.
    pub fn bearer(token: impl Into<String>) -> Self {
        Self(Kind::Fixed(Token::bearer(token)))
    }

    /// A key that is shown as `X-API-Key: …`.
    pub fn api_key(key: impl Into<String>) -> Self {
        Self(Kind::Fixed(Token::api_key(key)))
    }

    /// An e-mail address and its password. The client logs in with the first request that needs a
    /// token, again before the token expires, and once when it is refused. Only for dialects with a
    /// login (Steward, Mini-Devin).
    pub fn login(email: impl Into<String>, password: impl Into<String>) -> Self {
        Self(Kind::Login {
            email: email.into(),
            password: SecretString::from(password.into()),
        })
    }

    /// A token from elsewhere: asked for with the first request that needs one, again before it
    /// expires, and once when it was refused. However many requests wait for it, it is asked for
    /// once.
    pub fn callback<F, A>(ask: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<Token>> + Send + 'static,
    {
        Self(Kind::Callback(Arc::new(move || Box::pin(ask()))))
    }

    /// The key in `GRUMP_API_KEY`, as [`bearer`](Self::bearer); `None` where there is none.
    #[must_use]
    pub fn from_env() -> Option<Self> {
        let key = env::var(VARIABLE).ok()?;
        (!key.is_empty()).then(|| Self::bearer(key))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Fixed(token) => token.scheme.words(),
            Kind::Login { .. } => "Credential(login)",
            Kind::Callback(_) => "Credential(callback)",
        })
    }
}

/// A token, and what is known of it.
#[derive(Clone)]
#[must_use = "a token does nothing until a client has it"]
pub struct Token {
    pub(super) secret: SecretString,
    pub(super) scheme: Scheme,
    pub(super) life: Option<Duration>,
    pub(super) abilities: Option<Abilities>,
}

/// How a token is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    ApiKey,
}

impl Scheme {
    const fn words(self) -> &'static str {
        match self {
            Self::Bearer => "Credential(bearer)",
            Self::ApiKey => "Credential(api key)",
        }
    }
}

impl Token {
    /// One that is shown as `Authorization: Bearer …`.
    pub fn bearer(token: impl Into<String>) -> Self {
        Self::of(Scheme::Bearer, token.into())
    }

    /// One that is shown as `X-API-Key: …`.
    pub fn api_key(key: impl Into<String>) -> Self {
        Self::of(Scheme::ApiKey, key.into())
    }

    fn of(scheme: Scheme, secret: String) -> Self {
        Self {
            secret: SecretString::from(secret),
            scheme,
            life: None,
            abilities: None,
        }
    }

    /// Says that it is accepted for so long from now on. A JSON web token says so itself.
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.life = Some(life);
        self
    }

    /// Says what it may do.
    pub fn abilities<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.abilities = Some(names.into_iter().collect());
        self
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("scheme", &self.scheme)
            .field("expires_in", &self.life)
            .field("abilities", &self.abilities)
            .finish_non_exhaustive()
    }
}
