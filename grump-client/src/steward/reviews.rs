//! What becomes of a run's work. ("Run approval & Git actions")

use grump_core::Result;
use grump_wire::{
    endpoint::NoBody,
    steward::{
        ApproveRequest, ApproveRun, CommitRun, Committed, PushRun, Pushed, RejectRequest,
        RejectRun, Review, RunId,
    },
};

use super::{StewardClient, runs::at};

/// What becomes of a run's work. ("Run approval & Git actions")
#[derive(Clone, Copy, Debug)]
pub struct StewardReviews<'c>(pub(super) &'c StewardClient);

impl StewardReviews<'_> {
    /// Approve; writes a row of `run_reviews`. Nothing is committed unless the request says so.
    pub async fn approve(self, run: impl Into<RunId>, request: ApproveRequest) -> Result<Review> {
        self.0.send::<ApproveRun>(at(run)?, request).await
    }

    /// Reject; writes a row of `run_reviews`.
    pub async fn reject(self, run: impl Into<RunId>, request: RejectRequest) -> Result<Review> {
        self.0.send::<RejectRun>(at(run)?, request).await
    }

    /// Commit outstanding changes on the run's branch; requires approval.
    pub async fn commit(self, run: impl Into<RunId>) -> Result<Committed> {
        self.0.send::<CommitRun>(at(run)?, NoBody).await
    }

    /// Push; gated by the setting `safety.auto_git_push`, the ability `git:push` and an approved
    /// review. An error says which of them was lacking.
    pub async fn push(self, run: impl Into<RunId>) -> Result<Pushed> {
        self.0.send::<PushRun>(at(run)?, NoBody).await
    }
}
