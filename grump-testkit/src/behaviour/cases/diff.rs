//! What a loop changed.

use grump_core::{DiffStatus, FileDiff, FileType, Member, Operation::*};

use super::conflict;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(every_sort_of_change_is_told).runs(&[DeliveriesDiff]),
        case!(what_is_binary_or_renamed_is_told_as_such)
            .runs(&[DeliveriesDiff])
            .members(&[Member::DiffWhole]),
        case!(the_patches_are_what_git_apply_takes)
            .runs(&[DeliveriesDiff])
            .members(&[Member::DiffWhole]),
        case!(no_change_is_an_empty_diff).runs(&[DeliveriesDiff]),
        case!(while_it_runs_it_goes_up_to_the_last_commit).runs(&[DeliveriesDiff, RunsStop]),
        case!(before_the_start_there_is_no_branch).needs(&[LoopsCreate, DeliveriesDiff]),
        case!(in_the_queue_there_is_no_branch_yet).runs(&[DeliveriesDiff]),
        case!(after_a_discard_there_is_no_branch_any_more)
            .runs(&[DeliveriesDiff, DeliveriesDiscard]),
    ]
}

/// What a loop changed that does all that can be done to a file.
async fn changes(stage: &Stage) -> Vec<FileDiff> {
    stage.repository().commit("old.txt", "old\n");
    stage.repository().commit("here.txt", "a\nb\nc\nd\n");
    let run = stage.finished(stage.task(scripts::CHANGES)).await;
    stage.loops().diff(&run).await.unwrap()
}

async fn every_sort_of_change_is_told(stage: &Stage) {
    let diff = changes(stage).await;
    let told: Vec<_> = diff
        .iter()
        .map(|file| {
            (
                file.path.to_string(),
                file.status,
                file.additions,
                file.deletions,
            )
        })
        .collect();
    let expected = [
        ("README.md", DiffStatus::Modified, 1, 0),
        ("data.bin", DiffStatus::Added, 0, 0),
        ("new.txt", DiffStatus::Added, 2, 0),
        ("old.txt", DiffStatus::Deleted, 0, 1),
        ("there.txt", DiffStatus::Renamed, 0, 0),
    ];
    assert_eq!(
        told,
        expected.map(|(path, status, more, less)| (path.to_owned(), status, more, less))
    );
    assert!(diff[2].hunks().starts_with("@@"), "{}", diff[2].patch);
}

async fn what_is_binary_or_renamed_is_told_as_such(stage: &Stage) {
    let diff = changes(stage).await;
    assert_eq!(diff[1].file_type, FileType::Binary);
    assert_eq!(diff[4].old_path, Some("here.txt".into()));
}

async fn the_patches_are_what_git_apply_takes(stage: &Stage) {
    let patch: String = changes(stage)
        .await
        .iter()
        .map(|file| &*file.patch)
        .collect();
    let file = stage.beside("all.patch");
    std::fs::write(&file, patch).unwrap();
    let repository = stage.repository();
    repository.git(&["apply", file.to_str().unwrap()]);
    assert_eq!(repository.read("new.txt").as_deref(), Some("one\ntwo\n"));
    assert_eq!(
        repository.read("there.txt").as_deref(),
        Some("a\nb\nc\nd\n")
    );
    assert_eq!(repository.read("data.bin").as_deref(), Some("a\0b"));
    assert_eq!(repository.read("old.txt"), None);
}

async fn no_change_is_an_empty_diff(stage: &Stage) {
    let run = stage
        .finished(stage.task(scripts::SAYS).max_iterations(1))
        .await;
    assert_eq!(stage.loops().diff(&run).await.unwrap(), []);
}

async fn while_it_runs_it_goes_up_to_the_last_commit(stage: &Stage) {
    let run = stage.started(stage.task(scripts::STEP_BY_STEP)).await;
    stage.repository().open_gate("1");
    stage
        .until(&run, |run| run.as_loop().unwrap().iteration == 2)
        .await;
    let diff = stage.loops().diff(&run).await.unwrap();
    assert_eq!(diff.len(), 1, "{diff:?}");
    assert_eq!(diff[0].additions, 1);
    stage.loops().stop(&run).await.unwrap();
}

async fn before_the_start_there_is_no_branch(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    conflict(stage.loops().diff(&run).await, "no_git_branch");
}

async fn in_the_queue_there_is_no_branch_yet(stage: &Stage) {
    stage.full().await;
    let run = stage.started(stage.task(scripts::FINISHES)).await;
    stage.queued(&run).await;
    conflict(stage.loops().diff(&run).await, "no_git_branch");
}

async fn after_a_discard_there_is_no_branch_any_more(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    stage.loops().discard(&run).await.unwrap();
    conflict(stage.loops().diff(&run).await, "no_git_branch");
}
