//! [`Approval`]: something waits for a person; [`Review`]: what was decided about a run's work;
//! [`Reviews`]: the trait that decides.

use std::{fmt, str::FromStr, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    artifact::Artifact,
    error::Result,
    id::id,
    json::{Ext, Json},
    noun::{noun, request},
    plane::{Member, Operation, unsupported},
    run::RunRef,
    status::Status,
    time::Timestamp,
};

id! {
    /// The id of an approval.
    ApprovalId
}

/// What an agent may do without asking a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Policy {
    /// Everything.
    Allow,
    /// Nothing that it asks for.
    Deny,
    /// A person is asked, and what nobody answers within so many seconds is denied.
    Ask {
        /// Seconds from the question to the denial.
        seconds: u32,
    },
}

impl Policy {
    /// How long `ask` waits where nothing is said.
    pub const DEFAULT_ASK_SECONDS: u32 = 300;

    /// How long a question waits; `None` where none is asked.
    #[must_use]
    pub fn patience(self) -> Option<Duration> {
        match self {
            Self::Ask { seconds } => Some(Duration::from_secs(seconds.into())),
            _ => None,
        }
    }
}

impl Default for Policy {
    /// Everything is allowed: the work happens in a worktree, and a person looks at it before it
    /// is merged.
    fn default() -> Self {
        Self::Allow
    }
}

/// The text names no [`Policy`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no policy; one of allow, deny, ask, ask:SECONDS is")]
pub struct UnknownPolicy(String);

impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownPolicy(text.to_owned());
        match text.split_once(':') {
            None if text == "allow" => Ok(Self::Allow),
            None if text == "deny" => Ok(Self::Deny),
            None if text == "ask" => Ok(Self::Ask {
                seconds: Self::DEFAULT_ASK_SECONDS,
            }),
            Some(("ask", seconds)) => seconds
                .parse()
                .map(|seconds| Self::Ask { seconds })
                .map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

/// Something that waits for a person's decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// The run that waits for it.
    pub run: RunRef,
    /// What kind of thing it is: `edit`, `bash`, …
    pub action: String,
    /// What it is, for people.
    pub title: String,
    /// The agent's own description: patterns, command, diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Json>,
    /// What there is to look at, where it is a run's result that waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// Which state of the result this is, where the plane says so: an approval that
    /// [expects](ApproveRun#structfield.expected) it counts for no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<ReviewVersion>,
    /// When it was asked.
    pub requested_at: Timestamp,
    /// When it is denied if nobody answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// The answer; `None` while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What else the plane says.
    #[serde(default, skip_serializing_if = "Ext::is_empty")]
    pub ext: Ext,
}

impl Approval {
    /// A question that was asked now and has no answer yet.
    #[must_use]
    pub fn new(id: ApprovalId, run: RunRef, action: String, title: String) -> Self {
        Self {
            id,
            run,
            action,
            title,
            detail: None,
            artifacts: Vec::new(),
            version: None,
            requested_at: Timestamp::now(),
            deadline: None,
            decision: None,
            ext: Ext::new(),
        }
    }
}

/// The answer to an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// Yes, this once.
    Allow,
    /// No.
    Deny,
    /// Nobody answered in time, which counts as no but is told apart from it.
    Expired,
}

impl Decision {
    /// The decision in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Expired => "expired",
        }
    }
}

/// An answer to give.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The approval it answers.
    pub approval: ApprovalId,
    /// Yes or no.
    pub allow: bool,
    /// A word to the agent, where it was refused: what to do instead.
    pub note: Option<String>,
}

impl Answer {
    /// Yes, this once.
    #[must_use]
    pub const fn allow(approval: ApprovalId) -> Self {
        Self {
            approval,
            allow: true,
            note: None,
        }
    }

    /// No.
    #[must_use]
    pub const fn deny(approval: ApprovalId) -> Self {
        Self {
            approval,
            allow: false,
            note: None,
        }
    }

