//! [`Error`]: what went wrong, to what, whether trying again can help, and what to do.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use crate::status::Status;

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure an [`Error`] is. Each variant's text says what the *caller* should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is wrong. Correct it; the same call will fail again.
    InvalidInput,
    /// No credential, or one that is not accepted. Log in or pass another key.
    Unauthenticated,
    /// The credential is good but not for this. Ask for the right, or do without.
    Forbidden,
    /// There is no such thing. Check the id; it may have been removed.
    NotFound,
    /// The thing is in a state in which this cannot be done. Read it and decide anew;
    /// [`Error::conflict`] holds what is known of the state.
    Conflict,
    /// This plane cannot do that at all. Look at its facets before calling.
    Unsupported,
    /// Too many requests. Wait as long as [`Error::retry`] says.
    RateLimited,
    /// A deadline passed. What was asked for may still happen: read the state.
    Timeout,
    /// The other side cannot answer now. Try again later.
    Unavailable,
    /// The other side failed. Report it to whoever runs it.
    Remote,
    /// The other side sent something that is not of its protocol. Check its version and address.
    Protocol,
    /// The connection could not be made, or broke. Check address and network.
    Transport,
    /// A stream ended before the run did. Read the run's state; watch again from the cursor.
    Truncated,
    /// A stream was reconnected again and again without getting on. Look at the other side.
    Stalled,
    /// The cursor is of another journal or was trimmed away. Read the state, then watch from now.
    CursorExpired,
    /// The coding agent failed, or is not installed. Its message says why.
    Agent,
    /// The data folder cannot be read or written, or is damaged. It was left as it is.
    Storage,
    /// A fault of grump itself. Please report it.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: [Self; 18] = [
        Self::InvalidInput,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::Unsupported,
        Self::RateLimited,
        Self::Timeout,
        Self::Unavailable,
        Self::Remote,
        Self::Protocol,
        Self::Transport,
        Self::Truncated,
        Self::Stalled,
        Self::CursorExpired,
        Self::Agent,
        Self::Storage,
        Self::Internal,
    ];

    /// The kind in snake case, for logs, JSON and bindings: `"not_found"`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Unsupported => "unsupported",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Remote => "remote",
            Self::Protocol => "protocol",
            Self::Transport => "transport",
            Self::Truncated => "truncated",
            Self::Stalled => "stalled",
            Self::CursorExpired => "cursor_expired",
            Self::Agent => "agent",
            Self::Storage => "storage",
            Self::Internal => "internal",
        }
    }
}

impl ErrorKind {
    /// What an HTTP answer of this status is, where its body does not say more.
    #[must_use]
    pub const fn of_http_status(status: u16) -> Self {
        match status {
            400 | 413 | 422 => Self::InvalidInput,
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            405 | 501 => Self::Unsupported,
            408 | 504 => Self::Timeout,
            409 => Self::Conflict,
            429 => Self::RateLimited,
            502 | 503 => Self::Unavailable,
            500..=599 => Self::Remote,
            _ => Self::Protocol,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same call may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// It would fail again.
    Never,
    /// It did not run, or running it twice does no harm.
    Safe,
    /// As [`Safe`](Self::Safe), but not before this time has passed.
    After(Duration),
    /// It may have run, and running it twice may do harm: read the state first.
    MaybeApplied,
    /// It was tried again already, as often as was allowed.
    Exhausted,
}

/// What is known of the state that stood in the way, for [`ErrorKind::Conflict`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// The machine-readable reason, such as `already_running` or `uncommitted_changes`.
    pub code: Cow<'static, str>,
    /// The status the thing is in.
    pub current: Option<Status>,
    /// Files that are in the way: uncommitted ones, or those that do not merge.
    pub changed_files: Vec<String>,
    /// What the caller may choose: `commit`, `stash`, `cancel`.
    pub options: Vec<Cow<'static, str>>,
}

impl Conflict {
    /// A conflict with only a reason.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: code.into(),
            ..Self::default()
        }
    }

    /// Names the status that the thing is in.
    #[must_use]
    pub fn current(mut self, status: Status) -> Self {
        self.current = Some(status);
        self
    }

    /// Names the files that are in the way.
    #[must_use]
    pub fn changed_files(mut self, files: Vec<String>) -> Self {
        self.changed_files = files;
        self
    }

    /// Names what the caller may choose.
    #[must_use]
    pub fn options(mut self, options: &[&'static str]) -> Self {
        self.options = options
            .iter()
            .map(|option| Cow::Borrowed(*option))
            .collect();
        self
    }
}

