//! [`SkillRun`]: a live handle on a session, as the document's client libraries have it.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use grump_core::{Error, ErrorKind, Result};
use grump_wire::metaforge::{
    AgentStarted, AgentStatus, Approved, Artifact, Rejected, RunOptions, RunRequest, SessionId,
    SessionStatus, SkillInput,
};
use serde_json::{Map, Value};
use tokio::time::{sleep, timeout};

use crate::MetaForgeClient;

/// The wait between two looks at a session: it grows up to the document's second.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const LONGEST_LOOK: Duration = Duration::from_secs(1);

/// What a skill works on, and how. (MetaForge, "Run Agent")
///
/// ```
/// use grump_client::metaforge::SkillOptions;
///
/// let options = SkillOptions::new().file("PRD.md").temperature(0.3);
/// # drop(options);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct SkillOptions {
    input: SkillInput,
    options: RunOptions,
}

impl SkillOptions {
    /// No files, and everything as the gateway has it by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more file, by its path on the gateway's machine.
    pub fn file(mut self, path: impl Into<String>) -> Self {
        self.input.files.push(path.into());
        self
    }

    /// More files, by their paths on the gateway's machine.
    pub fn files<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.input.files.extend(paths.into_iter().map(Into::into));
        self
    }

    /// What the skill takes beside files.
    pub fn args(mut self, args: Map<String, Value>) -> Self {
        self.input.args = Some(args);
        self
    }

    /// The model's temperature.
    pub const fn temperature(mut self, temperature: f64) -> Self {
        self.options.temperature = Some(temperature);
        self
    }

    /// Whether the agent tells more.
    pub const fn verbose(mut self, verbose: bool) -> Self {
        self.options.verbose = Some(verbose);
        self
    }

    /// An option that the document does not name; it leaves them open.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.extra.insert(name.into(), value.into());
        self
    }

    /// The request that says so.
    pub(super) fn request(self, skill: String) -> RunRequest {
        let is_said = self.options != RunOptions::default();
        RunRequest {
            skill,
            input: self.input,
            options: is_said.then_some(self.options),
        }
    }
}

impl From<RunRequest> for SkillOptions {
    /// What the request says beside its skill.
    fn from(request: RunRequest) -> Self {
        Self {
            input: request.input,
            options: request.options.unwrap_or_default(),
        }
    }
}

/// A skill's run, live: it knows where the session was when it was last looked at. (MetaForge,
/// "Client Libraries")
#[derive(Clone, Debug)]
pub struct SkillRun {
    client: MetaForgeClient,
    told: AgentStatus,
}

impl SkillRun {
    pub(super) fn of(client: MetaForgeClient, started: AgentStarted) -> Self {
        let told = AgentStatus {
            session_id: started.session_id,
            status: started.status,
            agent: started.agent,
            artifacts: Vec::new(),
            extra: started.extra,
        };
        Self { client, told }
    }

    /// The session.
    #[must_use]
    pub const fn id(&self) -> &SessionId {
        &self.told.session_id
    }

    /// Where the session was when it was last looked at.
    #[must_use]
    pub const fn status(&self) -> &SessionStatus {
        &self.told.status
    }

    /// The agent that works in it.
    #[must_use]
    pub fn agent(&self) -> &str {
        &self.told.agent
    }

    /// What it had made when it was last looked at.
    #[must_use]
    pub fn artifacts(&self) -> &[Artifact] {
        &self.told.artifacts
    }

    /// Looks at the session.
    ///
    /// # Errors
    /// As for every method of [`MetaForgeClient`].
    pub async fn refresh(&mut self) -> Result<&SessionStatus> {
        let told = self.client.agents().status(self.id()).await?;
        let id = std::mem::take(&mut self.told.session_id);
        self.told = AgentStatus {
            session_id: id,
            ..told
        };
        Ok(&self.told.status)
    }

    /// Looks at the session again and again until its agent is done: its work may wait for a
    /// decision then. Outages are waited out, up to the client's retries.
    ///
    /// # Errors
    /// As for every method of [`MetaForgeClient`]. A session that failed is no error: look at
    /// [`status`](Self::status).
    pub async fn wait_for_completion(&mut self) -> Result<&SessionStatus> {
        let mut looks = ExponentialBuilder::new()
            .with_min_delay(FIRST_LOOK)
            .with_max_delay(LONGEST_LOOK)
            .without_max_times()
            .build();
        while !self.refresh().await?.is_done() {
            sleep(looks.next().unwrap_or(LONGEST_LOOK)).await;
        }
        Ok(&self.told.status)
    }

    /// As [`wait_for_completion`](Self::wait_for_completion), for at most so long.
    ///
    /// # Errors
    /// `Timeout`; the session goes on, and may be waited for again.
    pub async fn wait_for_completion_within(&mut self, limit: Duration) -> Result<&SessionStatus> {
        let id = self.id().clone();
        let waited = timeout(limit, self.wait_for_completion()).await;
        waited.unwrap_or_else(|_| {
            Err(
                Error::new(ErrorKind::Timeout, "the session is not done yet")
                    .with("session", id)
                    .with("limit", format_args!("{limit:?}"))
                    .advise("wait again: the session goes on"),
            )
        })
    }

    /// Approves what it made.
    ///
    /// # Errors
    /// As for every method of [`MetaForgeClient`].
    pub async fn approve(&mut self) -> Result<Approved> {
        let approved = self.client.approvals().approve(self.id()).await?;
        self.told.status = approved.status.clone();
        Ok(approved)
    }

    /// Rejects what it made.
    ///
    /// # Errors
    /// As for every method of [`MetaForgeClient`].
    pub async fn reject(&mut self, reason: impl Into<String>) -> Result<Rejected> {
        let rejected = self.client.approvals().reject(self.id(), reason).await?;
        self.told.status = rejected.status.clone();
        Ok(rejected)
    }
}
