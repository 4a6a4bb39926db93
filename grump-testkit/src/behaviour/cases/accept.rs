//! Merging what a loop did.

use grump_core::{ErrorKind, Integration, Member, Operation::*, RepoPath, RunStatus};

use super::{conflict, refused};
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(merges_into_the_branch_it_was_started_from).runs(&[DeliveriesAccept]),
        case!(the_run_tells_the_merge_and_its_commit)
            .runs(&[DeliveriesAccept])
            .members(&[Member::RunIntegration]),
        case!(answers_twice_with_the_same_commit).runs(&[DeliveriesAccept]),
        case!(merges_into_a_branch_that_moved_on).runs(&[DeliveriesAccept]),
        case!(changes_nothing_where_there_is_a_conflict).runs(&[DeliveriesAccept]),
        case!(names_the_files_in_conflict)
            .runs(&[DeliveriesAccept])
            .members(&[Member::ConflictDetail]),
        case!(changes_nothing_where_the_users_files_are_in_the_way).runs(&[DeliveriesAccept]),
        case!(names_the_users_files_in_the_way)
            .runs(&[DeliveriesAccept])
            .members(&[Member::ConflictDetail]),
        case!(is_refused_before_there_is_work).runs(&[DeliveriesAccept]),
        case!(is_refused_while_the_loop_runs).runs(&[DeliveriesAccept, RunsStop]),
        case!(is_refused_where_the_loop_was_stopped_before_it_began)
            .runs(&[DeliveriesAccept, RunsStop]),
        case!(takes_what_a_loop_did_before_its_limit).runs(&[DeliveriesAccept]),
        case!(leaves_out_what_a_stop_cut_off).runs(&[DeliveriesAccept, RunsStop]),
        case!(names_what_a_stop_left_out)
            .runs(&[DeliveriesAccept, RunsStop])
            .members(&[Member::AcceptedLeftOut]),
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
    assert_eq!(repository.status(), "");
    assert_eq!(accepted.left_out, []);
    let merged = stage.loops().open(&run).await.unwrap();
    assert_eq!(merged.status.unified, RunStatus::Merged);
}

async fn the_run_tells_the_merge_and_its_commit(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let accepted = stage.loops().accept(&run).await.unwrap();
    let merged = stage.loops().open(&run).await.unwrap();
    let told = Integration::Merged(accepted.merge_commit);
    assert_eq!(merged.integration, told);
}

async fn answers_twice_with_the_same_commit(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let first = stage.loops().accept(&run).await.unwrap();
    stage.repository().commit("later.txt", "later\n");
    let second = stage.loops().accept(&run).await.unwrap();
    assert_eq!(first.merge_commit, second.merge_commit);
}

async fn merges_into_a_branch_that_moved_on(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let meanwhile = stage.repository().commit("mine.txt", "mine\n");
    let accepted = stage.loops().accept(&run).await.unwrap();
    let repository = stage.repository();
    let parent = repository.git(&["rev-parse", &format!("{}^1", accepted.merge_commit)]);
    assert_eq!(parent, meanwhile);
    assert_eq!(repository.read("mine.txt").as_deref(), Some("mine\n"));
    assert_eq!(repository.read("done.txt").as_deref(), Some("Do it\n"));
}

/// Pitfall 33: all or nothing.
async fn changes_nothing_where_there_is_a_conflict(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let repository = stage.repository();
    let before = repository.commit("done.txt", "mine\n");
    refused(stage.loops().accept(&run).await, ErrorKind::Conflict);
    assert_eq!(repository.head(), before);
    assert_eq!(repository.status(), "");
    assert_eq!(repository.read("done.txt").as_deref(), Some("mine\n"));
    let after = stage.loops().open(&run).await.unwrap();
    assert_eq!(after.status.unified, RunStatus::Completed);
    repository.git(&["reset", "-q", "--hard", "HEAD^"]);
    stage.loops().accept(&run).await.unwrap();
}

async fn names_the_files_in_conflict(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    stage.repository().commit("done.txt", "mine\n");
    let error = conflict(stage.loops().accept(&run).await, "merge_conflict");
    assert_eq!(error.conflict().unwrap().changed_files, ["done.txt"]);
}

/// Pitfall 33: what the user has not committed is not lost.
async fn changes_nothing_where_the_users_files_are_in_the_way(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    let (repository, before) = (stage.repository(), stage.repository().head());
    repository.write("done.txt", "mine\n");
    refused(stage.loops().accept(&run).await, ErrorKind::Conflict);
    assert_eq!(repository.head(), before);
    assert_eq!(repository.read("done.txt").as_deref(), Some("mine\n"));
    let after = stage.loops().open(&run).await.unwrap();
    assert_eq!(after.status.unified, RunStatus::Completed);
}

async fn names_the_users_files_in_the_way(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    stage.repository().write("done.txt", "mine\n");
    let error = conflict(stage.loops().accept(&run).await, "checkout_in_the_way");
    assert_eq!(error.conflict().unwrap().changed_files, ["done.txt"]);
}

async fn is_refused_before_there_is_work(stage: &Stage) {
    let draft = stage.created(stage.task(scripts::FINISHES)).await;
    conflict(stage.loops().accept(&draft).await, "accept_failed");
}

async fn is_refused_while_the_loop_runs(stage: &Stage) {
    let before = stage.repository().head();
    let run = stage.hanging().await;
    conflict(stage.loops().accept(&run).await, "accept_failed");
    assert_eq!(stage.repository().head(), before);
    stage.loops().stop(&run).await.unwrap();
}

async fn is_refused_where_the_loop_was_stopped_before_it_began(stage: &Stage) {
    stage.full().await;
    let run = stage.started(stage.task(scripts::FINISHES)).await;
    stage.queued(&run).await;
    stage.loops().stop(&run).await.unwrap();
    conflict(stage.loops().accept(&run).await, "accept_failed");
}

async fn takes_what_a_loop_did_before_its_limit(stage: &Stage) {
    let new = stage.task(scripts::NEVER_DONE).max_iterations(2);
    let run = stage.finished(new).await;
    stage.loops().accept(&run).await.unwrap();
    let log = stage.repository().read("log.txt").unwrap();
    assert_eq!(log, "1: Do it\n2: Do it\n");
}

async fn leaves_out_what_a_stop_cut_off(stage: &Stage) {
    let run = stage.hanging().await;
    stage.loops().stop(&run).await.unwrap();
    stage.loops().accept(&run).await.unwrap();
    assert_eq!(stage.repository().read("half.txt"), None);
}

async fn names_what_a_stop_left_out(stage: &Stage) {
    let run = stage.hanging().await;
    stage.loops().stop(&run).await.unwrap();
    let accepted = stage.loops().accept(&run).await.unwrap();
    assert_eq!(accepted.left_out, [RepoPath::from("half.txt")]);
}