/// What the other side said, when the failure came over a wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remote {
    /// The HTTP status.
    pub status: Option<u16>,
    /// The other side's own code, spelled as it was sent.
    pub code: Option<String>,
    /// The other side's id of the request.
    pub request_id: Option<String>,
}

/// The error of every grump operation; one word wide.
///
/// `Display` is one line: operation, what happened, what to do, and to what. It does not print the
/// source; `Debug` prints the whole chain.
///
/// ```
/// use grump_core::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::NotFound, "there is no such loop")
///     .operation("loops.open")
///     .with("run", "loop-7")
///     .advise("list them with `grump loop ls`");
/// assert_eq!(
///     error.to_string(),
///     "loops.open: there is no such loop; list them with `grump loop ls` (run: loop-7)"
/// );
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    retry: Retry,
    operation: Option<Cow<'static, str>>,
    message: Cow<'static, str>,
    advice: Option<Cow<'static, str>>,
    context: Vec<(&'static str, String)>,
    conflict: Option<Conflict>,
    remote: Option<Remote>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind. `message` is one line without a full stop.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            retry: Retry::Never,
            operation: None,
            message: message.into(),
            advice: None,
            context: Vec::new(),
            conflict: None,
            remote: None,
            source: None,
        }))
    }

    /// The one answer of whatever a plane cannot do.
    #[must_use]
    pub fn unsupported(operation: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unsupported, "this plane cannot do that").operation(operation)
    }

    /// Names the operation that failed, unless a deeper layer already did.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation.get_or_insert_with(|| operation.into());
        self
    }

    /// Names the operation that was asked for, where the one that failed was only a step of it.
    #[must_use]
    pub fn step_of(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = Some(operation.into());
        self
    }

    /// Says whether the call may be made again.
    #[must_use]
    pub fn retryable(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Says what the caller can do about it, as an imperative.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Adds what it happened to. Never a secret.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Adds the state that stood in the way.
    #[must_use]
    pub fn conflicting(mut self, conflict: Conflict) -> Self {
        self.0.conflict = Some(conflict);
        self
    }

    /// Adds what the other side said.
    #[must_use]
    pub fn remote(mut self, remote: Remote) -> Self {
        self.0.remote = Some(remote);
        self
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may be made again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The operation that failed, such as `loops.start`.
    #[must_use]
    pub fn failed_operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// What happened, without operation, advice and context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// What it happened to, as pairs of name and value.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0
            .context
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// The state that stood in the way.
    #[must_use]
    pub fn conflict(&self) -> Option<&Conflict> {
        self.0.conflict.as_ref()
    }

    /// What the other side said.
    #[must_use]
    pub fn remote_detail(&self) -> Option<&Remote> {
        self.0.remote.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.0.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(advice) = &self.0.advice {
            write!(f, "; {advice}")?;
        }
        let mut separator = " (";
        for (name, value) in &self.0.context {
            write!(f, "{separator}{name}: {value}")?;
            separator = ", ";
        }
        if self.0.context.is_empty() {
            Ok(())
        } else {
            f.write_str(")")
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.0.kind)?;
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, "\n  caused by: {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn display_is_one_line_and_leaves_the_source_to_debug() {
        let error = Error::new(ErrorKind::Storage, "cannot write the journal")
            .operation("runs.start")
            .with("file", "/data/journal.db")
            .caused_by(std::io::Error::other("disk full"));
        assert_eq!(
            error.to_string(),
            "runs.start: cannot write the journal (file: /data/journal.db)"
        );
        assert_eq!(
            format!("{error:?}"),
            "storage: runs.start: cannot write the journal (file: /data/journal.db)\n  caused by: disk full"
        );
    }

    #[test]
    fn the_deepest_layer_names_the_operation() {
        let error = Error::unsupported("loops.edit").operation("cli");
        assert_eq!(error.failed_operation(), Some("loops.edit"));
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> =
            ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), ErrorKind::ALL.len());
    }
}
