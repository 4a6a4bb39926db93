//! Several loops at once.

use grump_core::{Operation::*, Outcome, RunStatus};

use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(two_loops_of_one_repository_run_at_once).runs(&[DeliveriesAccept]),
        case!(a_stop_of_one_leaves_the_other_alone).runs(&[RunsStop]),
        case!(more_loops_than_may_run_wait_their_turn).runs(&[RunsStop]),
    ]
}

async fn two_loops_of_one_repository_run_at_once(stage: &Stage) {
    let mut other = stage.task(scripts::STEP_BY_STEP).max_iterations(1);
    other.title = "another task".to_owned();
    let runs = [
        stage.started(stage.task(scripts::WAITS)).await,
        stage.started(other).await,
    ];
    for run in &runs {
        stage.reached(run, RunStatus::Running).await;
    }
    stage.repository().open_gate("go");
    stage.repository().open_gate("1");
    for run in &runs {
        stage.loops().wait(run).await.unwrap();
        stage.loops().accept(run).await.unwrap();
    }
    let repository = stage.repository();
    assert_eq!(repository.read("done.txt").as_deref(), Some("Do it\n"));
    assert_eq!(repository.read("log.txt").as_deref(), Some("1: Do it\n"));
}

async fn a_stop_of_one_leaves_the_other_alone(stage: &Stage) {
    let (one, other) = (
        stage.hanging().await,
        stage.started(stage.task(scripts::WAITS)).await,
    );
    stage.reached(&other, RunStatus::Running).await;
    stage.loops().stop(&one).await.unwrap();
    stage.repository().open_gate("go");
    let over = stage.loops().wait(&other).await.unwrap();
    assert_eq!(over.outcome, Some(Outcome::Matched), "{:?}", over.error);
}

async fn more_loops_than_may_run_wait_their_turn(stage: &Stage) {
    let running = stage.full().await;
    let waiting = stage.started(stage.task(scripts::FINISHES)).await;
    stage.queued(&waiting).await;
    stage.loops().stop(&running[0]).await.unwrap();
    let over = stage.loops().wait(&waiting).await.unwrap();
    assert_eq!(
        over.status.unified,
        RunStatus::Completed,
        "{:?}",
        over.error
    );
    stage.loops().stop(&running[1]).await.unwrap();
}
