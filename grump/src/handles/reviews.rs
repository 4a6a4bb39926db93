//! Handle of the facet `Reviews`.

use grump_core::{Answer, Approval, ApproveRun, RejectRun, Reviewed};

use super::handle;

handle! {
    /// What waits for a person.
    Reviews reviews {
        /// Lists what waits for an answer, the oldest first.
        ReviewsPending pending() -> Vec<Approval>;
        /// Approves a run's result.
        ReviewsApprove approve(request: ApproveRun) -> Reviewed, told request.members();
        /// Refuses a run's result.
        ReviewsReject reject(request: RejectRun) -> Reviewed;
        /// Answers one approval.
        ReviewsAnswer answer(answer: Answer) -> ();
    }
}
