//! [`Status`]: where a run is, as one word for every dialect beside the word the plane itself uses.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a run is, in the vocabulary that all dialects share.
///
/// "Gone" is not a status: reading a removed run answers
/// [`NotFound`](crate::ErrorKind::NotFound), and its stream emits `run.deleted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunStatus {
    /// It exists; nothing has run.
    Draft,
    /// Accepted; no worker has it yet.
    Queued,
    /// Its worker or agent is being set up.
    Starting,
    /// Working.
    Running,
    /// Alive, between two iterations.
    Waiting,
    /// Suspended by a person.
    Paused,
    /// The work is done and waits for a person's decision.
    AwaitingApproval,
    /// Finished with success; the result is not yet taken in.
    Completed,
    /// Ended by a limit of iterations, time or tokens.
    LimitReached,
    /// Ended by an error.
    Failed,
    /// Ended by a person, or cut off by a crash.
    Cancelled,
    /// The result was taken in.
    Merged,
    /// The result was refused; nothing was applied.
    Rejected,
    /// The result and its branch were thrown away.
    Discarded,
    /// A word of the plane's that this version of grump does not know; [`Status::native`] has it.
    Unknown,
}

impl RunStatus {
    /// Every status, in the order of a run's life.
    pub const ALL: [Self; 15] = [
        Self::Draft,
        Self::Queued,
        Self::Starting,
        Self::Running,
        Self::Waiting,
        Self::Paused,
        Self::AwaitingApproval,
        Self::Completed,
        Self::LimitReached,
        Self::Failed,
        Self::Cancelled,
        Self::Merged,
        Self::Rejected,
        Self::Discarded,
        Self::Unknown,
    ];

    /// The status in snake case: `"limit_reached"`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Completed => "completed",
            Self::LimitReached => "limit_reached",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Merged => "merged",
            Self::Rejected => "rejected",
            Self::Discarded => "discarded",
            Self::Unknown => "unknown",
        }
    }

    /// An agent is at work, or about to be: Starting, Running, Waiting.
    #[must_use]
    pub const fn is_executing(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Waiting)
    }

    /// The work is over; no further work happens unless the run is started anew.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::LimitReached | Self::Failed | Self::Cancelled
        ) || self.is_final()
    }

    /// Nothing but removal is left.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Merged | Self::Rejected | Self::Discarded)
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not one of [`RunStatus::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown status {0:?}; known are: draft, queued, starting, running, waiting, paused, awaiting_approval, completed, limit_reached, failed, cancelled, merged, rejected, discarded"
)]
pub struct UnknownStatus(String);

impl FromStr for RunStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// Where a run is: the shared word, and the word of the plane it came from.
///
/// ```
/// use grump_core::{RunStatus, Status};
///
/// let status = Status::new(RunStatus::LimitReached, "max_iterations");
/// assert!(status.unified.is_terminal());
/// assert_eq!(status.native, "max_iterations");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Status {
    /// The shared word.
    pub unified: RunStatus,
    /// The plane's own word, which is what is written back to it.
    pub native: Cow<'static, str>,
}

impl Status {
    /// A status with the plane's own word for it.
    #[must_use]
    pub fn new(unified: RunStatus, native: impl Into<Cow<'static, str>>) -> Self {
        Self {
            unified,
            native: native.into(),
        }
    }
}

impl From<RunStatus> for Status {
    /// The status of a plane whose own words are the shared ones, as the engine's are.
    fn from(unified: RunStatus) -> Self {
        Self::new(unified, unified.as_str())
    }
}

impl fmt::Display for Status {
    /// The shared word, or the native one where it is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unified {
            RunStatus::Unknown => f.write_str(&self.native),
            known => f.write_str(known.as_str()),
        }
    }
}

/// A transition that the five documents show; `None` is "not there (any more)".
pub type Transition = (Option<RunStatus>, Option<RunStatus>);

/// Every transition between named states that the five documents show, carried over to the shared
/// words. A client never refuses another one that a server reports; an engine has a table of its
/// own. Beyond these, Ralpher's DELETE leads from anywhere to `Discarded`, and `MetaForge`'s from
/// anywhere to nothing.
pub const DOCUMENTED_TRANSITIONS: &[Transition] = {
    use RunStatus::{
        AwaitingApproval, Cancelled, Completed, Discarded, Draft, Failed, LimitReached, Merged,
        Paused, Queued, Rejected, Running, Starting, Waiting,
    };
    &[
        (None, Some(Draft)),
        (None, Some(Queued)),
        (None, Some(Running)),
        (Some(Draft), Some(Queued)),
        (Some(Draft), Some(Starting)),
        (Some(Draft), Some(Running)),
        (Some(Draft), Some(Cancelled)),
        (Some(Queued), Some(Running)),
        (Some(Queued), Some(Cancelled)),
        (Some(Starting), Some(Running)),
        (Some(Starting), Some(Failed)),
        (Some(Starting), Some(Cancelled)),
        (Some(Running), Some(Waiting)),
        (Some(Running), Some(Paused)),
        (Some(Running), Some(AwaitingApproval)),
        (Some(Running), Some(Completed)),
        (Some(Running), Some(LimitReached)),
        (Some(Running), Some(Failed)),
        (Some(Running), Some(Cancelled)),
        (Some(Waiting), Some(Running)),
        (Some(Waiting), Some(LimitReached)),
        (Some(Waiting), Some(Failed)),
        (Some(Waiting), Some(Cancelled)),
        (Some(Paused), Some(Running)),
        (Some(Paused), Some(Cancelled)),
        (Some(AwaitingApproval), Some(Merged)),
        (Some(AwaitingApproval), Some(Rejected)),
        (Some(Completed), Some(Starting)),
        (Some(Completed), Some(Running)),
        (Some(Completed), Some(Merged)),
        (Some(Completed), Some(Discarded)),
        (Some(LimitReached), Some(Starting)),
        (Some(LimitReached), Some(Merged)),
        (Some(LimitReached), Some(Discarded)),
        (Some(Failed), Some(Queued)),
        (Some(Failed), Some(Starting)),
        (Some(Failed), Some(Running)),
        (Some(Failed), Some(Discarded)),
        (Some(Cancelled), Some(Starting)),
        (Some(Cancelled), Some(Discarded)),
        (Some(Merged), None),
        (Some(Discarded), None),
    ]
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_status_parses_from_its_own_name() {
        for status in RunStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert!("Running".parse::<RunStatus>().is_err());
    }

    #[test]
    fn the_documented_transitions_are_those_of_the_table() {
        let table = include_str!("../domain/unified_transitions.tsv");
        let listed: BTreeSet<_> = table
            .lines()
            .skip(1)
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .filter(|cells| cells[0] != "(any)")
            .map(|cells| (named(cells[0]), named(cells[1])))
            .collect();
        assert_eq!(listed, DOCUMENTED_TRANSITIONS.iter().copied().collect());
    }

    fn named(cell: &str) -> Option<RunStatus> {
        let status = RunStatus::ALL
            .into_iter()
            .find(|status| format!("{status:?}") == cell);
        assert!(
            status.is_some() || ["(none)", "(gone)"].contains(&cell),
            "{cell}"
        );
        status
    }
}
