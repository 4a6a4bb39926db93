//! How loops end, and that the ways they end are told apart.

use grump_core::{
    Budget, EventKind, IterationOutcome, Member, NewLoop, Operation::*, Outcome, Run, RunStatus,
};

use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(a_match_completes_the_loop).runs(&[]),
        case!(when_work_began_and_ended_is_told)
            .runs(&[])
            .members(&[Member::RunTimes]),
        case!(the_limit_of_iterations_is_no_success).runs(&[]),
        case!(errors_in_a_row_fail_the_loop).runs(&[]),
        case!(a_failed_loop_tells_its_last_error)
            .runs(&[])
            .members(&[Member::RunError]),
        case!(an_agent_that_dies_counts_as_an_error).runs(&[]),
        case!(a_good_iteration_sets_the_count_of_errors_back).runs(&[]),
        case!(used_up_tokens_end_the_loop).runs(&[]).members(&[
            Member::LoopBudget,
            Member::RunOutcome,
            Member::LoopUsage,
        ]),
        case!(used_up_time_ends_the_loop)
            .runs(&[])
            .members(&[Member::LoopBudget, Member::RunOutcome]),
        case!(every_status_of_a_loop_is_shown).runs(&[
            RunsStop,
            DeliveriesAccept,
            DeliveriesDiscard,
        ]),
    ]
}

/// Lets a loop run to its end; how that is shown, and the last event.
async fn end(stage: &Stage, new: NewLoop) -> (Run, RunStatus, Option<Outcome>, EventKind) {
    let run = stage.finished(new).await;
    let last = stage.events(&run).await.pop().unwrap();
    let (status, outcome) = (run.status.unified, run.outcome);
    (run, status, outcome, last.kind())
}

async fn a_match_completes_the_loop(stage: &Stage) {
    let (run, status, outcome, told) = end(stage, stage.task(scripts::FINISHES)).await;
    assert_eq!(
        (status, outcome),
        (RunStatus::Completed, Some(Outcome::Matched))
    );
    assert_eq!(told, EventKind::RunCompleted);
    let iterations = &run.as_loop().unwrap().recent_iterations;
    assert_eq!(iterations.len(), 1);
    assert_eq!(iterations[0].outcome, IterationOutcome::Matched);
}

async fn when_work_began_and_ended_is_told(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let began = run.started_at.expect("its work began");
    let ended = run.ended_at.expect("its work ended");
    assert!(began.as_millis() <= ended.as_millis(), "{began} {ended}");
}

/// Pitfall 30: a loop that only ran out of iterations did not succeed.
async fn the_limit_of_iterations_is_no_success(stage: &Stage) {
    let new = stage.task(scripts::NEVER_DONE).max_iterations(3);
    let (run, status, outcome, told) = end(stage, new).await;
    assert_eq!(
        (status, outcome),
        (RunStatus::LimitReached, Some(Outcome::LimitReached))
    );
    assert_eq!(told, EventKind::RunLimitReached);
    assert_eq!(run.as_loop().unwrap().iteration, 3);
    let log = stage.work(&run, "log.txt").unwrap();
    assert_eq!(log, "1: Do it\n2: Do it\n3: Do it\n");
}

/// Pitfall 30: a loop that fails again and again did not reach its limit.
async fn errors_in_a_row_fail_the_loop(stage: &Stage) {
    let new = stage.task(scripts::FAILS).max_consecutive_errors(2);
    let (run, status, outcome, told) = end(stage, new).await;
    assert_eq!(
        (status, outcome),
        (RunStatus::Failed, Some(Outcome::Errors))
    );
    assert_eq!(told, EventKind::RunFailed);
    let detail = run.as_loop().unwrap();
    assert_eq!((detail.iteration, detail.consecutive_errors), (2, 2));
    assert_eq!(detail.recent_iterations[1].outcome, IterationOutcome::Error);
}

async fn a_failed_loop_tells_its_last_error(stage: &Stage) {
    let new = stage.task(scripts::FAILS).max_consecutive_errors(1);
    let error = stage.finished(new).await.error.unwrap();
    assert!(error.contains("the model is not there"), "{error}");
}

async fn an_agent_that_dies_counts_as_an_error(stage: &Stage) {
    let new = stage.task(scripts::CRASHES).max_consecutive_errors(1);
    let (_, status, outcome, _) = end(stage, new).await;
    assert_eq!(
        (status, outcome),
        (RunStatus::Failed, Some(Outcome::Errors))
    );
}

async fn a_good_iteration_sets_the_count_of_errors_back(stage: &Stage) {
    let new = stage.task(scripts::RECOVERS).max_iterations(10);
    let (run, status, ..) = end(stage, new.max_consecutive_errors(3)).await;
    assert_eq!(status, RunStatus::Completed, "{:?}", run.error);
    let detail = run.as_loop().unwrap();
    assert_eq!((detail.iteration, detail.consecutive_errors), (6, 0));
}

/// Pitfall 30: a budget is no success either, and is told apart from the limit of iterations.
async fn used_up_tokens_end_the_loop(stage: &Stage) {
    let budget = Budget {
        tokens: Some(150),
        ..Budget::default()
    };
    let (run, status, outcome, told) = end(stage, stage.task(scripts::SPENDS).budget(budget)).await;
    assert_eq!(
        (status, outcome),
        (RunStatus::LimitReached, Some(Outcome::Budget))
    );
    assert_eq!(told, EventKind::RunLimitReached);
    let detail = run.as_loop().unwrap();
    assert_eq!((detail.iteration, detail.usage.total()), (2, 200));
}

async fn used_up_time_ends_the_loop(stage: &Stage) {
    let budget = Budget {
        seconds: Some(1),
        ..Budget::default()
    };
    let (run, status, outcome, told) = end(stage, stage.task(scripts::HANGS).budget(budget)).await;
    assert_eq!(
        (status, outcome),
        (RunStatus::LimitReached, Some(Outcome::Budget))
    );
    assert_eq!(told, EventKind::RunLimitReached);
    assert_eq!(stage.work(&run, "half.txt").as_deref(), Some("half\n"));
}

/// The ten states of a Ralpher loop but `starting`, which is over too soon to be seen for sure.
async fn every_status_of_a_loop_is_shown(stage: &Stage) {
    let (loops, shows) = (stage.loops(), async |run: &Run, status: RunStatus| {
        let found = stage.loops().open(run).await.unwrap().status;
        assert_eq!(found.unified, status);
    });
    let run = stage.created(stage.task(scripts::HANGS)).await;
    shows(&run, RunStatus::Draft).await;
    loops.start(&run).await.unwrap();
    stage.told(&run, EventKind::IterationStarted).await;
    shows(&run, RunStatus::Running).await;
    loops.stop(&run).await.unwrap();
    shows(&run, RunStatus::Cancelled).await;
    loops.discard(&run).await.unwrap();
    shows(&run, RunStatus::Discarded).await;
    let run = stage.started(stage.task(scripts::FAILS)).await;
    stage.reached(&run, RunStatus::Waiting).await;
    loops.stop(&run).await.unwrap();
    let fails = stage.task(scripts::FAILS).max_consecutive_errors(1);
    shows(&stage.finished(fails).await, RunStatus::Failed).await;
    let limited = stage.task(scripts::NEVER_DONE).max_iterations(1);
    shows(&stage.finished(limited).await, RunStatus::LimitReached).await;
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    shows(&run, RunStatus::Completed).await;
    loops.accept(&run).await.unwrap();
    shows(&run, RunStatus::Merged).await;
}
