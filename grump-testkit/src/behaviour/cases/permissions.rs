//! What agents want to be allowed, and who answers.

use grump_core::{
    Answer, Approval, ApprovalId, Decision, ErrorKind, EventKind, Member, Operation::*, Payload,
    Policy, Run, payload::PermissionResolved,
};

use super::{conflict, refused};
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    let answering = [ReviewsPending, ReviewsAnswer];
    let resolved = [EventKind::PermissionResolved];
    let policy = |case: Case| case.runs(&[]).members(&[Member::LoopPolicy]);
    vec![
        policy(case!(the_policy_allow_allows)).kinds(&resolved),
        policy(case!(the_policy_deny_denies)).kinds(&resolved),
        policy(case!(a_question_waits_with_all_that_is_to_be_decided))
            .needs(&[ReviewsPending, RunsStop]),
        policy(case!(a_yes_lets_the_agent_do_it))
            .needs(&answering)
            .kinds(&resolved),
        policy(case!(a_no_does_not_let_the_agent_do_it))
            .needs(&answering)
            .kinds(&resolved),
        policy(case!(what_nobody_answers_expires))
            .needs(&[ReviewsPending])
            .kinds(&resolved),
        policy(case!(a_second_answer_is_refused)).needs(&answering),
        policy(case!(an_answer_after_the_deadline_is_refused))
            .needs(&[ReviewsAnswer])
            .kinds(&resolved),
        policy(case!(a_stop_withdraws_the_question))
            .needs(&answering)
            .needs(&[RunsStop]),
        policy(case!(questions_are_listed_the_oldest_first)).needs(&[ReviewsPending, RunsStop]),
        case!(what_was_not_asked_is_not_found).needs(&[ReviewsAnswer]),
    ]
}

/// A loop whose agent asks a question that waits for so many seconds.
async fn asking(stage: &Stage, seconds: u32) -> Run {
    let new = stage.task(scripts::ASKS).policy(Policy::Ask { seconds });
    stage.started(new).await
}

/// The question that the run waits for.
async fn question(stage: &Stage, run: &Run) -> Approval {
    stage.told(run, EventKind::PermissionRequested).await;
    let mut pending = stage.plane().reviews().pending().await.unwrap();
    pending.retain(|approval| approval.run == run.name);
    assert_eq!(pending.len(), 1, "{pending:?}");
    pending.remove(0)
}

/// How the run's question was answered, and what the agent made of it.
async fn resolution(stage: &Stage, run: &Run) -> (PermissionResolved, Option<String>) {
    let over = stage.loops().wait(run).await.unwrap();
    let event = stage.told(run, EventKind::PermissionResolved).await;
    let Payload::PermissionResolved(resolved) = event.payload else {
        panic!("{event:?}");
    };
    (resolved, stage.work(&over, "answer.txt"))
}

async fn the_policy_allow_allows(stage: &Stage) {
    let run = stage
        .started(stage.task(scripts::ASKS).policy(Policy::Allow))
        .await;
    let (resolved, answer) = resolution(stage, &run).await;
    assert_eq!(resolved.decision, Decision::Allow);
    assert_eq!(answer.as_deref(), Some("yes\n"));
}

async fn the_policy_deny_denies(stage: &Stage) {
    let run = stage
        .started(stage.task(scripts::ASKS).policy(Policy::Deny))
        .await;
    let (resolved, answer) = resolution(stage, &run).await;
    assert_eq!(resolved.decision, Decision::Deny);
    assert_eq!(answer.as_deref(), Some("no\n"));
}

async fn a_question_waits_with_all_that_is_to_be_decided(stage: &Stage) {
    let run = asking(stage, 600).await;
    let asked = question(stage, &run).await;
    assert_eq!((&*asked.action, &*asked.title), ("bash", "run the tests"));
    assert_eq!(asked.decision, None);
    let deadline = asked.deadline.expect("it does not wait for ever");
    assert_eq!(
        deadline.since(&asked.requested_at).as_secs().div_ceil(10),
        60
    );
    stage.loops().stop(&run).await.unwrap();
}

