//! The planning folder: plan and status file.

use grump_core::{ErrorKind, Operation::*, PlanningFile, PlanningFolder};

use super::refused;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(files_that_are_not_there_are_no_error).needs(&[
            LoopsCreate,
            LoopsPlan,
            LoopsStatusFile,
        ]),
        case!(before_the_start_they_are_the_users).needs(&[LoopsCreate, LoopsPlan]),
        case!(while_it_runs_they_are_the_loops).runs(&[LoopsPlan, LoopsStatusFile]),
        case!(after_the_merge_they_are_the_users_again).runs(&[LoopsPlan, DeliveriesAccept]),
        case!(a_folder_without_one_is_told).needs(&[LoopsCheckPlanningDir]),
        case!(the_files_of_a_folder_with_one_are_sorted).needs(&[LoopsCheckPlanningDir]),
        case!(a_folder_that_is_not_absolute_is_refused).needs(&[LoopsCheckPlanningDir]),
    ]
}

fn file(content: &str) -> PlanningFile {
    PlanningFile {
        content: content.to_owned(),
        exists: true,
    }
}

async fn files_that_are_not_there_are_no_error(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let plan = stage.loops().plan(&run).await.unwrap();
    assert_eq!(plan, PlanningFile::default());
    let status = stage.loops().status_file(&run).await.unwrap();
    assert_eq!(status, PlanningFile::default());
}

async fn before_the_start_they_are_the_users(stage: &Stage) {
    stage.repository().write(".planning/plan.md", "mine\n");
    let run = stage.created(stage.task(scripts::PLANS)).await;
    assert_eq!(stage.loops().plan(&run).await.unwrap(), file("mine\n"));
}

async fn while_it_runs_they_are_the_loops(stage: &Stage) {
    stage.repository().commit(".planning/plan.md", "mine\n");
    let run = stage.started(stage.task(scripts::PLANS)).await;
    let loops = stage.loops();
    while loops.status_file(&run).await.unwrap() != file("at work\n") {
        tokio::task::yield_now().await;
    }
    assert_eq!(loops.plan(&run).await.unwrap(), file("changed\n"));
    let of_the_user = stage.repository().read(".planning/plan.md");
    assert_eq!(of_the_user.as_deref(), Some("mine\n"));
    stage.repository().open_gate("go");
    loops.wait(&run).await.unwrap();
    assert_eq!(loops.plan(&run).await.unwrap(), file("changed\n"));
}

async fn after_the_merge_they_are_the_users_again(stage: &Stage) {
    stage.repository().open_gate("go");
    let run = stage.finished(stage.task(scripts::PLANS)).await;
    stage.loops().accept(&run).await.unwrap();
    stage.repository().write(".planning/plan.md", "mine\n");
    assert_eq!(stage.loops().plan(&run).await.unwrap(), file("mine\n"));
}

async fn a_folder_without_one_is_told(stage: &Stage) {
    let loops = stage.loops();
    let directory = stage.repository().directory();
    let missing = stage.beside("missing");
    for folder in [&*directory, missing.to_str().unwrap()] {
        let found = loops.check_planning_dir(folder).await.unwrap();
        assert_eq!(found, PlanningFolder::default(), "{folder}");
    }
}

async fn the_files_of_a_folder_with_one_are_sorted(stage: &Stage) {
    for name in ["status.md", "plan.md", "notes.md"] {
        stage.repository().write(&format!(".planning/{name}"), "x");
    }
    let directory = stage.repository().directory();
    let found = stage.loops().check_planning_dir(&directory).await.unwrap();
    assert!(found.exists);
    assert_eq!(found.files, ["notes.md", "plan.md", "status.md"]);
}

async fn a_folder_that_is_not_absolute_is_refused(stage: &Stage) {
    let found = stage.loops().check_planning_dir("src/app").await;
    refused(found, ErrorKind::InvalidInput);
}
