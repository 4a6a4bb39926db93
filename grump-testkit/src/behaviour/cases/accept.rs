//! Merging what a loop did.

use grump_core::{Integration, Operation::*, RunStatus};

use super::conflict;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(merges_into_the_branch_it_was_started_from).runs(&[DeliveriesAccept]),
        case!(is_refused_while_the_loop_runs).runs(&[DeliveriesAccept, RunsStop]),
    ]
}

async fn merges_into_the_branch_it_was_started_from(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let accepted = stage.loops().accept(&run).await.unwrap();
    let repository = stage.repository();
    assert_eq!(
        repository.git(&["rev-parse", "main"]),
        accepted.merge_commit
    );
    assert_eq!(repository.read("done.txt").as_deref(), Some("Do it\n"));
    assert_eq!(accepted.left_out, []);
    let merged = stage.loops().open(&run).await.unwrap();
    assert_eq!(merged.status.unified, RunStatus::Merged);
    assert_eq!(
        merged.integration,
        Integration::Merged(accepted.merge_commit)
    );
}

async fn is_refused_while_the_loop_runs(stage: &Stage) {
    let before = stage.repository().head();
    let run = stage.hanging().await;
    conflict(stage.loops().accept(&run).await, "accept_failed");
    assert_eq!(stage.repository().head(), before);
    stage.loops().stop(&run).await.unwrap();
}
