//! Stopping loops.

use std::process::Command;

use grump_core::{EventKind, Member, Operation::*, Outcome, Run, RunStatus};

use super::conflict;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(a_busy_loop_is_stopped_and_keeps_its_half_done_work).runs(&[RunsStop]),
        case!(nothing_of_the_agent_is_left).runs(&[RunsStop]),
        case!(a_loop_that_waits_between_two_tries_is_stopped).runs(&[RunsStop]),
        case!(a_queued_loop_is_stopped_before_it_begins).runs(&[RunsStop]),
        case!(a_stop_right_behind_the_start_is_honoured).runs(&[RunsStop]),
        case!(a_stop_beside_the_start_stops_it_or_comes_before_it).runs(&[RunsStop]),
        case!(two_stops_at_once_both_answer_when_it_is_stopped).runs(&[RunsStop]),
        case!(what_is_not_running_is_not_stopped).runs(&[RunsStop]),
        case!(a_stop_that_is_refused_says_where_the_loop_is)
            .needs(&[LoopsCreate, RunsStop])
            .members(&[Member::ConflictDetail]),
    ]
}

fn is_stopped(run: &Run) -> bool {
    (run.status.unified, run.outcome) == (RunStatus::Cancelled, Some(Outcome::Stopped))
}

async fn a_busy_loop_is_stopped_and_keeps_its_half_done_work(stage: &Stage) {
    let run = stage.hanging().await;
    stage.loops().stop(&run).await.unwrap();
    let after = stage.loops().open(&run).await.unwrap();
    assert!(is_stopped(&after), "{after:?}");
    assert_eq!(stage.work(&after, "half.txt").as_deref(), Some("half\n"));
    let last = stage.events(&run).await.pop().unwrap();
    assert_eq!(last.kind(), EventKind::RunCancelled);
}

/// Pitfall 17: a stop is answered when the agent's tools are gone too.
async fn nothing_of_the_agent_is_left(stage: &Stage) {
    let run = stage.started(stage.task(scripts::BUSY)).await;
    let pid = stage.file(".git/pid").await;
    let lives = || {
        let probe = Command::new("kill").args(["-0", pid.trim()]).output();
        probe.unwrap().status.success()
    };
    assert!(lives());
    stage.loops().stop(&run).await.unwrap();
    assert!(!lives());
}

async fn a_loop_that_waits_between_two_tries_is_stopped(stage: &Stage) {
    let tries = stage.task(scripts::FAILS).max_iterations(1000);
    let run = stage.started(tries.max_consecutive_errors(1000)).await;
    stage.reached(&run, RunStatus::Waiting).await;
    stage.loops().stop(&run).await.unwrap();
    let after = stage.loops().open(&run).await.unwrap();
    assert!(is_stopped(&after), "{after:?}");
}

async fn a_queued_loop_is_stopped_before_it_begins(stage: &Stage) {
    stage.full().await;
    let run = stage.started(stage.task(scripts::FINISHES)).await;
    stage.queued(&run).await;
    stage.loops().stop(&run).await.unwrap();
    let after = stage.loops().open(&run).await.unwrap();
    assert!(is_stopped(&after), "{after:?}");
    assert_eq!(after.as_loop().unwrap().iteration, 0);
}

/// Pitfall 17: a stop does not get lost because the start is still under way.
async fn a_stop_right_behind_the_start_is_honoured(stage: &Stage) {
    let run = stage.started(stage.task(scripts::HANGS)).await;
    stage.loops().stop(&run).await.unwrap();
    let after = stage.loops().open(&run).await.unwrap();
    assert!(is_stopped(&after), "{after:?}");
}

/// Pitfall 17: a stop that races a start comes either before it or after it.
async fn a_stop_beside_the_start_stops_it_or_comes_before_it(stage: &Stage) {
    let loops = stage.loops();
    for _ in 0..5 {
        let run = stage.created(stage.task(scripts::HANGS)).await;
        let (started, stopped) = futures::join!(loops.start(&run), loops.stop(&run));
        started.unwrap();
        if stopped.is_err() {
            conflict(stopped, "not_running");
            loops.stop(&run).await.unwrap();
        }
        let after = loops.open(&run).await.unwrap();
        assert!(is_stopped(&after), "{after:?}");
    }
}

async fn two_stops_at_once_both_answer_when_it_is_stopped(stage: &Stage) {
    let (run, loops) = (stage.hanging().await, stage.loops());
    let stop = async || {
        loops.stop(&run).await.unwrap();
        loops.open(&run).await.unwrap()
    };
    let (one, other) = futures::join!(stop(), stop());
    assert!(is_stopped(&one) && is_stopped(&other), "{one:?} {other:?}");
}

async fn what_is_not_running_is_not_stopped(stage: &Stage) {
    let draft = stage.created(stage.task(scripts::FINISHES)).await;
    conflict(stage.loops().stop(&draft).await, "not_running");
    let done = stage.finished(stage.task(scripts::FINISHES)).await;
    conflict(stage.loops().stop(&done).await, "not_running");
    let after = stage.loops().open(&done).await.unwrap();
    assert_eq!(after, done);
}

async fn a_stop_that_is_refused_says_where_the_loop_is(stage: &Stage) {
    let draft = stage.created(stage.task(scripts::FINISHES)).await;
    let error = conflict(stage.loops().stop(&draft).await, "not_running");
    let current = error.conflict().unwrap().current.clone().unwrap();
    assert_eq!(current.unified, RunStatus::Draft, "{error:?}");
}
