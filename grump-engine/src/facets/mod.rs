//! The facets of the engine: the traits of `grump-core`, one file each.

mod deliveries;
mod events;
mod loops;
mod models;
mod reviews;
mod runs;
mod system;

use grump_core::{Integration, Outcome, Run, RunStatus};

use crate::flow::state::LoopRecord;

/// The run as it is shown.
///
/// A loop that a dead engine worked on is not running, whatever was stored last: it is shown as
/// interrupted, without writing that down.
pub(crate) fn shown(record: LoopRecord, is_cut_off: bool) -> Run {
    let LoopRecord { mut run, .. } = record;
    if is_cut_off {
        run.status = RunStatus::Cancelled.into();
        run.outcome = Some(Outcome::Interrupted);
        run.resumable = true;
    }
    if run.integration == Integration::BranchDeleted
        && let Some(detail) = run.as_loop_mut()
    {
        detail.branch = None;
        detail.worktree = None;
    }
    run
}
