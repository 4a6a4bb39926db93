//! Throwing work away, bringing it back, and forgetting it.

use grump_core::{EventKind, Integration, Member, Operation::*, Outcome, Run, RunStatus};

use super::{conflict, is_nowhere};
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(a_discard_deletes_the_branch).runs(&[DeliveriesDiscard]),
        case!(a_discarded_run_tells_that_its_branch_is_deleted)
            .runs(&[DeliveriesDiscard])
            .members(&[Member::RunIntegration, Member::LoopBranch]),
        case!(a_discard_is_undone).runs(&[DeliveriesDiscard, DeliveriesUndo, DeliveriesAccept]),
        case!(an_undo_undoes_once).runs(&[DeliveriesDiscard, DeliveriesUndo]),
        case!(what_was_not_thrown_away_cannot_be_brought_back).runs(&[DeliveriesUndo]),
        case!(a_running_loop_is_not_discarded).runs(&[DeliveriesDiscard, RunsStop]),
        case!(a_merged_loop_is_not_discarded).runs(&[DeliveriesDiscard, DeliveriesAccept]),
        case!(a_loop_that_never_began_is_discarded_and_comes_back).runs(&[
            RunsStop,
            DeliveriesDiscard,
            DeliveriesUndo,
        ]),
        case!(a_removal_stops_a_running_loop).runs(&[RunsRemove]),
        case!(a_removal_beside_a_start_leaves_nothing_running).runs(&[RunsRemove, RunsStop]),
        case!(a_removal_is_undone).runs(&[RunsRemove, DeliveriesUndo]),
        case!(a_removed_draft_comes_back_as_a_draft).needs(&[
            LoopsCreate,
            RunsOpen,
            RunsRemove,
            DeliveriesUndo,
        ]),
        case!(a_second_removal_changes_nothing).needs(&[LoopsCreate, RunsOpen, RunsRemove]),
        case!(only_what_is_merged_or_deleted_is_purged).runs(&[DeliveriesPurge]),
        case!(what_was_purged_is_nowhere).runs(&[
            DeliveriesAccept,
            DeliveriesDiscard,
            RunsList,
            DeliveriesPurge,
        ]),
    ]
}

async fn now(stage: &Stage, run: &Run) -> Run {
    stage.loops().open(run).await.unwrap()
}

fn branches(stage: &Stage) -> String {
    stage.repository().git(&["branch", "--list", "ralph/*"])
}

async fn a_discard_deletes_the_branch(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    assert_ne!(branches(stage), "");
    stage.loops().discard(&run).await.unwrap();
    assert_eq!(branches(stage), "");
    let after = now(stage, &run).await;
    assert_eq!(after.status.unified, RunStatus::Discarded);
}

async fn a_discarded_run_tells_that_its_branch_is_deleted(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    stage.loops().discard(&run).await.unwrap();
    let after = now(stage, &run).await;
    assert_eq!(after.integration, Integration::BranchDeleted);
    assert_eq!(after.as_loop().unwrap().branch, None);
}

/// Pitfall 33: what is thrown away is kept until it is purged.
async fn a_discard_is_undone(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    stage.loops().discard(&run).await.unwrap();
    stage.loops().undo(&run).await.unwrap();
    let after = now(stage, &run).await;
    assert_eq!((&after.status, after.outcome), (&run.status, run.outcome));
    assert_eq!(after.detail, run.detail);
    stage.loops().accept(&run).await.unwrap();
    assert_eq!(
        stage.repository().read("done.txt").as_deref(),
        Some("Do it\n")
    );
}

async fn an_undo_undoes_once(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    stage.loops().discard(&run).await.unwrap();
    stage.loops().undo(&run).await.unwrap();
    conflict(stage.loops().undo(&run).await, "nothing_to_undo");
}

async fn what_was_not_thrown_away_cannot_be_brought_back(stage: &Stage) {
    let draft = stage.created(stage.task(scripts::FINISHES)).await;
    let done = stage.finished(stage.task(scripts::FINISHES)).await;
    for run in [&draft, &done] {
        conflict(stage.loops().undo(run).await, "nothing_to_undo");
    }
}

async fn a_running_loop_is_not_discarded(stage: &Stage) {
    let run = stage.hanging().await;
    conflict(stage.loops().discard(&run).await, "discard_failed");
    assert_eq!(now(stage, &run).await.status.unified, RunStatus::Running);
    stage.loops().stop(&run).await.unwrap();
}

