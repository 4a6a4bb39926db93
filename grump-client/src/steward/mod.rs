//! [`StewardClient`]: the Steward dialect, its endpoints grouped by noun.

mod auth;
mod builder;
mod devices;
mod docs;
mod line;
mod options;
mod pages;
mod projects;
mod reviews;
mod runs;
mod settings;
mod slots;
mod snapshots;
mod stream;
mod telemetry;

use std::{sync::Arc, time::Duration};

use grump_core::{Error, ErrorKind, Result};
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, NoQuery, Whole},
    headers,
};
use http::Response;
use uuid::Uuid;

use self::slots::Slots;
pub use self::{
    auth::StewardAuth,
    builder::StewardBuilder,
    devices::StewardDevices,
    docs::StewardDocs,
    options::{EventFilter, ProjectOptions, StewardRunOptions},
    projects::StewardProjects,
    reviews::StewardReviews,
    runs::StewardRuns,
    settings::StewardSettings,
    snapshots::StewardSnapshots,
    stream::StewardStream,
};
pub(crate) use self::{
    line::{Line, Start, Told},
    pages::follow,
    projects::at as project_path,
    runs::at as run_path,
};
use crate::{
    builder::client,
    caller::{Asking, Caller, Value},
};

/// Speaks the Steward dialect with one server: one method per endpoint, by noun, with the dialect's
/// own types. Clones share their connections, and the streams that a user may have.
///
/// [`StewardPlane`](crate::StewardPlane) is the same as a control plane, with streams that resume.
///
/// ```no_run
/// use grump_client::{StewardClient, StewardRunOptions};
///
/// # async fn example() -> grump_core::Result<()> {
/// let client = StewardClient::builder("https://steward.example.com")
///     .login("user@example.com", "correct horse")
///     .build()?;
/// let options = StewardRunOptions::new().safe_mode(true);
/// let run = client.runs().create(12, "Dark mode", "Add dark mode", "frontend", "claude-sonnet-4", options).await?;
/// client.runs().start(&run.id).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Streams
/// A user may have four streams open at once. Beyond those, and where the server refuses one more,
/// the client asks for new events again and again, one run after the other, and takes a stream as
/// soon as one is free. Nobody sees the difference but by the time that it takes.
///
/// # Errors
/// Every method fails by what the server answers; with `Timeout`; with `Transport` where no answer
/// comes; with `Protocol` where the answer is none of the dialect's. What is safe to repeat was
/// repeated; what may have been done says so
/// ([`Retry::MaybeApplied`](grump_core::Retry::MaybeApplied)). A refusal for want of an ability names
/// it.
#[derive(Clone, Debug)]
pub struct StewardClient {
    pub(crate) caller: Caller,
    slots: Arc<Slots>,
}

client!(
    StewardClient,
    "https://steward.example.com",
    "with or without `/api`"
);

impl StewardClient {
    /// Asks for new events at most this often altogether, where there are more streams than the
    /// server allows; every two seconds unless told, half of what the document allows ("Rate
    /// limits").
    #[must_use]
    pub fn poll_every(self, time: Duration) -> Self {
        self.slots.poll_every(time);
        self
    }

    /// Who is logged in. ("Auth")
    #[must_use]
    pub const fn auth(&self) -> StewardAuth<'_> {
        StewardAuth(self)
    }

    /// Repositories to work on. ("Projects")
    #[must_use]
    pub const fn projects(&self) -> StewardProjects<'_> {
        StewardProjects(self)
    }

    /// Pieces of work, and what they do. ("Runs", "Run telemetry")
    #[must_use]
    pub const fn runs(&self) -> StewardRuns<'_> {
        StewardRuns(self)
    }

    /// What becomes of a run's work. ("Run approval & Git actions")
    #[must_use]
    pub const fn reviews(&self) -> StewardReviews<'_> {
        StewardReviews(self)
    }

    /// States of a project's files. ("Snapshots")
    #[must_use]
    pub const fn snapshots(&self) -> StewardSnapshots<'_> {
        StewardSnapshots(self)
    }

    /// Documents about a project. ("Documentation")
    #[must_use]
    pub const fn docs(&self) -> StewardDocs<'_> {
        StewardDocs(self)
    }

    /// The server's parameters and providers. ("Settings (server params)")
    #[must_use]
    pub const fn settings(&self) -> StewardSettings<'_> {
        StewardSettings(self)
    }

    /// What is notified. ("Devices (notifications, v1.1)")
    #[must_use]
    pub const fn devices(&self) -> StewardDevices<'_> {
        StewardDevices(self)
    }

    pub(crate) async fn get<E: Endpoint<Body = NoBody>>(
        &self,
        path: E::Path,
        query: E::Query,
    ) -> Result<Value<E>>
    where
        E::Response: Whole,
    {
        let answer = self.caller.call(Asking::<E>::of(path, query, NoBody)).await;
        answer.map(Response::into_body)
    }

    pub(crate) async fn send<E: Endpoint<Query = NoQuery>>(
        &self,
        path: E::Path,
        body: E::Body,
    ) -> Result<Value<E>>
    where
        E::Response: Whole,
    {
        let asking = Asking::<E>::of(path, NoQuery {}, body);
        self.caller.call(asking).await.map(Response::into_body)
    }

    /// Creates something. The document knows no keys; a server that honours them says so, and only
    /// then is the request repeated where its answer was lost.
    pub(crate) async fn create<E: Endpoint<Query = NoQuery>>(
        &self,
        path: E::Path,
        body: E::Body,
        key: Option<String>,
    ) -> Result<Value<E>>
    where
        E::Response: Whole,
    {
        let has_key = key.is_some();
        let key = key.unwrap_or_else(|| Uuid::now_v7().to_string());
        let asking = Asking::<E> {
            header: Some((headers::IDEMPOTENCY_KEY, &key)),
            has_key,
            ..Asking::of(path, NoQuery {}, body)
        };
        self.caller.call(asking).await.map(Response::into_body)
    }
}

/// A part of a path. One that would be another path names nothing.
pub(crate) fn part<T: AsRef<str>>(noun: &'static str, id: T) -> Result<T> {
    if ["", ".", ".."].contains(&id.as_ref()) {
        let error = Error::new(ErrorKind::NotFound, "there is no such thing");
        return Err(error.with(noun, id.as_ref()));
    }
    Ok(id)
}
