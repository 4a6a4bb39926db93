//! [`Quirks`]: where servers in the field differ from their document.

use std::time::Duration;

/// Where a server differs from the document. [`documented`](Self::documented) differs nowhere;
/// [`field`](Self::field) is what was seen of running servers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Quirks {
    /// A route that is not there, or a method that it has not, is answered with 200 and the page of
    /// a single-page application; else with 404 `not_found`.
    pub spa: bool,
    /// Streams begin with the comment `: connected`, and after so long without anything comes
    /// `: heartbeat`; none where there is no time.
    pub heartbeat: Option<Duration>,
    /// Configurations, states and tool calls have members that the document does not name.
    pub extra_members: bool,
    /// Request bodies may have members that the document does not name; else that is
    /// `validation_error`.
    pub lenient_bodies: bool,
    /// Log entries are told twice, with the same id: the second replaces the first.
    pub repeated_logs: bool,
    /// `loop.started` comes behind a dozen log entries, with iteration 0.
    pub late_started: bool,
    /// A tool call is told when it begins and again when it is completed, with its output.
    pub tool_results: bool,
    /// The limit of iterations is told as `loop.stopped` with a reason; else it is not told.
    pub stopped_at_limit: bool,
    /// So many starts are refused with `already_running` after a completion.
    pub busy_after_completion: u32,
    /// Errors are `{"error": …}` without a message.
    pub bare_errors: bool,
    /// What is not documented for a request that cannot be done is 500 `start_failed`,
    /// `update_failed` or `save_failed`, and other codes than those of the document.
    pub own_codes: bool,
    /// How "no model was used yet" is said.
    pub no_model: NoModel,
    /// The decimals of the seconds of times, one after the other.
    pub decimals: Vec<usize>,
    /// What times end with, one after the other.
    pub zones: Vec<&'static str>,
    /// The status that answers a create.
    pub created: u16,
    /// Patches are whole sections (`diff --git …`) and not only hunks.
    pub whole_patches: bool,
    /// A file that is not there has no `content`; else that is empty.
    pub no_content: bool,
}

/// How a server says that no model was used yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoModel {
    /// The body is `null`, as documented.
    Null,
    /// The body is `{}`.
    Empty,
    /// There is no body: 204.
    NoContent,
}

impl Quirks {
    /// As the document says.
    #[must_use]
    pub fn documented() -> Self {
        Self {
            spa: false,
            heartbeat: None,
            extra_members: false,
            lenient_bodies: false,
            repeated_logs: false,
            late_started: false,
            tool_results: false,
            stopped_at_limit: false,
            busy_after_completion: 0,
            bare_errors: false,
            own_codes: false,
            no_model: NoModel::Null,
            decimals: vec![3],
            zones: vec!["Z"],
            created: 201,
            whole_patches: false,
            no_content: false,
        }
    }

    /// As servers in the field were seen to do. What was not seen of them, but may be, is left as
    /// documented: `bare_errors`, `no_model`, `created`, `no_content`.
    #[must_use]
    pub fn field() -> Self {
        Self {
            spa: true,
            heartbeat: Some(Duration::from_secs(5)),
            extra_members: true,
            lenient_bodies: true,
            repeated_logs: true,
            late_started: true,
            tool_results: true,
            stopped_at_limit: true,
            busy_after_completion: 1,
            own_codes: true,
            decimals: vec![3, 0, 6],
            zones: vec!["Z", "+00:00"],
            whole_patches: true,
            ..Self::documented()
        }
    }
}
