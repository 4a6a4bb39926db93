//! [`Keyring`]: the token that all clones of a client, and their streams, show at the moment.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use grump_core::{Error, ErrorKind, Result};
use http::HeaderValue;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::{
    Abilities,
    credential::{Credential, Kind, Scheme, Token},
    expiry::{life, renewed_after},
};
use crate::caller::Caller;

/// How long a token that could not be renewed ahead of its end is shown before that is tried again.
const PATIENCE: Duration = Duration::from_secs(5);

/// The key that is shown at the moment, and where the next one comes from. It is renewed once for
/// all who wait for it.
pub(crate) struct Keyring {
    source: Option<Kind>,
    state: Mutex<State>,
    /// Held by the one who renews it.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    key: Option<Arc<Key>>,
    /// How often a key was asked for.
    tries: u64,
    /// Why the last try gave none.
    failure: Option<Error>,
}

/// A token as it is shown.
pub(crate) struct Key {
    pub(super) token: Token,
    /// The header's value, marked as sensitive.
    pub(super) header: HeaderValue,
    /// Which of the keyring's keys it is.
    number: u64,
    renew_at: Option<Instant>,
    ends_at: Option<Instant>,
}

impl Keyring {
    /// Of somebody who knows this, or nothing.
    ///
    /// # Errors
    /// `InvalidInput` for a token that no header can hold.
    pub(crate) fn of(credential: Option<Credential>) -> Result<Self> {
        let source = credential.map(|credential| credential.0);
        let mut state = State::default();
        if let Some(Kind::Fixed(token)) = &source {
            state.key = Some(Arc::new(Key::of(token.clone(), 0, false)?));
        }
        Ok(Self {
            source,
            state: Mutex::new(state),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// The key to show now; `None` for who has no credential.
    ///
    /// # Errors
    /// Whatever logging in, or the callback, fails by.
    pub(crate) async fn key(&self, caller: &Caller) -> Result<Option<Arc<Key>>> {
        let held = self.state().key.clone();
        match held {
            _ if self.source.is_none() => Ok(None),
            Some(key) if !key.is_due() => Ok(Some(key)),
            held => self.renew(caller, held, false).await.map(Some),
        }
    }

    /// The key to show instead of one that was refused; `None` where there is no other.
    ///
    /// # Errors
    /// As for [`key`](Self::key).
    pub(crate) async fn instead_of(
        &self,
        caller: &Caller,
        refused: Arc<Key>,
    ) -> Result<Option<Arc<Key>>> {
        match &self.source {
            None | Some(Kind::Fixed(_)) => Ok(None),
            _ => self.renew(caller, Some(refused), true).await.map(Some),
        }
    }

    /// What one logs in with, for who must not tell it.
    pub(super) fn password(&self) -> Option<&str> {
        match &self.source {
            Some(Kind::Login { password, .. }) => Some(password.expose_secret()),
            _ => None,
        }
    }

    /// What the key may do, where the server has said so.
    pub(crate) fn abilities(&self) -> Option<Abilities> {
        self.state().key.as_ref()?.token.abilities.clone()
    }

    async fn renew(
        &self,
        caller: &Caller,
        old: Option<Arc<Key>>,
        is_refused: bool,
    ) -> Result<Arc<Key>> {
        let tries = self.state().tries;
        let _turn = self.turn.lock().await;
        if let Some(done) = self.meanwhile(old.as_ref(), tries) {
            return done;
        }
        let asked = self.ask(caller).await;
        self.state().tries += 1;
        match (asked, old) {
            (Ok(token), _) => self.keep(token),
            (Err(error), Some(old)) if !is_refused && old.is_accepted() => {
                tracing::debug!(%error, "the token is not renewed yet");
                Ok(self.postponed(&old))
            }
            (Err(error), _) => {
                self.state().failure = Some(twin(&error));
                Err(error)
            }
        }
    }

    /// What became of it while this one waited for its turn: another key, or a failure, which the
    /// next one in the queue would only have again.
    fn meanwhile(&self, old: Option<&Arc<Key>>, tries: u64) -> Option<Result<Arc<Key>>> {
        let state = self.state();
        let number = |key: &Arc<Key>| key.number;
        match &state.key {
            Some(key) if Some(key.number) != old.map(number) => Some(Ok(key.clone())),
            _ if state.tries != tries => Some(Err(twin(state.failure.as_ref()?))),
            _ => None,
        }
    }

    async fn ask(&self, caller: &Caller) -> Result<Token> {
        match &self.source {
            Some(Kind::Login { email, password }) => {
                let log_in = caller.dialect.login.ok_or_else(|| no_login(caller))?;
                log_in(caller, email, password.expose_secret()).await
            }
            Some(Kind::Callback(ask)) => ask().await,
            Some(Kind::Fixed(token)) => Ok(token.clone()),
            None => Err(Error::new(
                ErrorKind::Internal,
                "there is nothing to log in with",
            )),
        }
    }

    fn keep(&self, token: Token) -> Result<Arc<Key>> {
        let mut state = self.state();
        let key = Arc::new(Key::of(token, state.tries, true)?);
        state.key = Some(key.clone());
        state.failure = None;
        Ok(key)
    }

    /// The same key, to be renewed a little later.
    fn postponed(&self, old: &Key) -> Arc<Key> {
        let mut state = self.state();
        let key = Arc::new(Key {
            token: old.token.clone(),
            header: old.header.clone(),
            number: state.tries,
            renew_at: Some(Instant::now() + PATIENCE),
            ends_at: old.ends_at,
        });
        state.key = Some(key.clone());
        key
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn of(token: Token, number: u64, is_renewable: bool) -> Result<Self> {
        let secret = token.secret.expose_secret();
        let value = match token.scheme {
            Scheme::Bearer => HeaderValue::try_from(format!("Bearer {secret}")),
            Scheme::ApiKey => HeaderValue::try_from(secret),
        };
        let mut header = value.map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "this is not a token")
                .advise("give one of visible ASCII characters")
        })?;
        header.set_sensitive(true);
        let life = || token.life.or_else(|| life(secret, SystemTime::now()));
        let life = is_renewable.then(life).flatten();
        let now = Instant::now();
        Ok(Self {
            header,
            number,
            renew_at: life.and_then(|life| now.checked_add(renewed_after(life))),
            ends_at: life.and_then(|life| now.checked_add(life)),
            token,
        })
    }

    fn is_due(&self) -> bool {
        self.renew_at.is_some_and(|at| at <= Instant::now())
    }

    /// Whether its time is not over yet.
    fn is_accepted(&self) -> bool {
        self.ends_at.is_none_or(|at| at > Instant::now())
    }
}

fn no_login(caller: &Caller) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "one cannot log in to a server of this dialect",
    )
    .advise("give a token or a key")
    .with("dialect", caller.dialect.name)
}

/// The same failure for another one who waited.
fn twin(error: &Error) -> Error {
    let mut twin = Error::new(error.kind(), error.message().to_owned()).retryable(error.retry());
    if let Some(operation) = error.failed_operation() {
        twin = twin.operation(operation.to_owned());
    }
    if let Some(advice) = error.advice() {
        twin = twin.advise(advice.to_owned());
    }
    if let Some(remote) = error.remote_detail() {
        twin = twin.remote(remote.clone());
    }
    let context = error.context();
    context.fold(twin, |twin, (name, value)| twin.with(name, value))
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("has_credential", &self.source.is_some())
            .finish_non_exhaustive()
    }
}