async fn a_merged_loop_is_not_discarded(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    stage.loops().accept(&run).await.unwrap();
    conflict(stage.loops().discard(&run).await, "discard_failed");
}

async fn a_loop_that_never_began_is_discarded_and_comes_back(stage: &Stage) {
    let others = stage.full().await;
    let run = stage.started(stage.task(scripts::FINISHES)).await;
    stage.queued(&run).await;
    stage.loops().stop(&run).await.unwrap();
    stage.loops().discard(&run).await.unwrap();
    stage.loops().undo(&run).await.unwrap();
    assert_eq!(now(stage, &run).await.status.unified, RunStatus::Cancelled);
    stage.loops().stop(&others[0]).await.unwrap();
    stage.loops().start(&run).await.unwrap();
    let over = stage.loops().wait(&run).await.unwrap();
    assert_eq!(
        over.status.unified,
        RunStatus::Completed,
        "{:?}",
        over.error
    );
}

async fn a_removal_stops_a_running_loop(stage: &Stage) {
    let run = stage.hanging().await;
    stage.loops().remove(&run).await.unwrap();
    let after = now(stage, &run).await;
    assert_eq!(after.status.unified, RunStatus::Discarded);
    let events = stage.events(&run).await;
    let kinds: Vec<_> = events.iter().map(grump_core::Event::kind).collect();
    assert!(
        kinds.ends_with(&[EventKind::RunCancelled, EventKind::RunDeleted]),
        "{kinds:?}"
    );
}

/// Pitfall 17: a removal that races a start comes either before it or after it.
async fn a_removal_beside_a_start_leaves_nothing_running(stage: &Stage) {
    let (run, loops) = (
        stage.created(stage.task(scripts::HANGS)).await,
        stage.loops(),
    );
    let (started, removed) = futures::join!(loops.start(&run), loops.remove(&run));
    removed.unwrap();
    if started.is_err() {
        conflict(started, "not_startable");
    }
    assert_eq!(now(stage, &run).await.status.unified, RunStatus::Discarded);
    conflict(loops.stop(&run).await, "not_running");
    let last = stage.events(&run).await.pop().unwrap();
    assert_eq!(last.kind(), EventKind::RunDeleted);
}

async fn a_removal_is_undone(stage: &Stage) {
    let run = stage.hanging().await;
    stage.loops().remove(&run).await.unwrap();
    stage.loops().undo(&run).await.unwrap();
    let after = now(stage, &run).await;
    assert_eq!(after.status.unified, RunStatus::Cancelled);
    assert_eq!(after.outcome, Some(Outcome::Stopped));
}

async fn a_removed_draft_comes_back_as_a_draft(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    stage.loops().remove(&run).await.unwrap();
    assert_eq!(now(stage, &run).await.status.unified, RunStatus::Discarded);
    stage.loops().undo(&run).await.unwrap();
    assert_eq!(now(stage, &run).await.status.unified, RunStatus::Draft);
}

async fn a_second_removal_changes_nothing(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    stage.loops().remove(&run).await.unwrap();
    let removed = now(stage, &run).await;
    stage.loops().remove(&run).await.unwrap();
    assert_eq!(now(stage, &run).await, removed);
}

async fn only_what_is_merged_or_deleted_is_purged(stage: &Stage) {
    let draft = stage.created(stage.task(scripts::FINISHES)).await;
    let done = stage.finished(stage.task(scripts::FINISHES)).await;
    for run in [&draft, &done] {
        conflict(stage.loops().purge(run).await, "purge_failed");
        assert_eq!(now(stage, run).await.status, run.status);
    }
}

async fn what_was_purged_is_nowhere(stage: &Stage) {
    let merged = stage.finished(stage.task(scripts::FINISHES)).await;
    stage.loops().accept(&merged).await.unwrap();
    let discarded = stage.finished(stage.task(scripts::SAYS)).await;
    stage.loops().discard(&discarded).await.unwrap();
    for run in [&merged, &discarded] {
        stage.loops().purge(run).await.unwrap();
        is_nowhere(stage, &run.name).await;
    }
    assert_eq!(stage.loops().list().await.unwrap(), []);
    assert_eq!(branches(stage), "");
}