async fn a_yes_lets_the_agent_do_it(stage: &Stage) {
    let (run, reviews) = (asking(stage, 600).await, stage.plane().reviews());
    let asked = question(stage, &run).await;
    reviews
        .answer(Answer::allow(asked.id.clone()))
        .await
        .unwrap();
    assert_eq!(reviews.pending().await.unwrap(), []);
    let (resolved, answer) = resolution(stage, &run).await;
    assert_eq!(
        (resolved.approval, resolved.decision),
        (asked.id, Decision::Allow)
    );
    assert_eq!(answer.as_deref(), Some("yes\n"));
}

async fn a_no_does_not_let_the_agent_do_it(stage: &Stage) {
    let run = asking(stage, 600).await;
    let asked = question(stage, &run).await;
    let no = Answer::deny(asked.id).note("not today");
    stage.plane().reviews().answer(no).await.unwrap();
    let (resolved, answer) = resolution(stage, &run).await;
    assert_eq!(resolved.decision, Decision::Deny);
    assert_eq!(resolved.note.as_deref(), Some("not today"));
    assert_eq!(answer.as_deref(), Some("no\n"));
}

/// Pitfalls 21 and 22: nobody is there, the loop goes on all the same, and it shows why.
async fn what_nobody_answers_expires(stage: &Stage) {
    let run = asking(stage, 1).await;
    let (resolved, answer) = resolution(stage, &run).await;
    assert_eq!(resolved.decision, Decision::Expired);
    assert_eq!(answer.as_deref(), Some("no\n"));
    assert_eq!(stage.plane().reviews().pending().await.unwrap(), []);
}

/// Pitfall 22: who comes second is told so, and changes nothing.
async fn a_second_answer_is_refused(stage: &Stage) {
    let (run, reviews) = (asking(stage, 600).await, stage.plane().reviews());
    let asked = question(stage, &run).await;
    reviews
        .answer(Answer::allow(asked.id.clone()))
        .await
        .unwrap();
    let second = reviews.answer(Answer::deny(asked.id)).await;
    conflict(second, "already_resolved");
    let over = stage.loops().wait(&run).await.unwrap();
    assert_eq!(stage.work(&over, "answer.txt").as_deref(), Some("yes\n"));
}

async fn an_answer_after_the_deadline_is_refused(stage: &Stage) {
    let run = asking(stage, 1).await;
    let (resolved, _) = resolution(stage, &run).await;
    let late = Answer::allow(resolved.approval);
    conflict(
        stage.plane().reviews().answer(late).await,
        "already_resolved",
    );
}

/// Pitfall 21: a question does not outlive its run.
async fn a_stop_withdraws_the_question(stage: &Stage) {
    let (run, reviews) = (asking(stage, 600).await, stage.plane().reviews());
    let asked = question(stage, &run).await;
    stage.loops().stop(&run).await.unwrap();
    assert_eq!(reviews.pending().await.unwrap(), []);
    conflict(
        reviews.answer(Answer::allow(asked.id)).await,
        "already_resolved",
    );
}

async fn questions_are_listed_the_oldest_first(stage: &Stage) {
    let mut asked = Vec::new();
    for _ in 0..2 {
        let run = asking(stage, 600).await;
        asked.push(question(stage, &run).await);
    }
    assert_eq!(stage.plane().reviews().pending().await.unwrap(), asked);
    for approval in asked {
        stage.runs().stop(&approval.run).await.unwrap();
    }
}

async fn what_was_not_asked_is_not_found(stage: &Stage) {
    let answer = Answer::allow(ApprovalId::new("nobody"));
    refused(
        stage.plane().reviews().answer(answer).await,
        ErrorKind::NotFound,
    );
}