    /// Adds a word to the agent.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

id! {
    /// Which state of a run's result was looked at: a digest or a number of the plane's, compared
    /// as text.
    ReviewVersion
}

/// What a person decided about a run's work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Review {
    /// Nothing: nobody was asked.
    #[default]
    None,
    /// Nothing yet.
    Pending,
    /// It was approved.
    Approved {
        /// What the person wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// Whether the work was applied with it; `None` where the plane does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        applied: Option<bool>,
    },
    /// It was refused.
    Rejected {
        /// What the person wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

impl Review {
    /// Whether nobody was asked.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

request! {
    /// A run's result is to be approved. (Steward, "Run approval & Git actions"; `MetaForge`,
    /// "Approve Session".)
    #[derive(PartialEq, Eq)]
    ApproveRun {
        /// Which run's.
        run: RunRef,
        ;
        /// A word with it. (Steward, `notes`; `MetaForge`, `comment`.)
        note: String,
        /// Whether the work is committed with it; the plane's habit where nothing is said.
        commit: bool,
        /// What was looked at: [`Approval::version`]. Where the result is another by now, the
        /// approval is refused with `Conflict` `stale_review`.
        expected: ReviewVersion,
    }
}

impl ApproveRun {
    /// The members that this approval sets and that not every plane takes.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        [
            (Member::ReviewNote, self.note.is_some()),
            (Member::ReviewCommit, self.commit.is_some()),
            (Member::ReviewExpected, self.expected.is_some()),
        ]
        .into_iter()
        .filter_map(|(member, is_set)| is_set.then_some(member))
    }
}

request! {
    /// A run's result is to be refused.
    #[derive(PartialEq, Eq)]
    RejectRun {
        /// Which run's.
        run: RunRef,
        ;
        /// Why. (Steward, `notes`; `MetaForge`, `reason`, which it insists on.)
        note: String,
    }
}

noun! {
    /// A run's result was decided about.
    Reviewed {
        ;
        /// Where the run is now, where the plane says so.
        status: Status,
        /// Whether the work was applied.
        applied: bool,
        /// What the plane kept of the note.
        note: String,
        ;
        /// What it is about.
        artifacts: Vec<Artifact>,
        /// What else the plane says.
        ext: Ext,
    }
}

/// The facet that shows what waits for a person, and takes the answers: about a run's result
/// ([`approve`](Self::approve), [`reject`](Self::reject)), and about what an agent wants to do
/// while it works ([`answer`](Self::answer)).
#[async_trait]
pub trait Reviews: Send + Sync + fmt::Debug {
    /// Lists what waits for an answer, the oldest first.
    ///
    /// # Errors
    /// `Storage`, or what the wire says.
    async fn pending(&self) -> Result<Vec<Approval>> {
        unsupported(Operation::ReviewsPending, ())
    }

    /// Approves a run's result. Where the plane has one word for both, the work is delivered with it.
    ///
    /// # Behaviour
    /// - With [`expected`](ApproveRun#structfield.expected), only what was looked at is approved.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where nothing waits for it, or `stale_review`.
    async fn approve(&self, request: ApproveRun) -> Result<Reviewed> {
        unsupported(Operation::ReviewsApprove, request)
    }

    /// Refuses a run's result; nothing is applied.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where nothing waits for it; `InvalidInput` without a note where the
    /// plane wants one.
    async fn reject(&self, request: RejectRun) -> Result<Reviewed> {
        unsupported(Operation::ReviewsReject, request)
    }

    /// Answers one approval.
    ///
    /// # Behaviour
    /// - An approval is answered once. A second answer changes nothing and is refused.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` `already_resolved` where it was answered, expired, or its run ended.
    async fn answer(&self, answer: Answer) -> Result<()> {
        unsupported(Operation::ReviewsAnswer, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_from_words() {
        assert_eq!("allow".parse(), Ok(Policy::Allow));
        assert_eq!("deny".parse(), Ok(Policy::Deny));
        assert_eq!("ask".parse(), Ok(Policy::Ask { seconds: 300 }));
        assert_eq!("ask:20".parse(), Ok(Policy::Ask { seconds: 20 }));
        assert!("ask:soon".parse::<Policy>().is_err());
        assert!("deny:3".parse::<Policy>().is_err());
    }
}
