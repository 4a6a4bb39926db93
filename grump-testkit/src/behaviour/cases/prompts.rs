//! The prompt of the next iteration only.

use grump_core::{ErrorKind, Member, Operation::*, Run};

use super::{conflict, refused};
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(a_pending_prompt_is_used_once).runs(&[LoopsSetPendingPrompt]),
        case!(a_pending_prompt_is_shown_until_it_is_used)
            .runs(&[LoopsSetPendingPrompt])
            .members(&[Member::LoopPendingPrompt]),
        case!(the_last_pending_prompt_replaces_those_before).runs(&[LoopsSetPendingPrompt]),
        case!(a_pending_prompt_that_is_cleared_is_not_used)
            .runs(&[LoopsSetPendingPrompt, LoopsClearPendingPrompt]),
        case!(there_may_be_none_to_clear).runs(&[LoopsClearPendingPrompt, RunsStop]),
        case!(a_loop_that_does_not_run_takes_none)
            .runs(&[LoopsSetPendingPrompt, LoopsClearPendingPrompt]),
        case!(an_empty_one_is_refused).runs(&[LoopsSetPendingPrompt, RunsStop]),
    ]
}

/// A loop that is held in the first of three iterations.
async fn held(stage: &Stage) -> Run {
    let run = stage
        .started(stage.task(scripts::STEP_BY_STEP).max_iterations(3))
        .await;
    stage
        .until(&run, |run| run.as_loop().unwrap().iteration == 1)
        .await
}

/// Lets the loop go on to its end; the prompts that its agent was given.
async fn prompts(stage: &Stage, run: &Run) -> String {
    for gate in ["1", "2", "3"] {
        stage.repository().open_gate(gate);
    }
    let over = stage.loops().wait(run).await.unwrap();
    stage.work(&over, "log.txt").unwrap()
}

async fn a_pending_prompt_is_used_once(stage: &Stage) {
    let (run, loops) = (held(stage).await, stage.loops());
    loops
        .set_pending_prompt(&run, "Mind the gap")
        .await
        .unwrap();
    let given = prompts(stage, &run).await;
    assert_eq!(given, "1: Do it\n2: Mind the gap\n3: Do it\n");
}

async fn a_pending_prompt_is_shown_until_it_is_used(stage: &Stage) {
    let (run, loops) = (held(stage).await, stage.loops());
    let shown = async || {
        let now = loops.open(&run).await.unwrap();
        now.as_loop().unwrap().pending_prompt.clone()
    };
    loops
        .set_pending_prompt(&run, "Mind the gap")
        .await
        .unwrap();
    assert_eq!(shown().await.as_deref(), Some("Mind the gap"));
    prompts(stage, &run).await;
    assert_eq!(shown().await, None);
}

async fn the_last_pending_prompt_replaces_those_before(stage: &Stage) {
    let (run, loops) = (held(stage).await, stage.loops());
    loops.set_pending_prompt(&run, "First").await.unwrap();
    loops.set_pending_prompt(&run, "Second").await.unwrap();
    let given = prompts(stage, &run).await;
    assert_eq!(given, "1: Do it\n2: Second\n3: Do it\n");
}

async fn a_pending_prompt_that_is_cleared_is_not_used(stage: &Stage) {
    let (run, loops) = (held(stage).await, stage.loops());
    loops.set_pending_prompt(&run, "First").await.unwrap();
    loops.clear_pending_prompt(&run).await.unwrap();
    let given = prompts(stage, &run).await;
    assert_eq!(given, "1: Do it\n2: Do it\n3: Do it\n");
}

async fn there_may_be_none_to_clear(stage: &Stage) {
    let (run, loops) = (held(stage).await, stage.loops());
    loops.clear_pending_prompt(&run).await.unwrap();
    loops.stop(&run).await.unwrap();
}

async fn a_loop_that_does_not_run_takes_none(stage: &Stage) {
    let loops = stage.loops();
    let draft = stage.created(stage.task(scripts::FINISHES)).await;
    let done = stage.finished(stage.task(scripts::FINISHES)).await;
    for run in [&draft, &done] {
        conflict(loops.set_pending_prompt(run, "Hello").await, "not_running");
        conflict(loops.clear_pending_prompt(run).await, "not_running");
        let after = loops.open(run).await.unwrap();
        assert_eq!(after.as_loop().unwrap().pending_prompt, None);
    }
}

async fn an_empty_one_is_refused(stage: &Stage) {
    let (run, loops) = (held(stage).await, stage.loops());
    let set = loops.set_pending_prompt(&run, " \n").await;
    refused(set, ErrorKind::InvalidInput);
    loops.stop(&run).await.unwrap();
}
