//! When a loop is done: its stop pattern on the agent's final message, and on nothing else.
//!
//! Pitfall 30: the transcripts are those that were reported as false completions, and as
//! completions that were missed.

use grump_core::{Member, NewLoop, Outcome};

use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

/// What the default pattern looks for.
const PROMISE: &str = "<promise>COMPLETE</promise>";

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(a_promise_on_the_last_line_counts).runs(&[]),
        case!(a_promise_that_is_only_talked_about_does_not_count).runs(&[]),
        case!(a_promise_in_an_earlier_message_does_not_count).runs(&[]),
        case!(a_promise_in_a_tools_output_or_a_file_does_not_count).runs(&[]),
        case!(a_promise_in_the_prompt_does_not_count).runs(&[]),
        case!(a_pattern_of_ones_own_is_matched_as_it_stands).runs(&[]),
        case!(without_changes_a_match_does_not_count_where_changes_are_required)
            .runs(&[])
            .members(&[Member::LoopRequireChanges]),
        case!(with_changes_a_match_counts_where_changes_are_required)
            .runs(&[])
            .members(&[Member::LoopRequireChanges]),
        case!(a_match_counts_only_once_the_verification_succeeds)
            .runs(&[])
            .members(&[Member::LoopVerify]),
    ]
}

/// How one iteration of this loop ends it.
async fn outcome(stage: &Stage, new: NewLoop) -> Outcome {
    let run = stage.finished(new.max_iterations(1)).await;
    run.outcome.expect("its work is over")
}

/// A loop whose agent says this as its final message.
fn says(stage: &Stage, message: &str) -> NewLoop {
    told(stage, scripts::SAYS, message)
}

fn told(stage: &Stage, agent: &str, prompt: &str) -> NewLoop {
    NewLoop::new("a task", stage.repository().directory(), prompt).agent(agent)
}

async fn a_promise_on_the_last_line_counts(stage: &Stage) {
    for message in [
        PROMISE.to_owned(),
        format!("All tests pass.\n\n{PROMISE}\n  \n"),
        format!("Done.\r\n  {PROMISE}\r\n"),
    ] {
        let ended = outcome(stage, says(stage, &message)).await;
        assert_eq!(ended, Outcome::Matched, "{message:?}");
    }
}

async fn a_promise_that_is_only_talked_about_does_not_count(stage: &Stage) {
    for message in [
        format!("I will not write {PROMISE}"),
        format!("You asked for `{PROMISE}`"),
        format!("{PROMISE}\nStill to do: tests."),
        "<promise>INCOMPLETE</promise>".to_owned(),
    ] {
        let ended = outcome(stage, says(stage, &message)).await;
        assert_eq!(ended, Outcome::LimitReached, "{message:?}");
    }
}

async fn a_promise_in_an_earlier_message_does_not_count(stage: &Stage) {
    let new = told(stage, scripts::SAYS_AND_GOES_ON, PROMISE);
    assert_eq!(outcome(stage, new).await, Outcome::LimitReached);
}

async fn a_promise_in_a_tools_output_or_a_file_does_not_count(stage: &Stage) {
    let new = stage.task(scripts::ECHOES);
    assert_eq!(outcome(stage, new).await, Outcome::LimitReached);
}

async fn a_promise_in_the_prompt_does_not_count(stage: &Stage) {
    let prompt = format!("When you are done, say\n{PROMISE}");
    let new = told(stage, scripts::NEVER_DONE, &prompt);
    assert_eq!(outcome(stage, new).await, Outcome::LimitReached);
}

async fn a_pattern_of_ones_own_is_matched_as_it_stands(stage: &Stage) {
    let pattern = |message| says(stage, message).stop_pattern("(?i)all done");
    let talks = pattern("It is ALL DONE, I think.");
    assert_eq!(outcome(stage, talks).await, Outcome::Matched);
    assert_eq!(
        outcome(stage, pattern(PROMISE)).await,
        Outcome::LimitReached
    );
}

async fn without_changes_a_match_does_not_count_where_changes_are_required(stage: &Stage) {
    let new = says(stage, PROMISE).require_changes();
    assert_eq!(outcome(stage, new).await, Outcome::LimitReached);
}

async fn with_changes_a_match_counts_where_changes_are_required(stage: &Stage) {
    let new = told(stage, scripts::WORKS_AND_SAYS, PROMISE).require_changes();
    assert_eq!(outcome(stage, new).await, Outcome::Matched);
}

async fn a_match_counts_only_once_the_verification_succeeds(stage: &Stage) {
    let new = stage.task(scripts::TOO_EARLY).verify("test -e work.txt");
    let run = stage.finished(new).await;
    assert_eq!(run.outcome, Some(Outcome::Matched));
    assert_eq!(run.as_loop().unwrap().iteration, 2);
}
