//! Starting a loop again whose work was over.

use grump_core::{Operation::*, Run, RunStatus};

use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(a_loop_at_its_limit_goes_on_and_the_limit_counts_anew).runs(&[]),
        case!(a_completed_loop_goes_on_behind_its_last_iteration).runs(&[]),
        case!(a_stopped_loop_goes_on_with_what_it_left).runs(&[RunsStop]),
        case!(a_failed_loop_counts_its_errors_anew).runs(&[]),
        case!(a_loop_at_work_again_has_no_outcome).runs(&[RunsStop]),
    ]
}

/// Starts a loop again, and lets it run to its end.
async fn again(stage: &Stage, run: &Run) -> Run {
    stage.loops().start(run).await.unwrap();
    stage.loops().wait(run).await.unwrap()
}

async fn a_loop_at_its_limit_goes_on_and_the_limit_counts_anew(stage: &Stage) {
    let new = stage.task(scripts::NEVER_DONE).max_iterations(2);
    let first = stage.finished(new).await;
    let second = again(stage, &first).await;
    assert_eq!(second.status.unified, RunStatus::LimitReached);
    let (before, after) = (first.as_loop().unwrap(), second.as_loop().unwrap());
    assert_eq!((after.iteration, &after.branch), (4, &before.branch));
    let log = stage.work(&second, "log.txt").unwrap();
    assert_eq!(log, "1: Do it\n2: Do it\n3: Do it\n4: Do it\n");
}

async fn a_completed_loop_goes_on_behind_its_last_iteration(stage: &Stage) {
    let first = stage.finished(stage.task(scripts::FINISHES)).await;
    let second = again(stage, &first).await;
    assert_eq!(second.status.unified, RunStatus::Completed);
    let numbers = second.as_loop().unwrap().recent_iterations.iter();
    let numbers: Vec<_> = numbers.map(|iteration| iteration.number).collect();
    assert_eq!(numbers, [1, 2]);
}

async fn a_stopped_loop_goes_on_with_what_it_left(stage: &Stage) {
    let run = stage.started(stage.task(scripts::WAITS)).await;
    stage
        .until(&run, |run| run.as_loop().unwrap().iteration == 1)
        .await;
    let stopped = stage.loops().open(&run).await.unwrap();
    stage.loops().stop(&run).await.unwrap();
    let worktree = stage.worktree(&stopped);
    std::fs::write(worktree.join("half.txt"), "half\n").unwrap();
    stage.repository().open_gate("go");
    let over = again(stage, &run).await;
    assert_eq!(over.status.unified, RunStatus::Completed);
    assert_eq!(over.as_loop().unwrap().iteration, 2);
    assert_eq!(stage.work(&over, "half.txt").as_deref(), Some("half\n"));
}

async fn a_failed_loop_counts_its_errors_anew(stage: &Stage) {
    let new = stage.task(scripts::RECOVERS).max_consecutive_errors(2);
    let first = stage.finished(new).await;
    assert_eq!(first.status.unified, RunStatus::Failed);
    let second = again(stage, &first).await;
    assert_eq!(second.status.unified, RunStatus::Failed);
    let detail = second.as_loop().unwrap();
    assert_eq!((detail.iteration, detail.consecutive_errors), (5, 2));
}

async fn a_loop_at_work_again_has_no_outcome(stage: &Stage) {
    let run = stage.hanging().await;
    stage.loops().stop(&run).await.unwrap();
    stage.loops().start(&run).await.unwrap();
    let now = stage.loops().open(&run).await.unwrap();
    assert_eq!((now.outcome, now.ended_at.clone()), (None, None), "{now:?}");
    stage.loops().stop(&run).await.unwrap();
}
