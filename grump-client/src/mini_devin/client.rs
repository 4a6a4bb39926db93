//! [`MiniDevinClient`]: the Mini-Devin dialect, grouped by noun.

use std::time::Duration;

use futures::FutureExt;
use grump_core::Result;
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, NoPath, NoQuery, Whole},
    mini_devin::{self, AccessToken, Health, HealthReport, Login, LoginRequest},
};
use http::Response;

use super::{Artifacts, Auth, Models, Sessions, Tasks};
use crate::{
    auth::Token,
    builder::{ClientBuilder, Spoken, client},
    caller::{Asking, Caller, Dialect, Value},
    stream::Echoes,
};

/// How a [`MiniDevinClient`] speaks with its server.
pub type MiniDevinBuilder = ClientBuilder<MiniDevinClient>;

/// Speaks the Mini-Devin dialect with one server: one method per endpoint, grouped by noun, with the
/// dialect's own types. Clones share their connections and their token.
///
/// [`MiniDevinPlane`](crate::MiniDevinPlane) is the same as a control plane, with streams that
/// resume.
///
/// ```
/// use grump_client::{MiniDevinClient, mini_devin::{SessionOptions, TaskOptions}};
/// # use grump_testkit::contract::Contract;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> grump_core::Result<()> {
/// # let server = Contract::start("mini-devin").await;
/// # let url = server.url(); // http://localhost:8000
/// let client = MiniDevinClient::builder(&url)
///     .login("user@example.com", "securepassword")
///     .build()?;
/// let folder = SessionOptions::new().working_directory("/path/to/project");
/// let session = client.sessions().create(folder).await?;
/// let options = TaskOptions::new().model("gpt-4o");
/// let task = client.tasks().create(&session.id, "Fix the failing test", options).await?;
/// assert_eq!(task.status, "running");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Every method fails by what the server answers; with `Timeout`; with `Transport` where no answer
/// comes; with `Protocol` where the answer is none of the dialect's. What is safe to repeat was
/// repeated; what may have been done says so
/// ([`Retry::MaybeApplied`](grump_core::Retry::MaybeApplied)).
#[derive(Clone, Debug)]
pub struct MiniDevinClient {
    pub(crate) caller: Caller,
    /// What follows from commands that were given here.
    pub(crate) echoes: Echoes,
}

client!(MiniDevinClient, "http://localhost:8000", "without `/api`");

impl Spoken for MiniDevinClient {
    const DIALECT: Dialect = Dialect::new(mini_devin::NAME, mini_devin::error::read)
        .with_auth()
        .with_login(|caller, email, password| token(caller, email, password).boxed());

    fn base(given: &str) -> &str {
        given.strip_suffix("/api").unwrap_or(given)
    }

    fn over(caller: Caller) -> Self {
        Self {
            caller,
            echoes: Echoes::default(),
        }
    }
}

/// The token that a login gives. There is none to refresh it by: one logs in again. (ambiguity D-15)
async fn token(caller: &Caller, email: &str, password: &str) -> Result<Token> {
    let told = log_in(caller, email, password).await?;
    let token = Token::bearer(told.access_token.expose());
    let life = told.expires_in.map(Duration::from_secs);
    Ok(life.into_iter().fold(token, Token::expires_in))
}

pub(super) async fn log_in(caller: &Caller, email: &str, password: &str) -> Result<AccessToken> {
    let request = LoginRequest {
        email: email.to_owned(),
        password: password.into(),
    };
    let asking = Asking::<Login>::of(NoPath {}, NoQuery {}, request);
    caller.call(asking).await.map(Response::into_body)
}

impl MiniDevinClient {
    /// Check if the API is running.
    pub async fn health(&self) -> Result<HealthReport> {
        self.get::<Health>(NoPath {}, NoQuery {}).await
    }

    /// Users, tokens and keys. (Mini-Devin, "Authentication")
    #[must_use]
    pub const fn auth(&self) -> Auth<'_> {
        Auth(self)
    }

    /// Models, and who serves them. (Mini-Devin, "Models and Providers")
    #[must_use]
    pub const fn models(&self) -> Models<'_> {
        Models(self)
    }

    /// Sessions: what tasks work in. (Mini-Devin, "Sessions")
    #[must_use]
    pub const fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }

    /// Tasks: what agents do. (Mini-Devin, "Tasks")
    #[must_use]
    pub const fn tasks(&self) -> Tasks<'_> {
        Tasks(self)
    }

    /// What tasks made. (Mini-Devin, "Artifacts")
    #[must_use]
    pub const fn artifacts(&self) -> Artifacts<'_> {
        Artifacts(self)
    }

    pub(super) async fn get<E>(&self, path: E::Path, query: E::Query) -> Result<Value<E>>
    where
        E: Endpoint<Body = NoBody>,
        E::Response: Whole,
    {
        let asking = Asking::<E>::of(path, query, NoBody);
        self.caller.call(asking).await.map(Response::into_body)
    }

    pub(super) async fn send<E>(&self, path: E::Path, body: E::Body) -> Result<Value<E>>
    where
        E: Endpoint<Query = NoQuery>,
        E::Response: Whole,
    {
        let asking = Asking::<E>::of(path, NoQuery {}, body);
        self.caller.call(asking).await.map(Response::into_body)
    }
}
