//! What requests may say beside what they must.

use grump_wire::steward::{EventId, EventsQuery, Severity};

/// What a new project may say. ("POST /api/projects")
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ProjectOptions {
    pub(super) default_branch: Option<String>,
    pub(super) key: Option<String>,
}

impl ProjectOptions {
    /// Everything as the server has it by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// The branch that runs begin from.
    pub fn default_branch(mut self, branch: impl Into<String>) -> Self {
        self.default_branch = Some(branch.into());
        self
    }

    /// Makes the request safe to repeat on servers that honour keys. One is made up unless told.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// What a new run may say. ("POST /api/runs")
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct StewardRunOptions {
    pub(super) rag_enabled: Option<bool>,
    pub(super) safe_mode: Option<bool>,
    pub(super) key: Option<String>,
}

impl StewardRunOptions {
    /// Everything as the server has it by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the agent is given what was found by searching the project.
    pub const fn rag_enabled(mut self, enabled: bool) -> Self {
        self.rag_enabled = Some(enabled);
        self
    }

    /// Whether the agent is kept from what may do harm.
    pub const fn safe_mode(mut self, safe: bool) -> Self {
        self.safe_mode = Some(safe);
        self
    }

    /// Makes the request safe to repeat on servers that honour keys. One is made up unless told.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// Which stored events to read. ("GET /api/runs/{run}/events")
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct EventFilter {
    pub(super) query: EventsQuery,
}

impl EventFilter {
    /// All of them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those after this one.
    pub fn since(mut self, event: impl Into<EventId>) -> Self {
        self.query.since = Some(event.into());
        self
    }

    /// Only those of these types: `file_updated`, …
    pub fn event_types<T: AsRef<str>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        let types: Vec<_> = types
            .into_iter()
            .map(|word| word.as_ref().to_owned())
            .collect();
        self.query.event_types = (!types.is_empty()).then(|| types.join(","));
        self
    }

    /// Only those that are this grave.
    pub fn severity(mut self, severity: impl Into<Severity>) -> Self {
        self.query.severity = Some(severity.into().as_str().to_owned());
        self
    }

    /// Only those about this path.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.query.path = Some(path.into());
        self
    }

    /// How many to read at a time; as many as the server likes unless told.
    pub const fn limit(mut self, limit: u64) -> Self {
        self.query.limit = Some(limit);
        self
    }
}
